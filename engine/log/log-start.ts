// The beginning of a replica's log: it moves forward by DeleteRecords, or because the leader's log begins later, and by retention, which removes old
// segments by age, by size and below the start. The active segment goes too once it qualifies, after an empty one was opened behind it.
// Source: UnifiedLog.maybeIncrementLogStartOffset, deletableSegments, deleteOldSegments (3.9). FIDELITY: LOG-RETENTION.
import type { ProcessContext } from "#engine/core/process.ts";
import { toMs } from "#engine/core/time.ts";
import { roll } from "./log-append.ts";
import type { LogConfig } from "./log-config.ts";
import { deleteSegmentFiles } from "./log-deletion.ts";
import type { LogSegment } from "./log-segment.ts";
import { cutEpochsFromStart, type UnifiedLog } from "./log-state.ts";

export { truncateFullyAndStartAt } from "./log-truncation.ts";

type DeletionReason = "retention-time" | "retention-size" | "log-start-offset";

export function logSizeBytes(log: UnifiedLog): number {
  let bytes = 0;
  for (const segment of log.segments) bytes += segment.sizeBytes;
  return bytes;
}

/** False when the log begins there or later already, or is not known to be replicated so far. Files go with the next retention. */
export function maybeIncrementLogStartOffset(process: ProcessContext, log: UnifiedLog, offset: number, _config: LogConfig): boolean {
  if (!moveStart(process, log, offset)) return false;
  process.trace({ kind: "segments-deleted", broker: log.broker, topic: log.topic, partition: log.partition, count: 0, logStart: offset, why: "log-start-offset" });
  return true;
}

function moveStart(process: ProcessContext, log: UnifiedLog, offset: number): boolean {
  if (offset <= log.logStartOffset || offset > log.highWatermark) return false;
  log.logStartOffset = offset;
  log.recoveryPoint = Math.max(log.recoveryPoint, offset);
  cutEpochsFromStart(process, log, offset);
  return true;
}

/** All the rules in Kafka's order. A topic that is only compacted loses just what lies before its start. Returns how many segments went. */
export function deleteOldSegments(process: ProcessContext, log: UnifiedLog, config: LogConfig): number {
  let count = deleteWhile(process, log, config, "log-start-offset", (_segment, next) => next !== undefined && next.baseOffset <= log.logStartOffset);
  if (!config.deletes) return count;
  if (config.retentionBytes >= 0) {
    let excess = logSizeBytes(log) - config.retentionBytes;
    count += deleteWhile(process, log, config, "retention-size", segment => {
      if (excess < segment.sizeBytes) return false;
      excess -= segment.sizeBytes;
      return true;
    });
  }
  const nowMs = toMs(process.now);
  if (config.retentionMs >= 0) count += deleteWhile(process, log, config, "retention-time", segment => nowMs - newestMs(segment) > config.retentionMs);
  return count;
}

/** An empty segment is as old as its file. */
function newestMs(segment: LogSegment): number {
  return segment.maxTimestampMs >= 0 ? segment.maxTimestampMs : segment.createdMs;
}

/** From the oldest segment on, as long as the rule holds; nothing at or behind the high watermark, never the last one while it is empty. */
function deleteWhile(
  process: ProcessContext, log: UnifiedLog, config: LogConfig, why: DeletionReason, rule: (segment: LogSegment, next: LogSegment | undefined) => boolean,
): number {
  let count = 0;
  for (const [index, segment] of log.segments.entries()) {
    const next = log.segments[index + 1];
    const endOffset = next?.baseOffset ?? log.logEndOffset;
    if (log.highWatermark < endOffset || next === undefined && segment.sizeBytes === 0 || !rule(segment, next)) break;
    count += 1;
  }
  if (count === 0) return 0;
  if (count === log.segments.length) roll(process, log, config);
  const gone = log.segments.slice(0, count);
  log.segments = log.segments.slice(count);
  const logStart = (log.segments[0] as LogSegment).baseOffset;
  moveStart(process, log, logStart);
  deleteSegmentFiles(process, log, gone, config);
  process.trace({ kind: "segments-deleted", broker: log.broker, topic: log.topic, partition: log.partition, count, logStart: log.logStartOffset, why });
  return count;
}
