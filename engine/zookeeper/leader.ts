// A server that was elected: finds an epoch nobody has accepted before, brings a majority to its own history, then serves; watches that a majority
// stays in touch. Source: Leader.java, LearnerHandler.java (3.8.4). FIDELITY: ZK-DISCOVERY, ZK-SYNC, ZK-LEADER-CHECK.
import { toMs } from "#engine/core/time.ts";
import { announceRole } from "./announced-role.ts";
import { tellInheritedCommits } from "./commit.ts";
import { acknowledged, orderRequest, syncRequested } from "./leader-broadcast.ts";
import { synchronize } from "./leader-synchronization.ts";
import { addMetric, countMetric } from "./metrics.ts";
import { sendToServer, type ToLeader } from "./quorum-messages.ts";
import type { Leading, Learner, Server } from "./server-state.ts";
import { armSessionTimer, createSessionTracker, touchSession } from "./session-tracker.ts";
import { lastZxid, writeEpoch } from "./transaction-log.ts";
import { isQuorum, isStandalone } from "./zookeeper-settings.ts";
import { makeZxid } from "./zxid.ts";

export const LEADER_TIMER = "zookeeper leader";

/** Leader.lead, from the election on. */
export function startLeading(server: Server): void {
  const { state, process } = server;
  const { config, database } = state;
  state.role = "leading";
  const zxid = lastZxid(process.disk, database);
  const leading: Leading = {
    phase: "discovery", epoch: 0, phaseStartedUs: process.now, learners: new Map(), epochProposers: new Set([config.serverId]),
    highestAcceptedEpoch: state.acceptedEpoch, ownEpoch: state.currentEpoch, ownZxid: zxid, epochAckers: new Set(), newLeaderAckers: new Set(),
    lastProposed: zxid, lastCommitted: zxid, proposals: [], changes: new Map(), sessions: createSessionTracker(config.tickUs, database, process.now),
    pendingSyncs: [], tick: 0, skipTick: true, timer: 0, proposalSizes: { last: -1, min: -1, max: -1 },
  };
  state.leading = leading;
  if (isStandalone(config)) serve(server, leading);
  else armLeaderTimer(server, leading);
}

function armLeaderTimer(server: Server, leading: Leading): void {
  leading.timer = server.process.schedule(Math.floor(server.state.config.tickUs / 2), LEADER_TIMER);
}

/** A follower has connected to the quorum port. Nobody listens there but a leader. */
export function learnerAccepted(server: Server, connection: number): void {
  const { leading } = server.state;
  if (leading === null) return server.process.close(connection, "this server does not lead");
  leading.learners.set(connection, {
    connection, serverId: -1, phase: "connected", loggedZxid: 0, lastHeardUs: server.process.now, tickOfNextAckDeadline: 0, lastAckedZxid: 0,
  });
}

/** True when the connection was a follower's. That it is missed is noticed at the next half tick. */
export function learnerClosed(server: Server, connection: number): boolean {
  return server.state.leading?.learners.delete(connection) ?? false;
}

export function learnerMessage(server: Server, connection: number, message: ToLeader): void {
  const { leading, config } = server.state;
  const learner = leading?.learners.get(connection);
  if (leading === null || learner === undefined) return;
  learner.lastHeardUs = server.process.now;
  if (learner.phase === "synchronized") learner.tickOfNextAckDeadline = leading.tick + config.syncLimit;
  switch (message.type) {
    case "followerInfo": return followerInfo(server, leading, learner, message);
    case "ackEpoch": return epochAcknowledged(server, leading, learner, message);
    case "ackNewLeader": return newLeaderAcknowledged(server, leading, learner);
    case "ack":
      learner.lastAckedZxid = message.zxid;
      return acknowledged(server, leading, learner.serverId, message.zxid);
    case "request": return orderRequest(server, leading, message.request, learner.serverId);
    case "sync": return syncRequested(server, leading, { connection, sessionId: message.sessionId, xid: message.xid });
    case "revalidate": return revalidate(server, leading, learner, message.sessionId);
    case "pingAnswer":
      for (const sessionId of message.touched) touchSession(leading.sessions, sessionId, server.process.now);
  }
}

