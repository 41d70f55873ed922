// Registration, heartbeats, fencing, controlled shutdown and unregistration of brokers, registration of controllers, and blocks of producer ids.
// Follows ClusterControlManager.java, ReplicationControlManager.processBrokerHeartbeat and ProducerIdControlManager.java (3.9, 4.3).
// FIDELITY: META-REGISTRATION, META-ELR.
import { fromMs } from "#engine/core/time.ts";
import { errorResponse } from "#engine/protocol/error-response.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { PartitionChangeReason } from "#engine/protocol/facts.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { profileOf } from "#engine/protocol/version-profile.ts";
import {
  type BrokerSession, controlStateOf, hasValidSession, isFencedState, nextControlState, oldestSession, openSession, touchSession,
} from "./broker-sessions.ts";
import { answerOnly, type Decision, NO_REASON, type OperationContext } from "./controller-state.ts";
import type { BrokerRegistration } from "./image.ts";
import { changesAfterUncleanShutdown, changesWith, changesWithout, changesWithoutForEver } from "./partition-leadership.ts";
import { type MetadataRecord, ZK_MIGRATION, ZK_PRE_MIGRATION } from "./records.ts";
import { directoriesOffline } from "./replica-directories.ts";

const PRODUCER_ID_BLOCK_SIZE = 1000;

export function registerBroker(context: OperationContext, request: RequestOf<"BrokerRegistration">): Decision<"BrokerRegistration"> {
  const { image, active, nowUs } = context;
  const { brokerId, incarnationId, isMigratingZkBroker, features, rack, logDirs, listeners } = request;
  const existing = image.brokers.get(brokerId);
  const refused = registrationError(context, request, existing);
  if (refused !== "NONE") return answerOnly(errorResponse("BrokerRegistration", request, refused));
  const isSame = existing?.incarnationId === incarnationId;
  // The broker epoch is the offset of the first record that the registration of the incarnation writes.
  const brokerEpoch = isSame ? existing.brokerEpoch : context.nextOffset;
  const fenced = isSame ? existing.fenced : true;
  const isClean = isSame || existing !== undefined && request.previousBrokerEpoch === existing.brokerEpoch;
  active.sessions.set(brokerId, openSession(brokerId, fenced, nowUs, context.cause));
  const record: MetadataRecord = {
    type: "RegisterBrokerRecord", brokerId, isMigratingZkBroker, incarnationId, brokerEpoch, endPoints: listeners, features, rack, fenced,
    inControlledShutdown: isSame && existing.inControlledShutdown, logDirs,
  };
  return {
    records: [...isClean ? [] : changesAfterUncleanShutdown(context, brokerId), record],
    reason: { partitions: "eligible-leader-replicas", silentForUs: 0 }, response: { throttleTimeMs: 0, error: "NONE", brokerEpoch },
  };
}

function registrationError(context: OperationContext, request: RequestOf<"BrokerRegistration">, existing: BrokerRegistration | undefined): KafkaError {
  const { config, image, active, nowUs } = context;
  const { brokerId, logDirs } = request;
  if (request.clusterId !== config.clusterId) return "INCONSISTENT_CLUSTER_ID";
  const { fencedBrokersHaveSessions } = profileOf(config.kafka, "kraft");
  const isAlive = hasValidSession(active.sessions.get(brokerId), config.brokerSessionTimeoutMs, nowUs, fencedBrokersHaveSessions);
  if (existing !== undefined && existing.incarnationId !== request.incarnationId && isAlive) return "DUPLICATE_BROKER_REGISTRATION";
  if (request.isMigratingZkBroker && image.zkMigrationState !== ZK_PRE_MIGRATION && image.zkMigrationState !== ZK_MIGRATION) return "BROKER_ID_NOT_REGISTERED";
  if (!request.isMigratingZkBroker && image.zkMigrationState === ZK_PRE_MIGRATION) return "BROKER_ID_NOT_REGISTERED";
  if (logDirs.length === 0 || new Set(logDirs).size !== logDirs.length) return "INVALID_REGISTRATION";
  const isTaken = [...image.brokers.values()].some(other => other.brokerId !== brokerId && other.logDirs.some(directory => logDirs.includes(directory)));
  if (isTaken) return "INVALID_REGISTRATION";
  const isTooOld = request.features.some(({ name, minSupportedVersion, maxSupportedVersion }) => {
    const level = image.features.get(name);
    return level !== undefined && (level < minSupportedVersion || level > maxSupportedVersion);
  });
  return isTooOld ? "UNSUPPORTED_VERSION" : "NONE";
}

export function unregisterBroker(context: OperationContext, request: RequestOf<"UnregisterBroker">): Decision<"UnregisterBroker"> {
  const { brokerId } = request;
  const registration = context.image.brokers.get(brokerId);
  if (registration === undefined) {
    return answerOnly(errorResponse("UnregisterBroker", request, "BROKER_ID_NOT_REGISTERED", `Broker ID ${brokerId} is not currently registered`));
  }
  context.active.sessions.delete(brokerId);
  return {
    records: [...changesWithoutForEver(context, brokerId), { type: "UnregisterBrokerRecord", brokerId, brokerEpoch: registration.brokerEpoch }],
    reason: { partitions: "broker-fenced", silentForUs: 0 }, response: { throttleTimeMs: 0, error: "NONE", errorMessage: null },
  };
}

