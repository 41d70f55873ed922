// LeaderAndIsr (ApiKey 4), ZooKeeper mode only. Source: KafkaApis.handleLeaderAndIsrRequest, ReplicaManager.becomeLeaderOrFollower (3.9).
//
// Behaviour: refused from a controller with an older epoch (STALE_CONTROLLER_EPOCH) and for an earlier life of this broker (STALE_BROKER_EPOCH).
// A partition is touched only when its leader epoch is higher than the one this broker has: leaders first, then followers; a follower
// whose leader is not alive in the metadata cache only opens its log.
// Versions: 7. FIDELITY: ZKC-CONTROL-REQUESTS.
import type { ProcessContext } from "#engine/core/process.ts";
import type { PartitionRegistration } from "#engine/metadata/image.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { partitionAt, reply } from "../broker-state.ts";
import { startFetchers } from "../replica-fetcher.ts";
import { makeFollower, makeLeader, openReplica, type TopicIdentity } from "../replica-manager.ts";
import { controlRequestError } from "../zookeeper-fencing.ts";
import type { ZooKeeperNodeState } from "../zookeeper-node-state.ts";

type Body = RequestOf<"LeaderAndIsr">;
type State = Body["topicStates"][number]["partitionStates"][number];
type TopicAnswer = ResponseOf<"LeaderAndIsr">["topics"][number];

export function handleLeaderAndIsr(process: ProcessContext, node: ZooKeeperNodeState, body: Body, replyTo: ReplyTo<"LeaderAndIsr">): void {
  const error = controlRequestError(process, node, "LeaderAndIsr", body);
  if (error !== "NONE") return reply(process, node.broker, replyTo, { error, topics: [] });
  reply(process, node.broker, replyTo, { error, topics: becomeLeadersAndFollowers(process, node, body) });
}

function becomeLeadersAndFollowers(process: ProcessContext, node: ZooKeeperNodeState, body: Body): TopicAnswer[] {
  const { broker } = node;
  const { cause } = process;
  const following: [TopicIdentity, PartitionRegistration][] = [];
  const answers: TopicAnswer[] = [];
  for (const { topicName: name, topicId, partitionStates } of body.topicStates) {
    const topic = { name, topicId };
    const partitionErrors: { partitionIndex: number; error: KafkaError }[] = [];
    for (const state of partitionStates) {
      const known = partitionAt(broker, name, state.partitionIndex);
      const knownEpoch = known?.leaderEpoch ?? -1;
      const isOffline = known === undefined && broker.logs.offline.has(`${name}-${state.partitionIndex}`);
      partitionErrors.push({
        partitionIndex: state.partitionIndex, error: isOffline ? "KAFKA_STORAGE_ERROR" : state.leaderEpoch < knownEpoch ? "STALE_CONTROLLER_EPOCH" : "NONE",
      });
      // A KRaft controller's changes that leave the leader alone (log directories of brokers in KRaft mode) count the partition epoch up.
      const isLaterState = body.isKRaftController && known !== undefined && state.leaderEpoch === knownEpoch && state.partitionEpoch > known.partitionEpoch
        && state.leader === broker.node.nodeId;
      if (isOffline || state.leaderEpoch <= knownEpoch && !isLaterState || !state.replicas.includes(broker.node.nodeId)) continue;
      process.becauseOf(cause);
      if (state.leader === broker.node.nodeId) makeLeader(process, broker, topic, registrationOf(state));
      else following.push([topic, registrationOf(state)]);
    }
    answers.push({ topicId, partitionErrors });
  }
  for (const [topic, registration] of following) {
    process.becauseOf(cause);
    if (broker.image.brokers.has(registration.leader)) makeFollower(process, broker, topic, registration);
    else openReplica(process, broker, topic, registration.partition);
  }
  if (following.length > 0) startFetchers(process, broker);
  return answers;
}

function registrationOf(state: State): PartitionRegistration {
  const { partitionIndex, replicas, addingReplicas, removingReplicas, isr, leader, leaderEpoch, partitionEpoch, leaderRecoveryState } = state;
  return {
    partition: partitionIndex, replicas, directories: [], isr, addingReplicas, removingReplicas, elr: [], lastKnownElr: [], leader, leaderEpoch,
    partitionEpoch, leaderRecoveryState: leaderRecoveryState === 1 ? "RECOVERING" : "RECOVERED",
  };
}