function revalidate(server: Server, leading: Leading, learner: Learner, sessionId: number): void {
  countMetric(server.state.metrics, "revalidate_count");
  const valid = takeSession(server, leading, sessionId, learner.serverId);
  sendToServer(server.process, learner.connection, { type: "revalidated", sessionId, valid });
}

/** A session is at another server now: what it still asks through the old one is refused. */
export function takeSession(server: Server, leading: Leading, sessionId: number, owner: number): boolean {
  const valid = touchSession(leading.sessions, sessionId, server.process.now);
  const session = leading.sessions.sessions.get(sessionId);
  if (valid && session !== undefined) session.owner = owner;
  return valid;
}

// ---- discovery: the epoch

function followerInfo(server: Server, leading: Leading, learner: Learner, message: Extract<ToLeader, { type: "followerInfo" }>): void {
  const { config } = server.state;
  learner.serverId = message.serverId;
  learner.phase = "waiting-for-epoch";
  if (leading.epoch === 0) {
    leading.epochProposers.add(message.serverId);
    leading.highestAcceptedEpoch = Math.max(leading.highestAcceptedEpoch, message.acceptedEpoch);
    if (!isQuorum(config, leading.epochProposers.size)) return;
    proposeEpoch(server, leading);
  }
  for (const waiting of leading.learners.values()) {
    if (waiting.phase !== "waiting-for-epoch") continue;
    waiting.phase = "acknowledging-epoch";
    sendToServer(server.process, waiting.connection, { type: "leaderInfo", epoch: leading.epoch });
  }
}

/** getEpochToPropose: above everything that a majority has accepted. */
function proposeEpoch(server: Server, leading: Leading): void {
  leading.epoch = leading.highestAcceptedEpoch + 1;
  leading.phaseStartedUs = server.process.now;
  leading.epochAckers.add(server.state.config.serverId);
  server.state.acceptedEpoch = leading.epoch;
  writeEpoch(server.process.disk, "acceptedEpoch", leading.epoch);
}

/** waitForEpochAck: with a majority the epoch is this leader's, and its history the one that counts. */
function epochAcknowledged(server: Server, leading: Leading, learner: Learner, message: Extract<ToLeader, { type: "ackEpoch" }>): void {
  learner.loggedZxid = message.loggedZxid;
  learner.phase = "waiting-for-quorum";
  if (leading.phase === "discovery") {
    if (message.currentEpoch > leading.ownEpoch || message.currentEpoch === leading.ownEpoch && message.lastZxid > leading.ownZxid) {
      server.process.close(learner.connection, "the follower is ahead of the leader");
      leading.learners.delete(learner.connection);
      return;
    }
    if (message.currentEpoch !== -1) leading.epochAckers.add(learner.serverId);
    if (!isQuorum(server.state.config, leading.epochAckers.size)) return;
    beginSynchronization(server, leading);
  }
  for (const waiting of leading.learners.values()) {
    if (waiting.phase === "waiting-for-quorum") synchronize(server, leading, waiting);
  }
}

function beginSynchronization(server: Server, leading: Leading): void {
  const { state } = server;
  leading.phase = "synchronization";
  leading.phaseStartedUs = server.process.now;
  leading.newLeaderAckers.add(state.config.serverId);
  leading.lastProposed = makeZxid(leading.epoch, 0);
  leading.lastCommitted = leading.lastProposed;
  state.currentEpoch = leading.epoch;
  writeEpoch(server.process.disk, "currentEpoch", leading.epoch);
}

// ---- synchronization: a majority has the history

