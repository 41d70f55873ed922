// Replicas change state: started, stopped, taken out of the ISR, deleted. Taking one out writes the partition's state znode with the next leader
// epoch, without a leader when the replica led, and keeps the last member in the ISR. Source: ReplicaStateMachine.scala (3.9).
// FIDELITY: ZKC-STATES.
import type { PartitionChangeReason } from "#engine/protocol/facts.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { addLeaderAndIsr, addStopReplica, addUpdateMetadata } from "./broker-request-batch.ts";
import {
  existingPartition, isQueuedForDeletion, liveOrShuttingDownIds, type PartitionContext, partitionOf, type PartitionReplica, placeOf,
  type ReplicaState, type TopicPartition, without,
} from "./controller-context.ts";
import { tracePartition } from "./controller-facts.ts";
import { ask, checked, checkedOutcome, type Run, saysMoved, type Task, doNext } from "./controller-task.ts";
import { controllerMoved } from "./controller-resignation.ts";
import { type LeaderAndIsr, stateIn, stateNode, statePath } from "./znode-data.ts";

export type ReplicaTarget = ReplicaState | "non-existent";
interface Shrink { readonly replica: number; readonly partitions: readonly TopicPartition[]; readonly reason: PartitionChangeReason }
interface Written { readonly at: TopicPartition; readonly leadership: LeaderAndIsr }

export type ReplicaStep =
  | { readonly of: "replicas"; readonly do: "change"; readonly replicas: readonly PartitionReplica[]; readonly to: ReplicaTarget; readonly reason: PartitionChangeReason }
  | { readonly of: "replicas"; readonly do: "shrink"; readonly shrink: Shrink }
  | { readonly of: "replicas"; readonly do: "shrink-read"; readonly shrink: Shrink }
  | { readonly of: "replicas"; readonly do: "shrunk"; readonly shrink: Shrink; readonly written: readonly Written[] };

const MAY_COME_FROM: Readonly<Record<ReplicaTarget, readonly ReplicaTarget[]>> = {
  "new": ["non-existent"],
  "online": ["new", "online", "offline", "deletion-ineligible"],
  "offline": ["new", "online", "offline", "deletion-ineligible"],
  "deletion-started": ["offline"],
  "deletion-successful": ["deletion-started"],
  "deletion-ineligible": ["offline", "deletion-started"],
  "non-existent": ["deletion-successful"],
};

/** replicaStateMachine.handleStateChanges: requests are sent at the end. */
export function changeReplicas(replicas: readonly PartitionReplica[], to: ReplicaTarget, reason: PartitionChangeReason): ReplicaStep {
  return { of: "replicas", do: "change", replicas, to, reason };
}

export function performReplicaStep(run: Run, task: Task, step: ReplicaStep, answers: readonly ZooKeeperAnswer[]): void {
  switch (step.do) {
    case "change": return change(run, task, step.replicas, step.to, step.reason);
    case "shrink": return ask(run, task, step.shrink.partitions.map(at => ({ op: "getData", path: statePath(at.topic, at.partition), watch: false })),
      { of: "replicas", do: "shrink-read", shrink: step.shrink });
    case "shrink-read": return shrinkRead(run, task, step.shrink, answers);
    case "shrunk": return shrunk(run, task, step.shrink, step.written, answers);
  }
}

/** Broker after broker; a replica whose state does not allow the change stays as it is. */
function change(run: Run, task: Task, replicas: readonly PartitionReplica[], to: ReplicaTarget, reason: PartitionChangeReason): void {
  doNext(task, { of: "requests", do: "send" });
  const byBroker = new Map<number, TopicPartition[]>();
  for (const item of replicas) {
    const partition = partitionOf(run.controller.context, item);
    if (partition === undefined || !MAY_COME_FROM[to].includes(partition.replicaStates.get(item.replica) ?? "non-existent")) continue;
    const places = byBroker.get(item.replica);
    if (places === undefined) byBroker.set(item.replica, [placeOf(partition)]);
    else places.push(placeOf(partition));
  }
  const brokers = [...byBroker.keys()].sort((a, b) => a - b);
  const shrinks: ReplicaStep[] = [];
  for (const replica of brokers) {
    const places = byBroker.get(replica) ?? [];
    if (to !== "offline") for (const at of places) changeOne(run, existingPartition(run.controller.context, at), replica, to);
    else shrinks.push(...offline(run, replica, places, reason));
  }
  doNext(task, ...shrinks);
}

