// Replicas move (KIP-455): the topic's znode says which replicas are added and which removed; the added ones are started and wait until they are
// in sync; then the leader moves if it must, the removed ones are taken out of the ISR and deleted, and the znode is cleaned. Each of these
// writes the partition's leader epoch on. Source: KafkaController.onPartitionReassignment (3.9). FIDELITY: ZKC-REASSIGNMENT.
import type { PartitionChangeReason } from "#engine/protocol/facts.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { addLeaderAndIsr, sendBatch, sendUpdateMetadata } from "./broker-request-batch.ts";
import {
  existingPartition, isQueuedForDeletion, isReassigning, isReplicaOnline, keyOf, liveOrShuttingDownIds, type PartitionContext, partitionOf,
  type PartitionReplica, partitionsOfTopic, placeOf, plainAssignment, reassignTo, sameAssignment, targetReplicas, type TopicPartition, without,
} from "./controller-context.ts";
import { tracePartition } from "./controller-facts.ts";
import { controllerMoved } from "./controller-resignation.ts";
import { ask, checked, checkedOutcome, type Run, saysMoved, type Task, doNext } from "./controller-task.ts";
import { bringOnline } from "./partition-state-machine.ts";
import { changeReplicas, type ReplicaStep } from "./replica-state-machine.ts";
import { resumeDeletionOf } from "./topic-deletion.ts";
import { parsed, REASSIGN_PARTITIONS_PATH, type ReplicaAssignment, stateIn, stateNode, statePath, topicNode, topicPath } from "./znode-data.ts";

interface Wish { readonly at: TopicPartition; readonly assignment: ReplicaAssignment; readonly isCancelled: boolean }

export type ReassignmentStep =
  /** Begins with it, or goes on with it after the ISR has changed. */
  | { readonly of: "reassignment"; readonly do: "begin" | "stored" | "continue" | "check" | "wait" | "complete" | "clean" | "cleaned"; readonly wish: Wish }
  | { readonly of: "reassignment"; readonly do: "bump" | "bump-read" | "bumped"; readonly at: TopicPartition; readonly reason: PartitionChangeReason }
  | { readonly of: "reassignment"; readonly do: "resume" | "maybe-complete" | "maybe-complete-read"; readonly at: TopicPartition }
  | { readonly of: "reassignment"; readonly do: "read-znode" | "znode-read" };

export function beginReassignment(at: TopicPartition, assignment: ReplicaAssignment, isCancelled: boolean): ReassignmentStep {
  return { of: "reassignment", do: "begin", wish: { at, assignment, isCancelled } };
}

export function performReassignmentStep(run: Run, task: Task, step: ReassignmentStep, answers: readonly ZooKeeperAnswer[]): void {
  switch (step.do) {
    case "begin": case "stored": case "continue": case "check": case "wait": case "complete": case "clean": case "cleaned":
      return reassign(run, task, step.do, step.wish, answers);
    case "bump": return ask(run, task, [readState(step.at)], { ...step, do: "bump-read" });
    case "bump-read": return bumpRead(run, task, step, answers[0]);
    case "bumped": return bumped(run, task, step, answers);
    case "resume": {
      const partition = partitionOf(run.controller.context, step.at);
      if (partition !== undefined) doNext(task, beginReassignment(step.at, partition.assignment, false));
      return;
    }
    case "maybe-complete": return ask(run, task, [readState(step.at)], { ...step, do: "maybe-complete-read" });
    case "maybe-complete-read": {
      const partition = partitionOf(run.controller.context, step.at);
      if (partition === undefined || !isComplete(partition.assignment, answers[0])) return;
      return doNext(task, beginReassignment(step.at, partition.assignment, false));
    }
    case "read-znode": return ask(run, task, [{ op: "getData", path: REASSIGN_PARTITIONS_PATH, watch: false }], { of: "reassignment", do: "znode-read" });
    case "znode-read": return znodeRead(run, task, answers[0]);
  }
}

