// What a node of the quorum has to do now, by its role, and when next (KafkaRaftClient.poll). One timer at the earliest deadline; a deadline that
// has moved on is noticed when the timer fires. FIDELITY: RAFT-ELECTION, RAFT-PRE-VOTE, RAFT-BEGIN-EPOCH, RAFT-OBSERVERS, RAFT-AUTO-JOIN.
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import { backOff, giveUpPreVote, leaveResigned, resign, standForElection } from "./quorum-transitions.ts";
import { isLost, voteRequest } from "./raft-elections.ts";
import { advanceHighWatermark, beginIntervalUs, drain, expireFetches, fetchRequest, recordLog } from "./raft-replication.ts";
import {
  type CandidateRole, type FollowerRole, isOnlyVoter, isVoter, latestVoters, leaderEndpoints, type LeaderRole, peerOf, type ProspectiveRole,
  type RaftHost, type RaftState, type ResignedRole, type UnattachedRole, votersOf,
} from "./raft-state.ts";
import { settleChange } from "./raft-voters.ts";
import type { RaftPeer } from "./raft-batch.ts";
import { fetchSnapshotRequest } from "./snapshot-transfer.ts";
import { CONTROLLER_LISTENER, findVoter } from "./voter-set.ts";

export const RAFT_TIMER = "kraft raft";
/** Transitions that one event may lead to; more is a loop. */
const TRANSITIONS_MAX = 100;

/** Requests that one node of the quorum sends another. */
export type RaftApi = "Vote" | "BeginQuorumEpoch" | "EndQuorumEpoch" | "FetchMetadata" | "FetchSnapshot" | "ApiVersions" | "AddRaftVoter" | "RemoveRaftVoter";

/** What travels with a request and comes back with its result. */
export interface RaftRequestContext { readonly for: "kraft"; readonly part: "raft"; readonly to: number; readonly number: number }

