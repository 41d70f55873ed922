// Brokers come and go: the children of /brokers/ids have changed. A dead broker's partitions get new leaders, then its replicas leave the ISRs;
// a new one is told everything, and elections that nobody could win are tried again. A broker that has come back with a higher epoch before
// anybody noticed has done both. Source: KafkaController.processBrokerChange, onBrokerStartup, onBrokerFailure, doControlledShutdown (3.9).
// FIDELITY: ZKC-BROKER-FAILURE, ZKC-CONTROLLED-SHUTDOWN.
import type { PartitionChangeReason } from "#engine/protocol/facts.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { addBrokerChannel, removeBrokerChannel } from "./broker-channels.ts";
import { addStopReplica, partitionsWithLeaders, sendBatch, sendUpdateMetadata } from "./broker-request-batch.ts";
import {
  allPartitions, isQueuedForDeletion, isReassigning, keyOf, liveOrShuttingDownIds, type LiveBroker, partitionOf, type PartitionReplica,
  partitionsWithOfflineLeader, placeOf, replicasOnBrokers, targetReplicas, type TopicPartition,
} from "./controller-context.ts";
import { replyNotController } from "./controller-resignation.ts";
import { isActive } from "./controller-state.ts";
import { ask, type Run, type Task, doNext } from "./controller-task.ts";
import { bringAllOnline, bringOnline } from "./partition-state-machine.ts";
import { changeReplicas } from "./replica-state-machine.ts";
import { failReplicaDeletion, resumeDeletionOf } from "./topic-deletion.ts";
import { BROKER_IDS_PATH, brokerIdPath, brokerIn } from "./znode-data.ts";

export type BrokerStep =
  | { readonly of: "brokers"; readonly do: "changed" | "listed" }
  | { readonly of: "brokers"; readonly do: "read"; readonly ids: readonly number[] }
  | { readonly of: "brokers"; readonly do: "started"; readonly brokers: readonly LiveBroker[] }
  | { readonly of: "brokers"; readonly do: "restarted"; readonly ids: readonly number[] }
  | { readonly of: "brokers"; readonly do: "failed"; readonly ids: readonly number[] }
  | { readonly of: "brokers"; readonly do: "offline"; readonly replicas: readonly PartitionReplica[]; readonly reason: PartitionChangeReason }
  | { readonly of: "brokers"; readonly do: "went-offline"; readonly replicas: readonly PartitionReplica[] }
  | { readonly of: "brokers"; readonly do: "controlled-shutdown"; readonly brokerId: number; readonly brokerEpoch: number; readonly replyTo: ReplyTo<"ControlledShutdown"> }
  | { readonly of: "brokers"; readonly do: "shut-down-followers"; readonly brokerId: number; readonly followed: readonly TopicPartition[] }
  | { readonly of: "brokers"; readonly do: "shut-down-done"; readonly brokerId: number; readonly replyTo: ReplyTo<"ControlledShutdown"> };

export function performBrokerStep(run: Run, task: Task, step: BrokerStep, answers: readonly ZooKeeperAnswer[]): void {
  const { controller } = run;
  switch (step.do) {
    case "changed":
      if (isActive(controller)) ask(run, task, [{ op: "getChildren", path: BROKER_IDS_PATH, watch: true }], { of: "brokers", do: "listed" });
      return;
    case "listed": {
      const ids = (answers[0]?.children ?? []).map(Number);
      return ask(run, task, ids.map(id => ({ op: "getData", path: brokerIdPath(id), watch: false })), { of: "brokers", do: "read", ids });
    }
    case "read": return brokersRead(run, task, step.ids, answers);
    case "started": return started(run, task, step.brokers);
    case "restarted": return resumeAfterStart(run, task, new Set(step.ids));
    case "failed": return failed(run, task, step.ids);
    case "offline": return wentOffline(run, task, step.replicas, step.reason);
    case "went-offline": return afterOffline(run, task, step.replicas);
    case "controlled-shutdown": return controlledShutdown(run, task, step);
    case "shut-down-followers": return shutDownFollowers(run, task, step.brokerId, step.followed);
    case "shut-down-done": return shutDownDone(run, step.brokerId, step.replyTo);
  }
}

function brokersRead(run: Run, task: Task, ids: readonly number[], answers: readonly ZooKeeperAnswer[]): void {
  const { process, controller: { context, channels } } = run;
  const current = new Map<number, LiveBroker>();
  ids.forEach((id, index) => {
    const answer = answers[index];
    const broker = brokerIn(id, answer?.data);
    if (broker !== null && answer?.stat !== undefined) current.set(id, { ...broker, brokerEpoch: answer.stat.czxid });
  });
  const sorted = [...current.values()].sort((a, b) => a.brokerId - b.brokerId);
  const fresh = sorted.filter(broker => !context.brokers.has(broker.brokerId));
  const bounced = sorted.filter(broker => broker.brokerEpoch > (context.brokers.get(broker.brokerId)?.brokerEpoch ?? broker.brokerEpoch));
  const dead = [...context.brokers.keys()].filter(id => !current.has(id)).sort((a, b) => a - b);
  for (const { brokerId } of bounced) removeBrokerChannel(process, channels, brokerId);
  for (const broker of [...fresh, ...bounced]) addBrokerChannel(channels, broker.brokerId, broker);
  for (const id of dead) removeBrokerChannel(process, channels, id);
  const steps: BrokerStep[] = [];
  if (fresh.length > 0) steps.push({ of: "brokers", do: "started", brokers: fresh });
  if (bounced.length > 0) {
    steps.push({ of: "brokers", do: "failed", ids: bounced.map(broker => broker.brokerId) }, { of: "brokers", do: "started", brokers: bounced });
  }
  if (dead.length > 0) steps.push({ of: "brokers", do: "failed", ids: dead });
  doNext(task, ...steps);
}

