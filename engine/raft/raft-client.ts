// One node of the metadata quorum: reads its disk, takes requests, answers and deadlines, and says what is committed.
// Follows KafkaRaftClient.java (3.9): after every event it looks what its role has to do now (poll). One timer at the earliest deadline;
// a deadline that has moved on is noticed when the timer fires. FIDELITY: RAFT-ELECTION, RAFT-BEGIN-EPOCH, RAFT-OBSERVERS.
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { batchAt, lastEpoch, metadataLog } from "./metadata-log.ts";
import { backOff, becomeCandidate, electionTimeoutUs, followEpoch, resign, resignedRole } from "./quorum-transitions.ts";
import type { RaftBatch } from "./raft-batch.ts";
import { handleBeginQuorumEpoch, handleEndQuorumEpoch, handleVote, handleVoteResponse, voteRequest } from "./raft-elections.ts";
import { advanceHighWatermark, beginIntervalUs, drain, expireFetches, fetchRequest, handleFetch, handleFetchResponse, recordLog } from "./raft-replication.ts";
import {
  type CandidateRole, type FollowerRole, isVoter, knownLeader, type LeaderRole, type RaftConfig, type RaftHost, type RaftState, readQuorumState,
  peerOf, type ResignedRole, type RoleState, traceRole, type UnattachedRole, type VoterConnection,
} from "./raft-state.ts";

export const RAFT_TIMER = "kraft raft";
/** Transitions that one event may lead to; more is a loop. */
const TRANSITIONS_MAX = 100;
/** KafkaRaftClient.shutdown: how long a leader waits for its successor. */
const GRACEFUL_SHUTDOWN_MS = 5000;

export type RaftApi = "Vote" | "BeginQuorumEpoch" | "EndQuorumEpoch" | "FetchMetadata";
const RAFT_APIS: ReadonlySet<Api> = new Set<RaftApi>(["Vote", "BeginQuorumEpoch", "EndQuorumEpoch", "FetchMetadata"]);

export function isRaftApi(api: Api): api is RaftApi {
  return RAFT_APIS.has(api);
}

/** What travels with a request and comes back with its result. */
export interface RaftRequestContext { readonly for: "kraft"; readonly part: "raft"; readonly to: number; readonly number: number }

// ---- start

export function startRaft(process: ProcessContext, host: RaftHost, config: RaftConfig): RaftState {
  const stored = readQuorumState(process);
  const epoch = Math.max(stored.leaderEpoch, lastEpoch(metadataLog(process)));
  const isStored = epoch === stored.leaderEpoch;
  const state: RaftState = {
    config, epoch, votedFor: isStored ? stored.votedId : -1, leader: isStored ? stored.leaderId : -1,
    role: { role: "unattached", electionAtUs: 0 }, highWatermark: -1, committedBatches: 0, connections: new Map(), lastRequest: 0,
    parked: [], timer: 0, timerAtUs: 0, roleCause: -1, shutdownUntilUs: -1, recordedLogEnd: -1, recordedHighWatermark: -1,
  };
  state.role = firstRole(process, state);
  traceRole(process, state);
  if (config.voters.length === 1 && isVoter(config)) becomeCandidate(process, host, state);
  pollRaft(process, host, state);
  return state;
}

function firstRole(process: ProcessContext, state: RaftState): RoleState {
  const { nodeId, fetchTimeoutMs } = state.config;
  if (state.leader === nodeId) return resignedRole(process, state, []);
  const electionAtUs = process.now + electionTimeoutUs(process, state);
  if (state.votedFor === nodeId) {
    return { role: "candidate", retries: 1, granted: [nodeId], rejected: [], electionAtUs, backoffUntilUs: -1 };
  }
  if (state.votedFor !== -1 || state.leader === -1) return { role: "unattached", electionAtUs };
  return { role: "follower", fetchAtUs: process.now + fromMs(fetchTimeoutMs), heardCause: process.cause };
}

// ---- what comes in

