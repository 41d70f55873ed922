// How the metadata log is replicated: followers pull, the leader waits for a majority, then the high watermark moves.
// Follows KafkaRaftClient.java and LeaderState.java (3.9). There a fetch that waits is woken by new records only: that the high watermark has
// moved is told with the next answer, up to 500 ms later. From 4.1 on it is told at once (KIP-1166). FIDELITY: RAFT-LOG, RAFT-OBSERVERS.
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { appendBatches, cutLog } from "./log-append.ts";
import { findDivergence, lastEpoch, logEndOffset, logStartOffset, metadataLog, needsSnapshot, NO_SNAPSHOT, readBatches } from "./metadata-log.ts";
import { checkQuorumTimeoutUs, newProgress } from "./quorum-transitions.ts";
import { type LogRecord, RaftBatch } from "./raft-batch.ts";
import {
  knownLeader, leaderEndpoints, type LeaderRole, learnEndpoints, otherVoters, type ParkedFetch, type RaftHost, type RaftState, type ReplicaProgress, votersOf,
} from "./raft-state.ts";
import { findVoter, hasVoter, isSameVoter, NO_DIRECTORY } from "./voter-set.ts";

/** MAX_FETCH_WAIT_MS of KafkaRaftClient. */
const FETCH_WAIT_MAX_MS = 500;
/** OBSERVER_SESSION_TIMEOUT_MS: a leader forgets observers that have been silent for so long. */
const OBSERVER_SESSION_MS = 300_000;
const NO_DIVERGENCE = { epoch: -1, endOffset: -1 };

// ---- leader

/**
 * Takes records for the log; they are appended together when controller.quorum.append.linger.ms has passed. Returns the offset of the first,
 * or -1 when this node is not the leader of `epoch`.
 */
export function scheduleAppend(process: ProcessContext, state: RaftState, epoch: number, records: readonly LogRecord[]): number {
  const role = state.role;
  if (role.role !== "leader" || state.epoch !== epoch) return -1;
  const offset = nextWriteOffset(process, role);
  for (const record of records) role.lingering.push(record);
  if (role.drainAtUs === -1) role.drainAtUs = process.now + fromMs(state.config.appendLingerMs);
  return offset;
}

export function nextWriteOffset(process: ProcessContext, role: LeaderRole): number {
  return logEndOffset(metadataLog(process)) + role.lingering.length;
}

/** Appends what lingers as one batch and answers the fetches that wait. */
export function drain(process: ProcessContext, host: RaftHost, state: RaftState, role: LeaderRole): void {
  role.drainAtUs = -1;
  if (role.lingering.length === 0) return;
  const { lingering } = role;
  role.lingering = [];
  appendNow(process, host, state, role, lingering, false);
}

/** Control records are not kept waiting, and what lingers goes first. Returns the offset of the first. */
export function appendControl(process: ProcessContext, host: RaftHost, state: RaftState, role: LeaderRole, records: readonly LogRecord[]): number {
  drain(process, host, state, role);
  const offset = logEndOffset(metadataLog(process));
  appendNow(process, host, state, role, records, true);
  return offset;
}

function appendNow(
  process: ProcessContext, host: RaftHost, state: RaftState, role: LeaderRole, records: readonly LogRecord[], control: boolean,
): void {
  const batch = new RaftBatch(logEndOffset(metadataLog(process)), state.epoch, control, records, toMs(process.now));
  appendBatches(process, state, [batch]);
  if (control) regroupReplicas(process, state, role);
  advanceHighWatermark(process, state, role);
  recordLog(process, state);
  completeFetches(process, host, state, logEndOffset(metadataLog(process)));
}

/** The voters have changed: who is followed as a voter and who as an observer (LeaderState.updateVoterStates). */
function regroupReplicas(process: ProcessContext, state: RaftState, role: LeaderRole): void {
  const all = [...role.voters, ...role.observers];
  role.voters = otherVoters(state).map(voter =>
    all.find(replica => isSameVoter(voter, replica.node, replica.directoryId)) ?? newProgress(voter, process.now));
  role.observers = all.filter(replica => !role.voters.includes(replica));
  // Who led alone has not been heard of by anybody: the time for that begins now.
  role.fetchedVoters = [];
  role.checkQuorumAtUs = process.now + checkQuorumTimeoutUs(state);
}

/** The offset that a majority has, once it lies beyond the start of this leader's epoch. */
export function advanceHighWatermark(process: ProcessContext, state: RaftState, role: LeaderRole): void {
  const { nodeId, directoryId } = state.config;
  const ends = role.voters.map(voter => voter.endOffset);
  // A leader that was removed leads on until its removal is committed, without counting itself.
  if (hasVoter(votersOf(state), nodeId, directoryId)) ends.push(logEndOffset(metadataLog(process)));
  ends.sort((a, b) => b - a);
  const replicated = ends[ends.length >> 1] ?? -1;
  if (replicated <= role.epochStartOffset) return;
  role.highWatermarkKnown = true;
  if (replicated > state.highWatermark) state.highWatermark = replicated;
}

