// How a node changes its role: each change is written to disk first, forgets old requests and answers the fetches that wait.
// Follows QuorumState.java and the transition functions of KafkaRaftClient.java (3.9; 4.x with pre-votes). FIDELITY: RAFT-ELECTION, RAFT-PRE-VOTE,
// RAFT-STATE-WRITE.
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { appendBatches } from "./log-append.ts";
import { logEndOffset, metadataLog, NO_SNAPSHOT } from "./metadata-log.ts";
import { type KRaftVersionRecord, type LeaderChangeMessage, type LogRecord, RaftBatch, type Voter, type VotersRecord } from "./raft-batch.ts";
import {
  latestVoters, leaderEndpoints, type LeaderRole, otherVoters, type RaftHost, type RaftState, type ReplicaProgress, type RoleState, traceRole,
  votersOf, writeQuorumState,
} from "./raft-state.ts";
import { majorityOf, NO_DIRECTORY } from "./voter-set.ts";

/** What it takes to force a small file to an ordinary disk. */
const STATE_WRITE_MIN_US = 1_000;
const STATE_WRITE_SPREAD_US = 4_000;

/** controller.quorum.election.timeout.ms plus up to as much again. */
export function electionTimeoutUs(process: ProcessContext, state: RaftState): number {
  const { electionTimeoutMs } = state.config;
  return fromMs(electionTimeoutMs + process.random("election timeout", electionTimeoutMs));
}

function takeRole(process: ProcessContext, host: RaftHost, state: RaftState, role: RoleState): void {
  const asker = state.role.role === "leader" ? state.role.pendingChange?.to ?? null : null;
  state.role = role;
  state.connections.clear();
  writeQuorumState(process, state);
  const parked = state.parked;
  state.parked = [];
  for (const fetch of parked) {
    host.reply(fetch.to, {
      error: "NOT_LEADER_OR_FOLLOWER", leaderId: role.role === "resigned" ? -1 : state.leader, leaderEpoch: state.epoch, highWatermark: -1,
      logStartOffset: 0, divergingEpoch: { epoch: -1, endOffset: -1 }, snapshotId: NO_SNAPSHOT, records: [], nodeEndpoints: leaderEndpoints(state),
    });
  }
  // Who asked for another voter learns that this node cannot say what becomes of it.
  if (asker !== null) host.reply(asker, { throttleTimeMs: 0, error: "NOT_LEADER_OR_FOLLOWER", errorMessage: null });
  traceRole(process, state);
}

/** A message of a higher epoch has come: no vote yet, no leader known. The patience left over from the old role stays. */
export function becomeUnattached(process: ProcessContext, host: RaftHost, state: RaftState, epoch: number): void {
  invariant(epoch > state.epoch, `${process.name}: unattached in epoch ${epoch} after ${state.epoch}`);
  const old = state.role;
  const electionAtUs = old.role === "follower" ? old.fetchAtUs
    : old.role === "leader" ? process.now + electionTimeoutUs(process, state) : old.electionAtUs;
  enterEpoch(state, epoch);
  takeRole(process, host, state, { role: "unattached", electionAtUs });
}

/** Leaves the resigned role, whose epoch nobody may take for led any more. */
export function leaveResigned(process: ProcessContext, host: RaftHost, state: RaftState): void {
  enterEpoch(state, state.epoch + 1);
  takeRole(process, host, state, { role: "unattached", electionAtUs: process.now + electionTimeoutUs(process, state) });
}

function enterEpoch(state: RaftState, epoch: number): void {
  state.epoch = epoch;
  state.votedFor = -1;
  state.votedDirectoryId = NO_DIRECTORY;
  state.leader = -1;
}

/** Gives this epoch's vote away. */
export function voteFor(process: ProcessContext, state: RaftState, candidate: number, directoryId: string): void {
  const { role } = state;
  invariant((role.role === "unattached" || role.role === "prospective") && state.votedFor === -1, `${process.name} votes as ${role.role}`);
  state.votedFor = candidate;
  state.votedDirectoryId = directoryId;
  role.electionAtUs = process.now + electionTimeoutUs(process, state);
  writeQuorumState(process, state);
}

