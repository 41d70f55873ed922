// Topics, partitions and deletions as operators ask for them: checked by the broker that is the controller, written as znodes, which the
// controller then finds by its watches; answered when the broker's own metadata cache shows the result or when the time is over.
// Source: ZkAdminManager.scala, AdminZkClient.scala, DelayedCreatePartitions, DelayedDeleteTopics (3.9). FIDELITY: ZKC-TOPIC-ADMIN, ZKC-PLACEMENT.
import { nextJavaInt } from "#engine/metadata/java-random.ts";
import { randomUuid } from "#engine/metadata/random-uuid.ts";
import { topicConfigProblem } from "#engine/metadata/topic-configs.ts";
import { topicNameProblem } from "#engine/metadata/topic-names.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { profileOf } from "#engine/protocol/version-profile.ts";
import { assignReplicas } from "./admin-utils-placement.ts";
import { cacheErrorOf, waitForCache } from "./cache-wait.ts";
import { plainAssignment } from "./controller-context.ts";
import { isActive } from "./controller-state.ts";
import { ask, type Run, type Task, doNext } from "./controller-task.ts";
import { manualPartitions } from "./partition-growth.ts";
import {
  type CreateTopicWish, NO_TOPIC_ID, type Refusal, replyCreated, type TopicResult,
} from "./topic-admin-answers.ts";
import {
  type ConfigEntries, configNode, createNode, deleteTopicPath, topicConfigPath, topicIn, topicNode, topicPath, TOPICS_PATH,
} from "./znode-data.ts";

type CreateBody = RequestOf<"CreateTopics">;
type DeleteBody = RequestOf<"DeleteTopics">;
type GrowBody = RequestOf<"CreatePartitions">;
/** The only release that has this mode here. */
const PROFILE = profileOf("3.9", "zookeeper");

interface NewTopic { readonly name: string; readonly topicId: string; readonly replicas: readonly (readonly number[])[]; readonly configs: ConfigEntries }
interface DeleteResult { readonly name: string; readonly error: KafkaError; readonly errorMessage: string | null }
interface Growth { readonly name: string; readonly partitions: readonly number[] }

/** Who waits for created topics: a client that has asked for them, or one whose Metadata request has led to them. */
export type CreatedFor = { readonly replyTo: ReplyTo<"CreateTopics"> } | { readonly autoCreation: number };

export type TopicAdminStep =
  | { readonly of: "topic-admin"; readonly do: "create" | "create-listed"; readonly body: CreateBody; readonly answerTo: CreatedFor }
  | { readonly of: "topic-admin"; readonly do: "create-written"; readonly body: CreateBody; readonly answerTo: CreatedFor;
    readonly results: readonly TopicResult[]; readonly topics: readonly NewTopic[] }
  | { readonly of: "topic-admin"; readonly do: "create-reply"; readonly body: CreateBody; readonly answerTo: CreatedFor; readonly results: readonly TopicResult[] }
  | { readonly of: "topic-admin"; readonly do: "delete"; readonly body: DeleteBody; readonly replyTo: ReplyTo<"DeleteTopics"> }
  | { readonly of: "topic-admin"; readonly do: "delete-written" | "delete-reply"; readonly body: DeleteBody; readonly replyTo: ReplyTo<"DeleteTopics">;
    readonly results: readonly DeleteResult[]; readonly marked: readonly string[] }
  | { readonly of: "topic-admin"; readonly do: "grow" | "grow-read"; readonly body: GrowBody; readonly replyTo: ReplyTo<"CreatePartitions"> }
  | { readonly of: "topic-admin"; readonly do: "grow-written" | "grow-reply"; readonly body: GrowBody; readonly replyTo: ReplyTo<"CreatePartitions">;
    readonly results: readonly DeleteResult[]; readonly growing: readonly Growth[] };

