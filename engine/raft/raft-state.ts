// What a node of the metadata quorum knows: its epoch, vote and leader (kept on disk), the voters, its role, and requests on their way.
// Follows QuorumState.java, its epoch states, LeaderState.java and RequestManager.java (3.9; pre-votes as in 4.x). Times are microseconds.
// FIDELITY: RAFT-ELECTION, RAFT-PRE-VOTE, RAFT-VOTER-KEY.
import { readRecordFile, writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import type { RaftRole } from "#engine/protocol/facts.ts";
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { SnapshotId, StoredSnapshot } from "./metadata-log.ts";
import type { LogRecord, RaftBatch, RaftPeer, Voter } from "./raft-batch.ts";
import { findVoter, hasVoter, NO_DIRECTORY, type VotersEntry } from "./voter-set.ts";

const QUORUM_STATE_PATH = "__cluster_metadata-0/quorum-state";

/**
 * Settings `controller.quorum.*` and `metadata.*`, and what is written in meta.properties.
 * @property staticVoters controller.quorum.voters (kraft.version 0); empty when the voters stand in the log.
 * @property bootstrap controller.quorum.voters or controller.quorum.bootstrap.servers: whom a node asks that knows no leader.
 * @property listener where this node's controller listens; null without the controller's role: such a node never votes.
 * @property preVote KIP-996 (4.x). @property pushesHighWatermark KIP-1166 (4.1). @property autoJoin controller.quorum.auto.join.enable (4.2).
 * @property printsOptionalDirectory how ReplicaKey prints itself in messages (3.9).
 * @property printsFencing a node in a message says whether it is fenced (4.x).
 */
export interface RaftConfig {
  readonly nodeId: number;
  readonly directoryId: string;
  readonly clusterId: string;
  readonly staticVoters: readonly Voter[];
  readonly bootstrap: readonly RaftPeer[];
  readonly listener: RaftPeer | null;
  readonly preVote: boolean;
  readonly pushesHighWatermark: boolean;
  readonly autoJoin: boolean;
  readonly printsOptionalDirectory: boolean;
  readonly printsFencing: boolean;
  readonly electionTimeoutMs: number;
  readonly electionBackoffMaxMs: number;
  readonly fetchTimeoutMs: number;
  readonly appendLingerMs: number;
  readonly requestTimeoutMs: number;
  readonly retryBackoffMs: number;
  readonly snapshotBytes: number;
  readonly snapshotIntervalMs: number;
  readonly retentionBytes: number;
  readonly retentionMs: number;
}

/** What the leader knows of another node. Offset and times are -1 before its first fetch. `nextBeginUs`: when a voter is told again who leads. */
export interface ReplicaProgress {
  readonly node: number; directoryId: string; endOffset: number; lastFetchUs: number; lastCaughtUpUs: number;
  /** The leader's end when it fetched last: what it is caught up with at its next fetch. */
  leaderEndAtFetch: number; nextBeginUs: number;
}

export interface UnattachedRole { readonly role: "unattached"; electionAtUs: number }
/** Asks for votes. `askAtUs`: not before its new state is on the disk. `retries` counts its elections from 1. */
interface NomineeRole { readonly retries: number; granted: number[]; rejected: number[]; electionAtUs: number; readonly askAtUs: number }
/** KIP-996: asks whether it would win, without an epoch of its own. The leader it knew stays known. */
export interface ProspectiveRole extends NomineeRole { readonly role: "prospective" }
/** `backoffUntilUs` is -1 while the election is open. */
export interface CandidateRole extends NomineeRole { readonly role: "candidate"; backoffUntilUs: number }
/**
 * A voter is added or removed. @property to whom it is answered; null when that was done. @property offset of its record; -1 while the new voter
 * has not answered. @property untilUs when its asker gives up.
 */
export interface VoterChange {
  readonly change: "added" | "removed"; readonly voter: Voter; to: ReplyTo<"AddRaftVoter" | "RemoveRaftVoter"> | null; offset: number; readonly untilUs: number;
  readonly answersWhenCommitted: boolean;
}
/** `drainAtUs`: when lingering records are appended; -1 for none. `highWatermarkKnown`: KafkaRaftClient's Optional. */
export interface LeaderRole {
  readonly role: "leader"; readonly epochStartOffset: number; readonly grantingVoters: readonly number[]; voters: ReplicaProgress[];
  observers: ReplicaProgress[]; lingering: LogRecord[]; drainAtUs: number; checkQuorumAtUs: number; fetchedVoters: number[]; highWatermarkKnown: boolean;
  pendingChange: VoterChange | null; resignRequested: boolean;
}
/** A snapshot on its way from the leader. `size` in bytes, -1 before the first part. */
export interface SnapshotDownload { readonly id: SnapshotId; size: number; position: number; batches: RaftBatch[] }
/**
 * @property heardCause trace entry of what was heard from the leader, or of it, last: why a follower that stands for election does so then.
 * @property hasFetched it has had an answer from this leader: then it refuses pre-votes. @property joinAtUs when it asks (again) to be a voter.
 */
export interface FollowerRole {
  readonly role: "follower"; fetchAtUs: number; heardCause: number; hasFetched: boolean; download: SnapshotDownload | null; joinAtUs: number;
}
export interface ResignedRole { readonly role: "resigned"; electionAtUs: number; readonly successors: readonly number[]; unacknowledged: number[] }
export type RoleState = UnattachedRole | ProspectiveRole | CandidateRole | LeaderRole | FollowerRole | ResignedRole;

/** A fetch that waits for new records. @property cause trace entry of the request: what an answer after the full wait is due to. */
export interface ParkedFetch {
  readonly to: ReplyTo<"FetchMetadata">; readonly request: RequestOf<"FetchMetadata">; readonly untilUs: number; readonly cause: number;
}

/** One request at a time to each node; after a failure a pause. `pending` is the number of the request on its way, 0 for none. */
export interface PeerConnection { pending: number; retryAtUs: number }

export interface RaftState {
  readonly config: RaftConfig;
  epoch: number;
  /** Voter that has this node's vote in this epoch, and its directory; -1. */
  votedFor: number;
  votedDirectoryId: string;
  /** -1: unknown. */
  leader: number;
  role: RoleState;
  /** Who votes, by the log: oldest first, at least one entry. */
  voterHistory: VotersEntry[];
  /** Where leaders listen that are not among the voters this node knows. */
  endpoints: Map<number, RaftPeer>;
  /** -1: unknown since the start of the process. */
  highWatermark: number;
  /** Batches of the log that were handed to the layers above. */
  committedBatches: number;
  /** Snapshots on the disk, oldest first. */
  snapshots: StoredSnapshot[];
  /** The newest snapshot has to be handed to the layers above before any batch. */
  snapshotIsNew: boolean;
  /** Since the newest snapshot: bytes that were committed, and its moment. */
  bytesSinceSnapshot: number;
  snapshotAtUs: number;
  connections: Map<number, PeerConnection>;
  lastRequest: number;
  parked: ParkedFetch[];
  /** Sequence number of the armed timer, 0 for none, and its time. */
  timer: number;
  timerAtUs: number;
  /** Trace entry of the present role. */
  roleCause: number;
  /** Until when a graceful shutdown waits for a successor; -1 when nobody shuts down. */
  shutdownUntilUs: number;
  /** Of a node that has not heard of anybody yet: what its log has said of why. Said once, where Kafka repeats it. */
  toldProblems: string[];
  /** What the newest fact said; -1 before the first. An unknown high watermark is told as 0. */
  recordedLogEnd: number;
  recordedHighWatermark: number;
}

/** What the quorum needs from the process that hosts it. */
export interface RaftHost {
  send<A extends Api>(to: RaftPeer, request: { readonly api: A; readonly body: RequestOf<A>; readonly timeoutMs: number; readonly context: unknown }): void;
  reply<A extends Api>(to: ReplyTo<A>, body: ResponseOf<A>): void;
  /** Unexpected error in raft IO thread: the process ends. */
  fatal?(text: string): void;
}

/** What the file `quorum-state` says. */
export interface QuorumStateFile { readonly leaderId: number; readonly leaderEpoch: number; readonly votedId: number; readonly votedDirectoryId: string }

const NO_QUORUM_STATE: QuorumStateFile = { leaderId: -1, leaderEpoch: 0, votedId: -1, votedDirectoryId: NO_DIRECTORY };

export function readQuorumState(process: ProcessContext): QuorumStateFile {
  const text = readRecordFile(process.disk, QUORUM_STATE_PATH);
  return typeof text === "string" ? { ...NO_QUORUM_STATE, ...JSON.parse(text) as Partial<QuorumStateFile> } : NO_QUORUM_STATE;
}

/** Forced to disk before anybody may learn of it: a vote given twice would elect two leaders. */
export function writeQuorumState(process: ProcessContext, state: RaftState): void {
  writeRecordFile(process.disk, QUORUM_STATE_PATH, quorumStateText(state), true);
}

/** As FileQuorumStateStore writes it: version 1 names no voters and the directory of the one that was voted for. */
function quorumStateText(state: RaftState): string {
  const { leader: leaderId, epoch: leaderEpoch, votedFor: votedId, votedDirectoryId } = state;
  const { kraftVersion, voters } = latestVoters(state);
  if (kraftVersion === 1) return JSON.stringify({ leaderId, leaderEpoch, votedId, votedDirectoryId, data_version: 1 });
  const currentVoters = voters.map(voter => ({ voterId: voter.nodeId }));
  return JSON.stringify({ clusterId: "", leaderId, leaderEpoch, votedId, appliedOffset: 0, currentVoters, data_version: 0 });
}

/** Whether this node's vote of this epoch is that node's; a quorum-state of version 0 does not name its directory. */
export function hasVotedFor(state: RaftState, nodeId: number, directoryId: string): boolean {
  return state.votedFor === nodeId && (state.votedDirectoryId === NO_DIRECTORY || state.votedDirectoryId === directoryId);
}

// ---- who votes

export function latestVoters(state: RaftState): VotersEntry {
  return state.voterHistory[state.voterHistory.length - 1] as VotersEntry;
}

export function votersOf(state: RaftState): readonly Voter[] {
  return latestVoters(state).voters;
}

/** Whether this node votes; an observer only reads the log. */
export function isVoter(state: RaftState): boolean {
  const { nodeId, directoryId, listener } = state.config;
  return listener !== null && hasVoter(votersOf(state), nodeId, directoryId);
}

/** Nobody else votes: no election has to be waited for. */
export function isOnlyVoter(state: RaftState): boolean {
  return votersOf(state).length === 1 && isVoter(state);
}

export function otherVoters(state: RaftState): Voter[] {
  return votersOf(state).filter(voter => voter.nodeId !== state.config.nodeId);
}

/** Where a node of the quorum listens; undefined when this node has never heard. */
export function peerOf(state: RaftState, nodeId: number): RaftPeer | undefined {
  if (nodeId === state.config.nodeId && state.config.listener !== null) return state.config.listener;
  return findVoter(votersOf(state), nodeId) ?? state.endpoints.get(nodeId) ?? state.config.bootstrap.find(peer => peer.nodeId === nodeId);
}

/** Answers and requests name where the leader listens, for those that cannot look it up among the voters. */
export function leaderEndpoints(state: RaftState): RaftPeer[] {
  const peer = state.leader === -1 ? undefined : peerOf(state, state.leader);
  return peer === undefined ? [] : [{ nodeId: peer.nodeId, host: peer.host, port: peer.port }];
}

export function learnEndpoints(state: RaftState, endpoints: readonly RaftPeer[]): void {
  for (const peer of endpoints) {
    const known = peerOf(state, peer.nodeId);
    if (known === undefined || known.host !== peer.host || known.port !== peer.port) state.endpoints.set(peer.nodeId, peer);
  }
}

/** Leader of the quorum as this node knows it; -1 also while it has resigned itself. */
export function knownLeader(state: RaftState): number {
  return state.role.role === "resigned" ? -1 : state.leader;
}

/** The role as it is shown: who does not vote observes, whatever else it waits for. */
export function roleName(state: RaftState): RaftRole {
  const { role } = state.role;
  return isVoter(state) || role === "leader" || role === "resigned" ? role : "observer";
}

export function traceRole(process: ProcessContext, state: RaftState): void {
  state.roleCause = process.trace({
    kind: "raft-role", node: state.config.nodeId, role: roleName(state), epoch: state.epoch, leader: knownLeader(state),
  });
}
