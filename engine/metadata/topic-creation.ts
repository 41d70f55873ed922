// CreateTopics: checks in Kafka's order with Kafka's words, placement, and the records of a new topic.
// Follows ReplicationControlManager.createTopics and ControllerApis.createTopics (3.9). FIDELITY: META-TOPIC-POLICY.
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { answerOnly, type Decision, type OperationContext } from "./controller-state.ts";
import type { MetadataImage } from "./image.ts";
import type { JavaRandom } from "./java-random.ts";
import { isActiveBroker } from "./partition-leadership.ts";
import type { MetadataRecord } from "./records.ts";
import { placeReplicas, type UsableBroker } from "./striped-replica-placer.ts";
import { topicConfigProblem } from "./topic-configs.ts";
import { collidingTopic, topicNameProblem } from "./topic-names.ts";

/** MAX_PARTITIONS_PER_BATCH and the most records that one user operation may write. */
const PARTITIONS_MAX = 10_000;

type Wish = RequestOf<"CreateTopics">["topics"][number];
type Answer = ResponseOf<"CreateTopics">["topics"][number];
interface Refusal { readonly error: KafkaError; readonly errorMessage: string }
type Assignment = readonly { readonly replicas: readonly number[]; readonly isr: readonly number[] }[];

/** @property newTopicId draws the id of a topic. */
export interface TopicSources { readonly random: JavaRandom; readonly newTopicId: () => string }

export function createTopics(context: OperationContext, request: RequestOf<"CreateTopics">, sources: TopicSources): Decision<"CreateTopics"> {
  const records: MetadataRecord[] = [];
  const created = new Set<string>();
  const topics = request.topics.map(wish => {
    const isDuplicate = request.topics.filter(other => other.name === wish.name).length > 1;
    const assignment = isDuplicate ? refuse("INVALID_REQUEST", "Duplicate topic name.") : checkAndPlace(context, wish, created, sources.random);
    if ("error" in assignment) return refusedTopic(wish.name, assignment.error, assignment.errorMessage);
    created.add(wish.name);
    const topicId = sources.newTopicId();
    records.push(...topicRecords(wish, topicId, assignment));
    return createdTopic(wish, topicId, assignment);
  });
  const response: ResponseOf<"CreateTopics"> = { throttleTimeMs: 0, topics };
  if (request.validateOnly) return answerOnly(response);
  return { records, reason: { partitions: "created", silentForUs: 0 }, response };
}

function refuse(error: KafkaError, errorMessage: string): Refusal {
  return { error, errorMessage };
}

export function refusedTopic(name: string, error: KafkaError, errorMessage: string | null): Answer {
  return { name, topicId: "AAAAAAAAAAAAAAAAAAAAAA", error, errorMessage, numPartitions: -1, replicationFactor: -1, configs: [] };
}

function createdTopic(wish: Wish, topicId: string, assignment: Assignment): Answer {
  return {
    name: wish.name, topicId, error: "NONE", errorMessage: null, numPartitions: assignment.length,
    replicationFactor: assignment[0]?.replicas.length ?? -1, configs: wish.configs,
  };
}

function checkAndPlace(context: OperationContext, wish: Wish, created: ReadonlySet<string>, random: JavaRandom): Assignment | Refusal {
  const nameProblem = topicNameProblem(wish.name);
  if (nameProblem !== null) return refuse("INVALID_TOPIC_EXCEPTION", nameProblem);
  if (context.image.topics.has(wish.name)) return refuse("TOPIC_ALREADY_EXISTS", `Topic '${wish.name}' already exists.`);
  const collision = collidingTopic(wish.name, [...context.image.topics.keys(), ...created]);
  if (collision !== null) return refuse("INVALID_TOPIC_EXCEPTION", `Topic '${wish.name}' collides with existing topic: ${collision}`);
  const configProblem = topicConfigProblem(wish.configs);
  if (configProblem !== null) return refuse("INVALID_CONFIG", configProblem);
  return wish.assignments.length > 0 ? manualAssignment(context, wish) : placedAssignment(context, wish, random);
}

// ---- by hand