export function raftRequest(
  process: ProcessContext, host: RaftHost, state: RaftState, api: RaftApi, body: RequestOf<Api>, to: ReplyTo,
): void {
  switch (api) {
    case "Vote": host.reply(to as ReplyTo<"Vote">, handleVote(process, host, state, body as RequestOf<"Vote">)); break;
    case "BeginQuorumEpoch":
      host.reply(to as ReplyTo<"BeginQuorumEpoch">, handleBeginQuorumEpoch(process, host, state, body as RequestOf<"BeginQuorumEpoch">));
      break;
    case "EndQuorumEpoch":
      host.reply(to as ReplyTo<"EndQuorumEpoch">, handleEndQuorumEpoch(process, host, state, body as RequestOf<"EndQuorumEpoch">));
      break;
    case "FetchMetadata":
      handleFetch(process, host, state, body as RequestOf<"FetchMetadata">, to as ReplyTo<"FetchMetadata">);
      break;
  }
  pollRaft(process, host, state);
}

export function raftResponse(process: ProcessContext, host: RaftHost, state: RaftState, result: NetworkResult): void {
  const context = result.context as RaftRequestContext;
  const connection = state.connections.get(context.to);
  if (connection?.pending !== context.number) return;
  connection.pending = 0;
  const body = result.response as ResponseOf<RaftApi> | null;
  if (body === null) {
    connection.retryAtUs = process.now + fromMs(state.config.retryBackoffMs);
    // That the connection is gone is the newest of what is known of the leader.
    if (state.role.role === "follower") state.role.heardCause = process.cause;
  } else if (!handledByEpoch(process, host, state, connection, body)) {
    switch (result.api) {
      case "Vote": handleVoteResponse(process, host, state, context.to, body as ResponseOf<"Vote">); break;
      case "FetchMetadata": handleFetchResponse(process, state, body as ResponseOf<"FetchMetadata">); break;
      case "BeginQuorumEpoch": break;
      case "EndQuorumEpoch": successorKnows(state, context.to); break;
      default: break;
    }
  }
  pollRaft(process, host, state);
}

/** True when the answer's epoch or error is all that matters of it. */
function handledByEpoch(
  process: ProcessContext, host: RaftHost, state: RaftState, connection: VoterConnection,
  body: { readonly error: KafkaError; readonly leaderId: number; readonly leaderEpoch: number },
): boolean {
  if (body.error === "INCONSISTENT_CLUSTER_ID" || body.error === "INVALID_VOTER_KEY" || body.error === "UNKNOWN_LEADER_EPOCH") {
    connection.retryAtUs = process.now + fromMs(state.config.retryBackoffMs);
    return true;
  }
  if (body.leaderEpoch < state.epoch) return true;
  followEpoch(process, host, state, body.leaderEpoch, body.leaderId);
  if (body.error === "NONE") return false;
  connection.retryAtUs = process.now + fromMs(state.config.retryBackoffMs);
  return true;
}

function successorKnows(state: RaftState, voter: number): void {
  if (state.role.role === "resigned") state.role.unacknowledged = state.role.unacknowledged.filter(node => node !== voter);
}

export function raftTimer(process: ProcessContext, host: RaftHost, state: RaftState, sequence: number): void {
  if (sequence !== state.timer) return;
  state.timer = 0;
  process.becauseOf(timerCause(state));
  pollRaft(process, host, state);
}

/** One timer for all deadlines: a follower waits for its leader since it heard of it, a candidate since it stands. */
function timerCause({ role, roleCause }: RaftState): number {
  return role.role === "follower" ? role.heardCause : role.role === "leader" ? -1 : roleCause;
}

/** The asker is gone; so is its wait. */
export function raftConnectionClosed(state: RaftState, connection: number): void {
  if (state.parked.some(fetch => fetch.to.connection === connection)) {
    state.parked = state.parked.filter(fetch => fetch.to.connection !== connection);
  }
}

/** A leader hands over and waits until another epoch has begun, 5 s at most. True: the process may end now. */
export function shutDownRaft(process: ProcessContext, host: RaftHost, state: RaftState): boolean {
  if (state.shutdownUntilUs === -1) {
    state.shutdownUntilUs = process.now + fromMs(GRACEFUL_SHUTDOWN_MS);
    if (state.role.role === "leader" && state.config.voters.length > 1) resign(process, host, state);
    pollRaft(process, host, state);
  }
  return raftMayExit(process, state);
}

