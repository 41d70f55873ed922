// Registration, heartbeats, fencing and controlled shutdown of brokers, and blocks of producer ids.
// Follows ClusterControlManager.java, ReplicationControlManager.processBrokerHeartbeat and ProducerIdControlManager.java (3.9).
// FIDELITY: META-REGISTRATION.
import { fromMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { PartitionChangeReason } from "#engine/protocol/facts.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import {
  type BrokerSession, controlStateOf, hasValidSession, isFencedState, nextControlState, oldestSession, openSession, touchSession,
} from "./broker-sessions.ts";
import { answerOnly, type Decision, NO_REASON, type OperationContext } from "./controller-state.ts";
import { changesWith, changesWithout } from "./partition-leadership.ts";
import type { MetadataRecord } from "./records.ts";

const PRODUCER_ID_BLOCK_SIZE = 1000;

export function registerBroker(context: OperationContext, request: RequestOf<"BrokerRegistration">): Decision<"BrokerRegistration"> {
  const refuse = (error: KafkaError): Decision<"BrokerRegistration"> => answerOnly({ throttleTimeMs: 0, error, brokerEpoch: -1 });
  const { config, image, active, nowUs } = context;
  const { brokerId, incarnationId } = request;
  if (request.clusterId !== config.clusterId) return refuse("INCONSISTENT_CLUSTER_ID");
  const existing = image.brokers.get(brokerId);
  const isSame = existing?.incarnationId === incarnationId;
  if (!isSame && hasValidSession(active.sessions.get(brokerId), config.brokerSessionTimeoutMs, nowUs)) {
    return refuse("DUPLICATE_BROKER_REGISTRATION");
  }
  const listener = request.listeners[0];
  // The broker epoch is the offset of the record that registers the incarnation.
  const brokerEpoch = isSame ? existing.brokerEpoch : context.nextOffset;
  const fenced = isSame ? existing.fenced : true;
  const inControlledShutdown = isSame && existing.inControlledShutdown;
  active.sessions.set(brokerId, openSession(brokerId, fenced, nowUs, context.cause));
  const record: MetadataRecord = {
    type: "RegisterBrokerRecord", brokerId, brokerEpoch, incarnationId, host: listener?.host ?? "", port: listener?.port ?? 0,
    rack: request.rack, fenced, inControlledShutdown, logDirs: request.logDirs,
  };
  const response = { throttleTimeMs: 0, error: "NONE", brokerEpoch } as const;
  return { records: [record], reason: NO_REASON, response };
}

export function brokerEpochError(context: OperationContext, brokerId: number, brokerEpoch: number): KafkaError {
  const registration = context.image.brokers.get(brokerId);
  return registration?.brokerEpoch === brokerEpoch ? "NONE" : "STALE_BROKER_EPOCH";
}

export function heartbeat(context: OperationContext, request: RequestOf<"BrokerHeartbeat">): Decision<"BrokerHeartbeat"> {
  const { image, active } = context;
  const { brokerId, brokerEpoch } = request;
  const session = active.sessions.get(brokerId);
  const error = brokerEpochError(context, brokerId, brokerEpoch);
  if (error !== "NONE" || session === undefined) return answerOnly(refusedHeartbeat("STALE_BROKER_EPOCH"));
  const current = controlStateOf(session);
  const next = nextControlState(image, active.sessions, session, request, brokerEpoch);
  const records: MetadataRecord[] = [];
  let partitions: PartitionChangeReason = "broker-fenced";
  if (next !== current) {
    switch (next) {
      case "fenced": fence(context, brokerId, records); break;
      case "shutdown-now":
        partitions = "controlled-shutdown";
        fence(context, brokerId, records);
        break;
      case "unfenced":
        partitions = "broker-unfenced";
        records.push(registrationChange(context, brokerId, -1, 0), ...changesWith(context, brokerId));
        break;
      case "controlled-shutdown":
        partitions = "controlled-shutdown";
        beginControlledShutdown(context, brokerId, records);
        break;
    }
  }
  touchSession(session, isFencedState(next), request.currentMetadataOffset, context);
  if (next === "controlled-shutdown" && session.controlledShutdownOffset < 0) {
    session.controlledShutdownOffset = context.nextOffset + records.length - 1;
  }
  const response: ResponseOf<"BrokerHeartbeat"> = {
    throttleTimeMs: 0, error: "NONE", isCaughtUp: request.currentMetadataOffset >= brokerEpoch, isFenced: isFencedState(next),
    shouldShutDown: next === "shutdown-now",
  };
  return { records, reason: { partitions, silentForUs: 0 }, response };
}

