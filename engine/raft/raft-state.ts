// What a voter of the metadata quorum knows: its epoch, vote and leader (kept on disk), its role, and requests on their way.
// Follows QuorumState.java, its epoch states and RequestManager.java (3.9, before pre-votes). Times are microseconds.
// FIDELITY: RAFT-ELECTION, RAFT-VOTER-KEY.
import { readRecordFile, writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import type { RaftRole } from "#engine/protocol/facts.ts";
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { LogRecord } from "./raft-batch.ts";

const QUORUM_STATE_PATH = "__cluster_metadata-0/quorum-state";

/** A node of the quorum and where its controller listens. */
export interface RaftPeer { readonly nodeId: number; readonly host: string; readonly port: number }

/** Settings `controller.quorum.*`; voters are static (kraft.version 0). */
export interface RaftConfig {
  readonly nodeId: number;
  readonly clusterId: string;
  readonly voters: readonly number[];
  /** controller.quorum.voters, or controller.quorum.bootstrap.servers: whom a node asks that knows no leader. */
  readonly bootstrap: readonly RaftPeer[];
  readonly electionTimeoutMs: number;
  readonly electionBackoffMaxMs: number;
  readonly fetchTimeoutMs: number;
  readonly appendLingerMs: number;
  readonly requestTimeoutMs: number;
  readonly retryBackoffMs: number;
}

/** What the leader knows of another voter. Offset and time are -1 before its first fetch. `nextBeginUs`: when it is told again who leads. */
export interface VoterProgress { readonly node: number; endOffset: number; lastFetchUs: number; nextBeginUs: number }

export interface UnattachedRole { readonly role: "unattached"; electionAtUs: number }
/** `backoffUntilUs` is -1 while the election is open. `retries` counts this candidate's elections from 1. */
export interface CandidateRole {
  readonly role: "candidate"; readonly retries: number; granted: number[]; rejected: number[]; electionAtUs: number; backoffUntilUs: number;
}
/** `drainAtUs`: when lingering records are appended; -1 for none. `known`: its high watermark is valid (KafkaRaftClient: Optional). */
export interface LeaderRole {
  readonly role: "leader"; readonly epochStartOffset: number; readonly grantingVoters: readonly number[]; voters: VoterProgress[];
  lingering: LogRecord[]; drainAtUs: number; checkQuorumAtUs: number; fetchedVoters: number[]; highWatermarkKnown: boolean;
}
/** @property heardCause trace entry of what was heard from the leader, or of it, last: why a follower that stands for election does so then. */
export interface FollowerRole { readonly role: "follower"; fetchAtUs: number; heardCause: number }
export interface ResignedRole { readonly role: "resigned"; electionAtUs: number; readonly successors: readonly number[]; unacknowledged: number[] }
export type RoleState = UnattachedRole | CandidateRole | LeaderRole | FollowerRole | ResignedRole;

/** A fetch that waits for new records. @property cause trace entry of the request: what an answer after the full wait is due to. */
export interface ParkedFetch {
  readonly to: ReplyTo<"FetchMetadata">; readonly request: RequestOf<"FetchMetadata">; readonly untilUs: number; readonly cause: number;
}

/** One request at a time to each voter; after a failure a pause. `pending` is the number of the request on its way, 0 for none. */
export interface VoterConnection { pending: number; retryAtUs: number }

export interface RaftState {
  readonly config: RaftConfig;
  epoch: number;
  /** Voter that has this node's vote in this epoch; -1. */
  votedFor: number;
  /** -1: unknown. */
  leader: number;
  role: RoleState;
  /** -1: unknown since the start of the process. */
  highWatermark: number;
  /** Batches of the log that were handed to the layers above. */
  committedBatches: number;
  connections: Map<number, VoterConnection>;
  lastRequest: number;
  parked: ParkedFetch[];
  /** Sequence number of the armed timer, 0 for none, and its time. */
  timer: number;
  timerAtUs: number;
  /** Trace entry of the present role. */
  roleCause: number;
  /** Until when a graceful shutdown waits for a successor; -1 when nobody shuts down. */
  shutdownUntilUs: number;
  /** What the newest fact said; -1 before the first. An unknown high watermark is told as 0. */
  recordedLogEnd: number;
  recordedHighWatermark: number;
}

/** What the quorum needs from the process that hosts it. */
export interface RaftHost {
  send<A extends Api>(to: RaftPeer, request: { readonly api: A; readonly body: RequestOf<A>; readonly timeoutMs: number; readonly context: unknown }): void;
  reply<A extends Api>(to: ReplyTo<A>, body: ResponseOf<A>): void;
}

/** Content of the file `quorum-state`. */
export interface QuorumStateFile { readonly leaderId: number; readonly leaderEpoch: number; readonly votedId: number }

export function readQuorumState(process: ProcessContext): QuorumStateFile {
  const content = readRecordFile(process.disk, QUORUM_STATE_PATH) as QuorumStateFile | undefined;
  return content ?? { leaderId: -1, leaderEpoch: 0, votedId: -1 };
}

/** Forced to disk before anybody may learn of it: a vote given twice would elect two leaders. */
export function writeQuorumState(process: ProcessContext, state: RaftState): void {
  const content: QuorumStateFile = { leaderId: state.leader, leaderEpoch: state.epoch, votedId: state.votedFor };
  writeRecordFile(process.disk, QUORUM_STATE_PATH, content, true);
}

/** Whether this node votes; an observer only reads the log. */
export function isVoter(config: RaftConfig): boolean {
  return config.voters.includes(config.nodeId);
}

/** Where a node of the quorum listens; undefined when this node has never heard. */
export function peerOf(state: RaftState, nodeId: number): RaftPeer | undefined {
  return state.config.bootstrap.find(peer => peer.nodeId === nodeId);
}

export function majorityOf(config: RaftConfig): number {
  return (config.voters.length >> 1) + 1;
}

export function otherVoters(config: RaftConfig): number[] {
  return config.voters.filter(voter => voter !== config.nodeId);
}

/** Leader of the quorum as this node knows it; -1 also while it has resigned itself. */
export function knownLeader(state: RaftState): number {
  return state.role.role === "resigned" ? -1 : state.leader;
}

/** The role as it is shown: who does not vote observes, whatever else it waits for. */
export function roleName(state: RaftState): RaftRole {
  return isVoter(state.config) ? state.role.role : "observer";
}

export function traceRole(process: ProcessContext, state: RaftState): void {
  state.roleCause = process.trace({ kind: "raft-role", node: state.config.nodeId, role: roleName(state), epoch: state.epoch, leader: knownLeader(state) });
}