function readState(at: TopicPartition): { readonly op: "getData"; readonly path: string; readonly watch: false } {
  return { op: "getData", path: statePath(at.topic, at.partition), watch: false };
}

function isComplete(assignment: ReplicaAssignment, answer: ZooKeeperAnswer | undefined): boolean {
  if (!isReassigning(assignment)) return true;
  const isr = stateIn(answer?.data, 0)?.isr ?? [];
  return targetReplicas(assignment).every(replica => isr.includes(replica));
}

function replicasAt(at: TopicPartition, replicas: readonly number[]): PartitionReplica[] {
  return replicas.map(replica => ({ ...at, replica }));
}

/** Out of the ISR, told to delete, forgotten without waiting for the answer. */
function stopReplicas(at: TopicPartition, replicas: readonly number[], reason: PartitionChangeReason): ReplicaStep[] {
  if (replicas.length === 0) return [];
  const removed = replicasAt(at, replicas);
  return [
    changeReplicas(removed, "offline", reason), changeReplicas(removed, "deletion-started", reason),
    changeReplicas(removed, "deletion-successful", reason), changeReplicas(removed, "non-existent", reason),
  ];
}

function store(run: Run, task: Task, partition: PartitionContext, assignment: ReplicaAssignment, next: ReassignmentStep): void {
  const { controller } = run;
  const topic = controller.context.topics.get(partition.topic);
  const partitions = partitionsOfTopic(controller.context, partition.topic)
    .map(other => other.partition === partition.partition ? assignment : other.assignment);
  const data = topicNode({ topicId: topic?.topicId ?? "", partitions });
  ask(run, task, [checked(controller, { op: "setData", path: topicPath(partition.topic), data, version: -1 })], next);
}

type Phase = "begin" | "stored" | "continue" | "check" | "wait" | "complete" | "clean" | "cleaned";

/** The phases of onPartitionReassignment: U1-U2, A1-A2, B1-B8. */
function reassign(run: Run, task: Task, phase: Phase, wish: Wish, answers: readonly ZooKeeperAnswer[]): void {
  const { context } = run.controller;
  const { at, assignment } = wish;
  const partition = existingPartition(context, at);
  const next = (what: Phase): ReassignmentStep => ({ of: "reassignment", do: what, wish });
  if (saysMoved(answers)) return controllerMoved(run, task);
  switch (phase) {
    case "begin":
      context.topicsIneligibleForDeletion.add(at.topic);
      if (sameAssignment(partition.assignment, assignment)) return doNext(task, next("continue"));
      return store(run, task, partition, assignment, next("stored"));
    case "stored": {
      const unneeded = without(partition.assignment.replicas, assignment.replicas);
      partition.assignment = assignment;
      partition.writtenAssignment = assignment;
      return doNext(task, ...stopReplicas(at, unneeded, "reassignment-cancelled"), next("continue"));
    }
    case "continue":
      context.partitionsBeingReassigned.set(keyOf(at), at);
      if (!isReassigning(assignment)) return doNext(task, next("complete"));
      return ask(run, task, [readState(at)], next("check"));
    case "check": return doNext(task, next(isComplete(assignment, answers[0]) ? "complete" : "wait"));
    case "wait":
      return doNext(task, { of: "reassignment", do: "bump", at, reason: "reassignment-started" },
        changeReplicas(replicasAt(at, assignment.addingReplicas), "new", "reassignment-started"));
    case "complete": return doNext(task, changeReplicas(replicasAt(at, assignment.addingReplicas), "online", reasonOf(wish)), next("clean"));
    case "clean": return clean(run, task, partition, wish);
    case "cleaned": return cleaned(run, task, partition, wish);
  }
}

function reasonOf(wish: Wish): PartitionChangeReason {
  return wish.isCancelled ? "reassignment-cancelled" : "reassignment-completed";
}

