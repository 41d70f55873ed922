// How the KRaft controller leads brokers that still run in ZooKeeper mode: the same requests as a ZooKeeper-mode controller sends, made of the metadata
// image. A broker that is new, or back, is told everything; afterwards the replicas of what has changed get LeaderAndIsr, everybody UpdateMetadata.
// Source: MigrationPropagator.scala (3.9). FIDELITY: MIG-PROPAGATION.
import type { BrokerRegistration, MetadataImage, PartitionRegistration, TopicImage } from "#engine/metadata/image.ts";
import { addBrokerChannel, removeBrokerChannel, sendToBroker } from "#engine/metadata/zookeeper-controller/broker-channels.ts";
import { EPOCH_DURING_DELETE, LEADER_DURING_DELETE } from "#engine/metadata/zookeeper-controller/broker-request-batch.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { ImageChanges } from "./image-changes.ts";
import type { MigrationRun } from "./migration-state.ts";

type LeaderAndIsrTopic = RequestOf<"LeaderAndIsr">["topicStates"][number];
type MetadataTopic = RequestOf<"UpdateMetadata">["topicStates"][number];
type StopTopic = RequestOf<"StopReplica">["topicStates"][number];
interface Common { readonly controllerId: number; readonly isKRaftController: true; readonly controllerEpoch: number; readonly brokerEpoch: number }

/** Tells the brokers in ZooKeeper mode what has changed; null: everything. */
export function tellZooKeeperBrokers(run: MigrationRun, changes: ImageChanges | null): void {
  const { process, driver } = run;
  const { channels, image, told } = driver;
  for (const brokerId of [...channels.byBroker.keys()]) {
    const broker = image.brokers.get(brokerId);
    if (broker !== undefined && isLed(broker) && told.get(brokerId) === broker.brokerEpoch) continue;
    removeBrokerChannel(process, channels, brokerId);
    told.delete(brokerId);
  }
  for (const broker of image.brokers.values()) {
    if (!isLed(broker)) continue;
    const isNew = !channels.byBroker.has(broker.brokerId);
    addBrokerChannel(channels, broker.brokerId, broker);
    told.set(broker.brokerId, broker.brokerEpoch);
    tell(run, broker, isNew ? null : changes);
  }
}

/** Nobody is led from here any more. */
export function forgetZooKeeperBrokers({ process, driver }: MigrationRun): void {
  for (const brokerId of [...driver.channels.byBroker.keys()]) removeBrokerChannel(process, driver.channels, brokerId);
  driver.told.clear();
}

function isLed(broker: BrokerRegistration): boolean {
  return broker.isMigratingZkBroker && !broker.fenced;
}

function tell({ process, driver }: MigrationRun, broker: BrokerRegistration, changes: ImageChanges | null): void {
  const { image, channels, nodeId, zooKeeperLeadership } = driver;
  const { brokerId, brokerEpoch } = broker;
  const common: Common = { controllerId: nodeId, isKRaftController: true, controllerEpoch: zooKeeperLeadership.controllerEpoch, brokerEpoch };
  const touched = touchedPartitions(image, changes);
  // Who has just come must know the brokers before it can follow any of them.
  if (changes === null) sendToBroker(process, channels, brokerId, { api: "UpdateMetadata", body: { ...common, topicStates: [], liveBrokers: liveBrokers(image) } });
  const replicas = leaderAndIsrTopics(touched, brokerId, changes);
  if (replicas.length > 0) sendToBroker(process, channels, brokerId, { api: "LeaderAndIsr", body: { ...common, type: 0, topicStates: replicas, liveLeaders: liveLeaders(image) } });
  const metadata = [...metadataTopics(image, touched), ...removedTopics(changes)];
  if (changes === null || changes.brokers || metadata.length > 0) {
    sendToBroker(process, channels, brokerId, { api: "UpdateMetadata", body: { ...common, topicStates: metadata, liveBrokers: liveBrokers(image) } });
  }
  const stopped = stoppedTopics(image, changes, brokerId);
  if (stopped.length > 0) sendToBroker(process, channels, brokerId, { api: "StopReplica", body: { ...common, topicStates: stopped } });
}