/**
 * Until `quorum-state` is on the disk nobody is asked. Two voters that give up at the same moment have both voted for themselves by then; a pre-vote,
 * which binds nobody, is decided by the faster disk.
 */
function stateWriteUs(process: ProcessContext): number {
  return STATE_WRITE_MIN_US + process.random("quorum-state write", STATE_WRITE_SPREAD_US);
}

/** Time to look for a leader: 4.x first asks whether an election could be won (KIP-996), 3.9 begins one. */
export function standForElection(process: ProcessContext, host: RaftHost, state: RaftState): void {
  const retries = state.role.role === "candidate" ? state.role.retries + 1 : 1;
  if (!state.config.preVote) return becomeCandidate(process, host, state, retries);
  takeRole(process, host, state, {
    role: "prospective", retries, granted: [state.config.nodeId], rejected: [], electionAtUs: process.now + electionTimeoutUs(process, state),
    askAtUs: process.now + stateWriteUs(process),
  });
  goOnWhenElected(process, host, state);
}

/** A new election with an epoch of its own; the node votes for itself. */
export function becomeCandidate(process: ProcessContext, host: RaftHost, state: RaftState, retries: number): void {
  enterEpoch(state, state.epoch + 1);
  state.votedFor = state.config.nodeId;
  state.votedDirectoryId = state.config.directoryId;
  takeRole(process, host, state, {
    role: "candidate", retries, granted: [state.config.nodeId], rejected: [],
    electionAtUs: process.now + electionTimeoutUs(process, state), askAtUs: process.now + stateWriteUs(process), backoffUntilUs: -1,
  });
  goOnWhenElected(process, host, state);
}

/** The pre-votes did not suffice: back to the leader that was known, or to waiting. */
export function giveUpPreVote(process: ProcessContext, host: RaftHost, state: RaftState): void {
  invariant(state.role.role === "prospective", `${process.name} has no pre-vote as ${state.role.role}`);
  if (state.leader !== -1 && leaderEndpoints(state).length > 0) {
    takeRole(process, host, state, follower(process, state));
  } else takeRole(process, host, state, { role: "unattached", electionAtUs: process.now + electionTimeoutUs(process, state) });
}

/** Binary exponential: 0 or 100 ms after the first lost election (RETRY_BACKOFF_BASE_MS), at most controller.quorum.election.backoff.max.ms. */
export function backOff(process: ProcessContext, state: RaftState): void {
  const role = state.role;
  invariant(role.role === "candidate", `${process.name} backs off as ${role.role}`);
  const draws = 2 << Math.min(20, role.retries - 1);
  const backoffMs = Math.min(100 * process.random("election back-off", draws), state.config.electionBackoffMaxMs);
  role.backoffUntilUs = process.now + fromMs(backoffMs);
}

/** A majority would vote for this node, or has. */
export function goOnWhenElected(process: ProcessContext, host: RaftHost, state: RaftState): void {
  const role = state.role;
  if (role.role !== "candidate" && role.role !== "prospective" || role.granted.length < majorityOf(votersOf(state))) return;
  if (role.role === "prospective") becomeCandidate(process, host, state, role.retries);
  else lead(process, host, state, role.granted.slice());
}

function lead(process: ProcessContext, host: RaftHost, state: RaftState, grantingVoters: readonly number[]): void {
  const start = logEndOffset(metadataLog(process));
  enterLeadership(state);
  const leader: LeaderRole = {
    role: "leader", epochStartOffset: start, grantingVoters, voters: otherVoters(state).map(voter => newProgress(voter, process.now)), observers: [],
    lingering: [], drainAtUs: -1, checkQuorumAtUs: process.now + checkQuorumTimeoutUs(state), fetchedVoters: [], highWatermarkKnown: false,
    pendingChange: null, resignRequested: false,
  };
  takeRole(process, host, state, leader);
  const records = startOfEpochRecords(state, grantingVoters);
  appendBatches(process, state, [new RaftBatch(start, state.epoch, true, records, toMs(process.now))]);
}

