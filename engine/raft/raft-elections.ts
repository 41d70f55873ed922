// Vote, BeginQuorumEpoch and EndQuorumEpoch: how voters find a leader and how a leader leaves.
// Follows the handlers of KafkaRaftClient.java (3.9; pre-votes as in 4.x). FIDELITY: RAFT-ELECTION, RAFT-PRE-VOTE, RAFT-VOTER-KEY.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { lastEpoch, logEndOffset, metadataLog } from "./metadata-log.ts";
import { backOff, becomeUnattached, followEpoch, giveUpPreVote, goOnWhenElected, voteFor } from "./quorum-transitions.ts";
import { hasVotedFor, knownLeader, leaderEndpoints, learnEndpoints, type RaftHost, type RaftState, votersOf } from "./raft-state.ts";
import { findVoter, majorityOf, NO_DIRECTORY } from "./voter-set.ts";

export function handleVote(process: ProcessContext, host: RaftHost, state: RaftState, body: RequestOf<"Vote">): ResponseOf<"Vote"> {
  const answer = (error: KafkaError, voteGranted: boolean): ResponseOf<"Vote"> =>
    ({ error, leaderId: knownLeader(state), leaderEpoch: state.epoch, voteGranted, nodeEndpoints: leaderEndpoints(state) });
  if (body.clusterId !== state.config.clusterId) return answer("INCONSISTENT_CLUSTER_ID", false);
  // A candidate has never seen a leader of its epoch; who only asks for pre-votes may have.
  const isIllegal = body.preVote ? body.lastOffsetEpoch > body.replicaEpoch : body.lastOffsetEpoch >= body.replicaEpoch;
  if (body.lastOffset < 0 || body.lastOffsetEpoch < 0 || isIllegal) return answer("INVALID_REQUEST", false);
  if (body.replicaEpoch < state.epoch) return answer("FENCED_LEADER_EPOCH", false);
  if (body.replicaEpoch > state.epoch) becomeUnattached(process, host, state, body.replicaEpoch);
  if (!isForThisNode(state, body.voterId, body.voterDirectoryId)) return answer("INVALID_VOTER_KEY", false);
  const granted = mayGrant(process, state, body);
  if (granted && !body.preVote && state.votedFor === -1) voteFor(process, state, body.replicaId, body.replicaDirectoryId);
  return answer("NONE", granted);
}

/** The voter that a request is meant for is known by id and, where the voters stand in the log, by its directory. */
function isForThisNode({ config }: RaftState, voterId: number, directoryId: string): boolean {
  return voterId === config.nodeId && (directoryId === NO_DIRECTORY || directoryId === config.directoryId);
}

/** A vote: once an epoch, while no leader is known, to a log at least as long. A pre-vote: by everybody who has no leader that answers. */
function mayGrant(process: ProcessContext, state: RaftState, body: RequestOf<"Vote">): boolean {
  const { role } = state;
  if (body.preVote) return role.role !== "leader" && !(role.role === "follower" && role.hasFetched) && isUpToDate(process, body);
  if (role.role !== "unattached" && role.role !== "prospective") return false;
  if (state.votedFor !== -1) return hasVotedFor(state, body.replicaId, body.replicaDirectoryId);
  return state.leader === -1 && isUpToDate(process, body);
}

function isUpToDate(process: ProcessContext, body: RequestOf<"Vote">): boolean {
  const log = metadataLog(process);
  const ownEpoch = lastEpoch(log);
  return body.lastOffsetEpoch > ownEpoch || body.lastOffsetEpoch === ownEpoch && body.lastOffset >= logEndOffset(log);
}

export function voteRequest(process: ProcessContext, state: RaftState, voter: number): RequestOf<"Vote"> {
  const log = metadataLog(process);
  return {
    clusterId: state.config.clusterId, voterId: voter, replicaEpoch: state.epoch, replicaId: state.config.nodeId,
    replicaDirectoryId: state.config.directoryId, voterDirectoryId: findVoter(votersOf(state), voter)?.directoryId ?? NO_DIRECTORY,
    lastOffsetEpoch: lastEpoch(log), lastOffset: logEndOffset(log), preVote: state.role.role === "prospective",
  };
}

export function handleVoteResponse(
  process: ProcessContext, host: RaftHost, state: RaftState, voter: number, asked: RequestOf<"Vote">, body: ResponseOf<"Vote">,
): void {
  const role = state.role;
  if (role.role !== (asked.preVote ? "prospective" : "candidate") || asked.replicaEpoch !== state.epoch) return;
  if (role.granted.includes(voter) || role.rejected.includes(voter)) return;
  if (body.voteGranted) {
    role.granted.push(voter);
    goOnWhenElected(process, host, state);
    return;
  }
  role.rejected.push(voter);
  // A gridlocked vote is not waited for: the back-off begins as soon as a majority cannot be reached any more.
  if (!isLost(state)) return;
  if (role.role === "prospective") giveUpPreVote(process, host, state);
  else if (role.backoffUntilUs === -1) backOff(process, state);
}

/** So many voters have refused that the others are no majority. */
export function isLost(state: RaftState): boolean {
  const { role } = state;
  if (role.role !== "candidate" && role.role !== "prospective") return false;
  const voters = votersOf(state);
  const rejected = role.rejected.filter(node => findVoter(voters, node) !== undefined).length;
  return voters.length - rejected < majorityOf(voters);
}

export function handleBeginQuorumEpoch(
  process: ProcessContext, host: RaftHost, state: RaftState, body: RequestOf<"BeginQuorumEpoch">,
): ResponseOf<"BeginQuorumEpoch"> {
  let error = epochError(state, body.clusterId, body.leaderEpoch);
  if (error === "NONE") {
    learnEndpoints(state, body.leaderEndpoints);
    followEpoch(process, host, state, body.leaderEpoch, body.leaderId);
    if (!isForThisNode(state, body.voterId, body.voterDirectoryId)) error = "INVALID_VOTER_KEY";
  }
  return { error, leaderId: knownLeader(state), leaderEpoch: state.epoch, nodeEndpoints: leaderEndpoints(state) };
}

export function handleEndQuorumEpoch(
  process: ProcessContext, host: RaftHost, state: RaftState, body: RequestOf<"EndQuorumEpoch">,
): ResponseOf<"EndQuorumEpoch"> {
  const error = epochError(state, body.clusterId, body.leaderEpoch);
  if (error === "NONE") {
    learnEndpoints(state, body.leaderEndpoints);
    followEpoch(process, host, state, body.leaderEpoch, body.leaderId);
    const role = state.role;
    if (role.role === "follower" && state.leader === body.leaderId) {
      const position = body.preferredSuccessors.indexOf(state.config.nodeId);
      role.fetchAtUs = process.now + fromMs(succession(position, body.preferredSuccessors.length, state.config.electionBackoffMaxMs));
      role.heardCause = process.cause;
    }
  }
  return { error, leaderId: knownLeader(state), leaderEpoch: state.epoch, nodeEndpoints: leaderEndpoints(state) };
}

/** Milliseconds before a successor starts its election: at once for the first, then strictly exponential up to the maximum. */
function succession(position: number, successors: number, backoffMaxMs: number): number {
  if (position === 0) return 0;
  if (position === -1) return backoffMaxMs;
  return Math.min(backoffMaxMs, backoffMaxMs >> successors - 1 << position - 1);
}

function epochError(state: RaftState, clusterId: string | null, epoch: number): KafkaError {
  if (clusterId !== state.config.clusterId) return "INCONSISTENT_CLUSTER_ID";
  return epoch < state.epoch ? "FENCED_LEADER_EPOCH" : "NONE";
}
