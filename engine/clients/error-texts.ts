// What Java's clients say when a broker answers with an error and no message of its own. Source: Errors.java (3.9).
import type { CallError } from "#engine/cluster/commands.ts";
import { isRetriable, type KafkaError } from "#engine/protocol/errors.ts";

const TEXTS: Readonly<Record<KafkaError, string>> = {
  UNKNOWN_SERVER_ERROR: "The server experienced an unexpected error when processing the request.",
  NONE: "",
  OFFSET_OUT_OF_RANGE: "The requested offset is not within the range of offsets maintained by the server.",
  CORRUPT_MESSAGE:
    "This message has failed its CRC checksum, exceeds the valid size, has a null key for a compacted topic, or is otherwise "
    + "corrupt.",
  UNKNOWN_TOPIC_OR_PARTITION: "This server does not host this topic-partition.",
  LEADER_NOT_AVAILABLE: "There is no leader for this topic-partition as we are in the middle of a leadership election.",
  NOT_LEADER_OR_FOLLOWER:
    "For requests intended only for the leader, this error indicates that the broker is not the current leader. For requests "
    + "intended for any replica, this error indicates that the broker is not a replica of the topic partition.",
  REQUEST_TIMED_OUT: "The request timed out.",
  BROKER_NOT_AVAILABLE: "The broker is not available.",
  REPLICA_NOT_AVAILABLE:
    "The replica is not available for the requested topic-partition. Produce/Fetch requests and other requests intended only "
    + "for the leader or follower return NOT_LEADER_OR_FOLLOWER if the broker is not a replica of the topic-partition.",
  MESSAGE_TOO_LARGE: "The request included a message larger than the max message size the server will accept.",
  INVALID_TIMESTAMP: "The timestamp of the message is out of acceptable range.",
  KAFKA_STORAGE_ERROR: "Disk error when trying to access log file on the disk.",
  LOG_DIR_NOT_FOUND: "The user-specified log directory is not found in the broker config.",
  NETWORK_EXCEPTION: "The server disconnected before a response was received.",
  COORDINATOR_LOAD_IN_PROGRESS: "The coordinator is loading and hence can't process requests.",
  INVALID_TOPIC_EXCEPTION: "The request attempted to perform an operation on an invalid topic.",
  RECORD_LIST_TOO_LARGE: "The request included message batch larger than the configured segment size on the server.",
  NOT_ENOUGH_REPLICAS: "Messages are rejected since there are fewer in-sync replicas than required.",
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: "Messages are written to the log, but to fewer in-sync replicas than required.",
  INVALID_REQUIRED_ACKS: "Produce request specified an invalid value for required acks.",
  TOPIC_ALREADY_EXISTS: "Topic with this name already exists.",
  INVALID_PARTITIONS: "Number of partitions is below 1.",
  INVALID_REPLICATION_FACTOR: "Replication factor is below 1 or larger than the number of available brokers.",
  INVALID_REPLICA_ASSIGNMENT: "Replica assignment is invalid.",
  INVALID_CONFIG: "Configuration is invalid.",
  NOT_CONTROLLER: "This is not the correct controller for this cluster.",
  INVALID_REQUEST:
    "This most likely occurs because of a request being malformed by the client library or the message was sent to an "
    + "incompatible broker. See the broker logs for more details.",
  UNSUPPORTED_FOR_MESSAGE_FORMAT: "The message format version on the broker does not support the request.",
  OUT_OF_ORDER_SEQUENCE_NUMBER: "The broker received an out of order sequence number.",
  DUPLICATE_SEQUENCE_NUMBER: "The broker received a duplicate sequence number.",
  INVALID_PRODUCER_EPOCH: "Producer attempted to produce with an old epoch.",
  UNKNOWN_PRODUCER_ID:
    "This exception is raised by the broker if it could not locate the producer metadata associated with the producerId in "
    + "question. This could happen if, for instance, the producer's records were deleted because their retention time had "
    + "elapsed. Once the last records of the producerId are removed, the producer's metadata is removed from the broker, and "
    + "future appends by the producer will return this exception.",
  FETCH_SESSION_ID_NOT_FOUND: "The fetch session ID was not found.",
  INVALID_FETCH_SESSION_EPOCH: "The fetch session epoch is invalid.",
  FENCED_LEADER_EPOCH: "The leader epoch in the request is older than the epoch on the broker.",
  UNKNOWN_LEADER_EPOCH: "The leader epoch in the request is newer than the epoch on the broker.",
  UNSUPPORTED_COMPRESSION_TYPE: "The requesting client does not support the compression type of given partition.",
  STALE_BROKER_EPOCH: "Broker epoch has changed.",
  OFFSET_NOT_AVAILABLE:
    "The leader high watermark has not caught up from a recent leader election so the offsets cannot be guaranteed to be "
    + "monotonically increasing.",
  PREFERRED_LEADER_NOT_AVAILABLE: "The preferred leader was not available.",
  ELIGIBLE_LEADERS_NOT_AVAILABLE: "Eligible topic partition leaders are not available.",
  ELECTION_NOT_NEEDED: "Leader election not needed for topic partition.",
  INVALID_RECORD: "This record has failed the validation on broker and hence will be rejected.",
  INVALID_UPDATE_VERSION: "The given update version was invalid.",
  UNKNOWN_TOPIC_ID: "This server does not host this topic ID.",
  DUPLICATE_BROKER_REGISTRATION: "This broker ID is already in use.",
  BROKER_ID_NOT_REGISTERED: "The given broker ID was not registered.",
  INCONSISTENT_TOPIC_ID: "The log's topic ID did not match the topic ID in the request.",
  INCONSISTENT_CLUSTER_ID: "The clusterId in the request does not match that found on the server.",
  INELIGIBLE_REPLICA: "The new ISR contains at least one ineligible replica.",
  NEW_LEADER_ELECTED: "The AlterPartition request successfully updated the partition state but the leader has changed.",
  STALE_CONTROLLER_EPOCH: "The controller moved to another broker.",
  OPERATION_NOT_ATTEMPTED: "The broker did not attempt to execute this operation. This may happen for batched RPCs where some operations in the batch failed, causing the broker to respond without trying the rest.",
  REASSIGNMENT_IN_PROGRESS: "A partition reassignment is in progress.",
  TOPIC_DELETION_DISABLED: "Topic deletion is disabled.",
  NO_REASSIGNMENT_IN_PROGRESS: "No partition reassignment is in progress.",
  UNSUPPORTED_VERSION: "The version of API is not supported.",
  POLICY_VIOLATION: "Request parameters do not satisfy the configured policy.",
  THROTTLING_QUOTA_EXCEEDED: "The throttling quota has been exceeded.",
  FEATURE_UPDATE_FAILED: "Unable to update finalized features due to an unexpected server error.",
  INVALID_REGISTRATION: "The broker registration is invalid.",
  SNAPSHOT_NOT_FOUND: "Requested snapshot was not found.",
  POSITION_OUT_OF_RANGE: "Requested position is not greater than or equal to zero, and less than the size of the snapshot.",
  DUPLICATE_VOTER: "The voter is already part of the set of voters.",
  VOTER_NOT_FOUND: "The voter is not part of the set of voters.",
  INVALID_VOTER_KEY: "The voter key doesn't match the receiving replica's key.",
};

/** A broker's error as a call's answer: Kafka's name, the broker's own words where it gave some. */
export function brokerError(error: KafkaError, message: string | null = null): CallError {
  return { name: error, message: message ?? TEXTS[error], retriable: isRetriable(error) };
}

/** TimeoutException of the Java client. */
export function timeoutError(message: string): CallError {
  return { name: "Timeout", message, retriable: true };
}
