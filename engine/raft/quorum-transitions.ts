// How a voter changes its role: each change is written to disk first, forgets old requests and answers the fetches that wait.
// Follows QuorumState.java and the transition functions of KafkaRaftClient.java (3.9). FIDELITY: RAFT-ELECTION.
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { appendAndSync, logEndOffset, metadataLog } from "./metadata-log.ts";
import { type LeaderChangeMessage, RaftBatch } from "./raft-batch.ts";
import {
  type LeaderRole, majorityOf, otherVoters, type RaftHost, type RaftState, type RoleState, traceRole, writeQuorumState,
} from "./raft-state.ts";

/** controller.quorum.election.timeout.ms plus up to as much again. */
export function electionTimeoutUs(process: ProcessContext, state: RaftState): number {
  const { electionTimeoutMs } = state.config;
  return fromMs(electionTimeoutMs + process.random("election timeout", electionTimeoutMs));
}

function takeRole(process: ProcessContext, host: RaftHost, state: RaftState, role: RoleState): void {
  state.role = role;
  state.connections.clear();
  writeQuorumState(process, state);
  const parked = state.parked;
  state.parked = [];
  for (const fetch of parked) {
    host.reply(fetch.to, {
      error: "NOT_LEADER_OR_FOLLOWER", leaderId: role.role === "resigned" ? -1 : state.leader, leaderEpoch: state.epoch, highWatermark: -1,
      logStartOffset: 0, divergingEpoch: { epoch: -1, endOffset: -1 }, records: [],
    });
  }
  traceRole(process, state);
}

/** A message of a higher epoch has come: no vote yet, no leader known. The patience left over from the old role stays. */
export function becomeUnattached(process: ProcessContext, host: RaftHost, state: RaftState, epoch: number): void {
  invariant(epoch > state.epoch, `${process.name}: unattached in epoch ${epoch} after ${state.epoch}`);
  const old = state.role;
  const electionAtUs = old.role === "follower" ? old.fetchAtUs
    : old.role === "leader" ? process.now + electionTimeoutUs(process, state) : old.electionAtUs;
  state.epoch = epoch;
  state.votedFor = -1;
  state.leader = -1;
  takeRole(process, host, state, { role: "unattached", electionAtUs });
}

/** Gives this epoch's vote away. */
export function voteFor(process: ProcessContext, state: RaftState, candidate: number): void {
  invariant(state.role.role === "unattached" && state.votedFor === -1, `${process.name} votes as ${state.role.role}`);
  state.votedFor = candidate;
  state.role.electionAtUs = process.now + electionTimeoutUs(process, state);
  writeQuorumState(process, state);
}

/** A new election with an epoch of its own; the node votes for itself. */
export function becomeCandidate(process: ProcessContext, host: RaftHost, state: RaftState): void {
  const retries = state.role.role === "candidate" ? state.role.retries + 1 : 1;
  state.epoch += 1;
  state.votedFor = state.config.nodeId;
  state.leader = -1;
  takeRole(process, host, state, {
    role: "candidate", retries, granted: [state.config.nodeId], rejected: [],
    electionAtUs: process.now + electionTimeoutUs(process, state), backoffUntilUs: -1,
  });
  leadWhenElected(process, host, state);
}

/** Binary exponential: 0 or 100 ms after the first lost election (RETRY_BACKOFF_BASE_MS), at most controller.quorum.election.backoff.max.ms. */
export function backOff(process: ProcessContext, state: RaftState): void {
  const role = state.role;
  invariant(role.role === "candidate", `${process.name} backs off as ${role.role}`);
  const draws = 2 << Math.min(20, role.retries - 1);
  const backoffMs = Math.min(100 * process.random("election back-off", draws), state.config.electionBackoffMaxMs);
  role.backoffUntilUs = process.now + fromMs(backoffMs);
}

export function leadWhenElected(process: ProcessContext, host: RaftHost, state: RaftState): void {
  const role = state.role;
  if (role.role !== "candidate" || role.granted.length < majorityOf(state.config)) return;
  const start = logEndOffset(metadataLog(process));
  state.leader = state.config.nodeId;
  state.votedFor = -1;
  const leader: LeaderRole = {
    role: "leader", epochStartOffset: start, grantingVoters: role.granted.slice(),
    voters: otherVoters(state.config).map(node => ({ node, endOffset: -1, lastFetchUs: -1, nextBeginUs: process.now })),
    lingering: [], drainAtUs: -1, checkQuorumAtUs: process.now + checkQuorumTimeoutUs(state), fetchedVoters: [], highWatermarkKnown: false,
  };
  takeRole(process, host, state, leader);
  const message: LeaderChangeMessage = {
    type: "LeaderChangeMessage", leaderId: state.config.nodeId, voters: state.config.voters, grantingVoters: leader.grantingVoters,
  };
  appendAndSync(process, [new RaftBatch(start, state.epoch, true, [message], toMs(process.now))]);
}

/** 1.5 x controller.quorum.fetch.timeout.ms: without fetches of a majority for so long a leader resigns. */
export function checkQuorumTimeoutUs(state: RaftState): number {
  return fromMs(Math.floor(state.config.fetchTimeoutMs * 3 / 2));
}

export function becomeFollower(process: ProcessContext, host: RaftHost, state: RaftState, epoch: number, leader: number): void {
  invariant(leader !== state.config.nodeId, `${process.name} follows itself`);
  invariant(epoch > state.epoch || epoch === state.epoch && state.leader === -1, `${process.name}: two leaders in epoch ${epoch}`);
  state.epoch = epoch;
  // The file holds either a vote or a leader: who knows the leader of an epoch votes for nobody in it.
  state.votedFor = -1;
  state.leader = leader;
  takeRole(process, host, state, { role: "follower", fetchAtUs: process.now + fromMs(state.config.fetchTimeoutMs), heardCause: process.cause });
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
    role: "resigned", electionAtUs: process.now + electionTimeoutUs(process, state), successors, unacknowledged: otherVoters(state.config),
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
