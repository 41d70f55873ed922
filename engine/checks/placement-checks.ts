// Checks of one moment: where replicas and leaders lie, whether anything moves, and whether ZooKeeper serves. Each works on the view alone.
import type { CheckResult } from "./check.ts";
import type { ClusterView, PartitionView } from "#engine/cluster/view.ts";

/** Without `topic` all topics are meant. */
interface OfTopics { readonly topic?: string }
/** Each broker of the cluster, running or not. */
interface PerBroker extends OfTopics { readonly atLeast: number; readonly atMost: number }

export type PlacementCheck =
  | PerBroker & { readonly check: "replicas-per-broker" }
  | PerBroker & { readonly check: "leaders-per-broker" }
  | OfTopics & { readonly check: "replication-factor"; readonly atLeast: number }
  /** Nothing is being added or removed (KIP-455). */
  | { readonly check: "no-reassignment" }
  /** A running server of the ensemble leads, and with it a majority. */
  | { readonly check: "ensemble-serves" };

export function evaluatePlacementCheck(check: PlacementCheck, view: ClusterView): CheckResult {
  switch (check.check) {
    case "replicas-per-broker": return perBroker(check, view, partition => partition.replicas, "holds", "replicas");
    case "leaders-per-broker": return perBroker(check, view, partition => [partition.leader], "leads", "partitions");
    case "replication-factor": {
      const thin = partitionsOf(view, check).find(partition => partition.replicas.length < check.atLeast);
      return thin === undefined ? when(partitionsOf(view, check).length > 0, "there is no partition")
        : when(false, `${nameOf(thin)} has ${thin.replicas.length} replicas: [${thin.replicas.join(", ")}]`);
    }
    case "no-reassignment": {
      const moving = partitionsOf(view, {}).find(partition => (partition.addingReplicas?.length ?? 0) + (partition.removingReplicas?.length ?? 0) > 0);
      return moving === undefined ? when(true, "") : when(false, `${nameOf(moving)} is being moved: replicas [${moving.replicas.join(", ")}]`);
    }
    case "ensemble-serves": return ensembleServes(view);
  }
}

function perBroker(
  { atLeast, atMost, topic }: PerBroker, view: ClusterView, brokersOf: (partition: PartitionView) => readonly number[], verb: string, what: string,
): CheckResult {
  const brokers = view.nodes.filter(node => node.roles === undefined || node.roles.includes("broker")).map(node => node.id);
  const named = partitionsOf(view, topic === undefined ? {} : { topic }).flatMap(brokersOf);
  const counted = brokers.map(broker => ({ broker, count: named.filter(other => other === broker).length }));
  const wrong = counted.find(({ count }) => count < atLeast || count > atMost);
  return wrong === undefined ? when(true, "") : when(false, `broker ${wrong.broker} ${verb} ${wrong.count} ${what}`);
}

function ensembleServes(view: ClusterView): CheckResult {
  const servers = view.ensemble?.servers ?? [];
  const running = servers.filter(server => server.status === "running");
  const leader = running.find(server => server.state === "leading");
  if (leader === undefined) return when(false, `${running.length} of ${servers.length} ZooKeeper servers run, and none of them leads`);
  const led = running.filter(server => server.leader === leader.id && server.state !== "looking").length;
  return when(led * 2 > servers.length, `${leader.name} leads ${led} of ${servers.length} servers`);
}

function partitionsOf(view: ClusterView, { topic }: OfTopics): readonly PartitionView[] {
  return view.topics.filter(({ name }) => topic === undefined || name === topic).flatMap(({ partitions }) => partitions);
}

function nameOf({ topic, partition }: PartitionView): string {
  return `${topic}-${partition}`;
}

function when(holds: boolean, detail: string): CheckResult {
  return { holds, detail: holds ? "" : detail, evidence: [] };
}
