// StopReplica (ApiKey 5), ZooKeeper mode only. Source: KafkaApis.handleStopReplicaRequest, ReplicaManager.stopReplicas (3.9).
//
// Behaviour: refused from a controller with an older epoch and for an earlier life of this broker. A replica stops fetching; with
// deletePartition its log goes too. An older leader epoch answers FENCED_LEADER_EPOCH; during a deletion there is no epoch to compare.
// Versions: 4. FIDELITY: ZKC-CONTROL-REQUESTS.
import type { ProcessContext } from "#engine/core/process.ts";
import { EPOCH_DURING_DELETE } from "#engine/metadata/zookeeper-controller/broker-request-batch.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { partitionAt, reply } from "../broker-state.ts";
import { removeReplica } from "../replica-manager.ts";
import { controlRequestError } from "../zookeeper-fencing.ts";
import type { ZooKeeperNodeState } from "../zookeeper-node-state.ts";

type Answer = ResponseOf<"StopReplica">["partitionErrors"][number];

export function handleStopReplica(
  process: ProcessContext, node: ZooKeeperNodeState, body: RequestOf<"StopReplica">, replyTo: ReplyTo<"StopReplica">,
): void {
  const { broker } = node;
  const error = controlRequestError(process, node, "StopReplica", body);
  const partitionErrors: Answer[] = [];
  if (error === "NONE") {
    for (const { topicName, partitionStates } of body.topicStates) {
      for (const { partitionIndex, leaderEpoch, deletePartition } of partitionStates) {
        const known = partitionAt(broker, topicName, partitionIndex)?.leaderEpoch ?? -1;
        const isFenced = leaderEpoch !== EPOCH_DURING_DELETE && leaderEpoch !== -1 && leaderEpoch < known;
        partitionErrors.push({ topicName, partitionIndex, error: isFenced ? "FENCED_LEADER_EPOCH" : "NONE" });
        if (!isFenced) removeReplica(process, broker, topicName, partitionIndex, deletePartition);
      }
    }
  }
  reply(process, broker, replyTo, { error, partitionErrors });
}
