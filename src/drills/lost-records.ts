/**
 * Records that had their acknowledgement and are gone: what `acks=all` promises, held against the log of whoever leads now. A batch is known
 * by its offset and by its producer's id and sequence, because after a loss other records may stand at the same offsets.
 */
import type { BatchView, ViewFact } from '#engine/cluster/view.ts';

interface AcknowledgedBatch {
  readonly place: string;
  readonly baseOffset: number;
  readonly count: number;
  readonly producerId: number;
  readonly baseSequence: number;
}

export interface LostRecords {
  readonly count: number;
  /** The fact by which the log came back shorter; null while nothing is lost. */
  readonly factId: number | null;
}

/** Counts acknowledged records of a topic that the log of the present leader does not hold. */
export function lostAcknowledged(facts: readonly ViewFact[], topic: string): LostRecords {
  const logs = new Map<string, Map<number, BatchView>>();
  const leaders = new Map<string, number>();
  const acknowledged: AcknowledgedBatch[] = [];
  let shortenedBy: number | null = null;
  for (const { id, fact } of facts) {
    if (!('topic' in fact) || fact.topic !== topic || !('partition' in fact)) continue;
    const place = `${fact.partition}`;
    if (fact.kind === 'log-appended') logOf(logs, fact.broker, place).set(fact.batch.baseOffset, fact.batch);
    else if (fact.kind === 'log-truncated' || fact.kind === 'log-opened') {
      const end = fact.kind === 'log-truncated' ? fact.to : fact.logEnd;
      if (cutBack(logOf(logs, fact.broker, place), end)) shortenedBy = id;
    } else if (fact.kind === 'partition-changed') leaders.set(place, fact.leader);
    else if (fact.kind === 'batch-acknowledged' && fact.baseOffset >= 0) acknowledged.push({ place, ...fact });
  }
  const count = acknowledged
    .filter((batch) => {
      const leader = leaders.get(batch.place) ?? -1;
      return leader >= 0 && !holds(logOf(logs, leader, batch.place), batch);
    })
    .reduce((sum, batch) => sum + batch.count, 0);
  return { count, factId: count === 0 ? null : shortenedBy };
}

function logOf(logs: Map<string, Map<number, BatchView>>, broker: number, place: string): Map<number, BatchView> {
  const key = `${broker}/${place}`;
  const known = logs.get(key);
  if (known !== undefined) return known;
  const log = new Map<number, BatchView>();
  logs.set(key, log);
  return log;
}

/** True when records were dropped. Batches are cut as a whole, as Kafka cuts them. */
function cutBack(log: Map<number, BatchView>, end: number): boolean {
  const dropped = [...log.values()].filter((batch) => batch.baseOffset + batch.count > end);
  for (const batch of dropped) log.delete(batch.baseOffset);
  return dropped.length > 0;
}

function holds(log: ReadonlyMap<number, BatchView>, acknowledged: AcknowledgedBatch): boolean {
  const batch = log.get(acknowledged.baseOffset);
  return batch !== undefined && batch.producerId === acknowledged.producerId && batch.baseSequence === acknowledged.baseSequence;
}
