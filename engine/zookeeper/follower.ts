// A server that follows: finds the leader, accepts its epoch, takes over its history, then logs and acknowledges what is proposed and applies what
// is committed. Source: Follower.java, Learner.java, FollowerZooKeeperServer.java (3.8.4). FIDELITY: ZK-DISCOVERY, ZK-SYNC, ZK-BROADCAST.
import { toMs } from "#engine/core/time.ts";
import { announceRole } from "./announced-role.ts";
import { sessionRevalidated, syncAnswered } from "./client-connections.ts";
import { commitTransaction } from "./commit.ts";
import { beginForce } from "./log-force.ts";
import { addMetric, addWrite, countMetric } from "./metrics.ts";
import { type FromLeader, sendToServer, type ToLeader } from "./quorum-messages.ts";
import type { Following, Server } from "./server-state.ts";
import {
  appendTransaction, committedZxid, cutLog, lastLoggedZxid, lastZxid, loadDatabase, logEntry, rememberCommitted, rememberUntold, storeImage, transactionLog, writeEpoch,
} from "./transaction-log.ts";
import type { Transaction } from "./transactions.ts";
import { applyTransaction, databaseOf } from "./znode-database.ts";
import { CONFIG_PATH } from "./znode-tree.ts";
import { ZOOKEEPER_QUORUM_PORT } from "./zookeeper-protocol.ts";

export const FOLLOWER_TIMER = "zookeeper follower";
/** zookeeper.leaderConnectDelayDuringRetryMs, and how often it is tried (Learner.connectToLeader). */
const RETRY_DELAY_US = 100_000;
const ATTEMPTS_MAX = 5;

/** Follower.followLeader, from the election on. */
export function startFollowing(server: Server, leader: number): void {
  const { state, process } = server;
  const host = state.config.servers.find(({ id }) => id === leader)?.host ?? "";
  state.role = "following";
  state.following = {
    leader, host, phase: "connecting", connection: 0, attempts: 0, retryAtUs: 0, epoch: 0, historyZxid: 0, newLeaderPending: false, lastHeardUs: process.now,
    startedUs: process.now, pending: [], acknowledgedLength: 0, touched: new Set(), timer: 0, timerAtUs: 0,
  };
  connectToLeader(server, state.following);
  armFollowerTimer(server, state.following);
}

function connectToLeader(server: Server, following: Following): void {
  following.attempts += 1;
  following.retryAtUs = 0;
  following.connection = server.process.connect(following.host, ZOOKEEPER_QUORUM_PORT);
}

/** True when the connection is the one to the leader. */
export function leaderConnected(server: Server, connection: number): boolean {
  const { following, config, acceptedEpoch } = server.state;
  if (following === null || following.connection !== connection) return false;
  following.lastHeardUs = server.process.now;
  tellLeader(server, following, { type: "followerInfo", serverId: config.serverId, acceptedEpoch });
  armFollowerTimer(server, following);
  return true;
}

/** True when the connection was the one to the leader. One that does not lead yet hangs up: it is tried again. */
export function leaderClosed(server: Server, connection: number): boolean {
  const { following } = server.state;
  if (following === null || following.connection !== connection) return false;
  following.connection = 0;
  if (following.phase === "connecting" && following.attempts < ATTEMPTS_MAX) {
    following.retryAtUs = server.process.now + RETRY_DELAY_US;
    armFollowerTimer(server, following);
  } else server.roles.lookForLeader(server, "the connection to the leader is gone");
  return true;
}

export function tellLeader(server: Server, following: Following, message: ToLeader): void {
  sendToServer(server.process, following.connection, message);
}

export function leaderMessage(server: Server, connection: number, message: FromLeader): void {
  const { following } = server.state;
  if (following === null || following.connection !== connection) return;
  following.lastHeardUs = server.process.now;
  switch (message.type) {
    case "leaderInfo": return epochProposed(server, following, message.epoch);
    case "diff": case "trunc": case "snap": return historyReceived(server, following, message);
    case "newLeader":
      following.newLeaderPending = true;
      return beginForce(server);
    case "upToDate": return upToDate(server, following);
    case "proposal": return proposed(server, following, message.transaction);
    case "commit": return committed(server, following, message.zxid);
    case "synced": return syncAnswered(server, message.sessionId, message.xid);
    case "revalidated": return sessionRevalidated(server, message.sessionId, message.valid);
    case "ping":
      tellLeader(server, following, { type: "pingAnswer", touched: [...following.touched] });
      following.touched.clear();
  }
}

/** Learner.registerWithLeader: an epoch once accepted is never gone back on. */
function epochProposed(server: Server, following: Following, epoch: number): void {
  const { state, process } = server;
  if (epoch < state.acceptedEpoch) return server.roles.lookForLeader(server, "the leader's epoch is less than the accepted one");
  const isNew = epoch > state.acceptedEpoch;
  if (isNew) {
    state.acceptedEpoch = epoch;
    writeEpoch(process.disk, "acceptedEpoch", epoch);
  }
  following.epoch = epoch;
  following.phase = "discovery";
  tellLeader(server, following, {
    type: "ackEpoch", currentEpoch: isNew ? state.currentEpoch : -1, lastZxid: lastZxid(process.disk, state.database), loggedZxid: lastLoggedZxid(process.disk),
  });
}

