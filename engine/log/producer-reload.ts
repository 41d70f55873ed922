// Building the producer state again, up to an offset: from the newest snapshot at or below it, then from the batches behind it. Snapshots that lie
// beyond, or at or before the log's start, go. Source: UnifiedLog.rebuildProducerState, ProducerStateManager.truncateAndReload (3.9).
// FIDELITY: LOG-PRODUCER-SNAPSHOT.
import type { ProcessContext } from "#engine/core/process.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { logLine } from "./log-lines.ts";
import { batchesIn, indexOfOffset, type LogSegment } from "./log-segment.ts";
import { segmentIndexOf, type UnifiedLog } from "./log-state.ts";
import { readSnapshot, snapshotPath } from "./producer-snapshot.ts";
import { noteAppended } from "./producer-state.ts";

/** `logger`: who says so, a start or a cut. */
export function reloadProducers(process: ProcessContext, log: UnifiedLog, endOffset: number, logger: "LogLoader" | "UnifiedLog"): void {
  const prefix = `[${logger} partition=${log.directory}, dir=${log.logDirectory}]`;
  const say = (text: string): void => logLine(process, log.broker, "INFO", text, "kafka.log.UnifiedLog$");
  say(`${prefix} Loading producer state till offset ${endOffset} with message format version 2`);
  for (const offset of log.snapshots.filter(snapshot => snapshot > endOffset || snapshot <= log.logStartOffset)) removeSnapshot(process, log, offset);
  const newest = log.snapshots[log.snapshots.length - 1];
  log.producers = newest === undefined ? new Map() : readSnapshot(process.disk, log.folder, newest);
  if (newest !== undefined) {
    logLine(process, log.broker, "INFO", `[ProducerStateManager partition=${log.directory}] Loading producer state from snapshot file `
      + `'SnapshotFile(offset=${newest}, file=${pathOnDisk(log, newest)})'`, "org.apache.kafka.storage.internals.log.ProducerStateManager");
  }
  replay(process, log, newest ?? log.logStartOffset, endOffset);
  say(`${prefix} Producer state recovery took 0ms for snapshot load and 0ms for segment recovery from offset ${endOffset}`);
}

function replay(process: ProcessContext, log: UnifiedLog, from: number, to: number): void {
  if (from >= to) return;
  for (let index = segmentIndexOf(log, from); index < log.segments.length; index += 1) {
    const batches = batchesIn(process.disk, log.segments[index] as LogSegment);
    for (let at = indexOfOffset(batches, from); at < batches.length; at += 1) {
      const batch = batches.at(at) as RecordBatch;
      if (batch.baseOffset >= to) return;
      noteAppended(log.producers, batch);
    }
  }
}

function removeSnapshot(process: ProcessContext, log: UnifiedLog, offset: number): void {
  log.snapshots.splice(log.snapshots.indexOf(offset), 1);
  process.disk.delete(snapshotPath(log.folder, offset));
  logLine(process, log.broker, "INFO", `Deleted producer state snapshot ${pathOnDisk(log, offset)}`, "org.apache.kafka.storage.internals.log.SnapshotFile");
}

function pathOnDisk(log: UnifiedLog, offset: number): string {
  return `${log.logDirectory}/${snapshotPath(log.directory, offset)}`;
}