export function raftMayExit(process: ProcessContext, state: RaftState): boolean {
  if (state.shutdownUntilUs === -1) return false;
  return state.role.role !== "resigned" && state.role.role !== "candidate" || process.now >= state.shutdownUntilUs
    || state.config.voters.length === 1;
}

// ---- what is to be done now

/** Does what the role asks for at this instant and arms the timer for the next. */
export function pollRaft(process: ProcessContext, host: RaftHost, state: RaftState): void {
  recordLog(process, state);
  for (let round = 0; ; round += 1) {
    invariant(round < TRANSITIONS_MAX, `${process.name}: the quorum's role does not settle`);
    const role = state.role;
    switch (role.role) {
      case "unattached":
        pollUnattached(process, host, state, role); break;
      case "candidate": pollCandidate(process, host, state, role); break;
      case "leader": pollLeader(process, host, state, role); break;
      case "follower": pollFollower(process, host, state, role); break;
      case "resigned": pollResigned(process, host, state, role); break;
    }
    if (state.role === role) break;
  }
  armTimer(process, state);
  recordLog(process, state);
}

function pollUnattached(process: ProcessContext, host: RaftHost, state: RaftState, role: UnattachedRole): void {
  if (state.shutdownUntilUs !== -1) return;
  if (!isVoter(state.config)) askAnyPeer(process, host, state);
  else if (role.electionAtUs <= process.now) becomeCandidate(process, host, state);
}

/** An observer that has lost the leader asks one node of the quorum after the other: each answer names the leader it knows. */
function askAnyPeer(process: ProcessContext, host: RaftHost, state: RaftState): void {
  const peers = state.config.bootstrap;
  if (peers.length === 0 || [...state.connections.values()].some(connection => connection.pending !== 0)) return;
  const first = process.random("bootstrap server", peers.length);
  for (let index = 0; index < peers.length; index += 1) {
    const peer = peers[(first + index) % peers.length];
    if (peer === undefined || (state.connections.get(peer.nodeId)?.retryAtUs ?? 0) > process.now) continue;
    sendWhenReady(process, host, state, peer.nodeId, "FetchMetadata", () => fetchRequest(process, state));
    return;
  }
}

function pollCandidate(process: ProcessContext, host: RaftHost, state: RaftState, role: CandidateRole): void {
  const shuttingDown = state.shutdownUntilUs !== -1;
  if (role.backoffUntilUs !== -1) {
    if (role.backoffUntilUs <= process.now && !shuttingDown) becomeCandidate(process, host, state);
    return;
  }
  if (role.electionAtUs <= process.now && !shuttingDown) {
    backOff(process, state);
    if (role.backoffUntilUs <= process.now) becomeCandidate(process, host, state);
    return;
  }
  for (const voter of state.config.voters) {
    if (role.granted.includes(voter) || role.rejected.includes(voter)) continue;
    sendWhenReady(process, host, state, voter, "Vote", () => voteRequest(process, state, voter));
  }
}

function pollLeader(process: ProcessContext, host: RaftHost, state: RaftState, role: LeaderRole): void {
  if (role.voters.length > 0 && (role.checkQuorumAtUs <= process.now || state.shutdownUntilUs !== -1)) {
    resign(process, host, state);
    return;
  }
  if (role.voters.length === 0) advanceHighWatermark(process, state, role);
  if (role.drainAtUs !== -1 && role.drainAtUs <= process.now) drain(process, host, state, role);
  for (const voter of role.voters) {
    if (voter.nextBeginUs > process.now) continue;
    voter.nextBeginUs = process.now + beginIntervalUs(state);
    sendWhenReady(process, host, state, voter.node, "BeginQuorumEpoch", () => ({
      clusterId: state.config.clusterId, voterId: voter.node, leaderId: state.config.nodeId, leaderEpoch: state.epoch,
    }));
  }
  expireFetches(process, host, state);
}

