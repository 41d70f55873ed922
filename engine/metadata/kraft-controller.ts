// The controller: one event at a time, on an image that runs ahead of what is committed; answers leave when their records are committed.
// Follows QuorumController.java (3.9): activation, write events, the deferred event queue, periodic work. When leadership is lost the
// image goes back to what is committed. FIDELITY: META-EVENT-QUEUE, META-NOOP, META-BOOTSTRAP, META-AUTO-BALANCE.
import { readRecordFile, writeRecordFile } from "#engine/core/disk.ts";
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import { errorResponse } from "#engine/protocol/error-response.ts";
import type { ControllerFact } from "#engine/protocol/facts.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import { pollRaft } from "#engine/raft/raft-client.ts";
import { nextWriteOffset, scheduleAppend } from "#engine/raft/raft-replication.ts";
import { latestVoters, type RaftHost, type RaftState } from "#engine/raft/raft-state.ts";
import { upgradeKraftVersion } from "#engine/raft/raft-voters.ts";
import { createImage } from "./apply-record.ts";
import { fenceOneStaleBroker, nextFenceUs } from "./broker-registrations.ts";
import { openSession } from "./broker-sessions.ts";
import { applyAndTell } from "./controller-facts.ts";
import { decide } from "./controller-operations.ts";
import { type ActiveController, answerOnly, type ControllerState, type Decision, NO_REASON, type OperationContext, type QueuedRequest } from "./controller-state.ts";
import { bootstrapRecords, failedTogether } from "./feature-updates.ts";
import { committedImage } from "./image-snapshot.ts";
import { createJavaRandom } from "./java-random.ts";
import type { ControllerConfig } from "./kraft-settings.ts";
import { balanceLeaders, electUncleanLeaders, hasImbalance, isFullRun } from "./leader-elections.ts";
import { mutationQuota } from "./mutation-quota.ts";
import { applyIndexed, createPartitionIndex, indexImage } from "./partition-index.ts";
import { type MetadataRecord, ZK_MIGRATION, ZK_NO_MIGRATION, ZK_POST_MIGRATION, ZK_PRE_MIGRATION } from "./records.ts";

export const CONTROLLER_EVENT = "kraft event";
export const CONTROLLER_TIMER = "kraft controller";

/** Before ZooKeeper's metadata is copied nobody may change any: only brokers and controllers make themselves known. */
const RUNS_IN_PRE_MIGRATION: ReadonlySet<string> = new Set(["BrokerRegistration", "BrokerHeartbeat", "UnregisterBroker", "ControllerRegistration"]);

/** What one event costs the single thread of the controller, and each record that it writes. */
const EVENT_US = 150;
const RECORD_US = 10;
/** uncleanLeaderElectionCheckIntervalMs. */
const UNCLEAN_ELECTION_CHECK_MS = 300_000;

export function createController(process: ProcessContext, config: ControllerConfig): ControllerState {
  const seed = process.random("placement seed", 0x1000000) * 0x1000000 + process.random("placement seed", 0x1000000);
  return { config, image: createImage(), index: createPartitionIndex(), random: createJavaRandom(seed), mutations: new Map(), active: null, busyUntilUs: 0 };
}

// ---- requests

/** Puts a request into the event queue; a controller that is not active refuses it at once. */
export function controllerRequest(process: ProcessContext, host: RaftHost, controller: ControllerState, queued: QueuedRequest): void {
  if (controller.active === null) return refuse(host, queued);
  controller.busyUntilUs = Math.max(controller.busyUntilUs, process.now) + EVENT_US;
  process.schedule(controller.busyUntilUs - process.now, CONTROLLER_EVENT, queued);
}

function refuse(host: RaftHost, { api, body, to }: QueuedRequest): void {
  host.reply(to, errorResponse(api, body, "NOT_CONTROLLER"));
}

/** The event's turn has come. */
export function controllerEvent(
  process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState, payload: unknown,
): void {
  const queued = payload as QueuedRequest;
  const context = operationContext(process, controller, raft, queued.client);
  if (context === null || controller.image.zkMigrationState === ZK_PRE_MIGRATION && !RUNS_IN_PRE_MIGRATION.has(queued.api)) refuse(host, queued);
  else {
    const decision = decide(process, context, controller.random, queued);
    const problem = decision.upgradesQuorum === true ? upgradeKraftVersion(process, host, raft) : null;
    perform(process, host, controller, raft, problem === null ? decision : answerOnly(failedTogether(problem)), queued);
  }
}

