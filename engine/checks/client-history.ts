// Named anomalies over what clients were told and were given, after Jepsen: what a program that uses Kafka could notice, without looking into a broker.
// Fed with the facts of a run one by one; at the end the leaders' logs (RunHistory) say what was true. An anomaly that Kafka's guarantees
// exclude is `forbidden`; one that they permit is only counted. FIDELITY: CHECK-HISTORY.
import { findLosses } from "./history-checks.ts";
import type { Entry } from "./log-history.ts";
import type { PartitionHistory, RunHistory } from "./run-history.ts";
import type { ViewFact } from "#engine/cluster/view.ts";
import type { ClientFact } from "#engine/protocol/facts.ts";

/**
 * lost-write: an acknowledged record is in no leader's log. stale-read: asked for its end, a log is shorter than what had been acknowledged before the
 * question (a leader that has not heard of its successor may say so: permitted). non-monotonic-read: a reader is given again, without asking, what it had been given. reordering: an idempotent producer's batches stand
 * in another order than they were sent. duplicate: one batch of a producer stands twice. unseen: a reader has passed a record without being given it,
 * or has not been given it at the end.
 */
export type ClientAnomalyName = "lost-write" | "stale-read" | "non-monotonic-read" | "reordering" | "duplicate" | "unseen";

/** @property forbidden Kafka promises that it does not happen. @property factId of the fact that shows it; -1 when only the end shows it. */
export interface ClientAnomaly { readonly name: ClientAnomalyName; readonly forbidden: boolean; readonly detail: string; readonly factId: number }

/** Where a reader stands in one partition. */
interface Reading { next: number }

export class ClientHistory {
  /** Sends, deliveries, acknowledgements: everything that a client was told. */
  operations = 0;
  readonly #found: ClientAnomaly[] = [];
  /** By consumer, then by topic and partition. */
  readonly #readings = new Map<string, Map<string, Reading>>();

  add(entry: ViewFact): void {
    const { fact } = entry;
    switch (fact.kind) {
      case "consumer-opened": return this.#opened(fact);
      case "records-accepted": case "batch-acknowledged": case "batch-failed": this.operations += 1; return;
      case "position-reset": {
        this.operations += 1;
        const reading = this.#readings.get(fact.client)?.get(`${fact.topic}-${fact.partition}`);
        if (reading !== undefined) reading.next = fact.offset;
        return;
      }
      case "records-consumed": return this.#consumed(entry.id, fact);
      default: return;
    }
  }

  #opened(fact: ClientFact & { kind: "consumer-opened" }): void {
    const readings = new Map<string, Reading>();
    for (const { topic, partition, position } of fact.assignment) readings.set(`${topic}-${partition}`, { next: position });
    this.#readings.set(fact.client, readings);
  }

  #consumed(factId: number, fact: ClientFact & { kind: "records-consumed" }): void {
    this.operations += 1;
    const key = `${fact.topic}-${fact.partition}`;
    const reading = this.#readings.get(fact.client)?.get(key);
    if (reading === undefined) return;
    const where = `${fact.client} in ${key}`;
    if (reading.next >= 0 && fact.fromOffset < reading.next) {
      this.#found.push({ name: "non-monotonic-read", forbidden: true, factId, detail: `${where} is given offset ${fact.fromOffset} again after ${reading.next - 1}` });
    }
    reading.next = fact.nextOffset;
  }

  /** Somebody asked where a partition ends and was told `end`; `acknowledgedEnd` is what acks=all producers had been promised when the question was asked. */
  endTold(topic: string, partition: number, end: number, acknowledgedEnd: number): void {
    this.operations += 1;
    if (end >= acknowledgedEnd) return;
    this.#found.push({
      name: "stale-read", forbidden: false, factId: -1,
      detail: `${topic}-${partition} is said to end at ${end}, after offset ${acknowledgedEnd - 1} had been acknowledged`,
    });
  }

  /** Everything that was found, and what only the end shows. `isSettled`: the cluster was whole and quiet for long enough that readers had their chance. */
  anomalies(history: RunHistory, isSettled: boolean): ClientAnomaly[] {
    const found = [...this.#found];
    for (const loss of findLosses(history)) {
      found.push({
        name: "lost-write", forbidden: loss.batch.acks === -1 && loss.excuse === null, factId: loss.batch.factId,
        detail: `offset ${loss.batch.baseOffset} of ${loss.partition.topic}-${loss.partition.partition}, acknowledged with acks=${loss.batch.acks} to ${loss.batch.client}${loss.excuse === null ? "" : ` (${loss.excuse.name})`}`,
      });
    }
    for (const partition of history.partitions.values()) {
      const log = partition.logs.get(partition.leader);
      if (log === undefined) continue;
      const isExcused = history.anomalies.some(anomaly => anomaly.topic === partition.topic && anomaly.partition === partition.partition);
      found.push(...orderAnomalies(partition, log.entries, isExcused));
      if (isSettled) found.push(...this.#unseen(partition, log.highWatermark, isExcused));
    }
    return found;
  }

  #unseen(partition: PartitionHistory, highWatermark: number, isExcused: boolean): ClientAnomaly[] {
    const found: ClientAnomaly[] = [];
    for (const [client, readings] of this.#readings) {
      const reading = readings.get(`${partition.topic}-${partition.partition}`);
      if (reading === undefined || reading.next < 0 || reading.next >= highWatermark) continue;
      found.push({
        name: "unseen", forbidden: !isExcused, factId: -1,
        detail: `${client} was given nothing of ${partition.topic}-${partition.partition} from offset ${reading.next} to ${highWatermark}`,
      });
    }
    return found;
  }
}

/** A batch of an idempotent producer is known by producer id, epoch and sequence; with any other producer nobody can tell a duplicate from a second record. */
function orderAnomalies(partition: PartitionHistory, entries: readonly Entry[], isExcused: boolean): ClientAnomaly[] {
  const found: ClientAnomaly[] = [];
  const seen = new Set<string>();
  const last = new Map<string, number>();
  for (const { producerId, producerEpoch, baseSequence, baseOffset } of entries) {
    if (producerId < 0 || baseSequence < 0) continue;
    const producer = `${producerId}/${producerEpoch}`;
    const batch = `${producer}/${baseSequence}`;
    const where = `offset ${baseOffset} of ${partition.topic}-${partition.partition}: producer ${producer}, sequence ${baseSequence}`;
    if (seen.has(batch)) found.push({ name: "duplicate", forbidden: !isExcused, factId: -1, detail: `${where} stands twice` });
    else if ((last.get(producer) ?? -1) > baseSequence) found.push({ name: "reordering", forbidden: !isExcused, factId: -1, detail: `${where} stands after ${String(last.get(producer))}` });
    seen.add(batch);
    last.set(producer, Math.max(last.get(producer) ?? -1, baseSequence));
  }
  return found;
}
