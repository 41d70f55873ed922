// Topics and partitions appear: the children of /brokers/topics, or a topic's own znode, have changed; topics are marked for deletion; brokers
// answer what they were told. Source: KafkaController.processTopicChange, processPartitionModifications, processTopicDeletion,
// processLeaderAndIsrResponseReceived, processTopicDeletionStopReplicaResponseReceived (3.9). FIDELITY: ZKC-TOPIC-CHANGE.
import type { PartitionChangeReason } from "#engine/protocol/facts.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import type { ControlResponse } from "./broker-channels.ts";
import {
  existingPartition, keyOf, newPartition, partitionOf, type PartitionReplica, placeOf, replicasOf, type TopicPartition,
} from "./controller-context.ts";
import { isActive } from "./controller-state.ts";
import { ask, checked, type Run, type Task, doNext } from "./controller-task.ts";
import { bringOnline } from "./partition-state-machine.ts";
import { changeReplicas } from "./replica-state-machine.ts";
import { enqueueTopics, failReplicaDeletion, forgetTopic, replicasDeleted } from "./topic-deletion.ts";
import { DELETE_TOPICS_PATH, deleteTopicPath, ISR_CHANGE_PATH, LOG_DIR_EVENT_PATH, parsed, topicIn, topicPath, TOPICS_PATH } from "./znode-data.ts";

export type TopicStep =
  | { readonly of: "topics"; readonly do: "changed" | "listed" | "deletions-changed" | "deletions-listed" }
  | { readonly of: "topics"; readonly do: "read"; readonly topics: readonly string[] }
  | { readonly of: "topics"; readonly do: "modified" | "modified-read"; readonly topic: string }
  | { readonly of: "topics"; readonly do: "new-partitions" | "new-partitions-online"; readonly partitions: readonly TopicPartition[]; readonly reason: PartitionChangeReason }
  | { readonly of: "topics"; readonly do: "notified" | "notified-listed"; readonly path: string }
  | { readonly of: "topics"; readonly do: "log-dir-events"; readonly names: readonly string[] }
  | { readonly of: "topics"; readonly do: "broker-answered"; readonly answer: ControlResponse };

export function performTopicStep(run: Run, task: Task, step: TopicStep, answers: readonly ZooKeeperAnswer[]): void {
  if (!isActive(run.controller)) return;
  switch (step.do) {
    case "changed": return ask(run, task, [{ op: "getChildren", path: TOPICS_PATH, watch: true }], { of: "topics", do: "listed" });
    case "listed": return listed(run, task, answers[0]?.children ?? []);
    case "read": return read(run, task, step.topics, answers);
    case "modified": return ask(run, task, [{ op: "getData", path: topicPath(step.topic), watch: true }], { ...step, do: "modified-read" });
    case "modified-read": return modified(run, task, step.topic, answers[0]);
    case "new-partitions": return newPartitions(run, task, step.partitions, step.reason);
    case "new-partitions-online": return doNext(task, changeReplicas(step.partitions.flatMap(at => replicasAt(run, at)), "online", step.reason));
    case "deletions-changed": return ask(run, task, [{ op: "getChildren", path: DELETE_TOPICS_PATH, watch: true }], { of: "topics", do: "deletions-listed" });
    case "deletions-listed": return deletionsListed(run, task, answers[0]?.children ?? []);
    case "notified": return ask(run, task, [{ op: "getChildren", path: step.path, watch: true }], { ...step, do: "notified-listed" });
    case "notified-listed": return notified(run, task, step.path, answers[0]?.children ?? []);
    case "log-dir-events": return logDirEvents(run, task, step.names, answers);
    case "broker-answered": return brokerAnswered(run, task, step.answer);
  }
}

function replicasAt(run: Run, at: TopicPartition): PartitionReplica[] {
  const partition = partitionOf(run.controller.context, at);
  return partition === undefined ? [] : replicasOf(partition);
}

function listed(run: Run, task: Task, names: readonly string[]): void {
  const { context } = run.controller;
  for (const known of [...context.topics.keys()]) if (!names.includes(known)) forgetTopic(context, known);
  const fresh = names.filter(name => !context.topics.has(name));
  ask(run, task, fresh.map(topic => ({ op: "getData", path: topicPath(topic), watch: true })), { of: "topics", do: "read", topics: fresh });
}

function read(run: Run, task: Task, topics: readonly string[], answers: readonly ZooKeeperAnswer[]): void {
  const { controller, process } = run;
  const fresh: TopicPartition[] = [];
  topics.forEach((name, index) => {
    const assignment = topicIn(answers[index]?.data);
    if (assignment === null) return;
    const partitions = assignment.partitions.map((of, partition) => newPartition(name, partition, of));
    controller.context.topics.set(name, { name, topicId: assignment.topicId, partitions });
    fresh.push(...partitions.map(placeOf));
    if (!controller.announcedTopics.delete(name)) {
      process.trace({ kind: "topic-created", topic: name, topicId: assignment.topicId, partitions: partitions.length, configs: [] });
    }
  });
  if (fresh.length > 0) doNext(task, { of: "topics", do: "new-partitions", partitions: fresh, reason: "created" });
}

/** onNewPartitionCreation */
function newPartitions(run: Run, task: Task, places: readonly TopicPartition[], reason: PartitionChangeReason): void {
  for (const at of places) existingPartition(run.controller.context, at).state = "new";
  doNext(task, changeReplicas(places.flatMap(at => replicasAt(run, at)), "new", reason),
    bringOnline(places, { kind: "offline", allowUnclean: false }, reason), { of: "topics", do: "new-partitions-online", partitions: places, reason });
}