function pollFollower(process: ProcessContext, host: RaftHost, state: RaftState, role: FollowerRole): void {
  if (state.shutdownUntilUs !== -1) return;
  if (!isVoter(state.config)) {
    if (role.fetchAtUs <= process.now || (state.connections.get(state.leader)?.retryAtUs ?? 0) > process.now) askAnyPeer(process, host, state);
    else sendWhenReady(process, host, state, state.leader, "FetchMetadata", () => fetchRequest(process, state));
  } else if (role.fetchAtUs <= process.now) {
    process.becauseOf(role.heardCause);
    becomeCandidate(process, host, state);
  } else sendWhenReady(process, host, state, state.leader, "FetchMetadata", () => fetchRequest(process, state));
}

function pollResigned(process: ProcessContext, host: RaftHost, state: RaftState, role: ResignedRole): void {
  if (role.electionAtUs <= process.now && state.shutdownUntilUs === -1) {
    becomeCandidate(process, host, state);
    return;
  }
  for (const voter of role.unacknowledged) {
    sendWhenReady(process, host, state, voter, "EndQuorumEpoch", () => ({
      clusterId: state.config.clusterId, leaderId: state.config.nodeId, leaderEpoch: state.epoch, preferredSuccessors: role.successors,
    }));
  }
}

function sendWhenReady<A extends RaftApi>(
  process: ProcessContext, host: RaftHost, state: RaftState, to: number, api: A, body: () => RequestOf<A>,
): void {
  const peer = peerOf(state, to);
  if (peer === undefined) return;
  let connection = state.connections.get(to);
  if (connection === undefined) state.connections.set(to, connection = { pending: 0, retryAtUs: 0 });
  if (connection.pending !== 0 || connection.retryAtUs > process.now) return;
  state.lastRequest += 1;
  connection.pending = state.lastRequest;
  const context: RaftRequestContext = { for: "kraft", part: "raft", to, number: state.lastRequest };
  host.send(peer, { api, body: body(), timeoutMs: state.config.requestTimeoutMs, context });
}

// ---- deadlines

function nextDeadlineUs(process: ProcessContext, state: RaftState): number {
  const role = state.role;
  const shuttingDown = state.shutdownUntilUs !== -1;
  let at = shuttingDown && state.shutdownUntilUs > process.now ? state.shutdownUntilUs : Number.MAX_SAFE_INTEGER;
  const earlier = (deadline: number): void => { if (deadline < at && deadline > process.now) at = deadline; };
  switch (role.role) {
    case "unattached": if (!shuttingDown && isVoter(state.config)) earlier(role.electionAtUs); break;
    case "candidate": if (!shuttingDown) earlier(role.backoffUntilUs === -1 ? role.electionAtUs : role.backoffUntilUs); break;
    case "follower": if (!shuttingDown) earlier(role.fetchAtUs); break;
    case "resigned": if (!shuttingDown) earlier(role.electionAtUs); break;
    case "leader":
      if (role.drainAtUs !== -1) earlier(role.drainAtUs);
      if (role.voters.length > 0) earlier(role.checkQuorumAtUs);
      for (const voter of role.voters) earlier(voter.nextBeginUs);
      for (const fetch of state.parked) earlier(fetch.untilUs);
      break;
  }
  for (const connection of state.connections.values()) if (connection.pending === 0) earlier(connection.retryAtUs);
  return at;
}

function armTimer(process: ProcessContext, state: RaftState): void {
  const at = nextDeadlineUs(process, state);
  if (at === Number.MAX_SAFE_INTEGER || state.timer !== 0 && state.timerAtUs <= at) return;
  if (state.timer !== 0) process.cancel(state.timer);
  state.timerAtUs = at;
  state.timer = process.schedule(at - process.now, RAFT_TIMER);
}

// ---- what is committed

/** Batches that have become committed since the last call, each once and in order. */
export function takeCommitted(process: ProcessContext, state: RaftState): RaftBatch[] {
  const log = metadataLog(process);
  const batches: RaftBatch[] = [];
  while (state.committedBatches < log.entries.length) {
    const batch = batchAt(log, state.committedBatches);
    if (batch.nextOffset > state.highWatermark) break;
    batches.push(batch);
    state.committedBatches += 1;
  }
  return batches;
}

/** True when this node leads and everything up to the start of its epoch is committed. */
export function leadsCommittedEpoch(state: RaftState): boolean {
  return state.role.role === "leader" && state.role.highWatermarkKnown;
}

export { knownLeader };
