// What one change of state has to tell the brokers, gathered and then sent: LeaderAndIsr to the replicas, UpdateMetadata to everyone,
// StopReplica to those that are out. Source: AbstractControllerBrokerRequestBatch in ControllerChannelManager.scala (3.9).
import type { RequestOf } from "#engine/protocol/messages.ts";
import { sendToBroker } from "./broker-channels.ts";
import {
  allPartitions, type ControllerContext, isQueuedForDeletion, isReplicaOnline, keyOf, liveOrShuttingDownIds, type PartitionContext, partitionOf,
  placeOf, type TopicPartition,
} from "./controller-context.ts";
import type { Run } from "./controller-task.ts";

/** LeaderAndIsr.LeaderDuringDelete, EpochDuringDelete, NoEpoch. */
export const LEADER_DURING_DELETE = -2;
export const EPOCH_DURING_DELETE = -2;
const NO_EPOCH = -1;

interface LeaderAndIsrItem { readonly at: TopicPartition; readonly isNew: boolean }
interface StopReplicaItem { readonly at: TopicPartition; readonly deletePartition: boolean; readonly leaderEpoch: number }

/** By broker and partition key. */
export interface RequestBatch {
  readonly leaderAndIsr: Map<number, Map<string, LeaderAndIsrItem>>;
  readonly stopReplica: Map<number, Map<string, StopReplicaItem>>;
  readonly updateMetadataBrokers: Set<number>;
  readonly updateMetadataPartitions: Map<string, TopicPartition>;
}

export function createRequestBatch(): RequestBatch {
  return { leaderAndIsr: new Map(), stopReplica: new Map(), updateMetadataBrokers: new Set(), updateMetadataPartitions: new Map() };
}

function itemsOf<T>(byBroker: Map<number, Map<string, T>>, brokerId: number): Map<string, T> {
  let items = byBroker.get(brokerId);
  if (items === undefined) byBroker.set(brokerId, items = new Map());
  return items;
}

/** The replicas are told; so is everyone's metadata cache. */
export function addLeaderAndIsr(run: Run, brokers: readonly number[], partition: PartitionContext, isNew: boolean): void {
  const { batch, context } = run.controller;
  const key = keyOf(partition);
  for (const brokerId of brokers) {
    if (brokerId < 0) continue;
    const items = itemsOf(batch.leaderAndIsr, brokerId);
    items.set(key, { at: placeOf(partition), isNew: isNew || items.get(key)?.isNew === true });
  }
  addUpdateMetadata(run, liveOrShuttingDownIds(context), [partition]);
}

export function addStopReplica(run: Run, brokerId: number, at: TopicPartition, deletePartition: boolean): void {
  if (brokerId < 0) return;
  const { batch, context } = run.controller;
  const leaderEpoch = isQueuedForDeletion(context, at.topic) ? EPOCH_DURING_DELETE : partitionOf(context, at)?.leadership?.leaderEpoch ?? NO_EPOCH;
  itemsOf(batch.stopReplica, brokerId).set(keyOf(at), { at: { topic: at.topic, partition: at.partition }, deletePartition, leaderEpoch });
}

export function addUpdateMetadata(run: Run, brokers: readonly number[], partitions: Iterable<TopicPartition>): void {
  const { batch } = run.controller;
  for (const brokerId of brokers) if (brokerId >= 0) batch.updateMetadataBrokers.add(brokerId);
  for (const at of partitions) batch.updateMetadataPartitions.set(keyOf(at), { topic: at.topic, partition: at.partition });
}

export function partitionsWithLeaders(context: ControllerContext): TopicPartition[] {
  const found: TopicPartition[] = [];
  for (const partition of allPartitions(context)) {
    if (partition.leadership !== null && !isQueuedForDeletion(context, partition.topic)) found.push(placeOf(partition));
  }
  return found;
}

/** KafkaController.sendUpdateMetadataRequest: at once, with nothing else. */
export function sendUpdateMetadata(run: Run, brokers: readonly number[], partitions: Iterable<TopicPartition>): void {
  addUpdateMetadata(run, brokers, partitions);
  sendBatch(run);
}

