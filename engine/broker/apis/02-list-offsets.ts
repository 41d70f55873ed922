// ListOffsets (ApiKey 2). Source: KafkaApis.handleListOffsetRequest, Partition.fetchOffsetForTimestamp, UnifiedLog.fetchOffsetByTimestamp (3.9).
//
// Behaviour: only the leader answers (any replica, when replicaId is -2). -1 latest: the high watermark for clients, the log's end for all others;
// -2 earliest (and -4, its local form): the log's start; -5: nothing, there is no tiered storage; -3: the first record with the largest timestamp;
// else the first record at or after the timestamp. A new leader whose high watermark has not reached its epoch yet answers OFFSET_NOT_AVAILABLE.
// Versions: 9.
import type { ProcessContext } from "#engine/core/process.ts";
import { offsetForTimestamp, offsetOfMaxTimestamp } from "#engine/log/timestamp-lookup.ts";
import type { UnifiedLog } from "#engine/log/unified-log.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { absentPartitionError, type BrokerState, partitionAt, reply } from "../broker-state.ts";
import { epochError } from "../fetch-reader.ts";
import type { Partition } from "../partition.ts";

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
const LATEST_TIERED = -5;

/** Who asks: an ordinary client, or one that wants to see what is on this very replica. */
const CLIENT = -1;
const DEBUGGING = -2;

type Wanted = RequestOf<"ListOffsets">["topics"][number]["partitions"][number];
type Answer = ResponseOf<"ListOffsets">["topics"][number]["partitions"][number];

export function handleListOffsets(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"ListOffsets">, replyTo: ReplyTo<"ListOffsets">,
): void {
  const topics = body.topics.map(({ name, partitions }) => ({
    name, partitions: partitions.map(wanted => answerOf(process, broker, body.replicaId, name, wanted)),
  }));
  reply(process, broker, replyTo, { throttleTimeMs: 0, topics });
}

function failed(partition: number, error: KafkaError): Answer {
  return { partition, error, timestamp: -1, offset: -1, leaderEpoch: -1 };
}

function answerOf(process: ProcessContext, broker: BrokerState, replicaId: number, topic: string, wanted: Wanted): Answer {
  const partition = partitionAt(broker, topic, wanted.partition);
  if (partition === undefined) return failed(wanted.partition, absentPartitionError(broker, topic, wanted.partition));
  const error = epochError(partition, wanted.currentLeaderEpoch);
  if (error !== "NONE") return failed(wanted.partition, error);
  if (partition.role !== "leader" && replicaId !== DEBUGGING) return failed(wanted.partition, "NOT_LEADER_OR_FOLLOWER");
  return offsetOf(process, partition, wanted, replicaId !== CLIENT);
}

function offsetOf(process: ProcessContext, partition: Partition, wanted: Wanted, seesAll: boolean): Answer {
  const { log, leaderEpoch } = partition;
  const lastFetchable = seesAll ? log.logEndOffset : log.highWatermark;
  const isBehindEpoch = !seesAll && partition.leaderEpochStartOffset > log.highWatermark;
  const found = (timestamp: number, offset: number, epoch: number): Answer =>
    ({ partition: wanted.partition, error: "NONE", timestamp, offset, leaderEpoch: epoch });
  switch (wanted.timestamp) {
    case LATEST: return isBehindEpoch ? failed(wanted.partition, "OFFSET_NOT_AVAILABLE") : found(-1, lastFetchable, leaderEpoch);
    case EARLIEST: case EARLIEST_LOCAL: return found(-1, log.logStartOffset, epochAtStart(log));
    case LATEST_TIERED: return found(-1, -1, -1);
  }
  const record = wanted.timestamp === MAX_TIMESTAMP ? offsetOfMaxTimestamp(process, log) : offsetForTimestamp(process, log, wanted.timestamp);
  if (record !== null && record.offset < lastFetchable) return found(record.timestampMs, record.offset, record.leaderEpoch);
  return isBehindEpoch ? failed(wanted.partition, "OFFSET_NOT_AVAILABLE") : found(-1, -1, -1);
}

/** The epoch of the first record; -1 when the epochs begin later. */
function epochAtStart({ epochs, logStartOffset }: UnifiedLog): number {
  const [first] = epochs;
  return first !== undefined && first.startOffset <= logStartOffset ? first.epoch : -1;
}