function enterLeadership(state: RaftState): void {
  state.leader = state.config.nodeId;
  state.votedFor = -1;
  state.votedDirectoryId = NO_DIRECTORY;
}

/** The first leader of a quorum whose voters stand in the snapshot 0-0 writes them into the log (LeaderState.appendStartOfEpochControlRecords). */
function startOfEpochRecords(state: RaftState, grantingVoters: readonly number[]): LogRecord[] {
  const { offset, kraftVersion, voters } = latestVoters(state);
  const message: LeaderChangeMessage = {
    type: "LeaderChangeMessage", leaderId: state.config.nodeId, voters: voters.map(voter => voter.nodeId), grantingVoters,
  };
  if (kraftVersion === 0 || offset !== -1 || state.snapshots.some(snapshot => snapshot.endOffset > 0)) return [message];
  const version: KRaftVersionRecord = { type: "KRaftVersionRecord", kRaftVersion: kraftVersion };
  const set: VotersRecord = { type: "VotersRecord", voters };
  return [message, version, set];
}

export function newProgress(voter: Voter, nextBeginUs: number): ReplicaProgress {
  return {
    node: voter.nodeId, directoryId: voter.directoryId, endOffset: -1, lastFetchUs: -1, lastCaughtUpUs: -1, leaderEndAtFetch: -1, nextBeginUs,
  };
}

/** 1.5 x controller.quorum.fetch.timeout.ms: without fetches of a majority for so long a leader resigns. */
export function checkQuorumTimeoutUs(state: RaftState): number {
  return fromMs(Math.floor(state.config.fetchTimeoutMs * 3 / 2));
}

export function becomeFollower(process: ProcessContext, host: RaftHost, state: RaftState, epoch: number, leader: number): void {
  invariant(leader !== state.config.nodeId, `${process.name} follows itself`);
  invariant(epoch > state.epoch || epoch === state.epoch && state.leader === -1, `${process.name}: two leaders in epoch ${epoch}`);
  // The file holds either a vote or a leader: who knows the leader of an epoch votes for nobody in it.
  enterEpoch(state, epoch);
  state.leader = leader;
  takeRole(process, host, state, follower(process, state));
}

export function follower(process: ProcessContext, state: RaftState): RoleState {
  const fetchAtUs = process.now + fromMs(state.config.fetchTimeoutMs);
  return { role: "follower", fetchAtUs, heardCause: process.cause, hasFetched: false, download: null, joinAtUs: fetchAtUs };
}

/** Gives leadership up and tells the others, the one with the longest log first among the successors. */
export function resign(process: ProcessContext, host: RaftHost, state: RaftState): void {
  const role = state.role;
  invariant(role.role === "leader", `${process.name} resigns as ${role.role}`);
  const successors = role.voters.toSorted((a, b) => b.endOffset - a.endOffset || a.node - b.node).map(voter => voter.node);
  takeRole(process, host, state, resignedRole(process, state, successors));
}

/** A restarted leader never leads the same epoch again: what it had appended may not have reached its disk. */
export function resignedRole(process: ProcessContext, state: RaftState, successors: readonly number[]): RoleState {
  return {
    role: "resigned", electionAtUs: process.now + electionTimeoutUs(process, state), successors,
    unacknowledged: otherVoters(state).map(voter => voter.nodeId),
  };
}

/** What a message says of epoch and leader moves this node on, never back. */
export function followEpoch(process: ProcessContext, host: RaftHost, state: RaftState, epoch: number, leader: number): void {
  const known = leader >= 0 && leader !== state.config.nodeId;
  if (epoch > state.epoch) {
    if (known) becomeFollower(process, host, state, epoch, leader);
    else becomeUnattached(process, host, state, epoch);
  } else if (epoch === state.epoch && known && state.leader === -1) {
    becomeFollower(process, host, state, epoch, leader);
  }
}
