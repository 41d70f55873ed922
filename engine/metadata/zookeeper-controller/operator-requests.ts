// What operators ask of the controller itself: leader elections and reassignments; and the blocks of producer ids that brokers ask for.
// Source: KafkaController.processReplicaLeaderElection, processApiPartitionReassignment, processListPartitionReassignments,
// processAllocateProducerIds, ZkProducerIdManager.scala (3.9). FIDELITY: ZKC-ELECT-LEADERS, ZKC-REASSIGNMENT, ZKC-PRODUCER-IDS.
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { waitForCache } from "./cache-wait.ts";
import {
  allPartitions, isLive, isQueuedForDeletion, isReassigning, liveBrokerIds, originReplicas, type PartitionContext, partitionOf, placeOf, reassignTo,
  type TopicPartition,
} from "./controller-context.ts";
import { replyNotController } from "./controller-resignation.ts";
import { isActive } from "./controller-state.ts";
import { ask, checked, type Run, type Task, doNext } from "./controller-task.ts";
import { bringOnline } from "./partition-state-machine.ts";
import { beginReassignment } from "./reassignment.ts";
import { nextProducerIdAfter, parsed, PREFERRED_ELECTION_PATH, PRODUCER_ID_BLOCK_PATH, producerIdBlockNode, type ReplicaAssignment } from "./znode-data.ts";

/** ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE */
const PRODUCER_ID_BLOCK_SIZE = 1_000;

interface ElectionAnswer extends TopicPartition { readonly error: KafkaError; readonly errorMessage: string | null }
interface ReassignmentAnswer extends TopicPartition { readonly error: KafkaError; readonly errorMessage: string | null }
type ElectBody = RequestOf<"ElectLeaders">;
type ReassignBody = RequestOf<"AlterPartitionReassignments">;

export type OperatorStep =
  | { readonly of: "operator"; readonly do: "elect-leaders"; readonly body: ElectBody; readonly replyTo: ReplyTo<"ElectLeaders"> }
  | { readonly of: "operator"; readonly do: "elect-leaders-done"; readonly body: ElectBody; readonly replyTo: ReplyTo<"ElectLeaders">;
    readonly asked: readonly TopicPartition[]; readonly answers: readonly ElectionAnswer[] }
  | { readonly of: "operator"; readonly do: "elect-leaders-reply"; readonly body: ElectBody; readonly replyTo: ReplyTo<"ElectLeaders">; readonly answers: readonly ElectionAnswer[] }
  | { readonly of: "operator"; readonly do: "reassign"; readonly body: ReassignBody; readonly replyTo: ReplyTo<"AlterPartitionReassignments"> }
  | { readonly of: "operator"; readonly do: "reassign-reply"; readonly body: ReassignBody; readonly replyTo: ReplyTo<"AlterPartitionReassignments">; readonly answers: readonly ReassignmentAnswer[] }
  | { readonly of: "operator"; readonly do: "list-reassignments"; readonly body: RequestOf<"ListPartitionReassignments">; readonly replyTo: ReplyTo<"ListPartitionReassignments"> }
  | { readonly of: "operator"; readonly do: "allocate-producer-ids" | "block-read"; readonly body: RequestOf<"AllocateProducerIds">; readonly replyTo: ReplyTo<"AllocateProducerIds"> }
  | { readonly of: "operator"; readonly do: "block-written"; readonly first: number; readonly body: RequestOf<"AllocateProducerIds">; readonly replyTo: ReplyTo<"AllocateProducerIds"> }
  | { readonly of: "operator"; readonly do: "read-preferred-znode" | "preferred-znode-read" };

export function performOperatorStep(run: Run, task: Task, step: OperatorStep, answers: readonly ZooKeeperAnswer[]): void {
  if ("replyTo" in step && !isActive(run.controller) && step.do !== "elect-leaders-reply") {
    run.controller.replyTo = null;
    return replyNotController(run, step.replyTo);
  }
  switch (step.do) {
    case "elect-leaders": return electLeaders(run, task, step.body, step.replyTo);
    case "elect-leaders-done": return electLeadersDone(run, step);
    case "elect-leaders-reply": return replyElections(run, step);
    case "reassign": return reassign(run, task, step.body, step.replyTo);
    case "reassign-reply": return replyReassignments(run, step);
    case "list-reassignments": return listReassignments(run, step.body, step.replyTo);
    case "allocate-producer-ids": return ask(run, task, [{ op: "getData", path: PRODUCER_ID_BLOCK_PATH, watch: false }], { ...step, do: "block-read" });
    case "block-read": {
      const [answer] = answers;
      const first = nextProducerIdAfter(answer?.data);
      return ask(run, task, [{
        op: "setData", path: PRODUCER_ID_BLOCK_PATH, data: producerIdBlockNode(step.body.brokerId, first, PRODUCER_ID_BLOCK_SIZE), version: answer?.stat?.version ?? 0,
      }], { ...step, do: "block-written", first });
    }
    case "block-written":
      if (answers[0]?.error === "BADVERSION") return doNext(task, { of: "operator", do: "allocate-producer-ids", body: step.body, replyTo: step.replyTo });
      return run.host.reply(step.replyTo, answers[0]?.error === "OK"
        ? { throttleTimeMs: 0, error: "NONE", producerIdStart: step.first, producerIdLen: PRODUCER_ID_BLOCK_SIZE }
        : { throttleTimeMs: 0, error: "UNKNOWN_SERVER_ERROR", producerIdStart: -1, producerIdLen: 0 });
    case "read-preferred-znode": return ask(run, task, [{ op: "getData", path: PREFERRED_ELECTION_PATH, watch: false }], { of: "operator", do: "preferred-znode-read" });
    case "preferred-znode-read": return preferredZnode(run, task, answers[0]);
  }
}

