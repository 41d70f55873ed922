// The beginning of a replica's log moves forward: by DeleteRecords, or because the leader's log begins later.
// Source: UnifiedLog.maybeIncrementLogStartOffset, UnifiedLog.truncateFullyAndStartAt (3.9).
import { openLogFile, truncateLogFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import type { LogConfig } from "./log-config.ts";
import { type UnifiedLog, updateHighWatermark } from "./unified-log.ts";

/** False when the log begins there or later already. The high watermark is never below the beginning. */
export function maybeIncrementLogStartOffset(process: ProcessContext, log: UnifiedLog, offset: number, _config: LogConfig): boolean {
  if (offset <= log.logStartOffset || offset > log.logEndOffset) return false;
  log.logStartOffset = offset;
  if (log.highWatermark < offset) updateHighWatermark(process, log, offset);
  return true;
}

/** An empty log that begins at `offset`. */
export function truncateFullyAndStartAt(process: ProcessContext, log: UnifiedLog, offset: number, _config: LogConfig): void {
  const from = log.logEndOffset;
  const file = openLogFile(process.disk, log.path);
  truncateLogFile(file, 0);
  process.touch(log.path, file);
  log.producers = new Map();
  log.epochs = [];
  log.segments = [{ baseOffset: offset, sizeBytes: 0 }];
  log.logStartOffset = offset;
  log.logEndOffset = offset;
  process.trace({ kind: "log-truncated", broker: log.broker, topic: log.topic, partition: log.partition, from, to: offset });
  log.highWatermark = offset;
}

export function logSizeBytes(log: UnifiedLog): number {
  let bytes = 0;
  for (const segment of log.segments) bytes += segment.sizeBytes;
  return bytes;
}
