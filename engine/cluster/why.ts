// Why something happened: the chain of causes of a trace entry, with one link that the trace itself cannot have. A broker that begins to lead or to
// follow, or deletes a replica, does so because of a record of the metadata log. It reads that record in a fetch of its own, so the entry's cause is
// that fetch; the reason is the controller's decision.
import type { AppendOnlyList } from "#engine/core/append-only-list.ts";
import type { CoreFact, TraceEntry } from "#engine/core/trace.ts";
import type { KafkaFact, ReplicaFact } from "#engine/protocol/facts.ts";

/** The chain from an entry back to its first cause, nearest first. */
export function causesOf(trace: AppendOnlyList<TraceEntry>, id: number): TraceEntry[] {
  const chain: TraceEntry[] = [];
  for (let entry = trace.at(id); entry !== undefined; entry = decisionBehind(trace, entry) ?? trace.at(entry.cause)) chain.push(entry);
  return chain;
}

/**
 * The decision that gave the partition the leader epoch in which this replica leads or follows now. Undefined for other entries, and for a broker
 * that was started after the decision: it leads or follows because it was started.
 */
function decisionBehind(trace: AppendOnlyList<TraceEntry>, entry: TraceEntry): TraceEntry | undefined {
  const told = entry.fact as CoreFact | KafkaFact;
  if (told.kind === "log-deleted") return decisionToDelete(trace, entry, told);
  if (told.kind !== "became-leader" && told.kind !== "became-follower") return undefined;
  let decision: TraceEntry | undefined;
  for (let id = entry.id - 1; id >= 0; id -= 1) {
    const earlier = trace.at(id) as TraceEntry;
    const fact = earlier.fact as CoreFact | KafkaFact;
    if (fact.kind === "process-started" && fact.process === entry.process) return decision;
    if (fact.kind !== "partition-changed" || !isOfSamePartition(fact, told)) continue;
    if (fact.leaderEpoch < told.leaderEpoch) return decision;
    // Changes of the ISR within the epoch come later than the one that began it.
    if (fact.leaderEpoch === told.leaderEpoch) decision = earlier;
  }
  return decision;
}

/** A broker deletes a replica because its topic is gone, or because the partition has no place on it any more. */
function decisionToDelete(trace: AppendOnlyList<TraceEntry>, entry: TraceEntry, told: ReplicaFact): TraceEntry | undefined {
  for (let id = entry.id - 1; id >= 0; id -= 1) {
    const earlier = trace.at(id) as TraceEntry;
    const fact = earlier.fact as CoreFact | KafkaFact;
    if (fact.kind === "process-started" && fact.process === entry.process) return undefined;
    if (fact.kind === "topic-deleted" && fact.topic === told.topic) return earlier;
    if (fact.kind === "partition-changed" && isOfSamePartition(fact, told) && !fact.replicas.includes(told.broker)) return earlier;
  }
  return undefined;
}

function isOfSamePartition(one: { readonly topic: string; readonly partition: number }, other: ReplicaFact): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}