/** LeaderAndIsr first, then UpdateMetadata, then StopReplica; nothing goes to brokers that are not registered. */
export function sendBatch(run: Run): void {
  const { controller, process } = run;
  const { batch, context, channels } = controller;
  controller.batch = createRequestBatch();
  const common = (brokerId: number): Common => ({
    controllerId: controller.brokerId, isKRaftController: false, controllerEpoch: context.epoch, brokerEpoch: context.brokers.get(brokerId)?.brokerEpoch ?? -1,
  });
  for (const [brokerId, items] of batch.leaderAndIsr) {
    if (context.brokers.has(brokerId)) sendToBroker(process, channels, brokerId, { api: "LeaderAndIsr", body: leaderAndIsrBody(context, items.values(), common(brokerId)) });
  }
  if (batch.updateMetadataBrokers.size > 0) {
    const states = metadataStates(context, batch.updateMetadataPartitions.values());
    for (const brokerId of batch.updateMetadataBrokers) {
      if (context.brokers.has(brokerId)) sendToBroker(process, channels, brokerId, { api: "UpdateMetadata", body: { ...common(brokerId), ...states } });
    }
  }
  for (const [brokerId, items] of batch.stopReplica) {
    if (context.brokers.has(brokerId)) sendToBroker(process, channels, brokerId, { api: "StopReplica", body: { ...common(brokerId), topicStates: stopStates(items.values()) } });
  }
}

interface Common { readonly controllerId: number; readonly isKRaftController: boolean; readonly controllerEpoch: number; readonly brokerEpoch: number }

/** Lists of one topic's items, topics in the order of their first one. */
function byTopic<T extends { readonly at: TopicPartition }, S>(items: Iterable<T>, stateOf: (item: T) => S | null): Map<string, S[]> {
  const topics = new Map<string, S[]>();
  for (const item of items) {
    const state = stateOf(item);
    if (state === null) continue;
    const states = topics.get(item.at.topic);
    if (states === undefined) topics.set(item.at.topic, [state]);
    else states.push(state);
  }
  return topics;
}

function leaderAndIsrBody(context: ControllerContext, items: Iterable<LeaderAndIsrItem>, common: Common): RequestOf<"LeaderAndIsr"> {
  const leaders = new Set<number>();
  const topics = byTopic(items, ({ at, isNew }) => {
    const partition = partitionOf(context, at);
    if (partition === undefined || partition.leadership === null) return null;
    const { leader, leaderEpoch, isr, partitionEpoch, controllerEpoch, isRecovering } = partition.leadership;
    leaders.add(leader);
    return { partitionIndex: at.partition, controllerEpoch, leader, leaderEpoch, isr, partitionEpoch, ...partition.assignment, isNew, leaderRecoveryState: isRecovering ? 1 : 0 };
  });
  return {
    ...common, type: 0,
    topicStates: [...topics].map(([topicName, partitionStates]) => ({ topicName, topicId: context.topics.get(topicName)?.topicId ?? "", partitionStates })),
    liveLeaders: [...context.brokers.values()].filter(broker => leaders.has(broker.brokerId))
      .map(broker => ({ brokerId: broker.brokerId, hostName: broker.host, port: broker.port })),
  };
}

type MetadataStates = Pick<RequestOf<"UpdateMetadata">, "topicStates" | "liveBrokers">;

function metadataStates(context: ControllerContext, places: Iterable<TopicPartition>): MetadataStates {
  const items: { readonly at: TopicPartition }[] = [];
  for (const at of places) items.push({ at });
  const topics = byTopic(items, ({ at }) => {
    const partition = partitionOf(context, at);
    const leadership = partition?.leadership;
    if (partition === undefined || leadership === null || leadership === undefined) return null;
    const { replicas } = partition.assignment;
    const isBeingDeleted = isQueuedForDeletion(context, at.topic);
    return {
      partitionIndex: at.partition, controllerEpoch: leadership.controllerEpoch, leader: isBeingDeleted ? LEADER_DURING_DELETE : leadership.leader,
      leaderEpoch: leadership.leaderEpoch, isr: leadership.isr, zkVersion: leadership.partitionEpoch, replicas,
      offlineReplicas: replicas.filter(replica => !isReplicaOnline(context, replica, at)),
    };
  });
  return {
    topicStates: [...topics].map(([topicName, partitionStates]) => ({ topicName, topicId: context.topics.get(topicName)?.topicId ?? "", partitionStates })),
    liveBrokers: [...context.brokers.values()].map(({ brokerId, host, port, rack }) => ({
      id: brokerId, endpoints: [{ port, host, listener: "PLAINTEXT", securityProtocol: 0 }], rack,
    })),
  };
}

function stopStates(items: Iterable<StopReplicaItem>): RequestOf<"StopReplica">["topicStates"] {
  const topics = byTopic(items, ({ at, leaderEpoch, deletePartition }) => ({ partitionIndex: at.partition, leaderEpoch, deletePartition }));
  return [...topics].map(([topicName, partitionStates]) => ({ topicName, partitionStates }));
}