export function performTopicAdminStep(run: Run, task: Task, step: TopicAdminStep, answers: readonly ZooKeeperAnswer[]): void {
  switch (step.do) {
    case "create": return create(run, task, step.body, step.answerTo);
    case "create-listed": return createListed(run, task, step.body, step.answerTo, answers);
    case "create-written": return createWritten(run, step, answers);
    case "create-reply": return replyCreated(run, step.body, step.answerTo, step.results.map(result => ({
      ...result, error: result.error === "NONE" ? cacheErrorOf(run, result.name, [...result.replicas.keys()]) : result.error,
    })));
    case "delete": return deleteTopics(run, task, step.body, step.replyTo);
    case "delete-written": {
      const names = step.marked.filter((_, index) => answers[index]?.error === "OK" || answers[index]?.error === "NODEEXISTS");
      return waitForCache(run, "absence", names.map(topic => ({ topic, partition: 0 })), step.body.timeoutMs, { ...step, do: "delete-reply" });
    }
    case "delete-reply": return replyDeleted(run, step);
    case "grow": return grow(run, task, step.body, step.replyTo);
    case "grow-read": return growRead(run, task, step.body, step.replyTo, answers);
    case "grow-written": {
      const places = step.growing.flatMap(({ name, partitions }) => partitions.map(partition => ({ topic: name, partition })));
      return waitForCache(run, "leaders", places, step.body.timeoutMs, { ...step, do: "grow-reply" });
    }
    case "grow-reply": return replyGrown(run, step);
  }
}

// ---- CreateTopics

function create(run: Run, task: Task, body: CreateBody, answerTo: CreatedFor): void {
  if (!isActive(run.controller) && "replyTo" in answerTo) {
    return replyCreated(run, body, answerTo, body.topics.map(({ name }) => refused(name, { error: "NOT_CONTROLLER", text: null })));
  }
  ask(run, task, [{ op: "getChildren", path: TOPICS_PATH, watch: false }, ...body.topics.map(({ name }) =>
    ({ op: "exists", path: deleteTopicPath(name), watch: false } as const))], { of: "topic-admin", do: "create-listed", body, answerTo });
}

function refused(name: string, { error, text }: Refusal): TopicResult {
  return { name, topicId: NO_TOPIC_ID, error, errorMessage: text, replicas: [] };
}

function createListed(run: Run, task: Task, body: CreateBody, answerTo: CreatedFor, answers: readonly ZooKeeperAnswer[]): void {
  const existing = answers[0]?.children ?? [];
  const results: TopicResult[] = [];
  const topics: NewTopic[] = [];
  body.topics.forEach((wish, index) => {
    const isDuplicate = body.topics.filter(other => other.name === wish.name).length > 1;
    const checkedWish = isDuplicate ? { error: "INVALID_REQUEST" as const, text: "Found multiple entries for this topic." }
      : checkAndPlace(run, wish, existing, answers[index + 1]?.error === "OK");
    if ("error" in checkedWish) {
      results.push(refused(wish.name, checkedWish));
      return;
    }
    const topicId = randomUuid(run.process, "topic id");
    const configs = wish.configs.map(({ name, value }) => [name, value ?? ""] as const);
    results.push({ name: wish.name, topicId: body.validateOnly ? NO_TOPIC_ID : topicId, error: "NONE", errorMessage: null, replicas: checkedWish.replicas });
    topics.push({ name: wish.name, topicId, replicas: checkedWish.replicas, configs });
  });
  if (body.validateOnly) return replyCreated(run, body, answerTo, results);
  ask(run, task, topics.flatMap(topic => [
    createNode(topicConfigPath(topic.name), configNode(topic.configs)),
    createNode(topicPath(topic.name), topicNode({ topicId: topic.topicId, partitions: topic.replicas.map(plainAssignment) })),
  ]), { of: "topic-admin", do: "create-written", body, answerTo, results, topics });
}

/** ZkAdminManager.createTopics and AdminZkClient.validateTopicCreate, in their order. */
function checkAndPlace(run: Run, wish: CreateTopicWish, existing: readonly string[], isBeingDeleted: boolean): { readonly replicas: readonly (readonly number[])[] } | Refusal {
  const { name } = wish;
  const exists = { error: "TOPIC_ALREADY_EXISTS", text: `Topic '${name}' already exists.` } as const;
  if (run.host.isTopicInCache(name)) return exists;
  const nulls = wish.configs.filter(config => config.value === null).map(config => config.name);
  if (nulls.length > 0) return { error: "INVALID_CONFIG", text: `Null value not supported for topic configs: ${nulls.join(",")}` };
  if (wish.assignments.length > 0 && (wish.numPartitions !== -1 || wish.replicationFactor !== -1)) {
    return { error: "INVALID_REQUEST", text: "Both numPartitions or replicationFactor and replicasAssignments were set. Both cannot be used at the same time." };
  }
  const replicas = wish.assignments.length > 0 ? wish.assignments.map(({ brokers }) => brokers) : placed(run, wish);
  if ("error" in replicas) return replicas;
  const nameProblem = topicNameProblem(name);
  if (nameProblem !== null) return { error: "INVALID_TOPIC_EXCEPTION", text: nameProblem };
  if (isBeingDeleted) return { error: "TOPIC_ALREADY_EXISTS", text: `Topic '${name}' is marked for deletion.` };
  if (existing.includes(name)) return exists;
  const colliding = /[._]/.test(name) ? existing.filter(other => other.replaceAll(".", "_") === name.replaceAll(".", "_")) : [];
  if (colliding.length > 0) return { error: "INVALID_TOPIC_EXCEPTION", text: `Topic '${name}' collides with existing topics: ${colliding.join(", ")}` };
  const problem = assignmentProblem(wish, replicas);
  if (problem !== null) return { error: "INVALID_REPLICA_ASSIGNMENT", text: problem };
  const configProblem = topicConfigProblem(wish.configs, PROFILE);
  return configProblem === null ? { replicas: inOrder(wish, replicas) } : { error: "INVALID_CONFIG", text: configProblem };
}

