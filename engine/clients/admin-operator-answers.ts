// What the answers to an operator's calls mean: values as the Admin API gives them, errors in the words of the broker or of Errors.java.
// Source: KafkaAdminClient.java (3.9). FIDELITY: CLIENT-ADMIN.
import type { CallError } from "#engine/cluster/commands.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import { brokerError } from "./error-texts.ts";

/** What became of an attempt. "again": the controller has moved, or what stands in the way passes. */
export type Answer =
  | { readonly is: "value"; readonly value: unknown }
  | { readonly is: "error"; readonly error: CallError }
  | { readonly is: "again"; readonly error: KafkaError; readonly message: string | null };

function again(error: KafkaError, message: string | null = null): Answer {
  return { is: "again", error, message };
}

const DONE: Answer = { is: "value", value: null };

/** The error of an answer about one thing. Only a wrong controller is asked again: a time-out may mean that it is done by now. */
function oneAnswer(answer: { readonly error: KafkaError; readonly errorMessage: string | null } | undefined): Answer {
  if (answer === undefined) return { is: "error", error: brokerError("UNKNOWN_SERVER_ERROR") };
  if (answer.error === "NONE") return DONE;
  if (answer.error === "NOT_CONTROLLER") return again(answer.error);
  return { is: "error", error: brokerError(answer.error, answer.errorMessage) };
}

interface Told { readonly error: KafkaError; readonly errorMessage: string | null }

/** An error in the words that Java's exception would have; null for none. */
function wordsOf({ error, errorMessage }: Told): string | null {
  return error === "NONE" ? null : brokerError(error, errorMessage).message;
}

export function topicCreated(response: ResponseOf<"CreateTopics">): Answer {
  return oneAnswer(response.topics[0]);
}

export function partitionsCreated(response: ResponseOf<"CreatePartitions">): Answer {
  return oneAnswer(response.results[0]);
}

export function configsAltered(response: ResponseOf<"IncrementalAlterConfigs">): Answer {
  return oneAnswer(response.responses[0]);
}

export function quotasAltered(response: ResponseOf<"AlterClientQuotas">): Answer {
  return oneAnswer(response.entries[0]);
}

export function topicsDeleted(response: ResponseOf<"DeleteTopics">): Answer {
  if (response.responses.some(({ error }) => error === "NOT_CONTROLLER")) return again("NOT_CONTROLLER");
  return { is: "value", value: response.responses.map(answer => ({ topic: answer.name, error: answer.error, errorMessage: wordsOf(answer) })) };
}

export function leadersElected(response: ResponseOf<"ElectLeaders">): Answer {
  if (response.error !== "NONE") return again(response.error);
  return { is: "value", value: response.results.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, error, errorMessage }) => ({ topic, partition, error, errorMessage }))) };
}

/** A top-level error is the answer for every partition, except for a wrong controller. */
export function partitionsReassigned(response: ResponseOf<"AlterPartitionReassignments">): Answer {
  const { error, errorMessage, responses } = response;
  const all = responses.flatMap(({ name, partitions }) => partitions.map(answer => ({ topic: name, ...answer })));
  if (error === "NOT_CONTROLLER" || all.some(answer => answer.error === "NOT_CONTROLLER")) return again("NOT_CONTROLLER");
  if (error !== "NONE" && all.length === 0) return { is: "error", error: brokerError(error, errorMessage) };
  return { is: "value", value: all.map(answer => {
    const told = error === "NONE" ? answer : { error, errorMessage };
    return { topic: answer.topic, partition: answer.partitionIndex, error: told.error, errorMessage: wordsOf(told) };
  }) };
}

export function reassignmentsListed(response: ResponseOf<"ListPartitionReassignments">): Answer {
  const { error, errorMessage, topics } = response;
  if (error === "NOT_CONTROLLER") return again(error);
  if (error !== "NONE") return { is: "error", error: brokerError(error, errorMessage) };
  return { is: "value", value: topics.flatMap(({ name, partitions }) => partitions.map(({ partitionIndex, replicas, addingReplicas, removingReplicas }) =>
    ({ topic: name, partition: partitionIndex, replicas, addingReplicas, removingReplicas }))) };
}

/** ConfigEntry.ConfigSource and ConfigType, by their numbers in the protocol. */
const SOURCES = [
  "UNKNOWN", "DYNAMIC_TOPIC_CONFIG", "DYNAMIC_BROKER_CONFIG", "DYNAMIC_DEFAULT_BROKER_CONFIG", "STATIC_BROKER_CONFIG", "DEFAULT_CONFIG",
  "DYNAMIC_BROKER_LOGGER_CONFIG", "DYNAMIC_CLIENT_METRICS_CONFIG", "DYNAMIC_GROUP_CONFIG",
];
const TYPES = ["UNKNOWN", "BOOLEAN", "STRING", "INT", "SHORT", "LONG", "DOUBLE", "LIST", "CLASS", "PASSWORD"];

export function configsDescribed(response: ResponseOf<"DescribeConfigs">): Answer {
  const result = response.results[0];
  if (result === undefined || result.error !== "NONE") return oneAnswer(result);
  return { is: "value", value: result.configs.map(config => ({
    name: config.name, value: config.value, source: SOURCES[config.configSource] ?? "UNKNOWN", isSensitive: config.isSensitive,
    isReadOnly: config.readOnly, type: TYPES[config.configType] ?? "UNKNOWN",
    synonyms: config.synonyms.map(({ name, value, source }) => ({ name, value, source: SOURCES[source] ?? "UNKNOWN" })),
  })) };
}

/** Whatever error it is, Call.fail decides: those that may pass are tried again. */
export function quorumDescribed(response: ResponseOf<"DescribeQuorum">): Answer {
  if (response.error !== "NONE") return again(response.error, response.errorMessage);
  const { leaderId, leaderEpoch, highWatermark, currentVoters, observers, nodes } = response;
  return { is: "value", value: { leaderId, leaderEpoch, highWatermark, voters: currentVoters, observers, nodes } };
}

export function votersChanged(response: ResponseOf<"AddRaftVoter" | "RemoveRaftVoter">): Answer {
  return oneAnswer(response);
}
