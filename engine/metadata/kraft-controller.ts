// The controller: one event at a time, on an image that runs ahead of what is committed; answers leave when their records are committed.
// Follows QuorumController.java (3.9): activation, write events, the deferred event queue, periodic work. When leadership is lost the
// image goes back to what is committed. FIDELITY: META-EVENT-QUEUE, META-NOOP, META-BOOTSTRAP, META-AUTO-BALANCE.
import { readRecordFile, writeRecordFile } from "#engine/core/disk.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { ControllerFact } from "#engine/protocol/facts.ts";
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { batchAt, metadataLog } from "#engine/raft/metadata-log.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import { pollRaft } from "#engine/raft/raft-client.ts";
import { nextWriteOffset, scheduleAppend } from "#engine/raft/raft-replication.ts";
import type { RaftHost, RaftState } from "#engine/raft/raft-state.ts";
import { alterPartition } from "./alter-partition.ts";
import { applyBatch, createImage } from "./apply-record.ts";
import { allocateProducerIds, fenceOneStaleBroker, heartbeat, nextFenceUs, registerBroker } from "./broker-registrations.ts";
import { openSession } from "./broker-sessions.ts";
import { type ControllerApi, notController } from "./controller-answers.ts";
import { applyAndTell } from "./controller-facts.ts";
import { registerController } from "./controller-registration.ts";
import { type ActiveController, type ControllerState, type Decision, NO_REASON, type OperationContext } from "./controller-state.ts";
import type { MetadataImage } from "./image.ts";
import { createJavaRandom } from "./java-random.ts";
import type { ControllerConfig } from "./kraft-settings.ts";
import { balanceLeaders, electLeaders, hasImbalance } from "./partition-leadership.ts";
import { randomUuid } from "./random-uuid.ts";
import type { MetadataRecord } from "./records.ts";
import { createTopics } from "./topic-creation.ts";

export const CONTROLLER_EVENT = "kraft event";
export const CONTROLLER_TIMER = "kraft controller";

/** What one event costs the single thread of the controller, and each record that it writes. */
const EVENT_US = 150;
const RECORD_US = 10;
/** metadata.version 3.9-IV0. */
const METADATA_VERSION = 21;

/** A request in the controller's event queue. */
interface QueuedRequest { readonly api: ControllerApi; readonly body: RequestOf<Api>; readonly to: ReplyTo }

export function createController(process: ProcessContext, config: ControllerConfig): ControllerState {
  const seed = process.random("placement seed", 0x1000000) * 0x1000000 + process.random("placement seed", 0x1000000);
  return { config, image: createImage(), random: createJavaRandom(seed), active: null, busyUntilUs: 0 };
}

// ---- requests

/** Puts a request into the event queue; a controller that is not active refuses it at once. */
export function controllerRequest(
  process: ProcessContext, host: RaftHost, controller: ControllerState, api: ControllerApi, body: RequestOf<Api>, to: ReplyTo,
): void {
  if (controller.active === null) {
    host.reply(to, notController(api, body));
    return;
  }
  controller.busyUntilUs = Math.max(controller.busyUntilUs, process.now) + EVENT_US;
  const queued: QueuedRequest = { api, body, to };
  process.schedule(controller.busyUntilUs - process.now, CONTROLLER_EVENT, queued);
}

/** The event's turn has come. */
export function controllerEvent(
  process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState, payload: unknown,
): void {
  const { api, body, to } = payload as QueuedRequest;
  const context = operationContext(process, controller, raft);
  if (context === null) host.reply(to, notController(api, body));
  else perform(process, host, controller, raft, decide(process, controller, context, api, body), to);
}

function decide(process: ProcessContext, controller: ControllerState, context: OperationContext, api: ControllerApi, body: RequestOf<Api>): Decision {
  switch (api) {
    case "BrokerRegistration": return registerBroker(context, body as RequestOf<"BrokerRegistration">);
    case "BrokerHeartbeat": return heartbeat(context, body as RequestOf<"BrokerHeartbeat">);
    case "AlterPartition": return alterPartition(context, body as RequestOf<"AlterPartition">);
    case "ElectLeaders": return electLeaders(context, body as RequestOf<"ElectLeaders">);
    case "ControllerRegistration": return registerController(body as RequestOf<"ControllerRegistration">);
    case "AllocateProducerIds": return allocateProducerIds(context, body as RequestOf<"AllocateProducerIds">);
    case "CreateTopics":
      return createTopics(context, body as RequestOf<"CreateTopics">, { random: controller.random, newTopicId: () => randomUuid(process, "topic id") });
  }
}

