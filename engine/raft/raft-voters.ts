// Adding and removing voters of a quorum whose voters stand in the log, one at a time, and how the quorum is described to an operator.
// Follows AddVoterHandler.java, RemoveVoterHandler.java (KIP-853) and LeaderState.describeQuorum (KIP-595, KIP-836).
// FIDELITY: RAFT-VOTER-KEY, RAFT-DESCRIBE.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { logEndOffset, metadataLog } from "./metadata-log.ts";
import type { KRaftVersionRecord, Voter, VotersRecord } from "./raft-batch.ts";
import { appendControl, liveObservers } from "./raft-replication.ts";
import {
  knownLeader, latestVoters, type LeaderRole, type RaftHost, type RaftState, type ReplicaProgress, type VoterChange, votersOf,
} from "./raft-state.ts";
import { CONTROLLER_LISTENER, findVoter, hasVoter, NO_DIRECTORY, voterText, votersText } from "./voter-set.ts";

/** LeaderState.isReplicaCaughtUp */
const CAUGHT_UP_WITHIN_US = fromMs(3_600_000);

type ChangeApi = "AddRaftVoter" | "RemoveRaftVoter";

function answer(host: RaftHost, to: ReplyTo<ChangeApi> | null, error: KafkaError, errorMessage: string | null = null): void {
  if (to !== null) host.reply(to, { throttleTimeMs: 0, error, errorMessage });
}

/** Why no voter can be added or removed now, as error and text; null when one can. */
function changeError(state: RaftState, clusterId: string | null, doing: "adding" | "removing"): readonly [KafkaError, string | null] | null {
  const { role } = state;
  if (clusterId !== null && clusterId !== state.config.clusterId) return ["INCONSISTENT_CLUSTER_ID", null];
  if (role.role !== "leader") return ["NOT_LEADER_OR_FOLLOWER", null];
  if (role.pendingChange !== null) return ["REQUEST_TIMED_OUT", "Request timed out waiting for leader to handle previous voter change request"];
  if (!role.highWatermarkKnown) return ["REQUEST_TIMED_OUT", "Request timed out waiting for leader to establish HWM and fence previous voter changes"];
  const latest = latestVoters(state);
  if (latest.kraftVersion === 0) return ["UNSUPPORTED_VERSION", `Cluster doesn't support ${doing} voter because the kraft.version feature is 0`];
  if (latest.offset >= state.highWatermark) {
    return ["REQUEST_TIMED_OUT",
      `Request timed out waiting for voters to commit the latest voter change at ${latest.offset} with HWM ${state.highWatermark}`];
  }
  return null;
}

/** The new voter must answer and must have read the log, then the record is appended. `ask` sends it an ApiVersions request. */
export function handleAddVoter(
  process: ProcessContext, host: RaftHost, state: RaftState, body: RequestOf<"AddRaftVoter">, to: ReplyTo<"AddRaftVoter">, ask: (voter: Voter) => boolean,
): void {
  const refused = changeError(state, body.clusterId, "adding");
  if (refused !== null) return answer(host, to, ...refused);
  const listener = body.listeners.find(known => known.name === CONTROLLER_LISTENER) ?? body.listeners[0];
  if (listener === undefined) return answer(host, to, "INVALID_REQUEST", `Add voter request didn't include the endpoint for the default listener ${CONTROLLER_LISTENER}`);
  const voter: Voter = { nodeId: body.voterId, directoryId: body.voterDirectoryId, host: listener.host, port: listener.port };
  const optional = state.config.printsOptionalDirectory;
  if (findVoter(votersOf(state), voter.nodeId) !== undefined) {
    return answer(host, to, "DUPLICATE_VOTER",
      `The voter id for ${voterText(voter.nodeId, voter.directoryId, optional)} is already part of the set of voters ${votersText(votersOf(state), optional)}.`);
  }
  if (!ask(voter)) {
    return answer(host, to, "REQUEST_TIMED_OUT", `New voter ${voterText(voter.nodeId, voter.directoryId, optional)} is not ready to receive requests`);
  }
  const role = state.role as LeaderRole;
  role.pendingChange = {
    change: "added", voter, to, offset: -1, untilUs: process.now + fromMs(body.timeoutMs), answersWhenCommitted: body.ackWhenCommitted,
  };
}

/** What came of the ApiVersions request to the node that is to become a voter. */
export function newVoterAnswered(process: ProcessContext, host: RaftHost, state: RaftState, node: number, isThere: boolean): void {
  const { role } = state;
  const change = role.role === "leader" ? role.pendingChange : null;
  if (role.role !== "leader" || change?.change !== "added" || change.offset !== -1 || change.voter.nodeId !== node) return;
  const { voter } = change;
  if (!isThere) {
    return endChange(host, role, change, "REQUEST_TIMED_OUT", "Aborted add voter operation for since API_VERSIONS returned an error BROKER_NOT_AVAILABLE");
  }
  const replica = role.observers.find(known => known.node === node && known.directoryId === voter.directoryId);
  if (replica === undefined || replica.lastCaughtUpUs <= 0 || replica.lastFetchUs < process.now - CAUGHT_UP_WITHIN_US) {
    return endChange(host, role, change, "REQUEST_TIMED_OUT",
      `Aborted add voter operation for ${voterText(node, voter.directoryId, state.config.printsOptionalDirectory)} since it is lagging behind`);
  }
  appendVoters(process, host, state, role, change, [...votersOf(state), voter]);
  if (change.answersWhenCommitted) return;
  answer(host, change.to, "NONE");
  change.to = null;
}

