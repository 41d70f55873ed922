// What a broker knows of the cluster in ZooKeeper mode: only what the controller has told it last. It answers Metadata from it, stale or not.
// Source: ZkMetadataCache.updateMetadata (3.9). FIDELITY: ZKC-METADATA-CACHE.
import type { PartitionRegistration, TopicImage } from "#engine/metadata/image.ts";
import { LEADER_DURING_DELETE } from "#engine/metadata/zookeeper-controller/broker-request-batch.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import { followControllerKind } from "./zookeeper-migration.ts";
import type { ZooKeeperNodeState } from "./zookeeper-node-state.ts";

type Body = RequestOf<"UpdateMetadata">;
type PartitionState = Body["topicStates"][number]["partitionStates"][number];

/** Brokers are replaced, partitions added and changed; a partition with the leader "during delete" goes. Returns topics that are new here. */
export function updateMetadataCache(node: ZooKeeperNodeState, body: Body): string[] {
  const { broker } = node;
  const { image } = broker;
  broker.controllerId = body.controllerId;
  followControllerKind(node, body.isKRaftController);
  image.brokers.clear();
  for (const { id, endpoints, rack } of body.liveBrokers) {
    const [endpoint] = endpoints;
    image.brokers.set(id, {
      brokerId: id, brokerEpoch: -1, incarnationId: "", host: endpoint?.host ?? "", port: endpoint?.port ?? 0, rack, fenced: false, inControlledShutdown: false,
      endPoints: [], features: [], logDirs: [], cordonedLogDirs: null, isMigratingZkBroker: false,
    });
  }
  const fresh: string[] = [];
  for (const { topicName, topicId, partitionStates } of body.topicStates) {
    for (const state of partitionStates) {
      let topic = image.topics.get(topicName);
      if (state.leader === LEADER_DURING_DELETE) {
        if (topic !== undefined) removePartition(node, topic, state.partitionIndex);
        continue;
      }
      if (topic !== undefined && topic.topicId !== topicId) {
        image.topicNames.delete(topic.topicId);
        topic = undefined;
      }
      if (topic === undefined) {
        topic = { name: topicName, topicId, partitions: [], configs: new Map(broker.zookeeperTopicConfigs.get(topicName)) };
        image.topics.set(topicName, topic);
        image.topicNames.set(topicId, topicName);
        fresh.push(topicName);
      }
      setPartition(topic, state);
    }
  }
  return fresh;
}

function setPartition(topic: TopicImage, state: PartitionState): void {
  const { partitionIndex, replicas, isr, leader, leaderEpoch, zkVersion } = state;
  const registration: PartitionRegistration = {
    partition: partitionIndex, replicas, directories: [], isr, removingReplicas: [], addingReplicas: [], elr: [], lastKnownElr: [], leader, leaderEpoch,
    partitionEpoch: zkVersion, leaderRecoveryState: "RECOVERED",
  };
  topic.partitions[partitionIndex] = registration;
}

/** A topic without partitions is none. */
function removePartition({ broker: { image, zookeeperTopicConfigs } }: ZooKeeperNodeState, topic: TopicImage, index: number): void {
  delete topic.partitions[index];
  if (topic.partitions.some(partition => partition !== undefined)) return;
  image.topics.delete(topic.name);
  image.topicNames.delete(topic.topicId);
  zookeeperTopicConfigs.delete(topic.name);
}