/** Null when this controller is not active, or the quorum has moved on already. */
function operationContext(process: ProcessContext, controller: ControllerState, raft: RaftState, client = ""): OperationContext | null {
  const { active, config, image, index, mutations } = controller;
  if (active === null || raft.role.role !== "leader" || raft.epoch !== active.epoch) return null;
  return {
    nowUs: process.now, cause: process.cause, config, image, index, active, nextOffset: nextWriteOffset(process, raft.role),
    kraftVersion: latestVoters(raft).kraftVersion, mutations: mutationQuota(image, mutations, client, process.now),
  };
}

/** Appends what was decided and keeps the answer until it is committed. What only reads waits for what it has read. */
function perform(
  process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState, decision: Decision, asked: QueuedRequest | null,
): void {
  const active = controller.active;
  if (active === null) return;
  const { records, response } = decision;
  if (records.length === 0) {
    const pending = active.deferred.at(-1);
    if (asked === null || response === null) return;
    if (pending === undefined) host.reply(asked.to, response);
    else active.deferred.push({ offset: pending.offset, asked, body: response, facts: [], cause: process.cause });
    return;
  }
  controller.busyUntilUs = Math.max(controller.busyUntilUs, process.now) + records.length * RECORD_US;
  const firstOffset = scheduleAppend(process, raft, active.epoch, records);
  invariant(firstOffset !== -1, `${process.name}: active in epoch ${active.epoch}, but not the leader of epoch ${raft.epoch}`);
  const facts = applyAndTell(controller.image, controller.index, records, decision.reason);
  const cause = decision.reason.cause ?? process.cause;
  if (asked !== null || facts.length > 0) active.deferred.push({ offset: firstOffset + records.length - 1, asked, body: response, facts, cause });
  scheduleElections(process, controller, active);
  pollRaft(process, host, raft);
}

/** Preferred leaders and unclean elections are looked at some time after there was first a reason to. */
function scheduleElections(process: ProcessContext, { config, index }: ControllerState, active: ActiveController): void {
  if (config.autoLeaderRebalance && active.balanceAtUs === -1 && index.imbalanced.size > 0) {
    active.balanceAtUs = process.now + fromMs(config.leaderImbalanceCheckMs);
  }
  if (active.uncleanElectionAtUs === -1 && index.leaderless.size > 0) active.uncleanElectionAtUs = process.now + fromMs(UNCLEAN_ELECTION_CHECK_MS);
}

// ---- what the quorum says

/** Committed batches: standbys apply them; the active controller, who has applied them before, lets the answers go. */
export function controllerCommitted(
  process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState, batches: readonly RaftBatch[],
): void {
  const { active, image, index } = controller;
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
      const records = batch.control ? [] : batch.records as readonly MetadataRecord[];
      if (isLeader && batch.lastOffset > told) tell(process, applyAndTell(image, index, records, NO_REASON));
      else applyQuietly(controller, batch);
      image.offset = batch.lastOffset;
      image.epoch = batch.epoch;
    }
  }
  if (last.lastOffset > toldOffset(process)) writeRecordFile(process.disk, TOLD_PATH, last.lastOffset, true);
}

function applyQuietly({ image, index }: ControllerState, batch: RaftBatch): void {
  if (!batch.control) for (const record of batch.records) applyIndexed(image, index, record as MetadataRecord);
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
    if (answer.asked !== null && answer.body !== null) host.reply(answer.asked.to, answer.body);
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
    balanceAtUs: -1, uncleanElectionAtUs: -1, fenceNotBeforeUs: 0, timer: 0, timerAtUs: 0,
  };
  for (const broker of image.brokers.values()) active.sessions.set(broker.brokerId, openSession(broker.brokerId, broker.fenced, process.now, process.cause));
  controller.active = active;
  image.epoch = raft.epoch;
  if (!image.features.has("metadata.version")) {
    perform(process, host, controller, raft, { records: bootstrapRecords(config), reason: NO_REASON, response: null }, null);
  }
  else activateMigration(process, host, controller, raft);
  scheduleElections(process, controller, active);
}

