// Whether single records may be appended: a compacted topic wants keys, timestamps must be within bounds. All records of a batch are looked at, the
// first three faults are named. Source: LogValidator.java, UnifiedLog.append, RecordError (3.9). FIDELITY: LOG-VALIDATION.
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { RecordCursor } from "#engine/protocol/record-batch-codec.ts";
import type { LogConfig } from "./log-config.ts";

export interface RejectedRecords { readonly ok: false; readonly error: KafkaError; readonly message: string }

const FOREVER = Number.MAX_SAFE_INTEGER;
const NO_TIMESTAMP = -1;
const ERRORS_SHOWN = 3;
const LONG_MAX = 9_223_372_036_854_775_807n;

/** Null when all are good. `partition`: "orders-0". */
export function rejectedRecords(batch: RecordBatch, config: LogConfig, partition: string, nowMs: number): RejectedRecords | null {
  const minMs = nowMs - config.timestampBeforeMaxMs;
  const maxMs = nowMs + config.timestampAfterMaxMs;
  const hasBounds = !config.stampsOnAppend && (config.timestampAfterMaxMs !== FOREVER || config.timestampBeforeMaxMs !== FOREVER);
  const mayBeOutOfRange = hasBounds && (batch.maxTimestampMs > maxMs || config.timestampBeforeMaxMs !== FOREVER);
  if (!config.compacts && !mayBeOutOfRange) return null;
  const faults: string[] = [];
  let error: KafkaError = "INVALID_RECORD";
  let count = 0;
  const cursor = new RecordCursor(batch);
  for (let index = 0; cursor.next(); index += 1) {
    let fault: string | null = null;
    if (config.compacts && cursor.keyFrom === -1) fault = `Compacted topic cannot accept message without key in topic partition ${partition}`;
    else if (mayBeOutOfRange && cursor.timestampMs !== NO_TIMESTAMP && (cursor.timestampMs < minMs || cursor.timestampMs > maxMs)) {
      error = "INVALID_TIMESTAMP";
      fault = `Timestamp ${cursor.timestampMs} of message with offset ${cursor.offset} is out of range. `
        + `The timestamp should be within [${bound(nowMs, config.timestampBeforeMaxMs, -1n)}, ${bound(nowMs, config.timestampAfterMaxMs, 1n)}]`;
    }
    if (fault === null) continue;
    count += 1;
    if (faults.length < ERRORS_SHOWN) faults.push(`RecordError(batchIndex=${index}, message='${fault}')`);
  }
  if (count === 0) return null;
  return {
    ok: false, error, message: `One or more records have been rejected due to ${count} record errors in total, and only showing the first three errors at most: `
      + `[${faults.join(", ")}]`,
  };
}

/** As Java prints it when the bound is Long.MAX_VALUE. */
function bound(nowMs: number, distanceMs: number, sign: bigint): string {
  const distance = distanceMs === FOREVER ? LONG_MAX : BigInt(distanceMs);
  return String(BigInt.asIntN(64, BigInt(nowMs) + sign * distance));
}
