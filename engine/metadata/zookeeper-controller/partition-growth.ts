// Which replicas the new partitions of a growing topic get in ZooKeeper mode: as given, or placed after the existing ones from a start that
// follows from partition 0. Source: ZkAdminManager.createPartitions, AdminZkClient.createNewPartitionsAssignment (3.9). FIDELITY: ZKC-TOPIC-ADMIN.
import type { RequestOf } from "#engine/protocol/messages.ts";
import { assignReplicas } from "./admin-utils-placement.ts";
import { isReassigning, liveOrShuttingDownIds } from "./controller-context.ts";
import type { Run } from "./controller-task.ts";
import type { Refusal } from "./topic-admin-answers.ts";
import type { TopicAssignment } from "./znode-data.ts";

type Wish = RequestOf<"CreatePartitions">["topics"][number];
type Replicas = { readonly replicas: readonly (readonly number[])[] };

export function manualPartitions(run: Run, wish: Wish, current: TopicAssignment): Replicas | Refusal {
  const { name, count, assignments } = wish;
  const { partitions } = current;
  if (partitions.some(isReassigning)) return { error: "REASSIGNMENT_IN_PROGRESS", text: `A partition reassignment is in progress for the topic '${name}'.` };
  const increment = count - partitions.length;
  if (increment < 0) {
    return { error: "INVALID_PARTITIONS", text: `Topic currently has ${partitions.length} partitions, which is higher than the requested ${count}.` };
  }
  if (increment === 0) return { error: "INVALID_PARTITIONS", text: `Topic already has ${partitions.length} partitions.` };
  const { context } = run.controller;
  const known = liveOrShuttingDownIds(context).sort((a, b) => a - b);
  const first = partitions[0]?.replicas ?? [];
  if (assignments !== null) return asGiven(assignments.map(({ brokerIds }) => brokerIds), known, increment, partitions.length, first.length);
  const start = known.findIndex(id => id >= (first[0] ?? 0));
  const brokers = known.map(brokerId => ({ brokerId, rack: context.brokers.get(brokerId)?.rack ?? null }));
  const placement = assignReplicas(brokers, {
    partitions: increment, replicationFactor: first.length, fixedStart: Math.max(0, start), firstPartition: partitions.length,
  }, { next: () => 0 });
  return "replicas" in placement ? placement : { error: placement.refusal === "racks" ? "UNKNOWN_SERVER_ERROR" : "INVALID_REPLICATION_FACTOR", text: placement.text };
}

function asGiven(lists: readonly (readonly number[])[], known: readonly number[], increment: number, existing: number, replicationFactor: number): Replicas | Refusal {
  const refuse = (text: string): Refusal => ({ error: "INVALID_REPLICA_ASSIGNMENT", text });
  const unknown = [...new Set(lists.flat())].filter(id => !known.includes(id));
  if (unknown.length > 0) return refuse(`Unknown broker(s) in replica assignment: ${unknown.join(", ")}.`);
  if (lists.length !== increment) return refuse(`Increasing the number of partitions by ${increment} but ${lists.length} assignments provided.`);
  for (const [index, list] of lists.entries()) {
    const partition = existing + index;
    if (list.length === 0) return refuse(`Cannot have replication factor of 0 for partition id ${partition}.`);
    if (new Set(list).size !== list.length) return refuse(`Duplicate brokers not allowed in replica assignment: ${list.join(", ")} for partition id ${partition}.`);
  }
  const others = lists.map((list, index) => [existing + index, list.length] as const).filter(([, size]) => size !== replicationFactor);
  if (others.length === 0) return { replicas: lists };
  return refuse(`Inconsistent replication factor between partitions, partition 0 has ${replicationFactor} while partitions `
    + `[${others.map(([partition]) => partition).join(", ")}] have replication factors [${others.map(([, size]) => size).join(", ")}], respectively.`);
}