// ---- elections

function electLeaders(run: Run, task: Task, body: ElectBody, replyTo: ReplyTo<"ElectLeaders">): void {
  const { controller } = run;
  const { context } = controller;
  controller.replyTo = replyTo;
  const wanted = body.topicPartitions === null ? [...allPartitions(context)].map(placeOf)
    : body.topicPartitions.flatMap(({ topic, partitions }) => partitions.map(partition => ({ topic, partition })));
  const answers: ElectionAnswer[] = [];
  const asked: TopicPartition[] = [];
  for (const at of wanted) {
    const partition = partitionOf(context, at);
    if (partition === undefined) answers.push({ ...at, error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: "The partition does not exist." });
    else if (isQueuedForDeletion(context, at.topic)) answers.push({ ...at, error: "INVALID_TOPIC_EXCEPTION", errorMessage: "The topic is being deleted" });
    else if (needsElection(run, partition, body.electionType === 0)) asked.push(at);
    else answers.push({ ...at, error: "ELECTION_NOT_NEEDED", errorMessage: null });
  }
  const isPreferred = body.electionType === 0;
  const strategy = isPreferred ? { kind: "preferred" } as const : { kind: "offline", allowUnclean: true } as const;
  doNext(task, bringOnline(asked, strategy, isPreferred ? "preferred-election" : "unclean-election"),
    { of: "operator", do: "elect-leaders-done", body, replyTo, asked, answers });
}

function needsElection(run: Run, partition: PartitionContext, isPreferred: boolean): boolean {
  const leader = partition.leadership?.leader ?? -1;
  return isPreferred ? leader !== partition.assignment.replicas[0] : leader === -1 || !isLive(run.controller.context, leader);
}

/** The answer waits until this broker's own cache shows the new leaders (DelayedElectLeader). */
function electLeadersDone(run: Run, step: Extract<OperatorStep, { do: "elect-leaders-done" }>): void {
  const { controller } = run;
  const { body, replyTo } = step;
  const answers = [...step.answers];
  const { failed, elected } = controller.election;
  for (const { message, ...at } of failed) {
    answers.push({ ...at, error: body.electionType === 0 ? "PREFERRED_LEADER_NOT_AVAILABLE" : "ELIGIBLE_LEADERS_NOT_AVAILABLE", errorMessage: message });
  }
  for (const at of elected) answers.push({ ...at, error: "NONE", errorMessage: null });
  controller.replyTo = null;
  const partitions = elected.map(at => ({ ...at, leader: partitionOf(controller.context, at)?.leadership?.leader ?? -1 }));
  waitForCache(run, "leader-ids", partitions, body.timeoutMs, { of: "operator", do: "elect-leaders-reply", body, replyTo, answers });
}

/** Asked for all partitions, those that needed none are not mentioned. */
function replyElections(run: Run, step: Extract<OperatorStep, { do: "elect-leaders-reply" }>): void {
  const topics = new Map<string, { partition: number; error: KafkaError; errorMessage: string | null }[]>();
  for (const { topic, partition, error, errorMessage } of step.answers) {
    if (step.body.topicPartitions === null && error === "ELECTION_NOT_NEEDED") continue;
    const partitions = topics.get(topic) ?? [];
    topics.set(topic, partitions);
    partitions.push({ partition, error, errorMessage });
  }
  run.host.reply(step.replyTo, { throttleTimeMs: 0, error: "NONE", results: [...topics].map(([topic, partitions]) => ({ topic, partitions })) });
}

