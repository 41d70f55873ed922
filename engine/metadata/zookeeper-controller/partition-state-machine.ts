// Partitions become online: a new one gets its state znode, one that has lost its leader (or must change it) an election, each written to
// ZooKeeper with the version that was read. Source: PartitionStateMachine.scala (3.9). FIDELITY: ZKC-ELECTION, ZKC-STATES.
import type { PartitionChangeReason } from "#engine/protocol/facts.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { addLeaderAndIsr } from "./broker-request-batch.ts";
import {
  allPartitions, existingPartition, isQueuedForDeletion, isReplicaOnline, keyOf, placeOf, type TopicPartition,
} from "./controller-context.ts";
import { tracePartition } from "./controller-facts.ts";
import { ask, checked, checkedOutcome, type Run, saysMoved, type Task, doNext } from "./controller-task.ts";
import { controllerMoved } from "./controller-resignation.ts";
import { electLeader, type ElectionStrategy, hasLiveInSyncReplica, strategyName } from "./leader-election.ts";
import {
  configIn, createNode, type LeaderAndIsr, partitionPath, partitionsPath, stateIn, stateNode, statePath, topicConfigPath,
} from "./znode-data.ts";

/** A partition with the state that is read from, or wanted in, its znode. */
interface Wanted { readonly at: TopicPartition; readonly leadership: LeaderAndIsr }
interface Decided extends Wanted { readonly recipients: readonly number[]; readonly isUnclean: boolean }
interface ElectionWish { readonly partitions: readonly TopicPartition[]; readonly strategy: ElectionStrategy; readonly reason: PartitionChangeReason }

export type PartitionStep =
  | { readonly of: "partitions"; readonly do: "online"; readonly wish: ElectionWish }
  | { readonly of: "partitions"; readonly do: "created"; readonly stage: "topics" | "partitions" | "states"; readonly wanted: readonly Wanted[]; readonly reason: PartitionChangeReason }
  | { readonly of: "partitions"; readonly do: "elect"; readonly wish: ElectionWish }
  | { readonly of: "partitions"; readonly do: "elect-read"; readonly wish: ElectionWish }
  | { readonly of: "partitions"; readonly do: "elect-configs"; readonly wish: ElectionWish; readonly read: readonly Wanted[]; readonly topics: readonly string[] }
  | { readonly of: "partitions"; readonly do: "elected"; readonly wish: ElectionWish; readonly decided: readonly Decided[] };

/** partitionStateMachine.handleStateChanges(partitions, OnlinePartition, strategy): results in `controller.election`, requests sent at the end. */
export function bringOnline(partitions: readonly TopicPartition[], strategy: ElectionStrategy, reason: PartitionChangeReason): PartitionStep {
  return { of: "partitions", do: "online", wish: { partitions, strategy, reason } };
}

/** triggerOnlinePartitionStateChange: everything that is new or offline and not about to be deleted. */
export function bringAllOnline(run: Run, reason: PartitionChangeReason): PartitionStep {
  const { context } = run.controller;
  const waiting: TopicPartition[] = [];
  for (const partition of allPartitions(context)) {
    if ((partition.state === "new" || partition.state === "offline") && !isQueuedForDeletion(context, partition.topic)) waiting.push(placeOf(partition));
  }
  return bringOnline(waiting, { kind: "offline", allowUnclean: false }, reason);
}

export function performPartitionStep(run: Run, task: Task, step: PartitionStep, answers: readonly ZooKeeperAnswer[]): void {
  switch (step.do) {
    case "online": return online(run, task, step.wish);
    case "created": return created(run, task, step, answers);
    case "elect": return ask(run, task, step.wish.partitions.map(at => ({ op: "getData", path: statePath(at.topic, at.partition), watch: false })),
      { of: "partitions", do: "elect-read", wish: step.wish });
    case "elect-read": return electRead(run, task, step.wish, answers);
    case "elect-configs": {
      const unclean = step.topics.filter((_, index) => allowsUnclean(run, answers[index]));
      return decide(run, task, step.wish, step.read, unclean);
    }
    case "elected": return elected(run, task, step, answers);
  }
}

function fail(run: Run, at: TopicPartition, strategy: ElectionStrategy): void {
  run.controller.election.failed.push({ ...at, message: `Failed to elect leader for partition ${keyOf(at)} under strategy ${strategyName(strategy)}` });
}

function online(run: Run, task: Task, wish: ElectionWish): void {
  const { controller } = run;
  const { context } = controller;
  controller.election = { elected: [], failed: [] };
  const fresh: Wanted[] = [];
  const toElect: TopicPartition[] = [];
  for (const at of wish.partitions) {
    const partition = existingPartition(context, at);
    if (partition.state !== "new") {
      if (partition.state !== "non-existent") toElect.push(at);
      continue;
    }
    const live = partition.assignment.replicas.filter(replica => isReplicaOnline(context, replica, at));
    const leader = live[0];
    if (leader === undefined) fail(run, at, wish.strategy);
    else fresh.push({ at, leadership: { leader, leaderEpoch: 0, isr: live, isRecovering: false, partitionEpoch: 0, controllerEpoch: context.epoch } });
  }
  doNext(task, { of: "requests", do: "send" });
  if (toElect.length > 0) doNext(task, { of: "partitions", do: "elect", wish: { ...wish, partitions: toElect } });
  if (fresh.length === 0) return;
  const topics = [...new Set(fresh.map(({ at }) => at.topic))];
  ask(run, task, topics.map(topic => checked(controller, createNode(partitionsPath(topic), null))),
    { of: "partitions", do: "created", stage: "topics", wanted: fresh, reason: wish.reason });
}

