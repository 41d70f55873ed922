// Cutting a log's end, as a follower does that has what its leader has not, and emptying it to begin anew further on.
// Source: UnifiedLog.truncateTo, UnifiedLog.truncateFullyAndStartAt, LocalLog.truncateTo, LogSegment.truncateTo (3.9). FIDELITY: LOG-TRUNCATION.
import type { ProcessContext } from "#engine/core/process.ts";
import { toMs } from "#engine/core/time.ts";
import { openLogFile } from "#engine/core/disk.ts";
import type { LogConfig } from "./log-config.ts";
import { deleteSegmentFiles } from "./log-deletion.ts";
import { logLine } from "./log-lines.ts";
import { createSegment, nextOffsetOf, openIndexes, truncateSegment } from "./log-segment.ts";
import { activeSegment, cutEpochsFromEnd, type UnifiedLog, updateHighWatermark, writeEpochs } from "./log-state.ts";
import { truncateEpochsFromEnd } from "./leader-epoch-cache.ts";
import { reloadProducers } from "./producer-reload.ts";

function say(process: ProcessContext, log: UnifiedLog, text: string): void {
  logLine(process, log.broker, "INFO", `[UnifiedLog partition=${log.directory}, dir=${log.logDirectory}] ${text}`, "kafka.log.UnifiedLog");
}

/**
 * Cuts everything at and above `offset` (a whole batch when it lies inside one). False when the log ends before it anyway; even then an epoch
 * goes that this replica began as a leader without appending anything, or it would diverge from the next leader for ever.
 */
export function truncateTo(process: ProcessContext, log: UnifiedLog, offset: number, config: LogConfig): boolean {
  const from = log.logEndOffset;
  if (offset >= from) {
    say(process, log, `Truncating to ${offset} has no effect as the largest offset in the log is ${from - 1}`);
    cutEpochsFromEnd(process, log, from);
    return false;
  }
  const [first] = log.segments;
  if (first !== undefined && first.baseOffset > offset) {
    truncateFullyAndStartAt(process, log, offset, config);
    return true;
  }
  say(process, log, `Truncating to offset ${offset}`);
  const beyond = log.segments.filter(segment => segment.baseOffset > offset);
  log.segments = log.segments.filter(segment => segment.baseOffset <= offset);
  deleteSegmentFiles(process, log, beyond, config);
  const active = activeSegment(log);
  truncateSegment(process.disk, active, offset, config, toMs(process.now));
  process.touch(active.path, openLogFile(process.disk, active.path));
  log.logEndOffset = nextOffsetOf(process.disk, active);
  log.logStartOffset = Math.min(log.logStartOffset, log.logEndOffset);
  log.recoveryPoint = Math.min(log.recoveryPoint, log.logEndOffset);
  truncateEpochsFromEnd(log.epochs, log.logEndOffset);
  writeEpochs(process, log, false);
  reloadProducers(process, log, log.logEndOffset, "UnifiedLog");
  process.trace({ kind: "log-truncated", broker: log.broker, topic: log.topic, partition: log.partition, from, to: log.logEndOffset });
  if (log.highWatermark > log.logEndOffset) updateHighWatermark(process, log, log.logEndOffset);
  return true;
}

/** An empty log that begins at `offset`. */
export function truncateFullyAndStartAt(process: ProcessContext, log: UnifiedLog, offset: number, config: LogConfig): void {
  const from = log.logEndOffset;
  say(process, log, `Truncate and start at offset ${offset}, logStartOffset: ${offset}`);
  const all = log.segments;
  deleteSegmentFiles(process, log, all, config);
  for (const snapshot of log.snapshots) process.disk.delete(`${log.folder}/${String(snapshot).padStart(20, "0")}.snapshot`);
  log.snapshots = [];
  const segment = createSegment(process.disk, log.folder, offset, toMs(process.now));
  openIndexes(process.disk, segment, config);
  log.segments = [segment];
  log.epochs = [];
  writeEpochs(process, log, true);
  log.producers = new Map();
  log.logStartOffset = offset;
  log.logEndOffset = offset;
  log.recoveryPoint = offset;
  process.trace({ kind: "log-truncated", broker: log.broker, topic: log.topic, partition: log.partition, from, to: offset });
  if (log.highWatermark !== offset) updateHighWatermark(process, log, offset);
}