interface Touched { readonly topic: TopicImage; readonly partitions: readonly PartitionRegistration[] }

function touchedPartitions(image: MetadataImage, changes: ImageChanges | null): Touched[] {
  if (changes === null) return [...image.topics.values()].map(topic => ({ topic, partitions: topic.partitions }));
  const touched: Touched[] = [];
  for (const [name, indexes] of changes.partitions) {
    const topic = image.topics.get(name);
    if (topic !== undefined) touched.push({ topic, partitions: topic.partitions.filter(({ partition }) => indexes.has(partition)) });
  }
  return touched;
}

function leaderAndIsrTopics(touched: readonly Touched[], brokerId: number, changes: ImageChanges | null): LeaderAndIsrTopic[] {
  const topics: LeaderAndIsrTopic[] = [];
  for (const { topic, partitions } of touched) {
    const created = changes?.created.get(topic.name);
    const partitionStates = partitions.filter(({ replicas }) => replicas.includes(brokerId)).map(registration => {
      const { partition, leader, leaderEpoch, isr, partitionEpoch, replicas, addingReplicas, removingReplicas, leaderRecoveryState } = registration;
      return {
        partitionIndex: partition, controllerEpoch: 0, leader, leaderEpoch, isr, partitionEpoch, replicas, addingReplicas, removingReplicas,
        isNew: created?.has(partition) ?? false, leaderRecoveryState: leaderRecoveryState === "RECOVERING" ? 1 : 0,
      };
    });
    if (partitionStates.length > 0) topics.push({ topicName: topic.name, topicId: topic.topicId, partitionStates });
  }
  return topics;
}

function metadataTopics(image: MetadataImage, touched: readonly Touched[]): MetadataTopic[] {
  return touched.map(({ topic, partitions }) => ({
    topicName: topic.name, topicId: topic.topicId, partitionStates: partitions.map(({ partition, leader, leaderEpoch, isr, partitionEpoch, replicas }) => ({
      partitionIndex: partition, controllerEpoch: 0, leader, leaderEpoch, isr, zkVersion: partitionEpoch, replicas,
      offlineReplicas: replicas.filter(replica => image.brokers.get(replica)?.fenced ?? true),
    })),
  }));
}

function removedTopics(changes: ImageChanges | null): MetadataTopic[] {
  return [...changes?.removed ?? []].map(([topicName, partitions]) => ({
    topicName, topicId: "", partitionStates: Array.from({ length: partitions }, (_, partitionIndex) => ({
      partitionIndex, controllerEpoch: 0, leader: LEADER_DURING_DELETE, leaderEpoch: EPOCH_DURING_DELETE, isr: [], zkVersion: 0, replicas: [], offlineReplicas: [],
    })),
  }));
}

function stoppedTopics(image: MetadataImage, changes: ImageChanges | null, brokerId: number): StopTopic[] {
  const topics: StopTopic[] = [...changes?.removed ?? []].map(([topicName, partitions]) => ({
    topicName, partitionStates: Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, leaderEpoch: EPOCH_DURING_DELETE, deletePartition: true })),
  }));
  for (const { topic, partition, broker } of changes?.removedReplicas ?? []) {
    const registration = image.topics.get(topic)?.partitions[partition];
    if (broker !== brokerId || registration === undefined || registration.replicas.includes(broker)) continue;
    topics.push({ topicName: topic, partitionStates: [{ partitionIndex: partition, leaderEpoch: registration.leaderEpoch, deletePartition: true }] });
  }
  return topics;
}

function liveBrokers(image: MetadataImage): RequestOf<"UpdateMetadata">["liveBrokers"] {
  return [...image.brokers.values()].filter(({ fenced }) => !fenced).sort((a, b) => a.brokerId - b.brokerId)
    .map(({ brokerId, host, port, rack }) => ({ id: brokerId, endpoints: [{ port, host, listener: "PLAINTEXT", securityProtocol: 0 }], rack }));
}

function liveLeaders(image: MetadataImage): RequestOf<"LeaderAndIsr">["liveLeaders"] {
  return [...image.brokers.values()].filter(({ fenced }) => !fenced).map(({ brokerId, host, port }) => ({ brokerId, hostName: host, port }));
}
