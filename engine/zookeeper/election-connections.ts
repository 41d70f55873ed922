// How votes travel: one connection for each pair of servers, opened by the one with the larger id; who has the smaller only knocks. Of what could
// not be sent only the newest is kept, and said again on a new connection. Source: QuorumCnxManager.java (3.8.4). FIDELITY: ZK-ELECTION-CONNECTIONS.
import { type ElectionMessage, sendToServer } from "./quorum-messages.ts";
import type { ElectionPeer, Notification, Server } from "./server-state.ts";
import { ZOOKEEPER_ELECTION_PORT } from "./zookeeper-protocol.ts";
import type { ServerConfig } from "./zookeeper-settings.ts";

/** zookeeper.cnxTimeout. */
const CONNECT_TIMEOUT_US = 5_000_000;

export function createElectionPeers(config: ServerConfig): Map<number, ElectionPeer> {
  const others = config.servers.filter(({ id }) => id !== config.serverId);
  return new Map(others.map(({ id, host }) => [id, { id, host, connection: 0, opening: 0, openingSinceUs: 0, queued: null, last: null }]));
}

export function sendNotification(server: Server, peer: ElectionPeer, notification: Notification): void {
  peer.queued = notification;
  if (peer.connection === 0) connectToPeer(server, peer);
  else flushNotification(server, peer);
}

function flushNotification(server: Server, peer: ElectionPeer): void {
  const notification = peer.queued ?? peer.last;
  if (notification === null) return;
  peer.queued = null;
  peer.last = notification;
  sendToServer(server.process, peer.connection, { type: "notification", from: server.state.config.serverId, ...notification });
}

/** Tries to reach every server that has no connection. */
export function connectToPeers(server: Server): void {
  for (const peer of server.state.election.peers.values()) connectToPeer(server, peer);
}

function connectToPeer(server: Server, peer: ElectionPeer): void {
  const { process } = server;
  if (peer.connection !== 0) return;
  if (peer.opening !== 0) {
    if (peer.openingSinceUs + CONNECT_TIMEOUT_US > process.now) return;
    process.close(peer.opening, "no connection for the election within 5 s");
  }
  peer.opening = process.connect(peer.host, ZOOKEEPER_ELECTION_PORT);
  peer.openingSinceUs = process.now;
}

/** True when the connection is one of the election's. */
export function electionConnected(server: Server, connection: number): boolean {
  const { config, election } = server.state;
  for (const peer of election.peers.values()) {
    if (peer.opening !== connection) continue;
    peer.opening = 0;
    sendToServer(server.process, connection, { type: "electionHello", serverId: config.serverId });
    if (peer.id > config.serverId) server.process.close(connection, "the server with the larger id opens the connection");
    else useConnection(server, peer, connection);
    return true;
  }
  return false;
}

function useConnection(server: Server, peer: ElectionPeer, connection: number): void {
  if (peer.connection !== 0) server.process.close(peer.connection, "a newer connection for the election");
  peer.connection = connection;
  flushNotification(server, peer);
}

/** Somebody has connected to the election port. */
export function electionAccepted(server: Server, connection: number): void {
  server.state.election.unknown.add(connection);
}

/** Which server has said hello: it is called back when its id is smaller. */
export function helloReceived(server: Server, connection: number, message: Extract<ElectionMessage, { type: "electionHello" }>): void {
  const { config, election } = server.state;
  const peer = election.peers.get(message.serverId);
  if (!election.unknown.delete(connection) || peer === undefined) return server.process.close(connection, "an unknown server");
  if (peer.id > config.serverId) return useConnection(server, peer, connection);
  server.process.close(connection, "the server with the larger id opens the connection");
  if (peer.connection !== 0) {
    server.process.close(peer.connection, "the other side has lost it");
    peer.connection = 0;
  }
  connectToPeer(server, peer);
}

/** True when the connection was one of the election's. */
export function electionClosed(server: Server, connection: number): boolean {
  const { election } = server.state;
  if (election.unknown.delete(connection)) return true;
  for (const peer of election.peers.values()) {
    if (peer.opening === connection) peer.opening = 0;
    else if (peer.connection === connection) peer.connection = 0;
    else continue;
    return true;
  }
  return false;
}
