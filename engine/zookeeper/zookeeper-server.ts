// One server of a ZooKeeper ensemble as a process: which message goes to which part, and how it changes its role. Source: QuorumPeer.run (3.8.4).
// FIDELITY: ZK-ENSEMBLE, ZK-STANDALONE.
import { invariant } from "#engine/core/invariant-error.ts";
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import { toMs } from "#engine/core/time.ts";
import { announceRole } from "./announced-role.ts";
import {
  CLIENT_TIMER, clientAccepted, clientTimer, closeAllClients, createClientConnections, forgetClient, requestReceived, sessionRevalidated,
} from "./client-connections.ts";
import { createElectionPeers, electionAccepted, electionClosed, electionConnected, helloReceived } from "./election-connections.ts";
import { ELECTION_TIMER, electionTimer, notificationReceived, startElection } from "./fast-leader-election.ts";
import {
  countMembership, FOLLOWER_TIMER, followerForced, followerTimer, leaderClosed, leaderConnected, leaderMessage, startFollowing, stopFollowing, tellLeader,
} from "./follower.ts";
import { fourLetterWordReceived } from "./four-letter-words.ts";
import { acknowledged, expireSessions, orderRequest } from "./leader-broadcast.ts";
import { LEADER_TIMER, leaderTimer, learnerAccepted, learnerClosed, learnerMessage, startLeading, stopLeading, takeSession } from "./leader.ts";
import { FORCE_TIMER, forceAtOnce, forceEnded } from "./log-force.ts";
import { addMetric, createMetrics } from "./metrics.ts";
import type { FromLeader, OrderedRequest, QuorumMessage, ToLeader } from "./quorum-messages.ts";
import type { Roles, Server, ServerState } from "./server-state.ts";
import { SESSION_TIMER, touchSession } from "./session-tracker.ts";
import { indexAfter, loadDatabase, logEntry, readEpoch, transactionLog } from "./transaction-log.ts";
import { applyTransaction } from "./znode-database.ts";
import { ZOOKEEPER_CLIENT_PORT, ZOOKEEPER_ELECTION_PORT, ZOOKEEPER_QUORUM_PORT, type ZooKeeperRequest } from "./zookeeper-protocol.ts";
import { isStandalone, readServerConfig, type ZooKeeperServerSettings } from "./zookeeper-settings.ts";
import { firstSessionId } from "./zxid.ts";

export const ZOOKEEPER_PORTS: readonly number[] = [ZOOKEEPER_CLIENT_PORT, ZOOKEEPER_QUORUM_PORT, ZOOKEEPER_ELECTION_PORT];

/** Name of the process of a server. */
export function zooKeeperServerName(serverId: number): string {
  return `zookeeper-${serverId}`;
}

// ---- roles

/** QuorumPeer.run: a role has ended; nobody is served until another one stands. */
function lookForLeader(server: Server, why: string): void {
  const { state, process } = server;
  if (state.serving) state.unavailableSinceUs = process.now;
  state.serving = false;
  if (state.leading !== null) stopLeading(server, state.leading, why);
  if (state.following !== null) stopFollowing(server, state.following, why);
  closeAllClients(server, why);
  forceAtOnce(server);
  fastForward(server);
  state.role = "looking";
  announceRole(server, { state: "looking", epoch: state.currentEpoch, leader: -1 });
  startElection(server);
}

/** ZKDatabase.fastForwardDataBase: what is in the log and was not committed counts in the next election as if it were. */
function fastForward(server: Server): void {
  const { state, process } = server;
  const log = transactionLog(process.disk);
  for (let index = indexAfter(log, state.database.lastProcessedZxid); index < log.entries.length; index += 1) {
    applyTransaction(state.database, logEntry(log, index));
  }
}

function order(server: Server, request: OrderedRequest): void {
  const { leading, following, config } = server.state;
  if (leading !== null) orderRequest(server, leading, request, config.serverId);
  else if (following !== null) tellLeader(server, following, { type: "request", request });
}

function revalidateSession(server: Server, sessionId: number, timeoutMs: number): void {
  const { leading, following, config } = server.state;
  if (leading !== null) sessionRevalidated(server, sessionId, takeSession(server, leading, sessionId, config.serverId));
  else if (following !== null) tellLeader(server, following, { type: "revalidate", sessionId, timeoutMs });
}

const ROLES: Roles = {
  lookForLeader, lead: startLeading, follow: startFollowing, order, revalidate: revalidateSession,
  sync: (server, sessionId, xid) => {
    if (server.state.following !== null) tellLeader(server, server.state.following, { type: "sync", sessionId, xid });
  },
  touch: (server, sessionId) => {
    const { leading, following } = server.state;
    if (leading !== null) touchSession(leading.sessions, sessionId, server.process.now);
    following?.touched.add(sessionId);
  },
  exit: server => server.process.exit(),
};