function modified(run: Run, task: Task, name: string, answer: ZooKeeperAnswer | undefined): void {
  const { context } = run.controller;
  const topic = context.topics.get(name);
  const assignment = topicIn(answer?.data);
  if (topic === undefined || assignment === null || context.topicsToBeDeleted.has(name)) return;
  const fresh: TopicPartition[] = [];
  assignment.partitions.forEach((of, index) => {
    if (topic.partitions[index] !== undefined) return;
    topic.partitions[index] = newPartition(name, index, of);
    fresh.push({ topic: name, partition: index });
  });
  if (fresh.length > 0) doNext(task, { of: "topics", do: "new-partitions", partitions: fresh, reason: "partitions-added" });
}

function deletionsListed(run: Run, task: Task, names: readonly string[]): void {
  const { controller } = run;
  const { context, settings } = controller;
  const unwanted = settings.isTopicDeletionEnabled ? names.filter(name => !context.topics.has(name)) : names;
  const wanted = names.filter(name => !unwanted.includes(name));
  for (const name of wanted) {
    if ((context.topics.get(name)?.partitions ?? []).some(partition => context.partitionsBeingReassigned.has(keyOf(partition)))) {
      context.topicsIneligibleForDeletion.add(name);
    }
  }
  if (wanted.length > 0) enqueueTopics(run, task, wanted);
  if (unwanted.length === 0) return;
  ask(run, task, unwanted.map(name => checked(controller, { op: "delete", path: deleteTopicPath(name), version: -1 })), { of: "requests", do: "send" });
}

// ---- notifications of brokers

/** Old brokers' ISR changes are only thrown away (AlterPartition has replaced them); events of log directories are read. */
function notified(run: Run, task: Task, path: string, names: readonly string[]): void {
  if (names.length === 0) return;
  if (path === ISR_CHANGE_PATH) {
    return ask(run, task, names.map(name => checked(run.controller, { op: "delete", path: `${path}/${name}`, version: -1 })), { of: "requests", do: "send" });
  }
  ask(run, task, names.map(name => ({ op: "getData", path: `${path}/${name}`, watch: false })), { of: "topics", do: "log-dir-events", names });
}

/** A log directory has failed: LeaderAndIsr finds out which replicas are still there. */
function logDirEvents(run: Run, task: Task, names: readonly string[], answers: readonly ZooKeeperAnswer[]): void {
  const { context } = run.controller;
  const brokers = new Set(answers.map(answer => Number(parsed(answer.data)?.["broker"] ?? -1)));
  const replicas: PartitionReplica[] = [];
  for (const topic of context.topics.values()) {
    for (const partition of topic.partitions) replicas.push(...replicasOf(partition).filter(replica => brokers.has(replica.replica)));
  }
  ask(run, task, names.map(name => checked(run.controller, { op: "delete", path: `${LOG_DIR_EVENT_PATH}/${name}`, version: -1 })), { of: "requests", do: "send" });
  doNext(task, changeReplicas(replicas, "online", "log-directory-failed"));
}

// ---- answers of brokers

function brokerAnswered(run: Run, task: Task, { api, brokerId, request, response }: ControlResponse): void {
  if (api === "LeaderAndIsr") return leaderAndIsrAnswered(run, task, brokerId, response as ResponseOf<"LeaderAndIsr">);
  if (api !== "StopReplica" || !("topicStates" in request)) return;
  const answer = response as ResponseOf<"StopReplica">;
  const asked = new Set<string>();
  for (const { topicName, partitionStates } of request.topicStates) {
    for (const state of partitionStates) if ("deletePartition" in state && state.deletePartition) asked.add(`${topicName}-${state.partitionIndex}`);
  }
  const done: PartitionReplica[] = [];
  const failed: PartitionReplica[] = [];
  for (const { topicName: topic, partitionIndex: partition, error } of answer.partitionErrors) {
    if (asked.has(`${topic}-${partition}`)) (answer.error === "NONE" && error === "NONE" ? done : failed).push({ topic, partition, replica: brokerId });
  }
  failReplicaDeletion(run, task, failed);
  replicasDeleted(run, task, done);
}

/** Replicas on a failed log directory answer KAFKA_STORAGE_ERROR. */
function leaderAndIsrAnswered(run: Run, task: Task, brokerId: number, response: ResponseOf<"LeaderAndIsr">): void {
  if (response.error !== "NONE") return;
  const { context } = run.controller;
  const names = new Map([...context.topics.values()].map(topic => [topic.topicId, topic.name]));
  let offline = context.replicasOnOfflineDirs.get(brokerId);
  const fresh: PartitionReplica[] = [];
  for (const { topicId, partitionErrors } of response.topics) {
    const topic = names.get(topicId) ?? "";
    for (const { partitionIndex: partition, error } of partitionErrors) {
      const key = keyOf({ topic, partition });
      if (error === "NONE") offline?.delete(key);
      else if (error === "KAFKA_STORAGE_ERROR" && offline?.has(key) !== true) {
        if (offline === undefined) context.replicasOnOfflineDirs.set(brokerId, offline = new Set());
        offline.add(key);
        fresh.push({ topic, partition, replica: brokerId });
      }
    }
  }
  if (fresh.length > 0) doNext(task, { of: "brokers", do: "offline", replicas: fresh, reason: "log-directory-failed" });
}
