// What kafka-reassign-partitions.sh asks of the cluster: the moves of its JSON file, and the limits that --throttle sets before them.
// Source: ReassignPartitionsCommand.java (calculateLeaderThrottles, calculateFollowerThrottles, modifyInterBrokerThrottle).
import type { GoldenWorld } from "../golden-world.ts";
import type { Settings } from "#engine/cluster/spec.ts";
import { observe } from "#engine/cluster/observe.ts";

export interface Move { readonly topic: string; readonly partition: number; readonly replicas: readonly number[] }

export function readReassignment(text: string): Move[] {
  const { partitions } = JSON.parse(text) as { readonly partitions: readonly Move[] };
  return partitions.map(({ topic, partition, replicas }) => ({ topic, partition, replicas: [...replicas] }));
}

interface Change { readonly resource: { readonly topic: string } | { readonly broker: number }; readonly configs: Settings }

/** Every broker that takes part gets the rate; every topic names who is limited: sources all replicas it has, targets only new ones. */
export function throttlesOf(world: GoldenWorld, moves: readonly Move[], rate: string): Change[] {
  const brokers = new Set<number>();
  const leaders = new Map<string, string[]>();
  const followers = new Map<string, string[]>();
  const view = observe(world.cluster);
  for (const { topic, partition, replicas } of [...moves].sort((a, b) => a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition)) {
    const now = view.topics.find(({ name }) => name === topic)?.partitions.find(candidate => candidate.partition === partition)?.replicas ?? [];
    const added = replicas.filter(broker => !now.includes(broker));
    for (const broker of [...now, ...replicas]) brokers.add(broker);
    leaders.set(topic, [...leaders.get(topic) ?? [], ...[...now].sort((a, b) => a - b).map(broker => `${partition}:${broker}`)]);
    followers.set(topic, [...followers.get(topic) ?? [], ...added.map(broker => `${partition}:${broker}`)]);
  }
  return [
    ...[...leaders].map(([topic, list]): Change => ({ resource: { topic }, configs: {
      "leader.replication.throttled.replicas": list.join(","), "follower.replication.throttled.replicas": (followers.get(topic) ?? []).join(","),
    } })),
    ...[...brokers].sort((a, b) => a - b).map((broker): Change => ({ resource: { broker }, configs: { "leader.replication.throttled.rate": rate, "follower.replication.throttled.rate": rate } })),
  ];
}
