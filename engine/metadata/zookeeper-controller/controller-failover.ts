// A new controller takes over: it sets its watches, reads everything from ZooKeeper, tells every broker who is alive, takes the replicas of dead
// brokers out of their ISRs (leader -1 where one led) and then elects leaders. So partitions of a dead controller's broker are without a
// leader in between, the longer the more there are. Source: KafkaController.onControllerFailover, initializeControllerContext (3.9).
// FIDELITY: ZKC-FAILOVER, ZKC-SERVICE-TIME.
import { invariant } from "#engine/core/invariant-error.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { startAutoBalance } from "./auto-leader-balance.ts";
import { addBrokerChannel } from "./broker-channels.ts";
import { sendUpdateMetadata } from "./broker-request-batch.ts";
import {
  allPartitions, isReassigning, isReplicaOnline, keyOf, liveOrShuttingDownIds, newPartition, type PartitionReplica, placeOf, replicasOf,
  type TopicPartition,
} from "./controller-context.ts";
import { controllerMoved } from "./controller-resignation.ts";
import { ask, checked, type Run, saysMoved, type Task, doNext } from "./controller-task.ts";
import { bringAllOnline } from "./partition-state-machine.ts";
import { changeReplicas } from "./replica-state-machine.ts";
import {
  BROKER_IDS_PATH, brokerIdPath, brokerIn, createNode, DELETE_TOPICS_PATH, FEATURE_NODE, FEATURE_PATH, ISR_CHANGE_PATH, LOG_DIR_EVENT_PATH,
  PREFERRED_ELECTION_PATH, REASSIGN_PARTITIONS_PATH, stateIn, statePath, topicIn, topicPath, TOPICS_PATH,
} from "./znode-data.ts";

export type FailoverStep =
  | { readonly of: "failover"; readonly do: "begin" | "feature" | "watch" | "listed" | "partitions" | "resume" | "done" }
  | { readonly of: "failover"; readonly do: "brokers"; readonly brokers: readonly string[]; readonly topics: readonly string[]; readonly deletions: readonly string[] }
  | { readonly of: "failover"; readonly do: "brokers-read"; readonly brokers: readonly string[]; readonly topics: readonly string[]; readonly deletions: readonly string[] }
  | { readonly of: "failover"; readonly do: "topics-read"; readonly topics: readonly string[]; readonly deletions: readonly string[] }
  | { readonly of: "failover"; readonly do: "states-read"; readonly partitions: readonly TopicPartition[]; readonly deletions: readonly string[] };

export function performFailoverStep(run: Run, task: Task, step: FailoverStep, answers: readonly ZooKeeperAnswer[]): void {
  switch (step.do) {
    case "begin":
      run.controller.isFailingOver = true;
      return ask(run, task, [{ op: "getData", path: FEATURE_PATH, watch: false }], { of: "failover", do: "feature" });
    case "feature":
      if (answers[0]?.error === "OK") return doNext(task, { of: "failover", do: "watch" });
      return ask(run, task, [checked(run.controller, createNode(FEATURE_PATH, FEATURE_NODE))], { of: "failover", do: "watch" });
    case "watch": return watch(run, task, answers);
    case "listed": return listed(run, task, answers);
    case "brokers": return brokers(run, task, step, answers);
    case "brokers-read": return brokersRead(run, task, step, answers);
    case "topics-read": return topicsRead(run, task, step, answers);
    case "states-read": return statesRead(run, task, step, answers);
    case "partitions": return partitions(run, task);
    case "resume": return resume(run, task);
    case "done":
      run.controller.isFailingOver = false;
      return;
  }
}

function watch(run: Run, task: Task, answers: readonly ZooKeeperAnswer[]): void {
  if (saysMoved(answers)) return controllerMoved(run, task);
  const children = (path: string): { readonly op: "getChildren"; readonly path: string; readonly watch: true } => ({ op: "getChildren", path, watch: true });
  ask(run, task, [
    children(BROKER_IDS_PATH), children(TOPICS_PATH), children(DELETE_TOPICS_PATH), children(LOG_DIR_EVENT_PATH), children(ISR_CHANGE_PATH),
    { op: "exists", path: PREFERRED_ELECTION_PATH, watch: true }, { op: "exists", path: REASSIGN_PARTITIONS_PATH, watch: true },
  ], { of: "failover", do: "listed" });
}

/** Old notifications are thrown away: what they tell of is about to be read anyway. */
function listed(run: Run, task: Task, answers: readonly ZooKeeperAnswer[]): void {
  const childrenOf = (index: number): readonly string[] => answers[index]?.children ?? [];
  const old = [
    ...childrenOf(3).map(name => `${LOG_DIR_EVENT_PATH}/${name}`), ...childrenOf(4).map(name => `${ISR_CHANGE_PATH}/${name}`),
  ];
  ask(run, task, old.map(path => checked(run.controller, { op: "delete", path, version: -1 })), {
    of: "failover", do: "brokers", brokers: childrenOf(0), topics: childrenOf(1), deletions: childrenOf(2),
  });
}

