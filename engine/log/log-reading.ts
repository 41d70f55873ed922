// Reading from a log: whole batches, from one segment at a time. A read that ends with its segment is short, and the next one goes on in the next.
// Source: LocalLog.read, LogSegment.read, DelayedFetch.tryComplete (3.9). FIDELITY: LOG-READ.
import { AppendOnlyList } from "#engine/core/append-only-list.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { batchesIn, indexOfOffset, type LogSegment } from "./log-segment.ts";
import { segmentIndexOf, type UnifiedLog } from "./log-state.ts";

/** @property minOneBatch the first batch is given even when it alone is larger than `maxBytes` (KIP-74). @property upTo exclusive. */
export interface ReadLimits { readonly upTo: number; readonly maxBytes: number; readonly minOneBatch: boolean }
export interface ReadBatches { readonly batches: readonly RecordBatch[]; readonly sizeBytes: number }

const NOTHING_READ: ReadBatches = { batches: [], sizeBytes: 0 };

/** Whole batches from the one that holds `offset` on, no further than the end of its segment. */
export function readLog(process: ProcessContext, log: UnifiedLog, offset: number, limits: ReadLimits): ReadBatches {
  if (offset >= limits.upTo) return NOTHING_READ;
  for (let index = segmentIndexOf(log, offset); index < log.segments.length; index += 1) {
    const all = batchesIn(process.disk, log.segments[index] as LogSegment);
    const from = indexOfOffset(all, offset);
    if (from < all.length) return readFrom(all, from, limits);
  }
  return NOTHING_READ;
}

function readFrom(all: AppendOnlyList<RecordBatch>, from: number, limits: ReadLimits): ReadBatches {
  const batches: RecordBatch[] = [];
  let sizeBytes = 0;
  for (let index = from; index < all.length; index += 1) {
    const batch = all.at(index) as RecordBatch;
    if (batch.baseOffset >= limits.upTo) break;
    if (sizeBytes + batch.sizeBytes > limits.maxBytes && (batches.length > 0 || !limits.minOneBatch)) break;
    batches.push(batch);
    sizeBytes += batch.sizeBytes;
  }
  return { batches, sizeBytes };
}

/** Bytes between two offsets, counted no further than `enough`. From an older segment there is always enough: the reader need not wait. */
export function bytesBetween(process: ProcessContext, log: UnifiedLog, from: number, to: number, enough: number): number {
  if (from >= to) return 0;
  const segment = segmentIndexOf(log, from);
  if (segment !== segmentIndexOf(log, to)) return enough;
  const all = batchesIn(process.disk, log.segments[segment] as LogSegment);
  let bytes = 0;
  for (let index = indexOfOffset(all, from); index < all.length && bytes < enough; index += 1) {
    const batch = all.at(index) as RecordBatch;
    if (batch.baseOffset >= to) break;
    bytes += batch.sizeBytes;
  }
  return bytes;
}

/** The batches of all segments in order: for whoever looks at a log as a whole. */
export function batchesOf(process: Pick<ProcessContext, "disk">, log: UnifiedLog): AppendOnlyList<RecordBatch> {
  const [first] = log.segments;
  if (first !== undefined && log.segments.length === 1) return batchesIn(process.disk, first);
  return new AppendOnlyList(log.segments.flatMap(segment => [...batchesIn(process.disk, segment)]));
}
