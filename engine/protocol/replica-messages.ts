// Message tables of what is asked of one replica besides reading and writing: where a leader epoch ends, deleting records from the front,
// what lies in the log directories. Part of MESSAGES (messages.ts). Field names and versions as in Kafka's JSON schemas. FIDELITY: PROTO-SIZE.
import { array, bool, type FieldType, int16, int32, int64, nullableArray, string, struct } from "./schema.ts";

const error = int16;

export const REPLICA_MESSAGES = {
  /** `offset` -1: up to the high watermark. */
  DeleteRecords: {
    key: 21, version: 2,
    request: struct({ topics: array(struct({ name: string, partitions: array(struct({ partitionIndex: int32, offset: int64 })) })), timeoutMs: int32 }),
    response: struct({ throttleTimeMs: int32, topics: array(struct({ name: string, partitions: array(struct({
      partitionIndex: int32, lowWatermark: int64, error })) })) }),
  },
  /** `leaderEpoch` is the one whose end is asked for; the answer is the largest epoch at or below it. */
  OffsetForLeaderEpoch: {
    key: 23, version: 4,
    request: struct({ replicaId: int32, topics: array(struct({ topic: string, partitions: array(struct({
      partition: int32, currentLeaderEpoch: int32, leaderEpoch: int32 })) })) }),
    response: struct({ throttleTimeMs: int32, topics: array(struct({ topic: string, partitions: array(struct({
      error, partition: int32, leaderEpoch: int32, endOffset: int64 })) })) }),
  },
  DescribeLogDirs: {
    key: 35, version: 4,
    request: struct({ topics: nullableArray(struct({ topic: string, partitions: array(int32) })) }),
    response: struct({ throttleTimeMs: int32, error, results: array(struct({ error, logDir: string, topics: array(struct({ name: string,
      partitions: array(struct({ partitionIndex: int32, partitionSize: int64, offsetLag: int64, isFutureKey: bool })) })),
      totalBytes: int64, usableBytes: int64 })) }),
  },
} as const satisfies Record<string, { key: number; version: number; request: FieldType; response: FieldType }>;
