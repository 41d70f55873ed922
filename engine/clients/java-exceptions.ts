// Names of the exceptions that Java's clients make of Kafka's errors, for what they print as a cause. Source: Errors.java (3.9).
import type { KafkaError } from "#engine/protocol/errors.ts";
import { brokerError } from "./error-texts.ts";

/** Those whose class is not named after the error. */
const OTHER_NAMES: ReadonlyMap<KafkaError, string> = new Map([
  ["UNKNOWN_SERVER_ERROR", "UnknownServer"], ["CORRUPT_MESSAGE", "CorruptRecord"], ["REQUEST_TIMED_OUT", "Timeout"],
  ["MESSAGE_TOO_LARGE", "RecordTooLarge"], ["NETWORK_EXCEPTION", "Network"], ["INVALID_TOPIC_EXCEPTION", "InvalidTopic"],
  ["RECORD_LIST_TOO_LARGE", "RecordBatchTooLarge"], ["TOPIC_ALREADY_EXISTS", "TopicExists"], ["INVALID_CONFIG", "InvalidConfiguration"],
  ["OUT_OF_ORDER_SEQUENCE_NUMBER", "OutOfOrderSequence"], ["DUPLICATE_SEQUENCE_NUMBER", "DuplicateSequence"],
] satisfies readonly (readonly [KafkaError, string])[]);

/** "UnknownTopicOrPartitionException". */
export function exceptionName(error: KafkaError): string {
  const plain = error.split("_").map(word => `${word.slice(0, 1)}${word.slice(1).toLowerCase()}`).join("");
  return `${OTHER_NAMES.get(error) ?? plain}Exception`;
}

/** As in "Caused by: …": the exception and its message. */
export function exceptionText(error: KafkaError, message: string | null = null): string {
  return `${exceptionName(error)}: ${brokerError(error, message).message}`;
}
