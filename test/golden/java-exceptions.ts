// How the Java client names what a broker answers: the exception of Errors.java, and the number. Only the names that do not follow the rule
// (camel case and "Exception") stand in the table.
import { errorCode, type KafkaError } from "#engine/protocol/errors.ts";

const IRREGULAR: Readonly<Record<string, string>> = {
  UNKNOWN_SERVER_ERROR: "UnknownServerException", CORRUPT_MESSAGE: "CorruptRecordException", REQUEST_TIMED_OUT: "TimeoutException",
  MESSAGE_TOO_LARGE: "RecordTooLargeException", NETWORK_EXCEPTION: "NetworkException", INVALID_TOPIC_EXCEPTION: "InvalidTopicException",
  RECORD_LIST_TOO_LARGE: "RecordBatchTooLargeException", TOPIC_ALREADY_EXISTS: "TopicExistsException", INVALID_CONFIG: "InvalidConfigurationException",
  NOT_CONTROLLER: "NotControllerException", OUT_OF_ORDER_SEQUENCE_NUMBER: "OutOfOrderSequenceException",
  DUPLICATE_SEQUENCE_NUMBER: "DuplicateSequenceException", THROTTLING_QUOTA_EXCEEDED: "ThrottlingQuotaExceededException",
};

/** What the Java client throws by itself, without "Exception" as our clients name it, and the error that stands for it. */
const OWN: Readonly<Record<string, string>> = {
  Timeout: "REQUEST_TIMED_OUT", InvalidTopic: "INVALID_TOPIC_EXCEPTION", RecordTooLarge: "MESSAGE_TOO_LARGE", BufferExhausted: "REQUEST_TIMED_OUT",
  UnsupportedVersion: "UNSUPPORTED_VERSION", TopicExists: "TOPIC_ALREADY_EXISTS",
};

export interface JavaError { readonly error: string; readonly code?: number; readonly errorName?: string }

/** `name`: a Kafka error (INVALID_PARTITIONS) or the name of an exception without its ending (Timeout). */
export function javaError(name: string): JavaError {
  const own = OWN[name];
  const kafkaName = own ?? name;
  const exception = own !== undefined ? `${name}Exception` : /^[A-Z0-9_]+$/.test(name) ? IRREGULAR[name] ?? `${camelCase(name)}Exception` : `${name}Exception`;
  const code = codeOf(kafkaName);
  return code === null || kafkaName === "UNKNOWN_SERVER_ERROR" ? { error: exception } : { error: exception, code, errorName: kafkaName };
}

function camelCase(name: string): string {
  return name.toLowerCase().split("_").map(word => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
}

/** Null for a name that the engine's table does not have. */
export function codeOf(name: string): number | null {
  try {
    const code = errorCode(name as KafkaError) as number | undefined;
    return code ?? null;
  } catch {
    return null;
  }
}
