// Throttled replication: a reassignment may not take more of the network than leader.replication.throttled.rate on the leaders' side and
// follower.replication.throttled.rate on the followers' side, for the replicas that leader./follower.replication.throttled.replicas name. A replica
// in the ISR is never held back. Source: ReplicationQuotaManager.java, ReplicaManager.shouldLeaderThrottle, ReplicaFetcherThread (3.9), KIP-73.
// FIDELITY: BROKER-REPLICATION-THROTTLE.
import type { ProcessContext } from "#engine/core/process.ts";
import { toMs } from "#engine/core/time.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import { type BrokerState, dynamicBrokerSetting } from "./broker-state.ts";
import type { Partition } from "./partition.ts";
import { createRate, measureRate, type Rate, recordRate } from "./rate.ts";

export interface ReplicationQuotas { readonly leader: Rate; readonly follower: Rate }

export function createReplicationQuotas(): ReplicationQuotas {
  return { leader: createRate(), follower: createRate() };
}

type Side = keyof ReplicationQuotas;
const RATE_SETTING = { leader: "leader.replication.throttled.rate", follower: "follower.replication.throttled.rate" } as const;
const REPLICAS_SETTING = { leader: "leader.replication.throttled.replicas", follower: "follower.replication.throttled.replicas" } as const;

/** "partition:broker,…", "*" for all, "" or "none" for nobody. */
export function isThrottledReplica(broker: BrokerState, topic: string, partition: number, side: Side): boolean {
  const text = broker.image.topics.get(topic)?.configs.get(REPLICAS_SETTING[side]);
  if (text === undefined || text === "" || text === "none") return false;
  if (text.trim() === "*") return true;
  const own = `${partition}:${broker.node.nodeId}`;
  return text.split(",").some(entry => entry.trim() === own);
}

function isQuotaExceeded(process: ProcessContext, broker: BrokerState, side: Side): boolean {
  const limit = dynamicBrokerSetting(broker, RATE_SETTING[side]);
  if (limit === undefined) return false;
  return measureRate(broker.replicationQuotas[side], toMs(process.now), true) > Number(limit);
}

/** A follower outside the ISR gets nothing of a throttled partition for now. */
export function isLeaderThrottling(process: ProcessContext, broker: BrokerState, partition: Partition, replicaId: number): boolean {
  return partition.isr.length < partition.replicas.length && !partition.isr.includes(replicaId)
    && isThrottledReplica(broker, partition.topic, partition.partition, "leader") && isQuotaExceeded(process, broker, "leader");
}

/** What has gone out to followers for throttled partitions. */
export function noteLeaderBytes(process: ProcessContext, broker: BrokerState, topics: ResponseOf<"Fetch">["topics"]): void {
  if (dynamicBrokerSetting(broker, RATE_SETTING.leader) === undefined) return;
  let bytes = 0;
  for (const { topic, partitions } of topics) {
    for (const { partition, records } of partitions) {
      if (isThrottledReplica(broker, topic, partition, "leader")) for (const batch of records) bytes += batch.sizeBytes;
    }
  }
  recordRate(broker.replicationQuotas.leader, bytes, toMs(process.now));
}

/** This follower, which is behind, does not ask for a throttled partition for now. `lag`: behind the leader's high watermark. */
export function isFollowerThrottling(process: ProcessContext, broker: BrokerState, topic: string, partition: number, lag: number): boolean {
  return lag > 0 && isThrottledReplica(broker, topic, partition, "follower") && isQuotaExceeded(process, broker, "follower");
}

export function noteFollowerBytes(process: ProcessContext, broker: BrokerState, topic: string, partition: number, bytes: number): void {
  if (dynamicBrokerSetting(broker, RATE_SETTING.follower) === undefined || !isThrottledReplica(broker, topic, partition, "follower")) return;
  recordRate(broker.replicationQuotas.follower, bytes, toMs(process.now));
}