export function handleRemoveVoter(
  process: ProcessContext, host: RaftHost, state: RaftState, body: RequestOf<"RemoveRaftVoter">, to: ReplyTo<"RemoveRaftVoter">,
): void {
  const refused = changeError(state, body.clusterId, "removing");
  if (refused !== null) return answer(host, to, ...refused);
  const voters = votersOf(state);
  const voter = findVoter(voters, body.voterId);
  if (voter === undefined || voter.directoryId !== body.voterDirectoryId) {
    const optional = state.config.printsOptionalDirectory;
    return answer(host, to, "VOTER_NOT_FOUND",
      `Cannot remove voter ${voterText(body.voterId, body.voterDirectoryId, optional)} from the set of voters ${votersText(voters, optional)}`);
  }
  // VoterSet refuses to be empty, which nobody catches.
  if (voters.length === 1) return answer(host, to, "UNKNOWN_SERVER_ERROR");
  const role = state.role as LeaderRole;
  const change: VoterChange = {
    change: "removed", voter, to, offset: -1, untilUs: process.now + fromMs(state.config.requestTimeoutMs), answersWhenCommitted: true,
  };
  role.pendingChange = change;
  appendVoters(process, host, state, role, change, voters.filter(known => known !== voter));
}

function appendVoters(process: ProcessContext, host: RaftHost, state: RaftState, role: LeaderRole, change: VoterChange, voters: readonly Voter[]): void {
  const record: VotersRecord = { type: "VotersRecord", voters: voters.toSorted((a, b) => a.nodeId - b.nodeId) };
  change.offset = appendControl(process, host, state, role, [record]);
}

function endChange(host: RaftHost, role: LeaderRole, change: VoterChange, error: KafkaError, errorMessage: string | null = null): void {
  role.pendingChange = null;
  answer(host, change.to, error, errorMessage);
}

/** Answers when the change is committed, or when nobody wants to wait any longer. A leader that was removed resigns after that. */
export function settleChange(process: ProcessContext, host: RaftHost, state: RaftState, role: LeaderRole): void {
  const change = role.pendingChange;
  if (change === null) return;
  if (change.offset !== -1 && state.highWatermark > change.offset) {
    role.pendingChange = null;
    const voters = votersOf(state).map(voter => voter.nodeId);
    process.trace({ kind: "voters-changed", voters, change: change.change, node: change.voter.nodeId });
    answer(host, change.to, "NONE");
    if (!hasVoter(votersOf(state), state.config.nodeId, state.config.directoryId)) role.resignRequested = true;
  } else if (change.untilUs <= process.now) endChange(host, role, change, "REQUEST_TIMED_OUT");
}

/**
 * The feature kraft.version from 0 to 1 (4.1): the voters of the settings move into the log, with the directory ids that their fetches have told.
 * Null when it is done (or was before); else why not.
 */
export function upgradeKraftVersion(process: ProcessContext, host: RaftHost, state: RaftState): string | null {
  const { role, config } = state;
  if (role.role !== "leader") return "This server is not the active controller.";
  if (latestVoters(state).kraftVersion === 1) return null;
  const voters = votersOf(state).map(voter => ({
    ...voter, directoryId: voter.nodeId === config.nodeId ? config.directoryId : role.voters.find(known => known.node === voter.nodeId)?.directoryId ?? NO_DIRECTORY,
  }));
  const unknown = voters.filter(voter => voter.directoryId === NO_DIRECTORY);
  if (unknown.length > 0) return `Cannot upgrade kraft.version: the directory ids of ${unknown.map(voter => voter.nodeId).join(", ")} are not known`;
  const version: KRaftVersionRecord = { type: "KRaftVersionRecord", kRaftVersion: 1 };
  const set: VotersRecord = { type: "VotersRecord", voters };
  appendControl(process, host, state, role, [version, set]);
  return null;
}

// ---- the description

export function describeQuorum(process: ProcessContext, state: RaftState): ResponseOf<"DescribeQuorum"> {
  const { role, config } = state;
  if (role.role !== "leader") {
    return { error: "NOT_LEADER_OR_FOLLOWER", errorMessage: null, leaderId: knownLeader(state), leaderEpoch: state.epoch, highWatermark: -1, currentVoters: [], observers: [], nodes: [] };
  }
  const voters = votersOf(state);
  const own: ReplicaProgress = {
    node: config.nodeId, directoryId: config.directoryId, endOffset: logEndOffset(metadataLog(process)), lastFetchUs: process.now,
    lastCaughtUpUs: process.now, leaderEndAtFetch: -1, nextBeginUs: 0,
  };
  const isDynamic = latestVoters(state).kraftVersion === 1;
  return {
    error: "NONE", errorMessage: null, leaderId: config.nodeId, leaderEpoch: state.epoch,
    highWatermark: role.highWatermarkKnown ? state.highWatermark : -1,
    currentVoters: voters.map(voter => {
      const replica = voter.nodeId === config.nodeId ? own : role.voters.find(known => known.node === voter.nodeId) ?? own;
      return { ...replicaState(replica), replicaDirectoryId: isDynamic ? voter.directoryId : NO_DIRECTORY };
    }),
    observers: liveObservers(process, role).map(replicaState),
    nodes: voters.map(voter => ({ nodeId: voter.nodeId, listeners: [{ name: CONTROLLER_LISTENER, host: voter.host, port: voter.port }] })),
  };
}

function replicaState(replica: ReplicaProgress): ResponseOf<"DescribeQuorum">["currentVoters"][number] {
  const timeMs = (us: number): number => us === -1 ? -1 : toMs(us);
  return {
    replicaId: replica.node, replicaDirectoryId: replica.directoryId, logEndOffset: replica.endOffset,
    lastFetchTimestamp: timeMs(replica.lastFetchUs), lastCaughtUpTimestamp: timeMs(replica.lastCaughtUpUs),
  };
}