// ---- the process

function start(process: ProcessContext, settings: unknown): ServerState {
  const config = readServerConfig(settings as ZooKeeperServerSettings);
  const { serverId } = config;
  invariant(config.servers.some(({ id }) => id === serverId), `My id ${serverId} not in the peer list`);
  const metrics = createMetrics();
  const nothing = { leader: -1, zxid: 0, peerEpoch: 0 };
  const state: ServerState = {
    config, role: "looking", announced: { state: "looking", epoch: 0, leader: -1 }, serving: false, acceptedEpoch: readEpoch(process.disk, "acceptedEpoch"), currentEpoch: readEpoch(process.disk, "currentEpoch"),
    database: loadDatabase(process.disk, config, metrics), force: null,
    election: {
      peers: createElectionPeers(config), unknown: new Set(), logicalClock: 0, proposed: nothing, received: new Map(), outOfElection: new Map(),
      decided: nothing, notificationTimeoutUs: 0, notifyAtUs: 0, finalizeAtUs: 0, timer: 0, timerAtUs: 0, startedUs: process.now,
    },
    following: null, leading: null, clients: createClientConnections(), nextSessionId: firstSessionId(serverId, toMs(process.now)),
    startedUs: process.now, metrics, unavailableSinceUs: process.now, ledSinceUs: 0,
  };
  addMetric(metrics, "startup_txns_loaded", transactionLog(process.disk).entries.length);
  const server = serverOf(process, state);
  if (isStandalone(config)) startLeading(server);
  else {
    countMembership(server);
    lookForLeader(server, "started");
  }
  return state;
}

function serverOf(process: ProcessContext, state: unknown): Server {
  return { process, state: state as ServerState, roles: ROLES };
}

function forced(server: Server, sequence: number): void {
  const { state, process } = server;
  const length = forceEnded(server, sequence);
  if (state.following !== null) followerForced(server, state.following, length);
  else if (state.leading !== null && length > 0) {
    acknowledged(server, state.leading, state.config.serverId, logEntry(transactionLog(process.disk), length - 1).zxid);
  }
}

function messageReceived(server: Server, connection: number, message: QuorumMessage | ZooKeeperRequest): void {
  const { state } = server;
  if (state.clients.open.has(connection)) {
    const request = message as ZooKeeperRequest;
    if (request.type === "fourLetterWord") fourLetterWordReceived(server, connection, request.word);
    else requestReceived(server, connection, request);
    return;
  }
  switch (message.type) {
    case "electionHello": return helloReceived(server, connection, message);
    case "notification": return notificationReceived(server, message);
    default:
      if (state.leading?.learners.has(connection) === true) learnerMessage(server, connection, message as ToLeader);
      else leaderMessage(server, connection, message as FromLeader);
  }
}

export const zooKeeperServer: ProcessKind = {
  kind: "zookeeper-server",
  start,
  onTimer(process, state, name, _payload, sequence) {
    const server = serverOf(process, state);
    switch (name) {
      case ELECTION_TIMER: return electionTimer(server, sequence);
      case FORCE_TIMER: return forced(server, sequence);
      case LEADER_TIMER: return leaderTimer(server, sequence);
      case FOLLOWER_TIMER: return followerTimer(server, sequence);
      case SESSION_TIMER: return expireSessions(server, sequence);
      case CLIENT_TIMER: return clientTimer(server, sequence);
    }
  },
  onMessage(process, state, connection, message) {
    messageReceived(serverOf(process, state), connection, message as QuorumMessage | ZooKeeperRequest);
  },
  onConnected(process, state, connection) {
    const server = serverOf(process, state);
    if (!electionConnected(server, connection)) leaderConnected(server, connection);
  },
  onAccepted(process, state, connection, port) {
    const server = serverOf(process, state);
    if (port === ZOOKEEPER_CLIENT_PORT) clientAccepted(server, connection);
    else if (port === ZOOKEEPER_QUORUM_PORT) learnerAccepted(server, connection);
    else electionAccepted(server, connection);
  },
  onClosed(process, state, connection) {
    const server = serverOf(process, state);
    if (forgetClient(server, connection) || electionClosed(server, connection)) return;
    if (!learnerClosed(server, connection)) leaderClosed(server, connection);
  },
  /** SIGTERM: the process ends without a word; its operating system closes the connections. */
  onInput(process, _state, input) {
    if ((input as { readonly do?: string }).do === "shut-down") process.exit();
  },
};
