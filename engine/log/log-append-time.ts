// message.timestamp.type=LogAppendTime: the leader writes its own time into the batch header and sums it up again; the records stay as they are.
// Source: LogValidator.java, DefaultRecordBatch.setMaxTimestamp.
import { crc32c } from "#engine/protocol/crc32c.ts";
import { RecordBatch } from "#engine/protocol/record-batch.ts";
import { writeInt64 } from "#engine/protocol/record-batch-builder.ts";

const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const MAX_TIMESTAMP_AT = 35;
const LOG_APPEND_TIME = 0x08;

export function stampedAt(batch: RecordBatch, nowMs: number): RecordBatch {
  const body = batch.body.slice();
  const attributes = batch.attributes | LOG_APPEND_TIME;
  body[ATTRIBUTES_AT + 1] = attributes & 0xff;
  writeInt64(body, MAX_TIMESTAMP_AT, nowMs);
  const crc = crc32c(body, ATTRIBUTES_AT);
  for (let index = 0; index < 4; index += 1) body[CRC_AT + index] = crc >>> 24 - 8 * index & 0xff;
  const { lastOffsetDelta, recordCount, baseTimestampMs, producerId, producerEpoch, baseSequence } = batch;
  const fields = {
    baseOffset: 0, partitionLeaderEpoch: -1, lastOffsetDelta, recordCount, baseTimestampMs, maxTimestampMs: nowMs, attributes,
    producerId, producerEpoch, baseSequence, crc, body,
  };
  return new RecordBatch(fields, batch.baseOffset, batch.partitionLeaderEpoch);
}