function placed(run: Run, wish: CreateTopicWish): readonly (readonly number[])[] | Refusal {
  const { settings, placement: random } = run.controller;
  const placement = assignReplicas(run.host.aliveBrokers(), {
    partitions: wish.numPartitions === -1 ? settings.defaultPartitions : wish.numPartitions,
    replicationFactor: wish.replicationFactor === -1 ? settings.defaultReplicationFactor : wish.replicationFactor,
  }, { next: bound => nextJavaInt(random, bound) });
  if ("replicas" in placement) return placement.replicas;
  switch (placement.refusal) {
    case "partitions": return { error: "INVALID_PARTITIONS", text: placement.text };
    case "replication-factor": return { error: "INVALID_REPLICATION_FACTOR", text: placement.text };
    case "racks": return { error: "UNKNOWN_SERVER_ERROR", text: null };
  }
}

function inOrder(wish: CreateTopicWish, replicas: readonly (readonly number[])[]): readonly (readonly number[])[] {
  if (wish.assignments.length === 0) return replicas;
  return wish.assignments.toSorted((a, b) => a.partition - b.partition).map(({ brokers }) => brokers);
}

/** The duplicate text prints the whole map, as Scala does. Brokers need not exist. */
function assignmentProblem(wish: CreateTopicWish, replicas: readonly (readonly number[])[]): string | null {
  if (new Set(replicas.map(list => list.length)).size !== 1) return "All partitions should have the same number of replicas";
  if (replicas.some(list => new Set(list).size !== list.length)) {
    const entries = wish.assignments.map(({ partition, brokers }) => `${partition} -> ArrayBuffer(${brokers.join(", ")})`);
    return `Duplicate replica assignment found: HashMap(${entries.join(", ")})`;
  }
  const numbers = wish.assignments.map(({ partition }) => partition).sort((a, b) => a - b);
  return numbers.some((partition, index) => partition !== index) ? "partitions should be a consecutive 0-based integer sequence" : null;
}

function createWritten(run: Run, step: Extract<TopicAdminStep, { do: "create-written" }>, answers: readonly ZooKeeperAnswer[]): void {
  const { controller, process } = run;
  const { body, answerTo } = step;
  const failed = new Map<string, KafkaError>();
  step.topics.forEach(({ name, topicId, replicas, configs }, index) => {
    const answer = answers[2 * index + 1];
    if (answer?.error !== "OK") {
      failed.set(name, answer?.error === "NODEEXISTS" ? "TOPIC_ALREADY_EXISTS" : "UNKNOWN_SERVER_ERROR");
      return;
    }
    // The controller tells of it, if it is another broker; in this process it may have found the topic already.
    if (!isActive(controller) || controller.context.topics.has(name)) return;
    controller.announcedTopics.add(name);
    process.trace({ kind: "topic-created", topic: name, topicId, partitions: replicas.length, configs });
  });
  const results = step.results.map(result => {
    const error = failed.get(result.name);
    return error === undefined ? result : refused(result.name, { error, text: error === "TOPIC_ALREADY_EXISTS" ? `Topic '${result.name}' already exists.` : null });
  });
  const places = results.filter(result => result.error === "NONE")
    .flatMap(({ name, replicas }) => replicas.map((_, partition) => ({ topic: name, partition })));
  waitForCache(run, "leaders", places, body.timeoutMs, { of: "topic-admin", do: "create-reply", body, answerTo, results });
}