function clean(run: Run, task: Task, partition: PartitionContext, wish: Wish): void {
  const { context } = run.controller;
  const { at, assignment } = wish;
  const reason = reasonOf(wish);
  const target = targetReplicas(assignment);
  partition.assignment = plainAssignment(target);
  const leader = partition.leadership?.leader ?? -1;
  const staysLeader = target.includes(leader) && isReplicaOnline(context, leader, partition);
  doNext(task,
    staysLeader ? { of: "reassignment", do: "bump", at, reason } : bringOnline([at], { kind: "reassign" }, reason),
    ...stopReplicas(at, assignment.removingReplicas, reason), { of: "reassignment", do: "cleaned", wish });
}

/** Called twice: to write the znode, and when it is written. */
function cleaned(run: Run, task: Task, partition: PartitionContext, wish: Wish): void {
  const { context } = run.controller;
  const { at } = wish;
  if (context.partitionsBeingReassigned.delete(keyOf(at))) {
    return store(run, task, partition, partition.assignment, { of: "reassignment", do: "cleaned", wish });
  }
  partition.writtenAssignment = partition.assignment;
  tracePartition(run, partition, reasonOf(wish));
  sendUpdateMetadata(run, liveOrShuttingDownIds(context), [at]);
  context.topicsIneligibleForDeletion.delete(at.topic);
  resumeDeletionOf(run, task, [at.topic]);
}

// ---- a new leader epoch, and nothing else

type Bump = Extract<ReassignmentStep, { readonly do: "bump" | "bump-read" | "bumped" }>;

function bumpRead(run: Run, task: Task, step: Bump, answer: ZooKeeperAnswer | undefined): void {
  const { controller } = run;
  const known = stateIn(answer?.data, answer?.stat?.version ?? 0);
  if (known === null || known.controllerEpoch > controller.context.epoch) return;
  const leadership = { ...known, leaderEpoch: known.leaderEpoch + 1, controllerEpoch: controller.context.epoch };
  existingPartition(controller.context, step.at).leadership = leadership;
  ask(run, task, [checked(controller, {
    op: "setData", path: statePath(step.at.topic, step.at.partition), data: stateNode(leadership), version: known.partitionEpoch,
  })], { ...step, do: "bumped" });
}

function bumped(run: Run, task: Task, step: Bump, answers: readonly ZooKeeperAnswer[]): void {
  if (saysMoved(answers)) return controllerMoved(run, task);
  const [answer] = answers;
  const outcome = answer === undefined ? { is: "failed" as const } : checkedOutcome(answer);
  if (outcome.is === "bad-version") return doNext(task, { ...step, do: "bump" });
  if (outcome.is !== "done") return;
  const partition = existingPartition(run.controller.context, step.at);
  if (partition.leadership === null) return;
  partition.leadership = { ...partition.leadership, partitionEpoch: outcome.version };
  tracePartition(run, partition, step.reason);
  addLeaderAndIsr(run, partition.assignment.replicas, partition, false);
  sendBatch(run);
}

// ---- /admin/reassign_partitions, as tools before KIP-455 write it

function znodeRead(run: Run, task: Task, answer: ZooKeeperAnswer | undefined): void {
  const { context } = run.controller;
  const wishes = parsed(answer?.data)?.["partitions"];
  if (answer?.error !== "OK" || !Array.isArray(wishes)) return;
  const steps: ReassignmentStep[] = [];
  for (const wish of wishes as readonly { readonly topic: string; readonly partition: number; readonly replicas: readonly number[] }[]) {
    const partition = partitionOf(context, wish);
    if (partition === undefined || isQueuedForDeletion(context, wish.topic)) continue;
    steps.push(beginReassignment(placeOf(partition), reassignTo(partition.assignment, wish.replicas), false));
  }
  ask(run, task, [
    checked(run.controller, { op: "delete", path: REASSIGN_PARTITIONS_PATH, version: -1 }), { op: "exists", path: REASSIGN_PARTITIONS_PATH, watch: true },
  ], steps[0] ?? { of: "requests", do: "send" });
  doNext(task, ...steps.slice(1));
}