export function brokerEpochError(context: OperationContext, brokerId: number, brokerEpoch: number): KafkaError {
  const registration = context.image.brokers.get(brokerId);
  return registration?.brokerEpoch === brokerEpoch ? "NONE" : "STALE_BROKER_EPOCH";
}

// ---- heartbeats

export function heartbeat(context: OperationContext, request: RequestOf<"BrokerHeartbeat">): Decision<"BrokerHeartbeat"> {
  const { active } = context;
  const { brokerId, brokerEpoch } = request;
  const session = active.sessions.get(brokerId);
  const error = brokerEpochError(context, brokerId, brokerEpoch);
  if (error !== "NONE" || session === undefined) return answerOnly(errorResponse("BrokerHeartbeat", request, "STALE_BROKER_EPOCH"));
  const current = controlStateOf(session);
  const next = nextControlState(context.index, active.sessions, session, request, brokerEpoch);
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
  const aboutDirectories = directoryRecords(context, request);
  if (aboutDirectories.some(record => record.type === "PartitionChangeRecord")) partitions = "log-directory-failed";
  records.push(...aboutDirectories);
  const response: ResponseOf<"BrokerHeartbeat"> = {
    throttleTimeMs: 0, error: "NONE", isCaughtUp: request.currentMetadataOffset >= brokerEpoch, isFenced: isFencedState(next),
    shouldShutDown: next === "shutdown-now",
  };
  return { records, reason: { partitions, silentForUs: 0 }, response };
}

/** Log directories that have failed, and (4.3) which of them take no new replicas: said once by each incarnation. */
function directoryRecords(context: OperationContext, request: RequestOf<"BrokerHeartbeat">): MetadataRecord[] {
  const { brokerId, brokerEpoch } = request;
  const records = directoriesOffline(context, brokerId, request.offlineLogDirs);
  const isTold = context.image.brokers.get(brokerId)?.cordonedLogDirs !== null;
  if (profileOf(context.config.kafka, "kraft").cordonsLogDirectories && !isTold) {
    records.push({ type: "BrokerRegistrationChangeRecord", brokerId, brokerEpoch, fenced: 0, inControlledShutdown: 0, cordonedLogDirs: [] });
  }
  return records;
}

function registrationChange(context: OperationContext, brokerId: number, fenced: -1 | 0 | 1, inControlledShutdown: 0 | 1): MetadataRecord {
  const brokerEpoch = context.image.brokers.get(brokerId)?.brokerEpoch ?? -1;
  return { type: "BrokerRegistrationChangeRecord", brokerId, brokerEpoch, fenced, inControlledShutdown };
}

/** Partitions first, the broker last: the order that recordings show. */
function fence(context: OperationContext, brokerId: number, records: MetadataRecord[]): void {
  records.push(...changesWithout(context, brokerId));
  if (context.image.brokers.has(brokerId)) records.push(registrationChange(context, brokerId, 1, 0));
}

function beginControlledShutdown(context: OperationContext, brokerId: number, records: MetadataRecord[]): void {
  if (context.image.brokers.get(brokerId)?.inControlledShutdown === false) records.push(registrationChange(context, brokerId, 0, 1));
  records.push(...changesWithout(context, brokerId));
}

// ---- sessions that end

/** When the broker that has been silent for longest has to be looked at; far away when no broker has a session. */
export function nextFenceUs({ active, config }: Pick<OperationContext, "active" | "config">): number {
  const oldest = oldestSession(active.sessions, profileOf(config.kafka, "kraft").fencedBrokersHaveSessions);
  return oldest === undefined ? Number.MAX_SAFE_INTEGER : oldest.lastContactUs + fromMs(config.brokerSessionTimeoutMs) + 1;
}

/**
 * Fences one broker whose session has ended, if there is one; others wait for the next run. In 4.x that includes one that was fenced before: it
 * is fenced once more, and only then its id is free.
 */
export function fenceOneStaleBroker(context: OperationContext): Decision | null {
  const { active, config, nowUs } = context;
  const { fencedBrokersHaveSessions } = profileOf(config.kafka, "kraft");
  const oldest = oldestSession(active.sessions, fencedBrokersHaveSessions);
  if (oldest === undefined || hasValidSession(oldest, config.brokerSessionTimeoutMs, nowUs, fencedBrokersHaveSessions)) return null;
  const records: MetadataRecord[] = [];
  fence(context, oldest.brokerId, records);
  endSession(oldest);
  return { records, reason: { partitions: "broker-fenced", silentForUs: nowUs - oldest.lastContactUs, cause: oldest.lastContactCause }, response: null };
}

function endSession(session: BrokerSession): void {
  session.fenced = true;
  session.isTracked = false;
  session.controlledShutdownOffset = -1;
}

// ---- producer ids

export function allocateProducerIds(context: OperationContext, request: RequestOf<"AllocateProducerIds">): Decision<"AllocateProducerIds"> {
  const { brokerId, brokerEpoch } = request;
  const error = brokerEpochError(context, brokerId, brokerEpoch);
  if (error !== "NONE") return answerOnly(errorResponse("AllocateProducerIds", request, error));
  const producerIdStart = context.image.nextProducerId;
  const record: MetadataRecord = {
    type: "ProducerIdsRecord", brokerId, brokerEpoch, nextProducerId: producerIdStart + PRODUCER_ID_BLOCK_SIZE,
  };
  const response = { throttleTimeMs: 0, error: "NONE", producerIdStart, producerIdLen: PRODUCER_ID_BLOCK_SIZE } as const;
  return { records: [record], reason: NO_REASON, response };
}
