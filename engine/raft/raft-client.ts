// One node of the metadata quorum: reads its disk, takes requests, answers and deadlines, and says what is committed.
// Follows KafkaRaftClient.java (3.9; 4.x with pre-votes): after every event it looks what its role has to do now (raft-poll.ts).
// FIDELITY: RAFT-ELECTION, RAFT-OBSERVERS, RAFT-SNAPSHOT, RAFT-LOST-LEADER.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { noteVoters } from "./log-append.ts";
import { batchAt, lastEpoch, metadataLog, openMetadataFolder } from "./metadata-log.ts";
import { electionTimeoutUs, followEpoch, follower, resign, resignedRole, standForElection } from "./quorum-transitions.ts";
import type { RaftBatch, RaftPeer } from "./raft-batch.ts";
import { handleBeginQuorumEpoch, handleEndQuorumEpoch, handleVote, handleVoteResponse } from "./raft-elections.ts";
import { pollRaft, RAFT_TIMER, type RaftRequestContext, sendWhenReady } from "./raft-poll.ts";
import { handleFetch, handleFetchResponse } from "./raft-replication.ts";
import { readSnapshot, type Snapshot, storedSnapshots, votersInSnapshot } from "./raft-snapshot.ts";
import {
  hasVotedFor, isOnlyVoter, knownLeader, leaderEndpoints, learnEndpoints, type PeerConnection, type RaftConfig, type RaftHost, type RaftState, readQuorumState,
  peerOf, type RoleState, traceRole,
} from "./raft-state.ts";
import { describeQuorum, handleAddVoter, handleRemoveVoter, newVoterAnswered } from "./raft-voters.ts";
import { handleFetchSnapshot, handleFetchSnapshotResponse } from "./snapshot-transfer.ts";

export { knownLeader, pollRaft, RAFT_TIMER };

/** KafkaRaftClient.shutdown: how long a leader waits for its successor. */
const GRACEFUL_SHUTDOWN_MS = 5000;

/** Requests that the quorum answers. */
export type QuorumApi = "Vote" | "BeginQuorumEpoch" | "EndQuorumEpoch" | "FetchMetadata" | "FetchSnapshot" | "DescribeQuorum" | "AddRaftVoter"
  | "RemoveRaftVoter" | "ApiVersions";
const QUORUM_APIS: ReadonlySet<Api> = new Set<QuorumApi>(["Vote", "BeginQuorumEpoch", "EndQuorumEpoch", "FetchMetadata", "FetchSnapshot",
  "DescribeQuorum", "AddRaftVoter", "RemoveRaftVoter", "ApiVersions"]);

export function isRaftApi(api: Api): api is QuorumApi {
  return QUORUM_APIS.has(api);
}

// ---- start

export function startRaft(process: ProcessContext, host: RaftHost, config: RaftConfig): RaftState {
  openMetadataFolder(process);
  const stored = readQuorumState(process);
  const epoch = Math.max(stored.leaderEpoch, lastEpoch(metadataLog(process)));
  const isStored = epoch === stored.leaderEpoch;
  const snapshots = storedSnapshots(process.disk);
  const state: RaftState = {
    config, epoch, votedFor: isStored ? stored.votedId : -1, votedDirectoryId: stored.votedDirectoryId, leader: isStored ? stored.leaderId : -1,
    role: { role: "unattached", electionAtUs: 0 }, voterHistory: [{ offset: -1, kraftVersion: 0, voters: config.staticVoters }], endpoints: new Map(),
    highWatermark: -1, committedBatches: 0, snapshots, snapshotIsNew: false, bytesSinceSnapshot: 0, snapshotAtUs: process.now,
    connections: new Map(), lastRequest: 0, parked: [], timer: 0, timerAtUs: 0, roleCause: -1, shutdownUntilUs: -1, toldProblems: [], recordedLogEnd: -1,
    recordedHighWatermark: -1,
  };
  loadSnapshotAndVoters(process, state);
  state.role = firstRole(process, state);
  traceRole(process, state);
  if (isOnlyVoter(state)) standForElection(process, host, state);
  pollRaft(process, host, state);
  return state;
}

/** The newest snapshot is committed for sure; the log after it is not, before a leader says so. */
function loadSnapshotAndVoters(process: ProcessContext, state: RaftState): void {
  const newest = state.snapshots[state.snapshots.length - 1];
  const snapshot = newest === undefined ? null : readSnapshot(process.disk, newest);
  const log = metadataLog(process);
  if (snapshot !== null) {
    state.voterHistory = [votersInSnapshot(snapshot, { offset: -1, kraftVersion: 0, voters: state.config.staticVoters })];
    if (snapshot.id.endOffset > 0) {
      state.highWatermark = snapshot.id.endOffset;
      state.snapshotIsNew = true;
      while (state.committedBatches < log.entries.length && batchAt(log, state.committedBatches).nextOffset <= snapshot.id.endOffset) state.committedBatches += 1;
    }
  }
  for (let index = state.committedBatches; index < log.entries.length; index += 1) noteVoters(state, batchAt(log, index));
}