export function handleFetch(
  process: ProcessContext, host: RaftHost, state: RaftState, request: RequestOf<"FetchMetadata">, to: ReplyTo<"FetchMetadata">,
): void {
  const fetch: ParkedFetch = { to, request, untilUs: process.now + fromMs(request.maxWaitMs), cause: process.cause };
  const before = state.highWatermark;
  const answer = answerFetch(process, state, request);
  const isEmpty = answer.records.length === 0 && answer.divergingEpoch.epoch === -1 && answer.snapshotId.endOffset === -1;
  const isNews = state.config.pushesHighWatermark && answer.highWatermark > request.highWatermark;
  const mustWait = answer.error === "NONE" && isEmpty && !isNews && request.maxWaitMs > 0;
  if (mustWait) state.parked.push(fetch);
  else host.reply(to, answer);
  if (state.config.pushesHighWatermark && state.highWatermark > before) completeFetches(process, host, state, 0);
}

function completeFetches(process: ProcessContext, host: RaftHost, state: RaftState, endOffset: number): void {
  const waiting = state.parked;
  if (waiting.length === 0) return;
  state.parked = [];
  const known = state.config.pushesHighWatermark && state.role.role === "leader" ? highWatermarkOf(state, state.role) : -1;
  for (const fetch of waiting) {
    if (fetch.request.fetchOffset < endOffset || fetch.request.highWatermark < known) host.reply(fetch.to, answerFetch(process, state, fetch.request));
    else state.parked.push(fetch);
  }
}

/** Fetches whose wait is over are answered without records. */
export function expireFetches(process: ProcessContext, host: RaftHost, state: RaftState): void {
  if (!state.parked.some(fetch => fetch.untilUs <= process.now)) return;
  const waiting = state.parked;
  state.parked = [];
  const { cause } = process;
  for (const fetch of waiting) {
    if (fetch.untilUs > process.now) {
      state.parked.push(fetch);
      continue;
    }
    process.becauseOf(fetch.cause);
    host.reply(fetch.to, answerFetch(process, state, fetch.request));
  }
  process.becauseOf(cause);
}

function answerFetch(process: ProcessContext, state: RaftState, request: RequestOf<"FetchMetadata">): ResponseOf<"FetchMetadata"> {
  const role = state.role;
  const error = fetchError(state, request);
  const log = metadataLog(process);
  const base = {
    error, leaderId: knownLeader(state), leaderEpoch: state.epoch, highWatermark: -1, logStartOffset: 0, divergingEpoch: NO_DIVERGENCE,
    snapshotId: NO_SNAPSHOT, records: [], nodeEndpoints: NO_ENDPOINTS,
  };
  if (error !== "NONE" || role.role !== "leader") return { ...base, nodeEndpoints: leaderEndpoints(state) };
  const led = { ...base, logStartOffset: logStartOffset(log), highWatermark: highWatermarkOf(state, role) };
  const newest = state.snapshots[state.snapshots.length - 1];
  if (newest !== undefined && needsSnapshot(log, request.fetchOffset, request.lastFetchedEpoch)) {
    return { ...led, snapshotId: { endOffset: newest.endOffset, epoch: newest.epoch } };
  }
  const divergence = findDivergence(log, request.fetchOffset, request.lastFetchedEpoch);
  if (divergence !== null) return { ...led, divergingEpoch: { epoch: divergence.epoch, endOffset: divergence.offset } };
  recordFetch(process, state, role, request);
  return { ...led, highWatermark: highWatermarkOf(state, role), records: readBatches(log, request.fetchOffset) };
}
const NO_ENDPOINTS: readonly [] = [];

function highWatermarkOf(state: RaftState, role: LeaderRole): number {
  return role.highWatermarkKnown ? state.highWatermark : -1;
}

function fetchError(state: RaftState, request: RequestOf<"FetchMetadata">): KafkaError {
  if (request.clusterId !== state.config.clusterId) return "INCONSISTENT_CLUSTER_ID";
  if (request.currentLeaderEpoch < state.epoch) return "FENCED_LEADER_EPOCH";
  if (request.currentLeaderEpoch > state.epoch) return "UNKNOWN_LEADER_EPOCH";
  return state.role.role === "leader" ? "NONE" : "NOT_LEADER_OR_FOLLOWER";
}

/** A fetch tells how far a replica has come and, of a voter, that it is there (check quorum). */
function recordFetch(process: ProcessContext, state: RaftState, role: LeaderRole, request: RequestOf<"FetchMetadata">): void {
  const { replicaId, replicaDirectoryId, fetchOffset } = request;
  const voter = role.voters.find(known => known.node === replicaId && (known.directoryId === replicaDirectoryId || isStaticVoter(state, replicaId)));
  if (voter === undefined) {
    if (replicaId >= 0) noteFetch(process, state, observerOf(process, role, replicaId, replicaDirectoryId), fetchOffset);
    return;
  }
  voter.directoryId = replicaDirectoryId;
  noteFetch(process, state, voter, fetchOffset);
  noteVoterIsThere(process, state, role, replicaId);
  advanceHighWatermark(process, state, role);
}