// ---- a broker starts

function started(run: Run, task: Task, brokers: readonly LiveBroker[]): void {
  const { context } = run.controller;
  const existing = liveOrShuttingDownIds(context);
  for (const broker of brokers) {
    context.brokers.set(broker.brokerId, broker);
    context.replicasOnOfflineDirs.delete(broker.brokerId);
  }
  const ids = brokers.map(broker => broker.brokerId);
  sendUpdateMetadata(run, existing, []);
  sendUpdateMetadata(run, ids, partitionsWithLeaders(context));
  doNext(task, changeReplicas(replicasOnBrokers(context, new Set(ids)), "online", "broker-back"), { of: "brokers", do: "restarted", ids });
}

function resumeAfterStart(run: Run, task: Task, ids: ReadonlySet<number>): void {
  const { context } = run.controller;
  const topics = new Set(replicasOnBrokers(context, ids).map(replica => replica.topic));
  resumeDeletionOf(run, task, topics);
  for (const at of context.partitionsBeingReassigned.values()) {
    const partition = partitionOf(context, at);
    if (partition === undefined || !targetReplicas(partition.assignment).some(replica => ids.has(replica))) continue;
    doNext(task, { of: "reassignment", do: "resume", at });
  }
  doNext(task, bringAllOnline(run, "broker-back"));
}

// ---- a broker is gone

function failed(run: Run, task: Task, ids: readonly number[]): void {
  const { context } = run.controller;
  for (const id of ids) {
    context.brokers.delete(id);
    context.replicasOnOfflineDirs.delete(id);
    context.shuttingDownBrokers.delete(id);
  }
  doNext(task, { of: "brokers", do: "offline", replicas: replicasOnBrokers(context, new Set(ids)), reason: "broker-gone" });
}

/** onReplicasBecomeOffline: first the leaders, then the ISRs. */
function wentOffline(run: Run, task: Task, replicas: readonly PartitionReplica[], reason: PartitionChangeReason): void {
  const { context } = run.controller;
  for (const partition of partitionsWithOfflineLeader(context)) partition.state = "offline";
  doNext(task, bringAllOnline(run, reason), { of: "brokers", do: "went-offline", replicas },
    changeReplicas(replicas.filter(replica => !isQueuedForDeletion(context, replica.topic)), "offline", reason));
}

function afterOffline(run: Run, task: Task, replicas: readonly PartitionReplica[]): void {
  const { context, election } = run.controller;
  const [forDeletion, others] = [true, false].map(wanted => replicas.filter(replica => isQueuedForDeletion(context, replica.topic) === wanted));
  failReplicaDeletion(run, task, forDeletion ?? []);
  if ((others ?? []).length === 0 && election.elected.length === 0) sendUpdateMetadata(run, liveOrShuttingDownIds(context), []);
}

// ---- a broker asks to leave

function controlledShutdown(run: Run, task: Task, step: Extract<BrokerStep, { do: "controlled-shutdown" }>): void {
  const { controller, host } = run;
  const { context } = controller;
  const { brokerId, replyTo } = step;
  if (!isActive(controller)) return replyNotController(run, replyTo);
  const known = context.brokers.get(brokerId);
  if (known === undefined) return host.reply(replyTo, { error: "BROKER_NOT_AVAILABLE", remainingPartitions: [] });
  if (step.brokerEpoch < known.brokerEpoch) return host.reply(replyTo, { error: "STALE_BROKER_EPOCH", remainingPartitions: [] });
  controller.replyTo = replyTo;
  context.shuttingDownBrokers.add(brokerId);
  const led: TopicPartition[] = [];
  const followed: TopicPartition[] = [];
  for (const partition of allPartitions(context)) {
    const { replicas } = partition.assignment;
    if (!replicas.includes(brokerId) || replicas.length < 2 || partition.leadership === null || isQueuedForDeletion(context, partition.topic)) continue;
    (partition.leadership.leader === brokerId ? led : followed).push(placeOf(partition));
  }
  doNext(task, bringOnline(led, { kind: "controlled-shutdown" }, "controlled-shutdown"), { of: "brokers", do: "shut-down-followers", brokerId, followed },
    { of: "brokers", do: "shut-down-done", brokerId, replyTo });
}

/** Told to stop fetching first, so that it is out of the ISR for good. */
function shutDownFollowers(run: Run, task: Task, brokerId: number, followed: readonly TopicPartition[]): void {
  for (const at of followed) addStopReplica(run, brokerId, at, false);
  sendBatch(run);
  doNext(task, changeReplicas(followed.map(at => ({ ...at, replica: brokerId })), "offline", "controlled-shutdown"));
}

function shutDownDone(run: Run, brokerId: number, replyTo: ReplyTo<"ControlledShutdown">): void {
  const { controller, host } = run;
  const remaining = [...allPartitions(controller.context)]
    .filter(partition => partition.leadership?.leader === brokerId && partition.assignment.replicas.length > 1)
    .map(partition => ({ topicName: partition.topic, partitionIndex: partition.partition }));
  controller.replyTo = null;
  host.reply(replyTo, { error: "NONE", remainingPartitions: remaining });
}

/** Of a partition whose reassignment may be over when its ISR grows. */
export function reassigningPartitions(run: Run, places: readonly TopicPartition[]): TopicPartition[] {
  const { context } = run.controller;
  return places.filter(at => {
    const partition = partitionOf(context, at);
    return partition !== undefined && context.partitionsBeingReassigned.has(keyOf(at)) && isReassigning(partition.assignment);
  });
}