/** Null when this controller is not active, or the quorum has moved on already. */
function operationContext(process: ProcessContext, controller: ControllerState, raft: RaftState): OperationContext | null {
  const { active, config, image } = controller;
  if (active === null || raft.role.role !== "leader" || raft.epoch !== active.epoch) return null;
  return { nowUs: process.now, cause: process.cause, config, image, active, nextOffset: nextWriteOffset(process, raft.role) };
}

/** Appends what was decided and keeps the answer until it is committed. What only reads waits for what it has read. */
function perform(
  process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState, decision: Decision, to: ReplyTo | null,
): void {
  const active = controller.active;
  if (active === null) return;
  const { records, response } = decision;
  if (records.length === 0) {
    const pending = active.deferred.at(-1);
    if (to === null || response === null) return;
    if (pending === undefined) host.reply(to, response);
    else active.deferred.push({ offset: pending.offset, to, body: response, facts: [], cause: process.cause });
    return;
  }
  controller.busyUntilUs = Math.max(controller.busyUntilUs, process.now) + records.length * RECORD_US;
  const firstOffset = scheduleAppend(process, raft, active.epoch, records);
  invariant(firstOffset !== -1, `${process.name}: active in epoch ${active.epoch}, but not the leader of epoch ${raft.epoch}`);
  const facts = applyAndTell(controller.image, records, decision.reason);
  if (to !== null || facts.length > 0) active.deferred.push({ offset: firstOffset + records.length - 1, to, body: response, facts, cause: decision.reason.cause ?? process.cause });
  const moved = facts.some(fact => fact.kind === "partition-changed" && fact.leader !== fact.replicas[0]);
  if (moved) scheduleBalance(process, controller.config, active);
  pollRaft(process, host, raft);
}

function scheduleBalance(process: ProcessContext, config: ControllerConfig, active: ActiveController): void {
  if (config.autoLeaderRebalance && active.balanceAtUs === -1) active.balanceAtUs = process.now + fromMs(config.leaderImbalanceCheckMs);
}

// ---- what the quorum says

/** Committed batches: standbys apply them; the active controller, who has applied them before, lets the answers go. */
export function controllerCommitted(
  process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState, batches: readonly RaftBatch[],
): void {
  const { active, image } = controller;
  const last = batches.at(-1);
  if (last === undefined) return;
  if (active !== null) {
    image.offset = last.lastOffset;
    completeDeferred(process, host, active, raft.highWatermark);
  } else {
    const told = toldOffset(process);
    const isLeader = raft.role.role === "leader";
    for (const batch of batches) {
      // A new leader commits what its predecessor has left: nobody else will tell of it.
      if (isLeader && !batch.control && batch.lastOffset > told) inherit(process, image, batch);
      else applyBatch(image, batch);
    }
  }
  if (last.lastOffset > toldOffset(process)) writeRecordFile(process.disk, TOLD_PATH, last.lastOffset, true);
}

function inherit(process: ProcessContext, image: MetadataImage, batch: RaftBatch): void {
  tell(process, applyAndTell(image, batch.records as readonly MetadataRecord[], NO_REASON));
  image.offset = batch.lastOffset;
  image.epoch = batch.epoch;
}

/**
 * Up to which offset this node knows that a controller has recorded the facts. No file of Kafka: it keeps a controller that has restarted from
 * telling the whole history again. A predecessor may have told of up to half a second more; that much is told twice.
 */
const TOLD_PATH = "facts-told";

function toldOffset(process: ProcessContext): number {
  const offset = readRecordFile(process.disk, TOLD_PATH);
  return typeof offset === "number" ? offset : -1;
}

function completeDeferred(process: ProcessContext, host: RaftHost, active: ActiveController, highWatermark: number): void {
  let count = 0;
  const committedBecauseOf = process.cause;
  for (const answer of active.deferred) {
    if (answer.offset >= highWatermark) break;
    process.becauseOf(answer.cause);
    tell(process, answer.facts);
    if (answer.to !== null && answer.body !== null) host.reply(answer.to, answer.body);
    count += 1;
  }
  process.becauseOf(committedBecauseOf);
  if (count > 0) active.deferred = active.deferred.slice(count);
}

/**
 * The facts of one decision. What became of a broker is told first, though its record may stand last: the partitions change because of it, not
 * one because of the other.
 */
function tell(process: ProcessContext, facts: readonly ControllerFact[]): void {
  let reason = process.cause;
  for (const fact of facts) if (fact.kind !== "partition-changed") reason = process.trace(fact);
  for (const fact of facts) {
    if (fact.kind !== "partition-changed") continue;
    process.becauseOf(reason);
    process.trace(fact);
  }
}