/** Does what the role asks for at this instant and arms the timer for the next. */
export function pollRaft(process: ProcessContext, host: RaftHost, state: RaftState): void {
  recordLog(process, state);
  for (let round = 0; ; round += 1) {
    invariant(round < TRANSITIONS_MAX, `${process.name}: the quorum's role does not settle`);
    const role = state.role;
    switch (role.role) {
      case "unattached": pollUnattached(process, host, state, role); break;
      case "prospective": pollProspective(process, host, state, role); break;
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
  const votes = isVoter(state);
  if (votes && role.electionAtUs <= process.now) standForElection(process, host, state);
  // From 4.0 on a voter without a leader looks for one as well, not only an observer.
  else if (!votes || state.config.preVote) askAnyPeer(process, host, state);
}

/** One node of the quorum after the other is asked: each answer names the leader that it knows. */
function askAnyPeer(process: ProcessContext, host: RaftHost, state: RaftState): void {
  for (const connection of state.connections.values()) if (connection.pending !== 0) return;
  const { bootstrap, nodeId } = state.config;
  if (bootstrap.length === 0) return;
  const first = process.random("bootstrap server", bootstrap.length);
  for (let index = 0; index < bootstrap.length; index += 1) {
    const peer = bootstrap[(first + index) % bootstrap.length] as RaftPeer;
    if (peer.nodeId === nodeId || (state.connections.get(peer.nodeId)?.retryAtUs ?? 0) > process.now) continue;
    sendWhenReady(process, host, state, peer, "FetchMetadata", () => fetchRequest(process, state));
    return;
  }
}

function pollProspective(process: ProcessContext, host: RaftHost, state: RaftState, role: ProspectiveRole): void {
  if (role.electionAtUs <= process.now && state.shutdownUntilUs === -1) giveUpPreVote(process, host, state);
  else askForVotes(process, host, state, role);
}

function pollCandidate(process: ProcessContext, host: RaftHost, state: RaftState, role: CandidateRole): void {
  const shuttingDown = state.shutdownUntilUs !== -1;
  if (role.backoffUntilUs !== -1) {
    if (role.backoffUntilUs <= process.now && !shuttingDown) standForElection(process, host, state);
    return;
  }
  if (role.electionAtUs <= process.now && !shuttingDown) {
    // A candidate of 4.x asks for pre-votes again at once.
    if (!state.config.preVote) backOff(process, state);
    if (role.backoffUntilUs <= process.now) standForElection(process, host, state);
    return;
  }
  askForVotes(process, host, state, role);
}

function askForVotes(process: ProcessContext, host: RaftHost, state: RaftState, role: ProspectiveRole | CandidateRole): void {
  if (isLost(state) || role.askAtUs > process.now) return;
  for (const voter of votersOf(state)) {
    if (voter.nodeId === state.config.nodeId || role.granted.includes(voter.nodeId) || role.rejected.includes(voter.nodeId)) continue;
    sendWhenReady(process, host, state, voter, "Vote", () => voteRequest(process, state, voter.nodeId));
  }
}

function pollLeader(process: ProcessContext, host: RaftHost, state: RaftState, role: LeaderRole): void {
  const isAlone = isOnlyVoter(state);
  if (role.resignRequested || !isAlone && (role.checkQuorumAtUs <= process.now || state.shutdownUntilUs !== -1)) {
    resign(process, host, state);
    return;
  }
  if (isAlone) advanceHighWatermark(process, state, role);
  if (role.drainAtUs !== -1 && role.drainAtUs <= process.now) drain(process, host, state, role);
  settleChange(process, host, state, role);
  if (role.resignRequested) return pollLeader(process, host, state, role);
  for (const replica of role.voters) {
    if (replica.nextBeginUs > process.now) continue;
    replica.nextBeginUs = process.now + beginIntervalUs(state);
    const voter = findVoter(votersOf(state), replica.node);
    if (voter === undefined) continue;
    sendWhenReady(process, host, state, voter, "BeginQuorumEpoch", () => ({
      clusterId: state.config.clusterId, voterId: voter.nodeId, leaderId: state.config.nodeId, leaderEpoch: state.epoch,
      voterDirectoryId: voter.directoryId, leaderEndpoints: leaderEndpoints(state),
    }));
  }
  expireFetches(process, host, state);
}

function pollFollower(process: ProcessContext, host: RaftHost, state: RaftState, role: FollowerRole): void {
  if (state.shutdownUntilUs !== -1) return;
  const votes = isVoter(state);
  if (role.fetchAtUs <= process.now) {
    if (votes) {
      process.becauseOf(role.heardCause);
      standForElection(process, host, state);
    } else askAnyPeer(process, host, state);
    return;
  }
  const isBackingOff = (state.connections.get(state.leader)?.retryAtUs ?? 0) > process.now;
  if (isBackingOff) {
    if (!votes || state.config.preVote) askAnyPeer(process, host, state);
    return;
  }
  const leader = peerOf(state, state.leader);
  if (leader === undefined) return askAnyPeer(process, host, state);
  if (!votes && role.joinAtUs <= process.now && mayJoin(state) && join(process, host, state, leader)) {
    role.joinAtUs = process.now + fromMs(state.config.fetchTimeoutMs);
  }
  const { download } = role;
  if (download !== null) sendWhenReady(process, host, state, leader, "FetchSnapshot", () => fetchSnapshotRequest(state, download));
  else sendWhenReady(process, host, state, leader, "FetchMetadata", () => fetchRequest(process, state));
}

function mayJoin(state: RaftState): boolean {
  const { autoJoin, listener } = state.config;
  return autoJoin && listener !== null && latestVoters(state).kraftVersion === 1;
}

/** A controller that is no voter asks to be one; an older self with another directory has to go first (KIP-1186). */
function join(process: ProcessContext, host: RaftHost, state: RaftState, leader: RaftPeer): boolean {
  const { clusterId, nodeId, directoryId, listener, requestTimeoutMs } = state.config;
  const older = findVoter(votersOf(state), nodeId);
  if (older !== undefined) {
    return sendWhenReady(process, host, state, leader, "RemoveRaftVoter", () => ({ clusterId, voterId: nodeId, voterDirectoryId: older.directoryId }));
  }
  return listener !== null && sendWhenReady(process, host, state, leader, "AddRaftVoter", () => ({
    clusterId, timeoutMs: requestTimeoutMs, voterId: nodeId, voterDirectoryId: directoryId,
    listeners: [{ name: CONTROLLER_LISTENER, host: listener.host, port: listener.port }], ackWhenCommitted: false,
  }));
}

function pollResigned(process: ProcessContext, host: RaftHost, state: RaftState, role: ResignedRole): void {
  if (role.electionAtUs <= process.now && state.shutdownUntilUs === -1) {
    if (isVoter(state) && !state.config.preVote) standForElection(process, host, state);
    else leaveResigned(process, host, state);
    return;
  }
  for (const node of role.unacknowledged) {
    const voter = findVoter(votersOf(state), node);
    if (voter === undefined) continue;
    sendWhenReady(process, host, state, voter, "EndQuorumEpoch", () => ({
      clusterId: state.config.clusterId, leaderId: state.config.nodeId, leaderEpoch: state.epoch, preferredSuccessors: role.successors,
      leaderEndpoints: leaderEndpoints(state),
    }));
  }
}

/** False while another request to that node is on its way, or a pause after a failure. */
export function sendWhenReady<A extends RaftApi>(
  process: ProcessContext, host: RaftHost, state: RaftState, to: RaftPeer, api: A, body: () => RequestOf<A>,
): boolean {
  let connection = state.connections.get(to.nodeId);
  if (connection === undefined) state.connections.set(to.nodeId, connection = { pending: 0, retryAtUs: 0 });
  if (connection.pending !== 0 || connection.retryAtUs > process.now) return false;
  state.lastRequest += 1;
  connection.pending = state.lastRequest;
  const context: RaftRequestContext = { for: "kraft", part: "raft", to: to.nodeId, number: state.lastRequest };
  host.send(to, { api, body: body(), timeoutMs: state.config.requestTimeoutMs, context });
  return true;
}

// ---- deadlines

function nextDeadlineUs(process: ProcessContext, state: RaftState): number {
  const role = state.role;
  const shuttingDown = state.shutdownUntilUs !== -1;
  let at = shuttingDown && state.shutdownUntilUs > process.now ? state.shutdownUntilUs : Number.MAX_SAFE_INTEGER;
  const earlier = (deadline: number): void => { if (deadline < at && deadline > process.now) at = deadline; };
  switch (role.role) {
    case "unattached": if (!shuttingDown && isVoter(state)) earlier(role.electionAtUs); break;
    case "prospective":
      earlier(role.askAtUs);
      if (!shuttingDown) earlier(role.electionAtUs);
      break;
    case "candidate":
      earlier(role.askAtUs);
      if (!shuttingDown) earlier(role.backoffUntilUs === -1 ? role.electionAtUs : role.backoffUntilUs);
      break;
    case "follower":
      if (!shuttingDown) earlier(role.fetchAtUs);
      if (!shuttingDown && mayJoin(state) && !isVoter(state)) earlier(role.joinAtUs);
      break;
    case "resigned": if (!shuttingDown) earlier(role.electionAtUs); break;
    case "leader":
      if (role.drainAtUs !== -1) earlier(role.drainAtUs);
      if (!isOnlyVoter(state)) earlier(role.checkQuorumAtUs);
      for (const voter of role.voters) earlier(voter.nextBeginUs);
      for (const fetch of state.parked) earlier(fetch.untilUs);
      if (role.pendingChange !== null) earlier(role.pendingChange.untilUs);
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
