// How the metadata log is replicated: followers pull, the leader waits for a majority, then the high watermark moves.
// Follows KafkaRaftClient.java and LeaderState.java (3.9). A fetch that waits is woken by new records only: that the high watermark has
// moved is told with the next answer, up to 500 ms later (KIP-1166 changes that in 4.1). FIDELITY: RAFT-LOG, RAFT-OBSERVERS.
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { appendAndSync, findDivergence, lastEpoch, logEndOffset, metadataLog, readBatches, truncateToDivergence } from "./metadata-log.ts";
import { checkQuorumTimeoutUs } from "./quorum-transitions.ts";
import { type LogRecord, RaftBatch } from "./raft-batch.ts";
import { knownLeader, type LeaderRole, type ParkedFetch, type RaftHost, type RaftState } from "./raft-state.ts";

/** MAX_FETCH_WAIT_MS of KafkaRaftClient. */
const FETCH_WAIT_MAX_MS = 500;

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
  const batch = new RaftBatch(logEndOffset(metadataLog(process)), state.epoch, false, role.lingering, toMs(process.now));
  role.lingering = [];
  appendAndSync(process, [batch]);
  advanceHighWatermark(process, state, role);
  recordLog(process, state);
  completeFetches(process, host, state, logEndOffset(metadataLog(process)));
}

/** The offset that a majority has, once it lies beyond the start of this leader's epoch. */
export function advanceHighWatermark(process: ProcessContext, state: RaftState, role: LeaderRole): void {
  const ends = role.voters.map(voter => voter.endOffset);
  ends.push(logEndOffset(metadataLog(process)));
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
  const answer = answerFetch(process, state, request);
  const mustWait = answer.error === "NONE" && answer.records.length === 0 && answer.divergingEpoch.epoch === -1 && request.maxWaitMs > 0;
  if (mustWait) state.parked.push(fetch);
  else host.reply(to, answer);
}

function completeFetches(process: ProcessContext, host: RaftHost, state: RaftState, endOffset: number): void {
  const waiting = state.parked;
  if (waiting.length === 0) return;
  state.parked = [];
  for (const fetch of waiting) {
    if (fetch.request.fetchOffset < endOffset) host.reply(fetch.to, answerFetch(process, state, fetch.request));
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
  const base = { leaderId: knownLeader(state), leaderEpoch: state.epoch, logStartOffset: 0 };
  if (error !== "NONE" || role.role !== "leader") {
    return { ...base, error, highWatermark: -1, divergingEpoch: { epoch: -1, endOffset: -1 }, records: [] };
  }
  const divergence = findDivergence(log, request.fetchOffset, request.lastFetchedEpoch);
  if (divergence !== null) {
    const divergingEpoch = { epoch: divergence.epoch, endOffset: divergence.offset };
    return { ...base, error, highWatermark: highWatermarkOf(state, role), divergingEpoch, records: [] };
  }
  recordFetch(process, state, role, request.replicaId, request.fetchOffset);
  const records = readBatches(log, request.fetchOffset);
  return { ...base, error, highWatermark: highWatermarkOf(state, role), divergingEpoch: { epoch: -1, endOffset: -1 }, records };
}

function highWatermarkOf(state: RaftState, role: LeaderRole): number {
  return role.highWatermarkKnown ? state.highWatermark : -1;
}

function fetchError(state: RaftState, request: RequestOf<"FetchMetadata">): KafkaError {
  if (request.clusterId !== state.config.clusterId) return "INCONSISTENT_CLUSTER_ID";
  if (request.currentLeaderEpoch < state.epoch) return "FENCED_LEADER_EPOCH";
  if (request.currentLeaderEpoch > state.epoch) return "UNKNOWN_LEADER_EPOCH";
  return state.role.role === "leader" ? "NONE" : "NOT_LEADER_OR_FOLLOWER";
}

/** A fetch tells how far a voter has come, and that it is there (check quorum). */
function recordFetch(process: ProcessContext, state: RaftState, role: LeaderRole, replica: number, fetchOffset: number): void {
  const voter = role.voters.find(candidate => candidate.node === replica);
  if (voter === undefined) return;
  voter.endOffset = fetchOffset;
  voter.lastFetchUs = process.now;
  voter.nextBeginUs = process.now + beginIntervalUs(state);
  if (!role.fetchedVoters.includes(replica)) role.fetchedVoters.push(replica);
  if (role.fetchedVoters.length >= state.config.voters.length >> 1) {
    role.fetchedVoters = [];
    role.checkQuorumAtUs = process.now + checkQuorumTimeoutUs(state);
  }
  advanceHighWatermark(process, state, role);
}

/** Half of controller.quorum.fetch.timeout.ms: a voter that has been silent for so long is told again who leads. */
export function beginIntervalUs(state: RaftState): number {
  return fromMs(state.config.fetchTimeoutMs >> 1);
}

// ---- follower

export function fetchRequest(process: ProcessContext, state: RaftState): RequestOf<"FetchMetadata"> {
  const log = metadataLog(process);
  return {
    clusterId: state.config.clusterId, replicaId: state.config.nodeId, maxWaitMs: FETCH_WAIT_MAX_MS, currentLeaderEpoch: state.epoch,
    fetchOffset: logEndOffset(log), lastFetchedEpoch: lastEpoch(log),
  };
}

export function handleFetchResponse(process: ProcessContext, state: RaftState, body: ResponseOf<"FetchMetadata">): void {
  const role = state.role;
  if (role.role !== "follower") return;
  role.fetchAtUs = process.now + fromMs(state.config.fetchTimeoutMs);
  role.heardCause = process.cause;
  const log = metadataLog(process);
  if (body.divergingEpoch.epoch >= 0) {
    const end = truncateToDivergence(log, { offset: body.divergingEpoch.endOffset, epoch: body.divergingEpoch.epoch });
    invariant(end >= state.highWatermark, `${process.name}: metadata log cut to ${end}, below its high watermark ${state.highWatermark}`);
    return;
  }
  const batches = body.records.filter(batch => batch instanceof RaftBatch);
  if (batches.length > 0) appendAndSync(process, batches);
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