function brokers(run: Run, task: Task, step: Extract<FailoverStep, { do: "brokers" | "brokers-read" }>, answers: readonly ZooKeeperAnswer[]): void {
  if (saysMoved(answers)) return controllerMoved(run, task);
  ask(run, task, step.brokers.map(id => ({ op: "getData", path: brokerIdPath(Number(id)), watch: false })), { ...step, do: "brokers-read" });
}

function brokersRead(
  run: Run, task: Task, step: Extract<FailoverStep, { do: "brokers" | "brokers-read" }>, answers: readonly ZooKeeperAnswer[],
): void {
  const { context } = run.controller;
  step.brokers.forEach((id, index) => {
    const answer = answers[index];
    const broker = brokerIn(Number(id), answer?.data);
    if (broker !== null && answer?.stat !== undefined) context.brokers.set(broker.brokerId, { ...broker, brokerEpoch: answer.stat.czxid });
  });
  ask(run, task, step.topics.map(topic => ({ op: "getData", path: topicPath(topic), watch: true })),
    { of: "failover", do: "topics-read", topics: step.topics, deletions: step.deletions });
}

function topicsRead(run: Run, task: Task, step: Extract<FailoverStep, { do: "topics-read" }>, answers: readonly ZooKeeperAnswer[]): void {
  const { context } = run.controller;
  step.topics.forEach((name, index) => {
    const assignment = topicIn(answers[index]?.data);
    if (assignment === null) return;
    const topic = { name, topicId: assignment.topicId, partitions: assignment.partitions.map((of, partition) => newPartition(name, partition, of)) };
    context.topics.set(name, topic);
    for (const partition of topic.partitions) {
      if (isReassigning(partition.assignment)) context.partitionsBeingReassigned.set(keyOf(partition), placeOf(partition));
    }
  });
  const places = [...allPartitions(context)].map(placeOf);
  ask(run, task, places.map(at => ({ op: "getData", path: statePath(at.topic, at.partition), watch: false })),
    { of: "failover", do: "states-read", partitions: places, deletions: step.deletions });
}

/** The picture is complete: from here on the brokers hear of this controller. */
function statesRead(run: Run, task: Task, step: Extract<FailoverStep, { do: "states-read" }>, answers: readonly ZooKeeperAnswer[]): void {
  const { controller } = run;
  const { context, channels } = controller;
  step.partitions.forEach((at, index) => {
    const partition = context.topics.get(at.topic)?.partitions[at.partition];
    const answer = answers[index];
    invariant(partition !== undefined, `no partition ${keyOf(at)}`);
    partition.leadership = stateIn(answer?.data, answer?.stat?.version ?? 0);
  });
  for (const broker of context.brokers.values()) addBrokerChannel(channels, broker.brokerId, broker);
  for (const topic of step.deletions) if (context.topics.has(topic)) context.topicsToBeDeleted.add(topic);
  for (const topic of context.topicsToBeDeleted) {
    const isStuck = (context.topics.get(topic)?.partitions ?? []).some(partition => context.partitionsBeingReassigned.has(keyOf(partition))
      || partition.assignment.replicas.some(replica => !isReplicaOnline(context, replica, partition)));
    if (isStuck) context.topicsIneligibleForDeletion.add(topic);
  }
  announceUnknownTopics(run);
  sendUpdateMetadata(run, liveOrShuttingDownIds(context), []);
  const online: PartitionReplica[] = [];
  const offline: PartitionReplica[] = [];
  for (const partition of allPartitions(context)) {
    for (const replica of replicasOf(partition)) {
      const isOnline = isReplicaOnline(context, replica.replica, partition);
      partition.replicaStates.set(replica.replica, isOnline ? "online" : "deletion-ineligible");
      (isOnline ? online : offline).push(replica);
    }
  }
  doNext(task, changeReplicas(online, "online", "controller-failover"), changeReplicas(offline, "offline", "controller-failover"),
    { of: "failover", do: "partitions" });
}

/** A topic whose creator did not live to see it: nobody has told the trace of it yet. */
function announceUnknownTopics(run: Run): void {
  for (const topic of run.controller.context.topics.values()) {
    if (topic.partitions.some(partition => partition.leadership !== null)) continue;
    run.process.trace({ kind: "topic-created", topic: topic.name, topicId: topic.topicId, partitions: topic.partitions.length, configs: [] });
  }
}

function partitions(run: Run, task: Task): void {
  const { context } = run.controller;
  for (const partition of allPartitions(context)) {
    if (partition.leadership === null) partition.state = "new";
    else partition.state = isReplicaOnline(context, partition.leadership.leader, partition) ? "online" : "offline";
  }
  doNext(task, bringAllOnline(run, "controller-failover"), { of: "failover", do: "resume" });
}

function resume(run: Run, task: Task): void {
  const { context } = run.controller;
  doNext(task,
    ...[...context.partitionsBeingReassigned.values()].map(at => ({ of: "reassignment", do: "resume", at } as const)),
    { of: "reassignment", do: "read-znode" }, { of: "deletion", do: "resume" }, { of: "operator", do: "read-preferred-znode" },
    { of: "failover", do: "done" });
  startAutoBalance(run);
}