// ---- DeleteTopics

function deleteTopics(run: Run, task: Task, body: DeleteBody, replyTo: ReplyTo<"DeleteTopics">): void {
  const { controller, host } = run;
  const results: DeleteResult[] = [];
  const marked: string[] = [];
  for (const { name: given, topicId } of body.topics) {
    const name = given ?? [...controller.context.topics.values()].find(topic => topic.topicId === topicId)?.name ?? "";
    const error: KafkaError = !isActive(controller) ? "NOT_CONTROLLER" : !controller.settings.isTopicDeletionEnabled ? "TOPIC_DELETION_DISABLED"
      : host.isTopicInCache(name) ? "NONE" : given === null ? "UNKNOWN_TOPIC_ID" : "UNKNOWN_TOPIC_OR_PARTITION";
    results.push({ name, error, errorMessage: null });
    if (error === "NONE") marked.push(name);
  }
  if (marked.length === 0) return doNext(task, { of: "topic-admin", do: "delete-reply", body, replyTo, results, marked });
  ask(run, task, marked.map(topic => createNode(deleteTopicPath(topic), null)), { of: "topic-admin", do: "delete-written", body, replyTo, results, marked });
}

function replyDeleted(run: Run, step: Extract<TopicAdminStep, { do: "delete-written" | "delete-reply" }>): void {
  run.host.reply(step.replyTo, { throttleTimeMs: 0, responses: step.results.map(result => ({
    name: result.name, topicId: NO_TOPIC_ID, errorMessage: result.errorMessage,
    error: result.error === "NONE" && run.host.isTopicInCache(result.name) ? "REQUEST_TIMED_OUT" : result.error,
  })) });
}

// ---- CreatePartitions

function grow(run: Run, task: Task, body: GrowBody, replyTo: ReplyTo<"CreatePartitions">): void {
  if (!isActive(run.controller)) {
    const results = body.topics.map(({ name }) => ({ name, error: "NOT_CONTROLLER" as const, errorMessage: null }));
    return run.host.reply(replyTo, { throttleTimeMs: 0, results });
  }
  ask(run, task, body.topics.map(({ name }) => ({ op: "getData", path: topicPath(name), watch: false })), { of: "topic-admin", do: "grow-read", body, replyTo });
}

function growRead(run: Run, task: Task, body: GrowBody, replyTo: ReplyTo<"CreatePartitions">, answers: readonly ZooKeeperAnswer[]): void {
  const results: DeleteResult[] = [];
  const growing: (Growth & { readonly data: string })[] = [];
  body.topics.forEach((wish, index) => {
    const { name } = wish;
    const current = topicIn(answers[index]?.data);
    const isQueued = run.controller.context.topicsToBeDeleted.has(name);
    const added = isQueued ? { error: "INVALID_TOPIC_EXCEPTION" as const, text: "The topic is queued for deletion." }
      : current === null ? { error: "UNKNOWN_TOPIC_OR_PARTITION" as const, text: `The topic '${name}' does not exist.` }
      : manualPartitions(run, wish, current);
    if ("error" in added || current === null) {
      results.push({ name, error: "error" in added ? added.error : "UNKNOWN_SERVER_ERROR", errorMessage: "error" in added ? added.text : null });
      return;
    }
    results.push({ name, error: "NONE", errorMessage: null });
    const partitions = [...current.partitions, ...added.replicas.map(plainAssignment)];
    growing.push({ name, partitions: added.replicas.map((_, added_) => current.partitions.length + added_), data: topicNode({ ...current, partitions }) });
  });
  const next = { of: "topic-admin", do: "grow-written", body, replyTo, results, growing: growing.map(({ name, partitions }) => ({ name, partitions })) } as const;
  if (body.validateOnly || growing.length === 0) return doNext(task, { ...next, do: "grow-reply", growing: [] });
  ask(run, task, growing.map(({ name, data }) => ({ op: "setData", path: topicPath(name), data, version: -1 })), next);
}

function replyGrown(run: Run, step: Extract<TopicAdminStep, { do: "grow-written" | "grow-reply" }>): void {
  run.host.reply(step.replyTo, { throttleTimeMs: 0, results: step.results.map(result => {
    const growth = step.growing.find(({ name }) => name === result.name);
    return growth === undefined ? result : { ...result, error: cacheErrorOf(run, result.name, growth.partitions) };
  }) });
}
