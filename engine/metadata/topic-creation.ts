// CreateTopics: checks in Kafka's order with Kafka's words, and the records of a new topic.
// Follows ReplicationControlManager.createTopics and ControllerApis.createTopics (3.9). FIDELITY: META-TOPIC-POLICY.
import { NO_TOPIC_ID } from "#engine/protocol/error-response.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { clearElrRecords } from "./config-changes.ts";
import { answerOnly, type Decision, type OperationContext, TOO_MANY_RECORDS, USER_RECORDS_MAX } from "./controller-state.ts";
import { hashMapOrder, javaHash, type JavaRandom } from "./java-random.ts";
import { takeMutations } from "./mutation-quota.ts";
import { configView } from "./partition-leadership.ts";
import type { MetadataRecord } from "./records.ts";
import { manualPartition, type NewPartition, partitionRecord, placedPartitions, type Refusal, refuse, unableToReplicate } from "./replica-assignment.ts";
import { topicConfigProblem } from "./topic-configs.ts";
import { collidingTopic, topicNameProblem } from "./topic-names.ts";

type Wish = RequestOf<"CreateTopics">["topics"][number];
type Answer = ResponseOf<"CreateTopics">["topics"][number];

/** @property newTopicId draws the id of a topic. */
export interface TopicSources { readonly random: JavaRandom; readonly newTopicId: () => string }

export function createTopics(context: OperationContext, request: RequestOf<"CreateTopics">, sources: TopicSources): Decision<"CreateTopics"> {
  const records: MetadataRecord[] = [];
  const created = new Set<string>();
  const times = new Map<string, number>();
  for (const { name } of request.topics) times.set(name, (times.get(name) ?? 0) + 1);
  const topics = request.topics.map(wish => {
    const assignment = times.get(wish.name) !== 1 ? refuse("INVALID_REQUEST", "Duplicate topic name.") : checkAndPlace(context, wish, created, sources.random);
    if ("error" in assignment) return refusedTopic(wish.name, assignment);
    created.add(wish.name);
    const topicId = sources.newTopicId();
    records.push(...topicRecords(context, wish, topicId, assignment));
    return createdTopic(wish, topicId, assignment);
  });
  const response: ResponseOf<"CreateTopics"> = { throttleTimeMs: context.mutations.throttleTimeMs, topics };
  if (request.validateOnly) return answerOnly(response);
  return { records, reason: { partitions: "created", silentForUs: 0 }, response };
}

function refusedTopic(name: string, { error, errorMessage }: Refusal): Answer {
  return { name, topicId: NO_TOPIC_ID, error, errorMessage, numPartitions: -1, replicationFactor: -1, configs: [] };
}

function createdTopic(wish: Wish, topicId: string, assignment: readonly NewPartition[]): Answer {
  return {
    name: wish.name, topicId, error: "NONE", errorMessage: null, numPartitions: assignment.length,
    replicationFactor: assignment[0]?.replicas.length ?? -1, configs: wish.configs,
  };
}

function checkAndPlace(context: OperationContext, wish: Wish, created: ReadonlySet<string>, random: JavaRandom): readonly NewPartition[] | Refusal {
  const nameProblem = topicNameProblem(wish.name);
  if (nameProblem !== null) return refuse("INVALID_TOPIC_EXCEPTION", nameProblem);
  if (context.image.topics.has(wish.name)) return refuse("TOPIC_ALREADY_EXISTS", `Topic '${wish.name}' already exists.`);
  const collision = collidingTopic(wish.name, context.image.topics.keys()) ?? collidingTopic(wish.name, created);
  if (collision !== null) return refuse("INVALID_TOPIC_EXCEPTION", `Topic '${wish.name}' collides with existing topic: ${collision}`);
  const configProblem = topicConfigProblem(wish.configs, configView(context).profile);
  if (configProblem !== null) return refuse("INVALID_CONFIG", configProblem);
  const assignment = wish.assignments.length > 0 ? manualAssignment(context, wish) : placedAssignment(context, wish, random);
  return "error" in assignment ? assignment : takeMutations(context.mutations, assignment.length) ?? assignment;
}

function manualAssignment({ image }: OperationContext, wish: Wish): readonly NewPartition[] | Refusal {
  if (wish.replicationFactor !== -1) {
    return refuse("INVALID_REQUEST", "A manual partition assignment was specified, but replication factor was not set to -1.");
  }
  if (wish.numPartitions !== -1) {
    return refuse("INVALID_REQUEST", "A manual partition assignment was specified, but numPartitions was not set to -1.");
  }
  const found = new Map<number, NewPartition>();
  let replicationFactor = -1;
  for (const { partition, brokers } of wish.assignments) {
    if (found.has(partition)) return refuse("INVALID_REPLICA_ASSIGNMENT", `Found multiple manual partition assignments for partition ${partition}`);
    const made = manualPartition(image, partition, brokers, replicationFactor);
    if ("error" in made) return made;
    replicationFactor = brokers.length;
    found.set(partition, made);
  }
  const assignment: NewPartition[] = [];
  for (let partition = 0; partition < found.size; partition += 1) {
    const entry = found.get(partition);
    if (entry === undefined) return refuse("INVALID_REPLICA_ASSIGNMENT", "partitions should be a consecutive 0-based integer sequence");
    assignment.push(entry);
  }
  return assignment;
}

function placedAssignment(context: OperationContext, wish: Wish, random: JavaRandom): readonly NewPartition[] | Refusal {
  const { config } = context;
  if (wish.replicationFactor < -1 || wish.replicationFactor === 0) {
    return refuse("INVALID_REPLICATION_FACTOR", "Replication factor must be larger than 0, or -1 to use the default value.");
  }
  if (wish.numPartitions < -1 || wish.numPartitions === 0) {
    return refuse("INVALID_PARTITIONS", "Number of partitions was set to an invalid non-positive value.");
  }
  const partitions = wish.numPartitions === -1 ? config.defaultPartitions : wish.numPartitions;
  const replicationFactor = wish.replicationFactor === -1 ? config.defaultReplicationFactor : wish.replicationFactor;
  // The answer is the same as for the records of so many partitions, without making them.
  if (partitions > USER_RECORDS_MAX) return refuse("POLICY_VIOLATION", TOO_MANY_RECORDS);
  return placedPartitions(context, partitions, replicationFactor, random, unableToReplicate(replicationFactor));
}

/** Topic, settings, partitions: the order that recordings show. */
function topicRecords({ image }: OperationContext, wish: Wish, topicId: string, assignment: readonly NewPartition[]): MetadataRecord[] {
  // The settings lie in a hash map of Java.
  const settings = hashMapOrder(wish.configs, config => javaHash(config.name)).map(({ name, value }): MetadataRecord => ({ type: "ConfigRecord", resourceType: "TOPIC", resourceName: wish.name, name, value }));
  return [
    { type: "TopicRecord", name: wish.name, topicId }, ...settings, ...clearElrRecords(image, settings),
    ...assignment.map((partition, partitionId) => partitionRecord(image, topicId, partitionId, partition)),
  ];
}
