// Logs as the checks remember them: headers of batches only, and the comparison of what is committed.

/** A batch is the same batch when offset, leader epoch and checksum are the same. */
export interface Entry {
  readonly baseOffset: number; readonly count: number; readonly leaderEpoch: number; readonly producerId: number;
  readonly producerEpoch: number; readonly baseSequence: number; readonly crc: number;
}

/** @property comparedTo below this offset the log was found to agree with what is committed. @property leaderEpoch -1 unless it leads. */
export interface ReplicaHistory {
  entries: Entry[];
  logEnd: number;
  highWatermark: number;
  comparedTo: number;
  leaderEpoch: number;
  highWatermarkInEpoch: number;
}

export function entriesBelow(entries: readonly Entry[], offset: number): Entry[] {
  return entries.filter(entry => entry.baseOffset + entry.count <= offset);
}

function indexAt(entries: readonly Entry[], offset: number): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = low + high >> 1;
    if ((entries[middle] as Entry).baseOffset < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The entry with exactly this base offset. */
export function entryAt(entries: readonly Entry[], baseOffset: number): Entry | null {
  const found = entries[indexAt(entries, baseOffset)];
  return found?.baseOffset === baseOffset ? found : null;
}

/**
 * Compares a log with what was committed before, from where it was compared last up to its high watermark, and adds what is new. Below
 * `compactedTo` a batch may have lost records, so that a copy of it is another one. Returns the committed entry that the log contradicts; null when all agree.
 */
export function commitUpTo(partition: { committed: Entry[]; readonly compactedTo: number }, log: ReplicaHistory, highWatermark: number): Entry | null {
  for (let index = indexAt(log.entries, log.comparedTo); index < log.entries.length; index += 1) {
    const entry = log.entries[index] as Entry;
    if (entry.baseOffset + entry.count > highWatermark) break;
    if (entry.baseOffset < partition.compactedTo) {
      log.comparedTo = entry.baseOffset + entry.count;
      continue;
    }
    const at = indexAt(partition.committed, entry.baseOffset);
    const committed = partition.committed[at];
    if (committed === undefined) {
      const last = partition.committed[partition.committed.length - 1];
      if (last !== undefined && last.baseOffset + last.count > entry.baseOffset) return last;
      partition.committed.push(entry);
    } else if (committed.baseOffset !== entry.baseOffset || committed.leaderEpoch !== entry.leaderEpoch || committed.crc !== entry.crc
      || committed.count !== entry.count) return committed;
    log.comparedTo = entry.baseOffset + entry.count;
  }
  return null;
}
