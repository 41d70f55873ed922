// How a leader changes the ISR: it proposes to the controller and holds the proposal as pending until it is decided. One request of the
// broker is in flight; what is proposed meanwhile goes with the next one. Source: AlterPartitionManager.scala, Partition.scala
// (prepareIsrExpand, maybeShrinkIsr, submitAlterPartition, handleAlterPartitionUpdate; 3.9). FIDELITY: BROKER-ISR.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { type BrokerState, partitionAt, replicaRules } from "./broker-state.ts";
import { askController, NO_DEADLINE_MS } from "./controller-channel.ts";
import { checkDelayedFetches } from "./delayed-fetch.ts";
import { checkDelayedProduces } from "./delayed-produce.ts";
import { mayJoinIsr, maybeIncrementHighWatermark, outOfSyncReplicas, type Partition, remoteReplica, type ReplicaState } from "./partition.ts";

/** After an error of the whole request. */
const RETRY_AFTER_MS = 50;
export const ALTER_PARTITION_TIMER = "alter-partition retry";
export const SHRINK_TIMER = "isr-expiration";

/** A proposal on its way: epochs as they were when it was made. */
interface AlterPartitionItem {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  readonly partitionEpoch: number;
  readonly isr: readonly { readonly brokerId: number; readonly brokerEpoch: number }[];
}

export interface AlterPartitionManager {
  /** By log directory; kept until answered. */
  readonly unsent: Map<string, AlterPartitionItem>;
  isInFlight: boolean;
}

export function createAlterPartitionManager(): AlterPartitionManager {
  return { unsent: new Map(), isInFlight: false };
}

/** Appends the replica to the ISR's order when it has come far enough. */
export function proposeIsrExpansion(process: ProcessContext, broker: BrokerState, partition: Partition, replica: ReplicaState): void {
  if (partition.pendingIsr !== null || partition.isr.includes(replica.brokerId) || !mayJoinIsr(partition, replica, replicaRules(broker))) return;
  const isr = [...partition.isr, replica.brokerId];
  if (broker.profile.sortsIsr) isr.sort((one, other) => one - other);
  partition.pendingIsr = { change: "expand", isr, added: replica.brokerId };
  submit(process, broker, partition, isr, "expand");
}

/** Every replica.lag.time.max.ms / 2: members that do not keep up are proposed to leave, all of a partition in one proposal. */
export function shrinkIsrs(process: ProcessContext, broker: BrokerState): void {
  process.becauseOf(-1);
  process.schedule(fromMs(Math.max(1, Math.floor(broker.settings["replica.lag.time.max.ms"] / 2))), SHRINK_TIMER);
  const { lagTimeMaxUs } = replicaRules(broker);
  for (const partitions of broker.partitions.values()) {
    for (const partition of partitions) {
      if (partition === null || partition.role !== "leader" || partition.pendingIsr !== null) continue;
      const outOfSync = outOfSyncReplicas(partition, process.now, lagTimeMaxUs);
      if (outOfSync.length === 0) continue;
      const isr = partition.isr.filter(member => !outOfSync.includes(member));
      partition.pendingIsr = { change: "shrink", isr };
      submit(process, broker, partition, isr, "shrink");
    }
  }
}

function submit(process: ProcessContext, broker: BrokerState, partition: Partition, isr: readonly number[], change: "shrink" | "expand"): void {
  const manager = broker.alterPartition;
  const key = partition.log.directory;
  if (manager.unsent.has(key)) {
    partition.pendingIsr = null;
    return;
  }
  process.trace({ kind: "isr-proposed", broker: broker.node.nodeId, topic: partition.topic, partition: partition.partition, change, isr });
  manager.unsent.set(key, itemOf(broker, partition, isr));
  propagate(process, broker);
}

function itemOf(broker: BrokerState, partition: Partition, isr: readonly number[]): AlterPartitionItem {
  const { topic, partition: index, leaderEpoch, partitionEpoch } = partition;
  const members = isr.map(brokerId => ({
    brokerId, brokerEpoch: brokerId === broker.node.nodeId ? broker.brokerEpoch : remoteReplica(partition, brokerId)?.brokerEpoch ?? -1,
  }));
  return { topic, partition: index, leaderEpoch, partitionEpoch, isr: members };
}

