// DescribeLogDirs (ApiKey 35). Source: KafkaApis.handleDescribeLogDirsRequest, ReplicaManager.describeLogDirs (3.9).
//
// Behaviour: this broker's log directory with the replicas in it, their sizes in bytes, and how far their end lies behind their high watermark
// (never, for a replica that is not being moved). `topics` null: all. A replica that is not here is left out.
// Versions: 4. FIDELITY: LOG-DIRECTORY.
import type { ProcessContext } from "#engine/core/process.ts";
import { logSizeBytes } from "#engine/log/log-start.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerState, reply } from "../broker-state.ts";

type Topic = ResponseOf<"DescribeLogDirs">["results"][number]["topics"][number];

/** Unknown: the size of the file system is not modelled unless a fault limits it. */
const UNKNOWN_BYTES = -1;

export function handleDescribeLogDirs(
  process: ProcessContext, broker: BrokerState, body: RequestOf<"DescribeLogDirs">, replyTo: ReplyTo<"DescribeLogDirs">,
): void {
  const wanted = body.topics === null ? null : new Map(body.topics.map(({ topic, partitions }) => [topic, partitions]));
  const topics: Topic[] = [];
  for (const [name, replicas] of broker.partitions) {
    const asked = wanted?.get(name);
    if (wanted !== null && asked === undefined) continue;
    const partitions: Topic["partitions"][number][] = [];
    for (const replica of replicas) {
      if (replica === null || asked !== undefined && !asked.includes(replica.partition)) continue;
      const { log } = replica;
      partitions.push({
        partitionIndex: replica.partition, partitionSize: logSizeBytes(log), offsetLag: Math.max(0, log.highWatermark - log.logEndOffset), isFutureKey: false,
      });
    }
    if (partitions.length > 0) topics.push({ name, partitions });
  }
  const logDir = String(broker.node.overrides["log.dirs"] ?? broker.node.overrides["log.dir"] ?? "/tmp/kafka-logs");
  reply(process, broker, replyTo, {
    throttleTimeMs: 0, error: "NONE", results: [{ error: "NONE", logDir, topics, totalBytes: UNKNOWN_BYTES, usableBytes: UNKNOWN_BYTES }],
  });
}
