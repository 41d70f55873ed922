// The producer state on disk: `<offset>.snapshot`, written when a segment is closed, at a clean shutdown and after recovery, so that a start reads
// only what came after it. It holds the last batch of each producer, not the five that memory has.
// Source: ProducerStateManager.java (takeSnapshot, readSnapshot, truncateAndReload; 3.9). FIDELITY: LOG-PRODUCER-SNAPSHOT.
import { type Disk, writeRecordFile } from "#engine/core/disk.ts";
import { fileName } from "./log-segment.ts";
import type { ProducerState } from "./producer-state.ts";

/** version int16, CRC int32, number of entries int32 */
const HEADER_BYTES = 10;
/** producer id 8, epoch 2, last sequence 4, last offset 8, offset delta 4, timestamp 8, coordinator epoch 4, first offset of the transaction 8 */
const ENTRY_BYTES = 46;
const NO_OFFSET = -1;
const SEQUENCE_COUNT = 2_147_483_648;

interface SnapshotEntry {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly lastSequence: number;
  /** -1: no batch. */
  readonly lastOffset: number;
  readonly offsetDelta: number;
  readonly timestampMs: number;
}
export type ProducerSnapshot = readonly SnapshotEntry[];

export function snapshotPath(folder: string, offset: number): string {
  return `${folder}/${fileName(offset)}.snapshot`;
}

export function writeSnapshot(disk: Disk, folder: string, offset: number, producers: ProducerState): void {
  const entries: SnapshotEntry[] = [];
  for (const [producerId, entry] of producers) {
    const last = entry.batches[entry.batches.length - 1];
    entries.push({
      producerId, producerEpoch: entry.producerEpoch, lastSequence: last?.lastSequence ?? -1, lastOffset: last?.lastOffset ?? NO_OFFSET,
      offsetDelta: last?.offsetDelta ?? 0, timestampMs: entry.lastTimestampMs,
    });
  }
  writeRecordFile(disk, snapshotPath(folder, offset), entries satisfies ProducerSnapshot, true);
  const file = disk.get(snapshotPath(folder, offset));
  if (file?.kind === "record") file.sizeBytes = HEADER_BYTES + ENTRY_BYTES * entries.length;
}

/** What a start takes from a snapshot. */
export function readSnapshot(disk: Disk, folder: string, offset: number): ProducerState {
  const file = disk.get(snapshotPath(folder, offset));
  const producers: ProducerState = new Map();
  if (file?.kind !== "record") return producers;
  for (const { producerId, producerEpoch, lastSequence, lastOffset, offsetDelta, timestampMs } of file.content as ProducerSnapshot) {
    const batches = lastOffset === NO_OFFSET ? [] : [{
      firstSequence: (lastSequence - offsetDelta + SEQUENCE_COUNT) % SEQUENCE_COUNT, lastSequence, lastOffset, offsetDelta, timestampMs,
    }];
    producers.set(producerId, { producerEpoch, batches, lastTimestampMs: timestampMs });
  }
  return producers;
}