export function refusedHeartbeat(error: KafkaError): ResponseOf<"BrokerHeartbeat"> {
  return { throttleTimeMs: 0, error, isCaughtUp: false, isFenced: true, shouldShutDown: false };
}

function registrationChange(context: OperationContext, brokerId: number, fenced: -1 | 0 | 1, inControlledShutdown: 0 | 1): MetadataRecord {
  const brokerEpoch = context.image.brokers.get(brokerId)?.brokerEpoch ?? -1;
  return { type: "BrokerRegistrationChangeRecord", brokerId, brokerEpoch, fenced, inControlledShutdown };
}

/** Partitions first, the broker last: the order that recordings of 3.9.1 show. An image that is fenced already needs no record for it. */
function fence(context: OperationContext, brokerId: number, records: MetadataRecord[]): void {
  records.push(...changesWithout(context, brokerId));
  if (context.image.brokers.get(brokerId)?.fenced === false) records.push(registrationChange(context, brokerId, 1, 0));
}

function beginControlledShutdown(context: OperationContext, brokerId: number, records: MetadataRecord[]): void {
  if (context.image.brokers.get(brokerId)?.inControlledShutdown === false) records.push(registrationChange(context, brokerId, 0, 1));
  records.push(...changesWithout(context, brokerId));
}

// ---- sessions that end

/** When the broker that has been silent for longest has to be looked at; far away when no broker is unfenced. */
export function nextFenceUs(sessions: ReadonlyMap<number, BrokerSession>, sessionTimeoutMs: number): number {
  const oldest = oldestSession(sessions);
  return oldest === undefined ? Number.MAX_SAFE_INTEGER : oldest.lastContactUs + fromMs(sessionTimeoutMs) + 1;
}

/** Fences one broker whose session has ended, if there is one; others wait for the next run. */
export function fenceOneStaleBroker(context: OperationContext): Decision | null {
  const { active, config, nowUs } = context;
  const oldest = oldestSession(active.sessions);
  if (oldest === undefined || hasValidSession(oldest, config.brokerSessionTimeoutMs, nowUs)) return null;
  const records: MetadataRecord[] = [];
  fence(context, oldest.brokerId, records);
  oldest.fenced = true;
  oldest.controlledShutdownOffset = -1;
  return { records, reason: { partitions: "broker-fenced", silentForUs: nowUs - oldest.lastContactUs, cause: oldest.lastContactCause }, response: null };
}

// ---- producer ids

export function allocateProducerIds(context: OperationContext, request: RequestOf<"AllocateProducerIds">): Decision<"AllocateProducerIds"> {
  const { brokerId, brokerEpoch } = request;
  const error = brokerEpochError(context, brokerId, brokerEpoch);
  if (error !== "NONE") return answerOnly({ throttleTimeMs: 0, error, producerIdStart: 0, producerIdLen: 0 });
  const producerIdStart = context.image.nextProducerId;
  const record: MetadataRecord = {
    type: "ProducerIdsRecord", brokerId, brokerEpoch, nextProducerId: producerIdStart + PRODUCER_ID_BLOCK_SIZE,
  };
  const response = { throttleTimeMs: 0, error: "NONE", producerIdStart, producerIdLen: PRODUCER_ID_BLOCK_SIZE } as const;
  return { records: [record], reason: NO_REASON, response };
}