/** Sends all proposals that wait, when none is in flight. */
export function propagate(process: ProcessContext, broker: BrokerState): void {
  const manager = broker.alterPartition;
  if (manager.isInFlight || manager.unsent.size === 0) return;
  manager.isInFlight = true;
  const topics: { topic: string; partitions: RequestOf<"AlterPartition">["topics"][number]["partitions"][number][] }[] = [];
  for (const item of manager.unsent.values()) {
    let topic = topics.find(known => known.topic === item.topic);
    if (topic === undefined) topics.push(topic = { topic: item.topic, partitions: [] });
    topic.partitions.push({
      partition: item.partition, leaderEpoch: item.leaderEpoch, newIsr: item.isr, leaderRecoveryState: 0, partitionEpoch: item.partitionEpoch,
    });
  }
  askController(process, broker.alterPartitionChannel, {
    api: "AlterPartition", body: { brokerId: broker.node.nodeId, brokerEpoch: broker.brokerEpoch, topics }, timeoutMs: NO_DEADLINE_MS,
    context: { for: "alter-partition" },
  });
}

/** The controller's answer: the whole request is tried again after an error of its own, else each proposal is decided. */
export function alterPartitionAnswered(
  process: ProcessContext, broker: BrokerState, request: RequestOf<"AlterPartition">, response: ResponseOf<"AlterPartition"> | null,
): void {
  const manager = broker.alterPartition;
  manager.isInFlight = false;
  if (response === null || response.error !== "NONE") {
    process.schedule(fromMs(RETRY_AFTER_MS), ALTER_PARTITION_TIMER);
    return;
  }
  for (const { topic, partitions } of request.topics) {
    const answers = response.topics.find(answered => answered.topic === topic)?.partitions;
    for (const { partition: index } of partitions) {
      const partition = partitionAt(broker, topic, index);
      const answer = answers?.find(answered => answered.partition === index);
      const key = partition?.log.directory ?? `${topic}-${index}`;
      const item = manager.unsent.get(key);
      if (answer === undefined || item === undefined) continue;
      manager.unsent.delete(key);
      if (partition !== undefined) decide(process, broker, partition, item, answer);
    }
  }
  propagate(process, broker);
}

type PartitionAnswer = ResponseOf<"AlterPartition">["topics"][number]["partitions"][number];

function decide(process: ProcessContext, broker: BrokerState, partition: Partition, item: AlterPartitionItem, answer: PartitionAnswer): void {
  if (answer.error !== "NONE") return refused(process, broker, partition, item, answer.error);
  if (answer.leaderEpoch !== partition.leaderEpoch || answer.partitionEpoch < partition.partitionEpoch || partition.role !== "leader") return;
  partition.isr = answer.isr;
  partition.partitionEpoch = answer.partitionEpoch;
  partition.pendingIsr = null;
  if (!maybeIncrementHighWatermark(process, partition, replicaRules(broker))) return;
  checkDelayedProduces(process, broker, partition);
  checkDelayedFetches(process, broker, partition);
}

/**
 * INELIGIBLE_REPLICA: surely not applied, so the old ISR counts again. Errors that say that the metadata has moved on: the proposal stays
 * pending until that metadata arrives. Anything else is proposed again.
 */
function refused(process: ProcessContext, broker: BrokerState, partition: Partition, item: AlterPartitionItem, error: KafkaError): void {
  if (partition.pendingIsr === null || partition.partitionEpoch !== item.partitionEpoch || partition.leaderEpoch !== item.leaderEpoch) return;
  switch (error) {
    case "INELIGIBLE_REPLICA":
      partition.pendingIsr = null;
      return;
    case "UNKNOWN_TOPIC_OR_PARTITION": case "UNKNOWN_TOPIC_ID": case "FENCED_LEADER_EPOCH": case "INVALID_UPDATE_VERSION":
    case "INVALID_REQUEST": case "NEW_LEADER_ELECTED":
      return;
    default: {
      const { isr, change } = partition.pendingIsr;
      submit(process, broker, partition, isr, change);
    }
  }
}