/**
 * ActivationRecordsGenerator.recordsForNonEmptyLog: the first controller without the flag ends a migration for good; one cannot be begun on a cluster
 * that has metadata of its own, nor given up half way.
 */
function activateMigration(process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState): void {
  const { config: { isMigrationEnabled }, image: { zkMigrationState } } = controller;
  if (isMigrationEnabled && zkMigrationState === ZK_NO_MIGRATION) {
    host.fatal?.("java.lang.RuntimeException: Should not have ZK migrations enabled on a cluster that was created in KRaft mode.");
  } else if (!isMigrationEnabled && zkMigrationState === ZK_PRE_MIGRATION) {
    host.fatal?.("java.lang.RuntimeException: Detected an in-progress migration during startup, cannot continue.");
  } else if (!isMigrationEnabled && zkMigrationState === ZK_MIGRATION) writeMigration(process, host, controller, raft, [{ type: "ZkMigrationStateRecord", zkMigrationState: ZK_POST_MIGRATION }]);
}

/** Appends what the migration has to say; nothing when this controller is not active any more. */
export function writeMigration(process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState, records: readonly MetadataRecord[]): void {
  if (operationContext(process, controller, raft) !== null) perform(process, host, controller, raft, { records, reason: NO_REASON, response: null }, null);
}

/** Leadership is lost: who waits is sent on to the next controller, and what was not committed is forgotten. */
export function renounce(process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState): void {
  const active = controller.active;
  if (active === null) return;
  controller.active = null;
  if (active.timer !== 0) process.cancel(active.timer);
  controller.image = committedImage(process, raft);
  controller.index = indexImage(controller.image);
  for (const { asked } of active.deferred) if (asked !== null) refuse(host, asked);
}

// ---- periodic work

export function controllerTimer(process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState, sequence: number): void {
  if (controller.active?.timer !== sequence) return;
  controller.active.timer = 0;
  writeNoOp(process, host, controller, raft);
  fenceStale(process, host, controller, raft);
  balance(process, host, controller, raft);
  electUnclean(process, host, controller, raft);
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
  const decision = balanceLeaders(context);
  perform(process, host, controller, raft, decision, null);
  const pauseUs = isFullRun(decision) ? EVENT_US : fromMs(controller.config.leaderImbalanceCheckMs);
  context.active.balanceAtUs = hasImbalance(controller) ? process.now + pauseUs : -1;
}

function electUnclean(process: ProcessContext, host: RaftHost, controller: ControllerState, raft: RaftState): void {
  const context = operationContext(process, controller, raft);
  if (context === null || context.active.uncleanElectionAtUs === -1 || context.active.uncleanElectionAtUs > process.now) return;
  const decision = electUncleanLeaders(context);
  perform(process, host, controller, raft, decision, null);
  const pauseUs = isFullRun(decision) ? EVENT_US : fromMs(UNCLEAN_ELECTION_CHECK_MS);
  context.active.uncleanElectionAtUs = controller.index.leaderless.size > 0 ? process.now + pauseUs : -1;
}

export function armControllerTimer(process: ProcessContext, controller: ControllerState): void {
  const { active, config } = controller;
  if (active === null) return;
  let at = Math.max(nextFenceUs({ active, config }), active.fenceNotBeforeUs);
  if (config.metadataMaxIdleIntervalMs > 0) at = Math.min(at, active.noOpAtUs);
  if (active.balanceAtUs !== -1) at = Math.min(at, active.balanceAtUs);
  if (active.uncleanElectionAtUs !== -1) at = Math.min(at, active.uncleanElectionAtUs);
  if (at === Number.MAX_SAFE_INTEGER || active.timer !== 0 && active.timerAtUs <= at) return;
  if (active.timer !== 0) process.cancel(active.timer);
  active.timerAtUs = Math.max(at, process.now);
  active.timer = process.schedule(active.timerAtUs - process.now, CONTROLLER_TIMER);
}
