// How a cluster of a spec comes into being, by real requests: an operator's admin client asks for the brokers until all are in service,
// creates the topics, and then the producers and consumers of the spec start. Plain data and its transitions.
import { AuthorError, shown } from "./author-error.ts";
import type { Command, Outcome } from "./commands.ts";
import type { MetadataAnswer } from "./metadata-answer.ts";
import { isBroker } from "./node-names.ts";
import type { ClusterSpec, TopicSpec } from "./spec.ts";

/** Its calls have negative numbers, so that they never meet those of the run's inputs. */
export interface Opening {
  phase: "waiting-for-brokers" | "creating-topics" | "open";
  /** Outcomes that were looked at. */
  seen: number;
  nextCall: number;
  /** call -> index of the topic. */
  topicOfCall: Map<number, number>;
  created: number;
}

export const ASK_AGAIN_US = 50_000;
/** A creation that failed for a reason that passes (the controller is being elected) is asked for again. */
const CREATE_AGAIN_US = 500_000;

export interface OpeningHands {
  ask(command: Command, delayUs: number): void;
  startClients(): void;
}

export function beginOpening(hands: OpeningHands): Opening {
  const opening: Opening = { phase: "waiting-for-brokers", seen: 0, nextCall: -1, topicOfCall: new Map(), created: 0 };
  askForBrokers(opening, hands, 0);
  return opening;
}

/** Brokers that the opening waits for. */
function brokersAtStart(spec: ClusterSpec): number {
  return spec.nodes.filter(node => isBroker(spec, node) && node.startsLater !== true).length;
}

function takeCall(opening: Opening): number {
  const call = opening.nextCall;
  opening.nextCall -= 1;
  return call;
}

function askForBrokers(opening: Opening, hands: OpeningHands, delayUs: number): void {
  hands.ask({ do: "fetch-metadata", topics: [], call: takeCall(opening) }, delayUs);
}

/** An answer has arrived. Answers to calls of the run are none of the opening's business. */
export function openingAnswered(opening: Opening, spec: ClusterSpec, hands: OpeningHands, outcome: Outcome): void {
  if (outcome.call >= 0) return;
  if (opening.phase === "waiting-for-brokers") {
    const brokers = outcome.ok ? (outcome.value as MetadataAnswer).brokers.length : 0;
    if (brokers < brokersAtStart(spec)) askForBrokers(opening, hands, ASK_AGAIN_US);
    else createTopics(opening, spec, hands);
  } else if (opening.phase === "creating-topics") topicAnswered(opening, spec, hands, outcome);
}

function createTopics(opening: Opening, spec: ClusterSpec, hands: OpeningHands): void {
  opening.phase = "creating-topics";
  const topics = spec.topics ?? [];
  for (let index = 0; index < topics.length; index += 1) createTopic(opening, spec, index, hands, 0);
  openWhenCreated(opening, spec, hands);
}

function createTopic(opening: Opening, spec: ClusterSpec, index: number, hands: OpeningHands, delayUs: number): void {
  const topic = spec.topics?.[index] as TopicSpec;
  const call = takeCall(opening);
  opening.topicOfCall.set(call, index);
  hands.ask({
    do: "create-topic", topic: topic.name, call,
    partitions: topic.assignment === undefined ? topic.partitions ?? 1 : -1,
    replicationFactor: topic.assignment === undefined ? topic.replicationFactor ?? Math.min(3, brokersAtStart(spec)) : -1,
    ...topic.assignment === undefined ? {} : { assignment: topic.assignment },
    ...topic.configs === undefined ? {} : { configs: topic.configs },
  }, delayUs);
}

function topicAnswered(opening: Opening, spec: ClusterSpec, hands: OpeningHands, outcome: Outcome): void {
  const index = opening.topicOfCall.get(outcome.call);
  if (index === undefined) return;
  opening.topicOfCall.delete(outcome.call);
  if (outcome.ok || outcome.error.name === "TOPIC_ALREADY_EXISTS" || outcome.error.name === "TopicExists") opening.created += 1;
  else if (passes(outcome.error.name, outcome.error.retriable)) createTopic(opening, spec, index, hands, CREATE_AGAIN_US);
  else {
    throw new AuthorError({
      code: "topic-refused", where: `spec.topics[${index}]`, what: "the cluster refuses to create this topic",
      expected: "a topic that Kafka accepts", found: shown(`${outcome.error.name}: ${outcome.error.message}`),
      cure: `Change the topic "${spec.topics?.[index]?.name ?? ""}": ${outcome.error.message}`,
    });
  }
  openWhenCreated(opening, spec, hands);
}

/** Too few brokers are registered, or nobody leads at the moment. */
function passes(name: string, retriable: boolean): boolean {
  return retriable || name.includes("REPLICATION_FACTOR") || name.includes("ReplicationFactor") || name.includes("Timeout");
}

function openWhenCreated(opening: Opening, spec: ClusterSpec, hands: OpeningHands): void {
  if (opening.created < (spec.topics?.length ?? 0)) return;
  opening.phase = "open";
  hands.startClients();
}
