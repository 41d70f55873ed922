// Vote, BeginQuorumEpoch and EndQuorumEpoch: how voters find a leader and how a leader leaves.
// Follows the handlers of KafkaRaftClient.java (3.9, no pre-vote). FIDELITY: RAFT-ELECTION, RAFT-VOTER-KEY.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { lastEpoch, logEndOffset, metadataLog } from "./metadata-log.ts";
import { backOff, becomeUnattached, followEpoch, leadWhenElected, voteFor } from "./quorum-transitions.ts";
import { knownLeader, majorityOf, type RaftHost, type RaftState } from "./raft-state.ts";

export function handleVote(process: ProcessContext, host: RaftHost, state: RaftState, body: RequestOf<"Vote">): ResponseOf<"Vote"> {
  const refuse = (error: KafkaError): ResponseOf<"Vote"> =>
    ({ error, leaderId: knownLeader(state), leaderEpoch: state.epoch, voteGranted: false });
  if (body.clusterId !== state.config.clusterId) return refuse("INCONSISTENT_CLUSTER_ID");
  if (body.replicaEpoch < state.epoch) return refuse("FENCED_LEADER_EPOCH");
  if (body.voterId !== state.config.nodeId) return refuse("INVALID_VOTER_KEY");
  if (body.replicaEpoch > state.epoch) becomeUnattached(process, host, state, body.replicaEpoch);
  if (!mayGrant(process, state, body)) return refuse("NONE");
  if (state.votedFor === -1) voteFor(process, state, body.replicaId);
  return { error: "NONE", leaderId: -1, leaderEpoch: state.epoch, voteGranted: true };
}

/** Only an unattached voter grants, once an epoch, to a candidate whose log is at least as long. */
function mayGrant(process: ProcessContext, state: RaftState, body: RequestOf<"Vote">): boolean {
  if (state.role.role !== "unattached" || state.leader !== -1) return false;
  if (state.votedFor !== -1) return state.votedFor === body.replicaId;
  const log = metadataLog(process);
  const ownEpoch = lastEpoch(log);
  return body.lastOffsetEpoch > ownEpoch || body.lastOffsetEpoch === ownEpoch && body.lastOffset >= logEndOffset(log);
}

export function voteRequest(process: ProcessContext, state: RaftState, voter: number): RequestOf<"Vote"> {
  const log = metadataLog(process);
  return {
    clusterId: state.config.clusterId, voterId: voter, replicaEpoch: state.epoch, replicaId: state.config.nodeId,
    lastOffsetEpoch: lastEpoch(log), lastOffset: logEndOffset(log),
  };
}

export function handleVoteResponse(
  process: ProcessContext, host: RaftHost, state: RaftState, voter: number, body: ResponseOf<"Vote">,
): void {
  const role = state.role;
  if (role.role !== "candidate" || role.granted.includes(voter) || role.rejected.includes(voter)) return;
  if (body.voteGranted) {
    role.granted.push(voter);
    leadWhenElected(process, host, state);
    return;
  }
  role.rejected.push(voter);
  // A gridlocked vote is not waited for: the back-off begins as soon as a majority cannot be reached any more.
  const reachable = state.config.voters.length - role.rejected.length;
  if (reachable < majorityOf(state.config) && role.backoffUntilUs === -1) backOff(process, state);
}

export function handleBeginQuorumEpoch(
  process: ProcessContext, host: RaftHost, state: RaftState, body: RequestOf<"BeginQuorumEpoch">,
): ResponseOf<"BeginQuorumEpoch"> {
  const error = epochError(state, body.clusterId, body.leaderEpoch);
  if (error === "NONE") followEpoch(process, host, state, body.leaderEpoch, body.leaderId);
  return { error, leaderId: knownLeader(state), leaderEpoch: state.epoch };
}

export function handleEndQuorumEpoch(
  process: ProcessContext, host: RaftHost, state: RaftState, body: RequestOf<"EndQuorumEpoch">,
): ResponseOf<"EndQuorumEpoch"> {
  const error = epochError(state, body.clusterId, body.leaderEpoch);
  if (error === "NONE") {
    followEpoch(process, host, state, body.leaderEpoch, body.leaderId);
    const role = state.role;
    if (role.role === "follower" && state.leader === body.leaderId) {
      const position = body.preferredSuccessors.indexOf(state.config.nodeId);
      role.fetchAtUs = process.now + fromMs(succession(position, body.preferredSuccessors.length, state.config.electionBackoffMaxMs));
      role.heardCause = process.cause;
    }
  }
  return { error, leaderId: knownLeader(state), leaderEpoch: state.epoch };
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
