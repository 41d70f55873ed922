// The records of a replica's log as texts, read from the disk of the broker that holds it.
import type { GoldenWorld } from "../golden-world.ts";
import type { AppendOnlyList } from "#engine/core/append-only-list.ts";
import { logDirectory } from "#engine/log/unified-log.ts";
import { RecordBatch } from "#engine/protocol/record-batch.ts";
import { decodeRecords } from "#engine/protocol/record-batch-codec.ts";
import { decodeUtf8 } from "#engine/protocol/utf8.ts";

export interface ShownRecord { readonly offset: number; readonly key: string | null; readonly value: string | null; readonly leaderEpoch: number }

/** Batches of all segments, in order of their offsets. */
export function batchesAt(world: GoldenWorld, broker: number, topic: string, partition: number): RecordBatch[] {
  const process = world.process(world.processName(broker));
  const folder = `${logDirectory(topic, partition)}/`;
  const batches: RecordBatch[] = [];
  for (const [path, file] of process.disk) {
    if (!path.includes(folder) || !path.endsWith(".log") || file.kind !== "log") continue;
    const entries = file.entries as AppendOnlyList<unknown>;
    for (let index = 0; index < entries.length; index += 1) {
      const batch = entries.at(index);
      if (batch instanceof RecordBatch) batches.push(batch);
    }
  }
  return batches.sort((a, b) => a.baseOffset - b.baseOffset);
}

export function recordsAt(world: GoldenWorld, broker: number, topic: string, partition: number, from: number, to: number): ShownRecord[] {
  return batchesAt(world, broker, topic, partition).filter(batch => batch.nextOffset > from && batch.baseOffset < to)
    .flatMap(shownRecords).filter(({ offset }) => offset >= from && offset < to);
}

export function shownRecords(batch: RecordBatch): ShownRecord[] {
  return decodeRecords(batch).map(({ offset, key, value }) => ({ offset, key: text(key), value: text(value), leaderEpoch: batch.partitionLeaderEpoch }));
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : decodeUtf8(bytes, 0, bytes.length);
}