/** Learner.syncWithLeader. What comes here is the leader's history; it is committed once a majority has it, which UPTODATE tells. */
function historyReceived(server: Server, following: Following, message: Extract<FromLeader, { type: "diff" | "trunc" | "snap" }>): void {
  const { state, process } = server;
  following.phase = "synchronization";
  if (message.type === "trunc") {
    cutLog(process.disk, message.zxid);
    state.database = loadDatabase(process.disk, state.config, state.metrics);
  } else if (message.type === "snap") {
    storeImage(process.disk, message.image);
    rememberUntold(process.disk, message.untold);
    state.database = databaseOf(message.image);
  }
  for (const transaction of message.type === "snap" ? [] : message.transactions) {
    if (!appendTransaction(process, transaction)) return server.roles.exit(server);
    applyTransaction(state.database, transaction);
  }
  following.historyZxid = lastLoggedZxid(process.disk);
  countMembership(server);
}

/** QuorumPeer.initConfigInZKDatabase: each synchronization writes the membership into its znode again. */
export function countMembership({ state }: Server): void {
  addWrite(state.metrics, CONFIG_PATH, state.database.tree.nodes.get(CONFIG_PATH)?.dataLength ?? 0);
}

function proposed(server: Server, following: Following, transaction: Transaction): void {
  if (!appendTransaction(server.process, transaction)) return server.roles.exit(server);
  countMetric(server.state.metrics, "learner_proposal_received_count");
  countMetric(server.state.metrics, "sync_processor_request_queued");
  following.pending.push(transaction);
  beginForce(server);
}

function committed(server: Server, following: Following, zxid: number): void {
  let count = 0;
  for (const transaction of following.pending) {
    if (transaction.zxid > zxid) break;
    count += 1;
    countMetric(server.state.metrics, "learner_commit_received_count");
    commitTransaction(server, transaction);
  }
  following.pending = following.pending.slice(count);
}

/** The log is on the disk up to `length`: now, and not before, the leader hears of it. */
export function followerForced(server: Server, following: Following, length: number): void {
  const { state, process } = server;
  if (following.newLeaderPending) {
    following.newLeaderPending = false;
    state.currentEpoch = following.epoch;
    writeEpoch(process.disk, "currentEpoch", following.epoch);
    tellLeader(server, following, { type: "ackNewLeader", epoch: following.epoch });
    // What was proposed since the history came is acknowledged like everything later.
    following.acknowledgedLength = Math.min(length, transactionLog(process.disk).entries.length - following.pending.length);
  }
  const count = length - following.acknowledgedLength;
  if (count <= 0) return;
  following.acknowledgedLength = length;
  tellLeader(server, following, { type: "ack", zxid: logEntry(transactionLog(process.disk), length - 1).zxid, count });
}

function upToDate(server: Server, following: Following): void {
  const { state, process } = server;
  following.phase = "broadcast";
  rememberCommitted(process.disk, Math.max(committedZxid(process.disk), following.historyZxid));
  state.serving = true;
  addMetric(state.metrics, "unavailable_time", toMs(process.now - state.unavailableSinceUs));
  addMetric(state.metrics, "follower_sync_time", toMs(process.now - following.startedUs));
  // The leader may be silent for syncLimit only from now on.
  armFollowerTimer(server, following);
  announceRole(server, { state: "following", epoch: following.epoch, leader: following.leader });
}

// ---- time

/** One timer: the next attempt to connect, or the end of the leader's silence. Armed late rather than often. */
function armFollowerTimer(server: Server, following: Following): void {
  const at = deadlineUs(server, following);
  if (following.timer !== 0) {
    if (following.timerAtUs <= at) return;
    server.process.cancel(following.timer);
  }
  following.timerAtUs = at;
  following.timer = server.process.schedule(Math.max(0, at - server.process.now), FOLLOWER_TIMER);
}

function deadlineUs(server: Server, following: Following): number {
  const { config } = server.state;
  if (following.retryAtUs !== 0) return following.retryAtUs;
  const limit = following.phase === "broadcast" ? config.syncLimit : config.initLimit;
  return following.lastHeardUs + limit * config.tickUs;
}

export function followerTimer(server: Server, sequence: number): void {
  const { following } = server.state;
  if (following === null || following.timer !== sequence) return;
  following.timer = 0;
  server.process.becauseOf(-1);
  if (deadlineUs(server, following) <= server.process.now) {
    if (following.retryAtUs === 0) return server.roles.lookForLeader(server, "the leader is silent");
    connectToLeader(server, following);
  }
  armFollowerTimer(server, following);
}

export function stopFollowing(server: Server, following: Following, why: string): void {
  const { process, state } = server;
  if (following.timer !== 0) process.cancel(following.timer);
  if (following.connection !== 0) process.close(following.connection, why);
  state.following = null;
}
