// What replicas tell about themselves: their role, their log and their high watermark.
import { newReplica, replaceLog, updatePartition, withHighWatermark } from "./partition-view.ts";
import type { AppendedView, BatchView, ClusterView, ReplicaView } from "./view.ts";
import type { ReplicaFact } from "#engine/protocol/facts.ts";

/** Batches that a replica's view keeps, the newest ones: a log of ten minutes does not fit on a page. */
export const BATCHES_KEPT_MAX = 256;

type FoldedReplicaFact = Exclude<ReplicaFact, { readonly kind: "log-appended" }> | AppendedView;

export function foldReplicaFact(view: ClusterView, fact: FoldedReplicaFact): ClusterView {
  // A new segment and a shorter closed one change no offset.
  if (fact.kind === "isr-proposed" || fact.kind === "segment-rolled" || fact.kind === "log-compacted") return view;
  return updatePartition(view, fact.topic, fact.partition, partition =>
    withHighWatermark(replaceLog(partition, fact.broker, log => foldLog(log, fact)), view.nodes));
}

function foldLog(log: ReplicaView, fact: Exclude<FoldedReplicaFact, { readonly kind: "isr-proposed" | "segment-rolled" | "log-compacted" }>): ReplicaView {
  switch (fact.kind) {
    case "log-opened":
      return {
        ...log, role: "none", leaderEpoch: -1, logStart: fact.logStart, logEnd: fact.logEnd, highWatermark: fact.highWatermark,
        batches: batchesBelow(log.batches, fact.logEnd),
      };
    case "became-leader": return { ...log, role: "leader", leaderEpoch: fact.leaderEpoch };
    case "became-follower": return { ...log, role: "follower", leaderEpoch: fact.leaderEpoch };
    case "log-appended":
      return { ...log, logEnd: fact.batch.baseOffset + fact.batch.count, batches: appended(log.batches, fact.batch) };
    case "log-truncated":
      return { ...log, logEnd: fact.to, highWatermark: Math.min(log.highWatermark, fact.to), batches: batchesBelow(log.batches, fact.to) };
    case "high-watermark": return { ...log, highWatermark: fact.offset };
    case "segments-deleted":
      return { ...log, logStart: fact.logStart, batches: log.batches.filter(batch => batch.baseOffset + batch.count > fact.logStart) };
    case "log-deleted": return newReplica(log.broker);
  }
}

function appended(batches: readonly BatchView[], batch: BatchView): readonly BatchView[] {
  const kept = batches.length < BATCHES_KEPT_MAX ? batches.slice() : batches.slice(batches.length - BATCHES_KEPT_MAX + 1);
  kept.push(batch);
  return kept;
}

function batchesBelow(batches: readonly BatchView[], logEnd: number): readonly BatchView[] {
  return batches.filter(batch => batch.baseOffset + batch.count <= logEnd);
}