function firstRole(process: ProcessContext, state: RaftState): RoleState {
  const { nodeId } = state.config;
  if (state.leader === nodeId) return resignedRole(process, state, []);
  const electionAtUs = process.now + electionTimeoutUs(process, state);
  if (hasVotedFor(state, nodeId, state.config.directoryId)) {
    return { role: "candidate", retries: 1, granted: [nodeId], rejected: [], electionAtUs, askAtUs: process.now, backoffUntilUs: -1 };
  }
  if (state.votedFor !== -1 || leaderEndpoints(state).length === 0) return { role: "unattached", electionAtUs };
  return follower(process, state);
}

// ---- what comes in

export function raftRequest(
  process: ProcessContext, host: RaftHost, state: RaftState, api: QuorumApi, body: RequestOf<Api>, to: ReplyTo,
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
    case "FetchSnapshot": host.reply(to as ReplyTo<"FetchSnapshot">, handleFetchSnapshot(process, state, body as RequestOf<"FetchSnapshot">)); break;
    case "DescribeQuorum": host.reply(to as ReplyTo<"DescribeQuorum">, describeQuorum(process, state)); break;
    case "AddRaftVoter":
      handleAddVoter(process, host, state, body as RequestOf<"AddRaftVoter">, to as ReplyTo<"AddRaftVoter">, voter => askVersions(process, host, state, voter));
      break;
    case "RemoveRaftVoter": handleRemoveVoter(process, host, state, body as RequestOf<"RemoveRaftVoter">, to as ReplyTo<"RemoveRaftVoter">); break;
    case "ApiVersions": host.reply(to as ReplyTo<"ApiVersions">, { error: "NONE", apiKeys: [], throttleTimeMs: 0 }); break;
  }
  pollRaft(process, host, state);
}

function askVersions(process: ProcessContext, host: RaftHost, state: RaftState, voter: RaftPeer): boolean {
  return sendWhenReady(process, host, state, voter, "ApiVersions", () => ({ clientSoftwareName: "apache-kafka-java", clientSoftwareVersion: "" }));
}

/** Why a node does not find its quorum when it starts, as the real one logs it again and again. */
function tellProblem(process: ProcessContext, state: RaftState, { to, number }: RaftRequestContext, result: NetworkResult): void {
  const { nodeId, printsFencing } = state.config;
  const peer = peerOf(state, to);
  const error = (result.response as { readonly error?: KafkaError } | null)?.error;
  const problem = result.response === null ? "unreachable" : error === "INCONSISTENT_CLUSTER_ID" && result.api === "FetchMetadata" ? error : null;
  if (peer === undefined || problem === null || state.toldProblems.includes(problem)) return;
  state.toldProblems.push(problem);
  const { host, port } = peer;
  if (problem === "unreachable") {
    const text = `[RaftManager id=${nodeId}] Connection to node ${to} (${host}/${host}:${port}) could not be established. Node may not be available.`;
    process.trace({ kind: "node-log", node: nodeId, level: "WARN", text, logger: "org.apache.kafka.clients.NetworkClient" });
    return;
  }
  const text = `[RaftManager id=${nodeId}] Unexpected error INCONSISTENT_CLUSTER_ID in FETCH response: InboundResponse(correlationId=${number - 1}, `
    + `data=FetchResponseData(throttleTimeMs=0, errorCode=104, sessionId=0, responses=[], nodeEndpoints=[]), source=${host}:${port} (id: ${to} rack: null${printsFencing ? " isFenced: false" : ""}))`;
  process.trace({ kind: "node-log", node: nodeId, level: "ERROR", text, logger: "org.apache.kafka.raft.KafkaRaftClient" });
}

/** Answers that carry the epoch and leader of who answers. */
type EpochApi = "Vote" | "BeginQuorumEpoch" | "EndQuorumEpoch" | "FetchMetadata" | "FetchSnapshot";

export function raftResponse(process: ProcessContext, host: RaftHost, state: RaftState, result: NetworkResult): void {
  const context = result.context as RaftRequestContext;
  const connection = state.connections.get(context.to);
  if (connection?.pending !== context.number) return;
  connection.pending = 0;
  if (state.epoch === 0) tellProblem(process, state, context, result);
  if (result.response === null) {
    connection.retryAtUs = process.now + fromMs(state.config.retryBackoffMs);
    // That the connection is gone is the newest of what is known of the leader.
    if (state.role.role === "follower") state.role.heardCause = process.cause;
  }
  if (result.api === "ApiVersions") newVoterAnswered(process, host, state, context.to, result.response !== null);
  else if (result.response !== null && result.api !== "AddRaftVoter" && result.api !== "RemoveRaftVoter") {
    onEpochAnswer(process, host, state, context, connection, result);
  }
  pollRaft(process, host, state);
}

