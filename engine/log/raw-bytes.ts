// Bytes in a segment that are not, or not surely, a whole batch: what a torn write or a hand has left there. Only recovery reads them.
// FIDELITY: LOG-RECOVERY.
import { SharedValue } from "#engine/core/shared-value.ts";
import { TornEntry } from "#engine/core/disk.ts";
import { crc32c } from "#engine/protocol/crc32c.ts";
import { RecordBatch } from "#engine/protocol/record-batch.ts";
import { batchBytes } from "#engine/protocol/record-batch-codec.ts";

export class RawBytes extends SharedValue {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }

  get sizeBytes(): number { return this.bytes.length; }

  digestParts(): readonly number[] { return [this.bytes.length, crc32c(this.bytes, 0)]; }
}

/** The bytes of an entry of a segment as they stand in the file. */
export function bytesOfEntry(entry: unknown): Uint8Array {
  if (entry instanceof RecordBatch) return batchBytes(entry);
  if (entry instanceof RawBytes) return entry.bytes;
  if (entry instanceof TornEntry) return bytesOfEntry(entry.entry).subarray(0, entry.keptBytes);
  return new Uint8Array(0);
}

export function bytesOfEntries(entries: readonly unknown[]): Uint8Array {
  const parts = entries.map(bytesOfEntry);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
