// Reading a segment again after an unclean end: whole and sound batches are kept, everything from the first bad one on is cut. A file that nobody
// has damaged holds batches that are sound by construction; bytes are looked at only where a torn write or a hand has left some.
// Source: LogSegment.recover, FileLogInputStream.java, DefaultRecordBatch.ensureValid (3.9). FIDELITY: LOG-RECOVERY.
import type { AppendOnlyList } from "#engine/core/append-only-list.ts";
import { type Disk, openLogFile, truncateLogFile } from "#engine/core/disk.ts";
import { crc32c } from "#engine/protocol/crc32c.ts";
import { RecordBatch } from "#engine/protocol/record-batch.ts";
import { readBatch } from "#engine/protocol/record-batch-codec.ts";
import { type LogSegment, pushBatch } from "./log-segment.ts";
import { bytesOfEntries } from "./raw-bytes.ts";

const HEADER_UP_TO_MAGIC_BYTES = 17;
const LENGTH_AT = 8;
const LOG_OVERHEAD_BYTES = 12;
/** LegacyRecord.RECORD_OVERHEAD_V0 */
const MIN_RECORD_BYTES = 14;
const BATCH_OVERHEAD_BYTES = 61;
const RELATIVE_OFFSET_MAX = 2_147_483_647;
const FIRST_SUMMED_BYTE = 21;

/**
 * @property validBytes what the segment keeps. @property corruption of the batch at `validBytes`, as Kafka's exception words it; null when the file just
 * ends there. @property overflows a batch claims an offset that cannot lie in this segment: Kafka does not start with it.
 */
export interface Recovered { readonly validBytes: number; readonly cutBytes: number; readonly corruption: string | null; readonly overflows: boolean }

export function isDamaged(entries: AppendOnlyList<unknown>): boolean {
  // Damage lies at the end or stays where a hand has put it; whole batches in front of it are not walked over twice.
  for (let index = entries.length - 1; index >= 0; index -= 1) if (!(entries.at(index) instanceof RecordBatch)) return true;
  return false;
}

/** Cuts the file at the first bad batch. `filePath` as Kafka's message names it. */
export function recoverSegment(disk: Disk, segment: LogSegment, filePath: string): Recovered {
  const file = openLogFile(disk, segment.path);
  const { sizeBytes } = file;
  let sound = 0;
  let soundBytes = 0;
  let end = segment.baseOffset;
  while (sound < file.entries.length) {
    const entry = file.entries.at(sound);
    if (!(entry instanceof RecordBatch) || !liesIn(segment, entry) || entry.baseOffset < end) break;
    end = entry.nextOffset;
    sound += 1;
    soundBytes += entry.sizeBytes;
  }
  if (sound === file.entries.length) return { validBytes: soundBytes, cutBytes: 0, corruption: null, overflows: false };
  const rest = file.entries.slice(sound);
  const bytes = bytesOfEntries(rest);
  truncateLogFile(file, sound, soundBytes);
  segment.sizeBytes = soundBytes;
  let at = 0;
  for (;;) {
    const found = nextBatch(bytes, at, filePath);
    if (found.batch === null) return { validBytes: segment.sizeBytes, cutBytes: sizeBytes - segment.sizeBytes, corruption: found.corruption, overflows: false };
    if (!liesIn(segment, found.batch)) {
      // Kafka has changed nothing yet when it finds this.
      truncateLogFile(file, sound, sizeBytes);
      for (const entry of rest) file.entries.push(entry);
      return { validBytes: soundBytes, cutBytes: 0, corruption: null, overflows: true };
    }
    // Kafka would go on with offsets that run backwards; a log here never does.
    if (found.batch.baseOffset < end) return { validBytes: segment.sizeBytes, cutBytes: sizeBytes - segment.sizeBytes, corruption: null, overflows: false };
    pushBatch(file, segment, found.batch);
    end = found.batch.nextOffset;
    at += found.batch.sizeBytes;
  }
}

function liesIn(segment: LogSegment, batch: RecordBatch): boolean {
  const relative = batch.lastOffset - segment.baseOffset;
  return relative >= 0 && relative <= RELATIVE_OFFSET_MAX;
}

type Found = { readonly batch: RecordBatch } | { readonly batch: null; readonly corruption: string | null };
const END: Found = { batch: null, corruption: null };

/** A tail that is shorter than its batch says is no corruption for Kafka: the file ends before it. */
function nextBatch(bytes: Uint8Array, at: number, filePath: string): Found {
  const left = bytes.length - at;
  if (left < HEADER_UP_TO_MAGIC_BYTES) return END;
  const length = int32At(bytes, at + LENGTH_AT);
  if (length < MIN_RECORD_BYTES) {
    return { batch: null, corruption: `Found record size ${length} smaller than minimum record overhead (${MIN_RECORD_BYTES}) in file ${filePath}.` };
  }
  const size = LOG_OVERHEAD_BYTES + length;
  if (size > left) return END;
  if (size < BATCH_OVERHEAD_BYTES) {
    return { batch: null, corruption: `Record batch is corrupted (the size ${size} is smaller than the minimum allowed overhead ${BATCH_OVERHEAD_BYTES})` };
  }
  const stored = int32At(bytes, at + LENGTH_AT + 9) >>> 0;
  const computed = crc32c(bytes.subarray(at + FIRST_SUMMED_BYTE, at + size)) >>> 0;
  if (stored !== computed) return { batch: null, corruption: `Record is corrupt (stored crc = ${stored}, computed crc = ${computed})` };
  const read = readBatch(bytes, at);
  return read.ok ? { batch: read.batch } : { batch: null, corruption: read.why };
}

function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) << 24 | (bytes[at + 1] as number) << 16 | (bytes[at + 2] as number) << 8 | (bytes[at + 3] as number);
}