/** Tools before KIP-460 write their wish into a znode. */
function preferredZnode(run: Run, task: Task, answer: ZooKeeperAnswer | undefined): void {
  const { context } = run.controller;
  const wishes = parsed(answer?.data)?.["partitions"];
  if (answer?.error !== "OK" || !Array.isArray(wishes)) return;
  const partitions = (wishes as readonly TopicPartition[]).flatMap(wish => {
    const partition = partitionOf(context, wish);
    return partition !== undefined && needsElection(run, partition, true) && !isQueuedForDeletion(context, wish.topic) ? [placeOf(partition)] : [];
  });
  ask(run, task, [
    checked(run.controller, { op: "delete", path: PREFERRED_ELECTION_PATH, version: -1 }), { op: "exists", path: PREFERRED_ELECTION_PATH, watch: true },
  ], bringOnline(partitions, { kind: "preferred" }, "preferred-election"));
}

// ---- reassignments

function reassign(run: Run, task: Task, body: ReassignBody, replyTo: ReplyTo<"AlterPartitionReassignments">): void {
  const { controller } = run;
  const { context } = controller;
  controller.replyTo = replyTo;
  const answers: ReassignmentAnswer[] = [];
  const begun: ReturnType<typeof beginReassignment>[] = [];
  for (const { name: topic, partitions } of body.topics) {
    for (const { partitionIndex, replicas } of partitions) {
      const at = { topic, partition: partitionIndex };
      const partition = partitionOf(context, at);
      const current: ReplicaAssignment = partition?.assignment ?? { replicas: [], addingReplicas: [], removingReplicas: [] };
      const problem = replicas === null ? null : replicasProblem(run, current, replicas);
      if (problem !== null) answers.push({ ...at, error: "INVALID_REPLICA_ASSIGNMENT", errorMessage: problem });
      else if (replicas === null && !isReassigning(current)) answers.push({ ...at, error: "NO_REASSIGNMENT_IN_PROGRESS", errorMessage: null });
      else if (partition === undefined || current.replicas.length === 0 || isQueuedForDeletion(context, topic)) {
        answers.push({ ...at, error: "UNKNOWN_TOPIC_OR_PARTITION", errorMessage: "The partition does not exist." });
      } else {
        begun.push(beginReassignment(at, reassignTo(current, replicas ?? originReplicas(current)), replicas === null));
        answers.push({ ...at, error: "NONE", errorMessage: null });
      }
    }
  }
  doNext(task, ...begun, { of: "operator", do: "reassign-reply", body, replyTo, answers });
}

function replicasProblem(run: Run, current: ReplicaAssignment, replicas: readonly number[]): string | null {
  const { context } = run.controller;
  if (replicas.length === 0) return "Empty replica list specified in partition reassignment.";
  if (new Set(replicas).size !== replicas.length) return `Duplicate replica ids in partition reassignment replica list: ${scalaList(replicas)}`;
  if (replicas.some(replica => replica < 0)) return `Invalid broker id in replica list: ${scalaList(replicas)}`;
  const { addingReplicas } = reassignTo(current, replicas);
  if (addingReplicas.every(replica => isLive(context, replica))) return null;
  return `Replica assignment has brokers that are not alive. Replica list: ${scalaList(addingReplicas)}, live broker list: Set(${liveBrokerIds(context).join(", ")})`;
}

/** As Scala prints the buffer that a list of a request has become. */
function scalaList(list: readonly number[]): string {
  return `ArrayBuffer(${list.join(", ")})`;
}

function replyReassignments(run: Run, { answers, replyTo }: Extract<OperatorStep, { do: "reassign-reply" }>): void {
  run.controller.replyTo = null;
  const topics = new Map<string, { partitionIndex: number; error: KafkaError; errorMessage: string | null }[]>();
  for (const { topic, partition, error, errorMessage } of answers) {
    const partitions = topics.get(topic) ?? [];
    topics.set(topic, partitions);
    partitions.push({ partitionIndex: partition, error, errorMessage });
  }
  run.host.reply(replyTo, {
    throttleTimeMs: 0, error: "NONE", errorMessage: null, responses: [...topics].map(([name, partitions]) => ({ name, partitions })),
  });
}

function listReassignments(run: Run, body: RequestOf<"ListPartitionReassignments">, replyTo: ReplyTo<"ListPartitionReassignments">): void {
  const { context } = run.controller;
  const wanted = body.topics === null ? [...context.partitionsBeingReassigned.values()]
    : body.topics.flatMap(({ name: topic, partitionIndexes }) => partitionIndexes.map(partition => ({ topic, partition })));
  const topics = new Map<string, ResponseOf<"ListPartitionReassignments">["topics"][number]["partitions"][number][]>();
  for (const at of wanted) {
    const partition = partitionOf(context, at);
    if (partition === undefined || !isReassigning(partition.assignment)) continue;
    const partitions = topics.get(at.topic) ?? [];
    topics.set(at.topic, partitions);
    partitions.push({ partitionIndex: at.partition, ...partition.assignment });
  }
  run.host.reply(replyTo, {
    throttleTimeMs: 0, error: "NONE", errorMessage: null, topics: [...topics].map(([name, partitions]) => ({ name, partitions })),
  });
}
