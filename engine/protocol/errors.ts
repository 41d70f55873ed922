// Kafka's errors as values: number, name, whether a client may try again. Never thrown inside the engine. Source: Errors.java (3.9).
const TABLE = {
  UNKNOWN_SERVER_ERROR: [-1, false], NONE: [0, false], OFFSET_OUT_OF_RANGE: [1, false], CORRUPT_MESSAGE: [2, true],
  UNKNOWN_TOPIC_OR_PARTITION: [3, true], LEADER_NOT_AVAILABLE: [5, true], NOT_LEADER_OR_FOLLOWER: [6, true],
  REQUEST_TIMED_OUT: [7, true], BROKER_NOT_AVAILABLE: [8, false], REPLICA_NOT_AVAILABLE: [9, true], MESSAGE_TOO_LARGE: [10, false],
  NETWORK_EXCEPTION: [13, true], COORDINATOR_LOAD_IN_PROGRESS: [14, true], INVALID_TOPIC_EXCEPTION: [17, false], RECORD_LIST_TOO_LARGE: [18, false],
  NOT_ENOUGH_REPLICAS: [19, true], NOT_ENOUGH_REPLICAS_AFTER_APPEND: [20, true], INVALID_REQUIRED_ACKS: [21, false],
  TOPIC_ALREADY_EXISTS: [36, false], INVALID_PARTITIONS: [37, false], INVALID_REPLICATION_FACTOR: [38, false],
  INVALID_REPLICA_ASSIGNMENT: [39, false], INVALID_CONFIG: [40, false], NOT_CONTROLLER: [41, true], INVALID_REQUEST: [42, false],
  UNSUPPORTED_FOR_MESSAGE_FORMAT: [43, false], OUT_OF_ORDER_SEQUENCE_NUMBER: [45, false], DUPLICATE_SEQUENCE_NUMBER: [46, false],
  INVALID_PRODUCER_EPOCH: [47, false], UNKNOWN_PRODUCER_ID: [59, false],
  FETCH_SESSION_ID_NOT_FOUND: [70, true], INVALID_FETCH_SESSION_EPOCH: [71, true], FENCED_LEADER_EPOCH: [74, true],
  UNKNOWN_LEADER_EPOCH: [75, true], UNSUPPORTED_COMPRESSION_TYPE: [76, false], STALE_BROKER_EPOCH: [77, false], OFFSET_NOT_AVAILABLE: [78, true],
  PREFERRED_LEADER_NOT_AVAILABLE: [80, true], ELIGIBLE_LEADERS_NOT_AVAILABLE: [83, true], ELECTION_NOT_NEEDED: [84, true],
  INVALID_RECORD: [87, false], INVALID_UPDATE_VERSION: [95, false], UNKNOWN_TOPIC_ID: [100, true],
  DUPLICATE_BROKER_REGISTRATION: [101, false], BROKER_ID_NOT_REGISTERED: [102, false], INCONSISTENT_TOPIC_ID: [103, true],
  INCONSISTENT_CLUSTER_ID: [104, false], INELIGIBLE_REPLICA: [107, false], NEW_LEADER_ELECTED: [108, false],
  SNAPSHOT_NOT_FOUND: [98, false], POSITION_OUT_OF_RANGE: [99, false], INVALID_VOTER_KEY: [125, false], DUPLICATE_VOTER: [126, false],
  VOTER_NOT_FOUND: [127, false],
  INVALID_TIMESTAMP: [32, false], KAFKA_STORAGE_ERROR: [56, true], LOG_DIR_NOT_FOUND: [57, false],
  UNSUPPORTED_VERSION: [35, false], POLICY_VIOLATION: [44, false], THROTTLING_QUOTA_EXCEEDED: [89, true], FEATURE_UPDATE_FAILED: [96, false],
  INVALID_REGISTRATION: [119, false],
  STALE_CONTROLLER_EPOCH: [11, false], OPERATION_NOT_ATTEMPTED: [55, false], REASSIGNMENT_IN_PROGRESS: [60, false], TOPIC_DELETION_DISABLED: [73, false], NO_REASSIGNMENT_IN_PROGRESS: [85, false],
} as const satisfies Record<string, readonly [number, boolean]>;

export type KafkaError = keyof typeof TABLE;

export function errorCode(error: KafkaError): number {
  return TABLE[error][0];
}

/** Whether the same request may succeed later. */
export function isRetriable(error: KafkaError): boolean {
  return TABLE[error][1];
}

/** Errors after which a client asks for metadata again (InvalidMetadataException in Java). */
export function isInvalidMetadata(error: KafkaError): boolean {
  switch (error) {
    case "UNKNOWN_TOPIC_OR_PARTITION": case "LEADER_NOT_AVAILABLE": case "NOT_LEADER_OR_FOLLOWER": case "REPLICA_NOT_AVAILABLE":
    case "FENCED_LEADER_EPOCH": case "UNKNOWN_LEADER_EPOCH": case "NETWORK_EXCEPTION": case "UNKNOWN_TOPIC_ID": case "INCONSISTENT_TOPIC_ID":
    case "KAFKA_STORAGE_ERROR":
      return true;
    default:
      return false;
  }
}