function isStaticVoter(state: RaftState, nodeId: number): boolean {
  return findVoter(votersOf(state), nodeId)?.directoryId === NO_DIRECTORY;
}

/** LeaderState.ReplicaState.updateFollowerState */
function noteFetch(process: ProcessContext, state: RaftState, replica: ReplicaProgress, fetchOffset: number): void {
  const leaderEnd = logEndOffset(metadataLog(process));
  if (fetchOffset >= leaderEnd) replica.lastCaughtUpUs = process.now;
  else if (replica.leaderEndAtFetch > 0 && fetchOffset >= replica.leaderEndAtFetch) replica.lastCaughtUpUs = Math.max(replica.lastFetchUs, replica.lastCaughtUpUs);
  replica.endOffset = fetchOffset;
  replica.lastFetchUs = process.now;
  replica.leaderEndAtFetch = leaderEnd;
  replica.nextBeginUs = process.now + beginIntervalUs(state);
}

/** Without fetches of a majority for some time a leader resigns; a snapshot on its way counts too. */
export function noteVoterIsThere(process: ProcessContext, state: RaftState, role: LeaderRole, node: number): void {
  if (!role.voters.some(voter => voter.node === node)) return;
  if (!role.fetchedVoters.includes(node)) role.fetchedVoters.push(node);
  const voters = votersOf(state);
  const countsItself = hasVoter(voters, state.config.nodeId, state.config.directoryId);
  if (role.fetchedVoters.length < (voters.length >> 1) + (countsItself ? 0 : 1)) return;
  role.fetchedVoters = [];
  role.checkQuorumAtUs = process.now + checkQuorumTimeoutUs(state);
}

function observerOf(process: ProcessContext, role: LeaderRole, node: number, directoryId: string): ReplicaProgress {
  const known = role.observers.find(observer => observer.node === node && observer.directoryId === directoryId);
  if (known !== undefined) return known;
  const longAgoUs = process.now - fromMs(OBSERVER_SESSION_MS);
  role.observers = role.observers.filter(observer => observer.lastFetchUs >= longAgoUs);
  const observer: ReplicaProgress = { node, directoryId, endOffset: -1, lastFetchUs: -1, lastCaughtUpUs: -1, leaderEndAtFetch: -1, nextBeginUs: 0 };
  role.observers.push(observer);
  return observer;
}

/** Observers that have fetched lately. */
export function liveObservers(process: ProcessContext, role: LeaderRole): ReplicaProgress[] {
  const longAgoUs = process.now - fromMs(OBSERVER_SESSION_MS);
  return role.observers.filter(observer => observer.lastFetchUs >= longAgoUs);
}

/** Half of controller.quorum.fetch.timeout.ms: a voter that has been silent for so long is told again who leads. */
export function beginIntervalUs(state: RaftState): number {
  return fromMs(state.config.fetchTimeoutMs >> 1);
}

// ---- follower

export function fetchRequest(process: ProcessContext, state: RaftState): RequestOf<"FetchMetadata"> {
  const log = metadataLog(process);
  return {
    clusterId: state.config.clusterId, replicaId: state.config.nodeId, replicaDirectoryId: state.config.directoryId, maxWaitMs: FETCH_WAIT_MAX_MS,
    currentLeaderEpoch: state.epoch, fetchOffset: logEndOffset(log), lastFetchedEpoch: lastEpoch(log), highWatermark: state.highWatermark,
  };
}

export function handleFetchResponse(process: ProcessContext, state: RaftState, body: ResponseOf<"FetchMetadata">): void {
  const role = state.role;
  if (role.role !== "follower") return;
  learnEndpoints(state, body.nodeEndpoints);
  role.hasFetched = true;
  role.fetchAtUs = process.now + fromMs(state.config.fetchTimeoutMs);
  role.heardCause = process.cause;
  const log = metadataLog(process);
  if (body.snapshotId.endOffset >= 0) {
    role.download = { id: body.snapshotId, size: -1, position: 0, batches: [] };
    return;
  }
  if (body.divergingEpoch.epoch >= 0) {
    const end = cutLog(process, state, { offset: body.divergingEpoch.endOffset, epoch: body.divergingEpoch.epoch });
    invariant(end >= state.highWatermark, `${process.name}: metadata log cut to ${end}, below its high watermark ${state.highWatermark}`);
    return;
  }
  const batches = body.records.filter(batch => batch instanceof RaftBatch);
  if (batches.length > 0) appendBatches(process, state, batches);
  const highWatermark = Math.min(body.highWatermark, logEndOffset(log));
  if (highWatermark > state.highWatermark) state.highWatermark = highWatermark;
}

// ---- both

/** Only what a picture shows: where the log ends and what is committed, when one of them has moved. */
export function recordLog(process: ProcessContext, state: RaftState): void {
  const logEnd = logEndOffset(metadataLog(process));
  const highWatermark = Math.max(0, state.highWatermark);
  if (logEnd === state.recordedLogEnd && highWatermark === state.recordedHighWatermark) return;
  state.recordedLogEnd = logEnd;
  state.recordedHighWatermark = highWatermark;
  process.trace({ kind: "raft-log", node: state.config.nodeId, logEnd, highWatermark });
}