function manualAssignment(context: OperationContext, wish: Wish): Assignment | Refusal {
  if (wish.replicationFactor !== -1) {
    return refuse("INVALID_REQUEST", "A manual partition assignment was specified, but replication factor was not set to -1.");
  }
  if (wish.numPartitions !== -1) {
    return refuse("INVALID_REQUEST", "A manual partition assignment was specified, but numPartitions was not set to -1.");
  }
  const found = new Map<number, Assignment[number]>();
  let replicationFactor = -1;
  for (const { partition, brokers } of wish.assignments) {
    if (found.has(partition)) return refuse("INVALID_REPLICA_ASSIGNMENT", `Found multiple manual partition assignments for partition ${partition}`);
    const problem = replicaListProblem(context.image, brokers, replicationFactor);
    if (problem !== null) return refuse("INVALID_REPLICA_ASSIGNMENT", problem);
    replicationFactor = brokers.length;
    const isr = brokers.filter(broker => isActiveBroker(context.image, broker));
    if (isr.length === 0) {
      return refuse("INVALID_REPLICA_ASSIGNMENT",
        `All brokers specified in the manual partition assignment for partition ${partition} are fenced or in controlled shutdown.`);
    }
    found.set(partition, { replicas: brokers, isr });
  }
  const assignment: Assignment[number][] = [];
  for (let partition = 0; partition < found.size; partition += 1) {
    const entry = found.get(partition);
    if (entry === undefined) return refuse("INVALID_REPLICA_ASSIGNMENT", "partitions should be a consecutive 0-based integer sequence");
    assignment.push(entry);
  }
  return assignment;
}

function replicaListProblem(image: MetadataImage, brokers: readonly number[], replicationFactor: number): string | null {
  if (brokers.length === 0) return "The manual partition assignment includes an empty replica list.";
  const sorted = brokers.toSorted((a, b) => a - b);
  for (const [index, broker] of sorted.entries()) {
    if (broker === sorted[index - 1]) return `The manual partition assignment includes the broker ${broker} more than once.`;
    if (!image.brokers.has(broker)) return `The manual partition assignment includes broker ${broker}, but no such broker is registered.`;
  }
  if (replicationFactor !== -1 && brokers.length !== replicationFactor) {
    return `The manual partition assignment includes a partition with ${brokers.length} replica(s), but this is not consistent with previous `
      + `partitions, which have ${replicationFactor} replica(s).`;
  }
  return null;
}

// ---- by the placer

function placedAssignment(context: OperationContext, wish: Wish, random: JavaRandom): Assignment | Refusal {
  const { image, config } = context;
  if (wish.replicationFactor < -1 || wish.replicationFactor === 0) {
    return refuse("INVALID_REPLICATION_FACTOR", "Replication factor must be larger than 0, or -1 to use the default value.");
  }
  if (wish.numPartitions < -1 || wish.numPartitions === 0) {
    return refuse("INVALID_PARTITIONS", "Number of partitions was set to an invalid non-positive value.");
  }
  const partitions = wish.numPartitions === -1 ? config.defaultPartitions : wish.numPartitions;
  const replicationFactor = wish.replicationFactor === -1 ? config.defaultReplicationFactor : wish.replicationFactor;
  if (partitions > PARTITIONS_MAX) return refuse("INVALID_PARTITIONS", "Excessively large number of partitions per request.");
  const placement = placeReplicas(random, usableBrokers(context), partitions, replicationFactor);
  const unable = `Unable to replicate the partition ${replicationFactor} time(s): `;
  if ("refusal" in placement) return refuse("INVALID_REPLICATION_FACTOR", unable + placement.refusal);
  const assignment = placement.replicas.map(replicas => ({ replicas, isr: replicas.filter(broker => isActiveBroker(image, broker)) }));
  if (assignment.some(({ isr }) => isr.length === 0)) {
    return refuse("INVALID_REPLICATION_FACTOR", `${unable}All brokers are currently fenced or in controlled shutdown.`);
  }
  return assignment;
}

/** All that are registered, fenced ones too; a broker on its way out is left out. */
function usableBrokers(context: OperationContext): UsableBroker[] {
  return [...context.image.brokers.values()].filter(broker => (context.active.sessions.get(broker.brokerId)?.controlledShutdownOffset ?? -1) < 0)
    .map(broker => ({ id: broker.brokerId, rack: broker.rack, fenced: broker.fenced })).sort((a, b) => a.id - b.id);
}

// ---- records

/** Topic, settings, partitions: the order that recordings of 3.9.1 show. */
function topicRecords(wish: Wish, topicId: string, assignment: Assignment): MetadataRecord[] {
  const records: MetadataRecord[] = [{ type: "TopicRecord", name: wish.name, topicId }];
  for (const { name, value } of wish.configs) records.push({ type: "ConfigRecord", resourceType: "TOPIC", resourceName: wish.name, name, value });
  for (const [partitionId, { replicas, isr }] of assignment.entries()) {
    records.push({
      type: "PartitionRecord", topicId, partitionId, replicas, isr, leader: isr[0] ?? -1, leaderEpoch: 0, partitionEpoch: 0,
      leaderRecoveryState: "RECOVERED",
    });
  }
  return records;
}