function changeOne(run: Run, partition: PartitionContext, replica: number, to: Exclude<ReplicaTarget, "offline">): void {
  const { leadership, replicaStates, assignment } = partition;
  switch (to) {
    case "new":
      if (leadership !== null && leadership.leader === replica) return;
      if (leadership !== null) addLeaderAndIsr(run, [replica], partition, true);
      break;
    case "online":
      if (replicaStates.get(replica) !== "new" && leadership !== null) addLeaderAndIsr(run, [replica], partition, false);
      break;
    case "deletion-started": addStopReplica(run, replica, partition, true); break;
    case "deletion-successful": case "deletion-ineligible": break;
    case "non-existent":
      replicaStates.delete(replica);
      partition.assignment = {
        replicas: without(assignment.replicas, [replica]), addingReplicas: without(assignment.addingReplicas, [replica]),
        removingReplicas: without(assignment.removingReplicas, [replica]),
      };
      return;
  }
  replicaStates.set(replica, to);
}

// ---- out of the ISR

function offline(run: Run, replica: number, places: readonly TopicPartition[], reason: PartitionChangeReason): ReplicaStep[] {
  const { context } = run.controller;
  const led: TopicPartition[] = [];
  for (const at of places) {
    addStopReplica(run, replica, at, false);
    const partition = existingPartition(context, at);
    if (partition.leadership !== null) led.push(at);
    else {
      partition.replicaStates.set(replica, "offline");
      addUpdateMetadata(run, liveOrShuttingDownIds(context), [at]);
    }
  }
  return led.length === 0 ? [] : [{ of: "replicas", do: "shrink", shrink: { replica, partitions: led, reason } }];
}

function shrinkRead(run: Run, task: Task, shrink: Shrink, answers: readonly ZooKeeperAnswer[]): void {
  const { controller } = run;
  const { context } = controller;
  const written: Written[] = [];
  shrink.partitions.forEach((at, index) => {
    const answer = answers[index];
    const known = stateIn(answer?.data, answer?.stat?.version ?? 0);
    if (known === null || known.controllerEpoch > context.epoch) return;
    if (!known.isr.includes(shrink.replica)) return wentOffline(run, at, shrink.replica, known);
    const leader = known.leader === shrink.replica ? -1 : known.leader;
    const isr = known.isr.length === 1 ? known.isr : without(known.isr, [shrink.replica]);
    written.push({ at, leadership: { ...known, leader, isr, leaderEpoch: known.leaderEpoch + 1, controllerEpoch: context.epoch } });
  });
  ask(run, task, written.map(({ at, leadership }) => checked(controller, {
    op: "setData", path: statePath(at.topic, at.partition), data: stateNode(leadership), version: leadership.partitionEpoch,
  })), { of: "replicas", do: "shrunk", shrink, written });
}

function shrunk(run: Run, task: Task, shrink: Shrink, written: readonly Written[], answers: readonly ZooKeeperAnswer[]): void {
  if (saysMoved(answers)) return controllerMoved(run, task);
  const again: TopicPartition[] = [];
  written.forEach(({ at, leadership }, index) => {
    const answer = answers[index];
    const outcome = answer === undefined ? { is: "failed" as const } : checkedOutcome(answer);
    if (outcome.is === "bad-version") again.push(at);
    if (outcome.is !== "done") return;
    wentOffline(run, at, shrink.replica, { ...leadership, partitionEpoch: outcome.version });
    if (!isQueuedForDeletion(run.controller.context, at.topic)) tracePartition(run, existingPartition(run.controller.context, at), shrink.reason);
  });
  if (again.length > 0) doNext(task, { of: "replicas", do: "shrink", shrink: { ...shrink, partitions: again } });
}

/** The others are told, even when nothing was written. */
function wentOffline(run: Run, at: TopicPartition, replica: number, leadership: LeaderAndIsr): void {
  const { context } = run.controller;
  const partition = existingPartition(context, at);
  partition.leadership = { ...leadership, controllerEpoch: context.epoch };
  partition.replicaStates.set(replica, "offline");
  if (isQueuedForDeletion(context, at.topic)) return;
  addLeaderAndIsr(run, without(partition.assignment.replicas, [replica]), partition, false);
}