// ---- new partitions

/** First the parents of a topic, then those of each partition, then the states: three rounds. */
function created(run: Run, task: Task, step: Extract<PartitionStep, { do: "created" }>, answers: readonly ZooKeeperAnswer[]): void {
  const { controller } = run;
  if (saysMoved(answers)) return controllerMoved(run, task);
  const { wanted, reason } = step;
  switch (step.stage) {
    case "topics":
      return ask(run, task, wanted.map(({ at }) => checked(controller, createNode(partitionPath(at.topic, at.partition), null))),
        { of: "partitions", do: "created", stage: "partitions", wanted, reason });
    case "partitions":
      return ask(run, task, wanted.map(({ at, leadership }) => checked(controller, createNode(statePath(at.topic, at.partition), stateNode(leadership)))),
        { of: "partitions", do: "created", stage: "states", wanted, reason });
    case "states": return wanted.forEach((item, index) => stateCreated(run, item, answers[index], reason));
  }
}

function stateCreated(run: Run, { at, leadership }: Wanted, answer: ZooKeeperAnswer | undefined, reason: PartitionChangeReason): void {
  const partition = existingPartition(run.controller.context, at);
  const outcome = answer === undefined ? "failed" : checkedOutcome(answer).is;
  // Its own create may have been carried out before the connection broke: then the state is read by an election at the next occasion.
  if (outcome === "node-exists") partition.state = "offline";
  if (outcome !== "done") return;
  partition.leadership = leadership;
  partition.state = "online";
  run.controller.election.elected.push(at);
  tracePartition(run, partition, reason);
  addLeaderAndIsr(run, leadership.isr, partition, true);
}

// ---- elections

function electRead(run: Run, task: Task, wish: ElectionWish, answers: readonly ZooKeeperAnswer[]): void {
  const { context } = run.controller;
  const read: Wanted[] = [];
  wish.partitions.forEach((at, index) => {
    const answer = answers[index];
    const leadership = stateIn(answer?.data, answer?.stat?.version ?? 0);
    if (leadership === null || leadership.controllerEpoch > context.epoch) fail(run, at, wish.strategy);
    else read.push({ at, leadership });
  });
  if (wish.strategy.kind !== "offline" || wish.strategy.allowUnclean) {
    return decide(run, task, wish, read, wish.strategy.kind === "offline" ? [...new Set(read.map(({ at }) => at.topic))] : []);
  }
  const questionable = read.filter(({ at, leadership }) => !hasLiveInSyncReplica(context, existingPartition(context, at), leadership));
  const topics = [...new Set(questionable.map(({ at }) => at.topic))];
  if (topics.length === 0) return decide(run, task, wish, read, []);
  ask(run, task, topics.map(topic => ({ op: "getData", path: topicConfigPath(topic), watch: false })),
    { of: "partitions", do: "elect-configs", wish, read, topics });
}

function allowsUnclean(run: Run, answer: ZooKeeperAnswer | undefined): boolean {
  const own = configIn(answer?.data).find(([name]) => name === "unclean.leader.election.enable")?.[1];
  return own === undefined ? run.controller.settings.isUncleanElectionEnabled : own === "true";
}

function decide(run: Run, task: Task, wish: ElectionWish, read: readonly Wanted[], uncleanTopics: readonly string[]): void {
  const { controller } = run;
  const { context } = controller;
  const decided: Decided[] = [];
  for (const { at, leadership } of read) {
    const result = electLeader(context, existingPartition(context, at), leadership, wish.strategy, uncleanTopics.includes(at.topic));
    if (result === null) fail(run, at, wish.strategy);
    else decided.push({ at, leadership: { ...result.leadership, controllerEpoch: context.epoch }, recipients: result.recipients, isUnclean: result.isUnclean });
  }
  ask(run, task, decided.map(({ at, leadership }) => checked(controller, {
    op: "setData", path: statePath(at.topic, at.partition), data: stateNode(leadership), version: leadership.partitionEpoch,
  })), { of: "partitions", do: "elected", wish, decided });
}

function elected(run: Run, task: Task, step: Extract<PartitionStep, { do: "elected" }>, answers: readonly ZooKeeperAnswer[]): void {
  if (saysMoved(answers)) return controllerMoved(run, task);
  const { context, election } = run.controller;
  const again: TopicPartition[] = [];
  step.decided.forEach(({ at, leadership, recipients, isUnclean }, index) => {
    const answer = answers[index];
    const outcome = answer === undefined ? { is: "failed" as const } : checkedOutcome(answer);
    if (outcome.is === "bad-version") again.push(at);
    else if (outcome.is !== "done") fail(run, at, step.wish.strategy);
    else {
      const partition = existingPartition(context, at);
      partition.leadership = { ...leadership, partitionEpoch: outcome.version };
      partition.state = "online";
      election.elected.push(at);
      tracePartition(run, partition, isUnclean ? "unclean-election" : step.wish.reason);
      addLeaderAndIsr(run, recipients, partition, false);
    }
  });
  if (again.length > 0) doNext(task, { of: "partitions", do: "elect", wish: { ...step.wish, partitions: again } });
}