function onEpochAnswer(
  process: ProcessContext, host: RaftHost, state: RaftState, context: RaftRequestContext, connection: PeerConnection, result: NetworkResult,
): void {
  const body = result.response as ResponseOf<EpochApi>;
  if (handledByEpoch(process, host, state, connection, body)) return;
  switch (result.api) {
    case "Vote": handleVoteResponse(process, host, state, context.to, result.request as RequestOf<"Vote">, body as ResponseOf<"Vote">); break;
    case "FetchMetadata": handleFetchResponse(process, state, body as ResponseOf<"FetchMetadata">); break;
    case "FetchSnapshot": handleFetchSnapshotResponse(process, state, body as ResponseOf<"FetchSnapshot">); break;
    case "EndQuorumEpoch": successorKnows(state, context.to); break;
    default: break;
  }
}

/** True when the answer's epoch or error is all that matters of it. */
function handledByEpoch(
  process: ProcessContext, host: RaftHost, state: RaftState, connection: PeerConnection,
  body: { readonly error: KafkaError; readonly leaderId: number; readonly leaderEpoch: number; readonly nodeEndpoints: readonly RaftPeer[] },
): boolean {
  const pause = (): void => { connection.retryAtUs = process.now + fromMs(state.config.retryBackoffMs); };
  const { error } = body;
  if (error === "INCONSISTENT_CLUSTER_ID" || error === "UNKNOWN_LEADER_EPOCH") {
    pause();
    return true;
  }
  if (body.leaderEpoch < state.epoch) return true;
  if (isFatal(process, host, state, body)) return true;
  learnEndpoints(state, body.nodeEndpoints);
  followEpoch(process, host, state, body.leaderEpoch, body.leaderId);
  if (error === "NONE" || error === "SNAPSHOT_NOT_FOUND" || error === "POSITION_OUT_OF_RANGE") return false;
  pause();
  return true;
}

/** 3.9.1 ends when it hears that it leads an epoch that it does not know: its disk was emptied while the others believed in it. */
function isFatal(process: ProcessContext, host: RaftHost, state: RaftState, body: { readonly leaderId: number; readonly leaderEpoch: number }): boolean {
  if (state.config.preVote || body.leaderId !== state.config.nodeId || body.leaderEpoch <= state.epoch || host.fatal === undefined) return false;
  const optional = (id: number): string => id === -1 ? "OptionalInt.empty" : `OptionalInt[${id}]`;
  host.fatal("java.lang.IllegalStateException: Received request or response with leader "
    + `${optional(body.leaderId)} and epoch ${body.leaderEpoch} which is inconsistent with current leader ${optional(state.leader)} and epoch ${state.epoch}`);
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
    if (state.role.role === "leader" && !isOnlyVoter(state)) resign(process, host, state);
    pollRaft(process, host, state);
  }
  return raftMayExit(process, state);
}

export function raftMayExit(process: ProcessContext, state: RaftState): boolean {
  if (state.shutdownUntilUs === -1) return false;
  const { role } = state.role;
  return role !== "resigned" && role !== "candidate" && role !== "prospective" || process.now >= state.shutdownUntilUs || isOnlyVoter(state);
}

// ---- what is committed

/** A snapshot to begin anew from, if there is one, and batches that have become committed since the last call, each once and in order. */
export interface Committed { readonly snapshot: Snapshot | null; readonly batches: readonly RaftBatch[] }

export function takeCommitted(process: ProcessContext, state: RaftState): Committed {
  const log = metadataLog(process);
  const batches: RaftBatch[] = [];
  const newest = state.snapshots[state.snapshots.length - 1];
  const snapshot = state.snapshotIsNew && newest !== undefined ? readSnapshot(process.disk, newest) : null;
  state.snapshotIsNew = false;
  while (state.committedBatches < log.entries.length) {
    const batch = batchAt(log, state.committedBatches);
    if (batch.nextOffset > state.highWatermark) break;
    batches.push(batch);
    state.bytesSinceSnapshot += batch.sizeBytes;
    state.committedBatches += 1;
  }
  return { snapshot, batches };
}

/** True when this node leads and everything up to the start of its epoch is committed. */
export function leadsCommittedEpoch(state: RaftState): boolean {
  return state.role.role === "leader" && state.role.highWatermarkKnown;
}
