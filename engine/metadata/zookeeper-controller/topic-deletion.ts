// Topics are deleted: every replica is taken offline and told to delete its log; only when all have answered do the znodes go. A replica on a dead
// broker makes the topic wait until it is back. Source: TopicDeletionManager.scala (3.9). FIDELITY: ZKC-DELETION.
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { sendUpdateMetadata } from "./broker-request-batch.ts";
import {
  type ControllerContext, isReplicaOnline, keyOf, liveOrShuttingDownIds, type PartitionReplica, partitionsOfTopic, type ReplicaState, replicasOf,
} from "./controller-context.ts";
import { controllerMoved } from "./controller-resignation.ts";
import { ask, checked, type Run, saysMoved, type Task, doNext } from "./controller-task.ts";
import { changeReplicas } from "./replica-state-machine.ts";
import { deleteTopicPath, partitionPath, partitionsPath, statePath, topicConfigPath, topicPath } from "./znode-data.ts";

export type DeletionStep =
  | { readonly of: "deletion"; readonly do: "resume" }
  | { readonly of: "deletion"; readonly do: "start"; readonly topics: readonly string[] }
  | { readonly of: "deletion"; readonly do: "complete" | "remove" | "removed"; readonly topic: string };

export function performDeletionStep(run: Run, task: Task, step: DeletionStep, answers: readonly ZooKeeperAnswer[]): void {
  switch (step.do) {
    case "resume": return resumeDeletions(run, task);
    case "start": return startDeletion(run, task, step.topics);
    case "complete":
      return doNext(task, changeReplicas(replicasOfTopic(run.controller.context, step.topic), "non-existent", "created"), { ...step, do: "remove" });
    case "remove": return removeZnodes(run, task, step.topic);
    case "removed": return removed(run, task, step.topic, answers);
  }
}

function replicasOfTopic(context: ControllerContext, topic: string): PartitionReplica[] {
  return partitionsOfTopic(context, topic).flatMap(replicasOf);
}

function stateOf(context: ControllerContext, at: PartitionReplica): ReplicaState | undefined {
  return context.topics.get(at.topic)?.partitions[at.partition]?.replicaStates.get(at.replica);
}

// ---- what others tell

export function enqueueTopics(run: Run, task: Task, topics: readonly string[]): void {
  for (const topic of topics) run.controller.context.topicsToBeDeleted.add(topic);
  doNext(task, { of: "deletion", do: "resume" });
}

/** A broker is back, or a reassignment over: topics that waited for it may go on. */
export function resumeDeletionOf(run: Run, task: Task, topics: Iterable<string>): void {
  const { context } = run.controller;
  let some = false;
  for (const topic of topics) {
    if (!context.topicsToBeDeleted.has(topic)) continue;
    context.topicsIneligibleForDeletion.delete(topic);
    some = true;
  }
  if (some) doNext(task, { of: "deletion", do: "resume" });
}

export function failReplicaDeletion(run: Run, task: Task, replicas: readonly PartitionReplica[]): void {
  const { context } = run.controller;
  const failed = replicas.filter(replica => context.topicsToBeDeleted.has(replica.topic));
  if (failed.length === 0) return;
  for (const { topic } of failed) context.topicsIneligibleForDeletion.add(topic);
  doNext(task, changeReplicas(failed, "deletion-ineligible", "created"), { of: "deletion", do: "resume" });
}

/** A broker has answered StopReplica with delete. */
export function replicasDeleted(run: Run, task: Task, replicas: readonly PartitionReplica[]): void {
  const { context } = run.controller;
  const deleted = replicas.filter(replica => context.topicsToBeDeleted.has(replica.topic));
  if (deleted.length > 0) doNext(task, changeReplicas(deleted, "deletion-successful", "created"), { of: "deletion", do: "resume" });
}

// ---- the manager

function resumeDeletions(run: Run, task: Task): void {
  const { context } = run.controller;
  const done: DeletionStep[] = [];
  const retried: PartitionReplica[] = [];
  const eligible: string[] = [];
  for (const topic of context.topicsToBeDeleted) {
    const replicas = replicasOfTopic(context, topic);
    const states = replicas.map(replica => stateOf(context, replica));
    if (states.every(state => state === "deletion-successful")) {
      done.push({ of: "deletion", do: "complete", topic });
      continue;
    }
    if (states.includes("deletion-started")) continue;
    retried.push(...replicas.filter(replica => stateOf(context, replica) === "deletion-ineligible"));
    if (!context.topicsIneligibleForDeletion.has(topic)) eligible.push(topic);
  }
  doNext(task, ...done, changeReplicas(retried, "offline", "created"), { of: "deletion", do: "start", topics: eligible });
}

function startDeletion(run: Run, task: Task, topics: readonly string[]): void {
  const { context } = run.controller;
  if (topics.length === 0) return;
  const alive: PartitionReplica[] = [];
  const dead: PartitionReplica[] = [];
  for (const topic of topics) {
    if (!context.topicsWithDeletionStarted.has(topic)) for (const partition of partitionsOfTopic(context, topic)) partition.state = "non-existent";
    context.topicsWithDeletionStarted.add(topic);
    for (const replica of replicasOfTopic(context, topic)) {
      if (!isReplicaOnline(context, replica.replica, replica)) {
        dead.push(replica);
        context.topicsIneligibleForDeletion.add(topic);
      } else if (stateOf(context, replica) !== "deletion-successful") alive.push(replica);
    }
  }
  sendUpdateMetadata(run, liveOrShuttingDownIds(context), topics.flatMap(topic => partitionsOfTopic(context, topic)));
  doNext(task, changeReplicas(dead, "deletion-ineligible", "created"), changeReplicas(alive, "offline", "created"),
    changeReplicas(alive, "deletion-started", "created"));
}

/** KafkaZkClient.deleteTopicZNode, deleteTopicConfigs, deleteTopicDeletions: from the leaves upwards. */
function removeZnodes(run: Run, task: Task, topic: string): void {
  const { controller } = run;
  const partitions = partitionsOfTopic(controller.context, topic);
  const paths = [
    ...partitions.flatMap(({ partition }) => [statePath(topic, partition), partitionPath(topic, partition)]),
    partitionsPath(topic), topicPath(topic), topicConfigPath(topic), deleteTopicPath(topic),
  ];
  ask(run, task, paths.map(path => checked(controller, { op: "delete", path, version: -1 })), { of: "deletion", do: "removed", topic });
}

function removed(run: Run, task: Task, topic: string, answers: readonly ZooKeeperAnswer[]): void {
  if (saysMoved(answers)) return controllerMoved(run, task);
  const { context } = run.controller;
  const topicId = context.topics.get(topic)?.topicId ?? "";
  forgetTopic(context, topic);
  run.process.trace({ kind: "topic-deleted", topic, topicId });
}

export function forgetTopic(context: ControllerContext, topic: string): void {
  for (const partition of partitionsOfTopic(context, topic)) context.partitionsBeingReassigned.delete(keyOf(partition));
  context.topics.delete(topic);
  context.topicsToBeDeleted.delete(topic);
  context.topicsWithDeletionStarted.delete(topic);
  context.topicsIneligibleForDeletion.delete(topic);
}