function newLeaderAcknowledged(server: Server, leading: Leading, learner: Learner): void {
  learner.phase = "synchronized";
  learner.tickOfNextAckDeadline = leading.tick + server.state.config.syncLimit;
  if (leading.phase === "broadcast") return sendToServer(server.process, learner.connection, { type: "upToDate" });
  leading.newLeaderAckers.add(learner.serverId);
  if (!isQuorum(server.state.config, leading.newLeaderAckers.size)) return;
  serve(server, leading);
  for (const ready of leading.learners.values()) {
    if (ready.phase === "synchronized") sendToServer(server.process, ready.connection, { type: "upToDate" });
  }
}

/** Leader.startZkServer. All session clocks start now. */
function serve(server: Server, leading: Leading): void {
  const { state, process } = server;
  const { config } = state;
  leading.phase = "broadcast";
  leading.sessions = createSessionTracker(config.tickUs, state.database, process.now);
  armSessionTimer(server, leading.sessions);
  state.database.lastProcessedZxid = leading.lastProposed;
  state.serving = true;
  state.ledSinceUs = process.now;
  addMetric(state.metrics, "unavailable_time", toMs(process.now - state.unavailableSinceUs));
  addMetric(state.metrics, "leader_unavailable_time", toMs(process.now - state.unavailableSinceUs));
  announceRole(server, { state: "leading", epoch: leading.epoch, leader: config.serverId });
  tellInheritedCommits(server);
}

// ---- time

export function leaderTimer(server: Server, sequence: number): void {
  const { leading, config } = server.state;
  if (leading === null || leading.timer !== sequence) return;
  server.process.becauseOf(-1);
  if (leading.phase !== "broadcast") {
    if (leading.phaseStartedUs + config.initLimit * config.tickUs <= server.process.now) {
      return server.roles.lookForLeader(server, `no majority for the ${leading.phase} within initLimit`);
    }
  } else if (!checkFollowers(server, leading)) return;
  armLeaderTimer(server, leading);
}

/** Each tick: is a majority in touch? Each half tick: a ping. False when this server leads no more. */
function checkFollowers(server: Server, leading: Leading): boolean {
  const { config } = server.state;
  if (!leading.skipTick) {
    leading.tick += 1;
    let inTouch = 1;
    for (const learner of leading.learners.values()) {
      if (learner.phase === "synchronized" && leading.tick <= learner.tickOfNextAckDeadline) inTouch += 1;
    }
    if (!isQuorum(config, inTouch)) {
      server.roles.lookForLeader(server, `Not sufficient followers synced, only synced with ${inTouch} of ${config.servers.length}`);
      return false;
    }
  }
  leading.skipTick = !leading.skipTick;
  for (const learner of [...leading.learners.values()]) pingLearner(server, leading, learner);
  return true;
}

/** A follower that is silent, or does not acknowledge proposals, is hung up on. */
function pingLearner(server: Server, leading: Leading, learner: Learner): void {
  const { process, state } = server;
  const { config } = state;
  const limit = learner.phase === "synchronized" ? config.syncLimit : config.initLimit;
  const silent = learner.lastHeardUs + limit * config.tickUs <= process.now;
  const oldest = leading.proposals.find(({ transaction }) => transaction.zxid > learner.lastAckedZxid);
  const slow = learner.phase === "synchronized" && oldest !== undefined && oldest.atUs + config.syncLimit * config.tickUs <= process.now;
  if (silent || slow) {
    process.close(learner.connection, silent ? "the follower is silent" : "the follower does not acknowledge");
    leading.learners.delete(learner.connection);
  } else if (learner.phase === "synchronized" || learner.phase === "synchronizing") sendToServer(process, learner.connection, { type: "ping" });
}

/** What ends with this role. What was proposed is in the log, and may yet be committed by the next leader. */
export function stopLeading(server: Server, leading: Leading, why: string): void {
  const { process, state } = server;
  process.cancel(leading.timer);
  if (leading.sessions.queue.timer !== 0) process.cancel(leading.sessions.queue.timer);
  for (const connection of leading.learners.keys()) process.close(connection, why);
  state.leading = null;
  state.ledSinceUs = 0;
}

