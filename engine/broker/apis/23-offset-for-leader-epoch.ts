// OffsetForLeaderEpoch (ApiKey 23). Source: KafkaApis.handleOffsetForLeaderEpochRequest, ReplicaManager.lastOffsetForLeaderEpoch (3.9), KIP-101, KIP-320.
//
// Behaviour: only the leader answers, after the check of the asker's epoch: the largest epoch at or below the one asked for and where it ends;
// -1, -1 when the leader knows of none, or of nothing that late.
// Versions: 4.
import type { ProcessContext } from "#engine/core/process.ts";
import { logEndOffsetForEpoch } from "#engine/log/unified-log.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { absentPartitionError, type BrokerState, partitionAt, reply } from "../broker-state.ts";
import { epochError } from "../fetch-reader.ts";

type Wanted = RequestOf<"OffsetForLeaderEpoch">["topics"][number]["partitions"][number];
type Answer = ResponseOf<"OffsetForLeaderEpoch">["topics"][number]["partitions"][number];

export function handleOffsetForLeaderEpoch(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"OffsetForLeaderEpoch">, replyTo: ReplyTo<"OffsetForLeaderEpoch">,
): void {
  const topics = body.topics.map(({ topic, partitions }) => ({ topic, partitions: partitions.map(wanted => answerOf(broker, topic, wanted)) }));
  reply(process, broker, replyTo, { throttleTimeMs: 0, topics });
}

function answerOf(broker: BrokerState, topic: string, { partition: index, currentLeaderEpoch, leaderEpoch }: Wanted): Answer {
  const failed = (error: Answer["error"]): Answer => ({ error, partition: index, leaderEpoch: -1, endOffset: -1 });
  const partition = partitionAt(broker, topic, index);
  if (partition === undefined) return failed(absentPartitionError(broker, topic, index));
  const error = epochError(partition, currentLeaderEpoch);
  if (error !== "NONE") return failed(error);
  if (partition.role !== "leader") return failed("NOT_LEADER_OR_FOLLOWER");
  const end = logEndOffsetForEpoch(partition.log, leaderEpoch);
  return { error: "NONE", partition: index, leaderEpoch: end.epoch, endOffset: end.endOffset };
}