/** This node leads and knows everything that its predecessors have committed: it takes over, with fresh sessions for all brokers. */
export function activateController(process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState): void {
  const { config, image } = controller;
  const active: ActiveController = {
    epoch: raft.epoch, sessions: new Map(), deferred: [], noOpAtUs: process.now + fromMs(config.metadataMaxIdleIntervalMs),
    balanceAtUs: -1, fenceNotBeforeUs: 0, timer: 0, timerAtUs: 0,
  };
  for (const broker of image.brokers.values()) active.sessions.set(broker.brokerId, openSession(broker.brokerId, broker.fenced, process.now, process.cause));
  controller.active = active;
  image.epoch = raft.epoch;
  if (!image.features.has("metadata.version")) {
    perform(process, host, controller, raft, { records: BOOTSTRAP_RECORDS, reason: NO_REASON, response: null }, null);
  }
  if (hasImbalance(image)) scheduleBalance(process, config, active);
}

/** What the first controller of a cluster writes, as one metadata transaction. */
const BOOTSTRAP_RECORDS: readonly MetadataRecord[] = [
  { type: "BeginTransactionRecord", name: "Bootstrap records" },
  { type: "FeatureLevelRecord", name: "metadata.version", featureLevel: METADATA_VERSION },
  { type: "ZkMigrationStateRecord", zkMigrationState: 0 },
  { type: "EndTransactionRecord" },
];

/** Leadership is lost: who waits is sent on to the next controller, and what was not committed is forgotten. */
export function renounce(process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState): void {
  const active = controller.active;
  if (active === null) return;
  controller.active = null;
  if (active.timer !== 0) process.cancel(active.timer);
  const log = metadataLog(process);
  controller.image = createImage();
  for (let index = 0; index < raft.committedBatches; index += 1) applyBatch(controller.image, batchAt(log, index));
  for (const { to, body } of active.deferred) {
    if (to !== null && body !== null) host.reply(to, notController(to.api as ControllerApi, body as ResponseOf<ControllerApi>));
  }
}

// ---- periodic work

export function controllerTimer(process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState, sequence: number): void {
  if (controller.active?.timer !== sequence) return;
  controller.active.timer = 0;
  writeNoOp(process, host, controller, raft);
  fenceStale(process, host, controller, raft);
  balance(process, host, controller, raft);
}

/** metadata.max.idle.interval.ms: so that brokers which lag can be told from a log that rests. */
function writeNoOp(process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState): void {
  const context = operationContext(process, controller, raft);
  if (context === null) return;
  const { active, config } = context;
  if (active.noOpAtUs > process.now || config.metadataMaxIdleIntervalMs === 0) return;
  active.noOpAtUs = process.now + fromMs(config.metadataMaxIdleIntervalMs);
  perform(process, host, controller, raft, { records: [{ type: "NoOpRecord" }], reason: NO_REASON, response: null }, null);
}

function fenceStale(process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState): void {
  const context = operationContext(process, controller, raft);
  if (context === null || context.active.fenceNotBeforeUs > process.now) return;
  const decision = fenceOneStaleBroker(context);
  if (decision === null) return;
  context.active.fenceNotBeforeUs = process.now + EVENT_US;
  perform(process, host, controller, raft, decision, null);
}

function balance(process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState): void {
  const context = operationContext(process, controller, raft);
  if (context === null || context.active.balanceAtUs === -1 || context.active.balanceAtUs > process.now) return;
  context.active.balanceAtUs = -1;
  perform(process, host, controller, raft, balanceLeaders(context), null);
  if (hasImbalance(controller.image)) scheduleBalance(process, controller.config, context.active);
}

export function armControllerTimer(process: ProcessContext, controller: ControllerState): void {
  const { active, config } = controller;
  if (active === null) return;
  let at = Math.max(nextFenceUs(active.sessions, config.brokerSessionTimeoutMs), active.fenceNotBeforeUs);
  if (config.metadataMaxIdleIntervalMs > 0) at = Math.min(at, active.noOpAtUs);
  if (active.balanceAtUs !== -1) at = Math.min(at, active.balanceAtUs);
  if (at === Number.MAX_SAFE_INTEGER || active.timer !== 0 && active.timerAtUs <= at) return;
  if (active.timer !== 0) process.cancel(active.timer);
  active.timerAtUs = Math.max(at, process.now);
  active.timer = process.schedule(active.timerAtUs - process.now, CONTROLLER_TIMER);
}
