// What servers of an ensemble say to each other: votes over the election port, Zab over the quorum port. Source: FastLeaderElection.java,
// QuorumCnxManager.java, Leader.java, Learner.java, QuorumPacket (3.8.4). FIDELITY: ZK-QUORUM-WIRE.
import type { ProcessContext } from "#engine/core/process.ts";
import type { DatabaseImage } from "./znode-database.ts";
import { type Transaction, transactionsBytes } from "./transactions.ts";
import type { ZooKeeperWrite } from "./zookeeper-protocol.ts";

/** Whom a server wants as leader, with that server's last transaction and epoch. */
export interface Vote { readonly leader: number; readonly zxid: number; readonly peerEpoch: number }

export type PeerState = "looking" | "following" | "leading";

export type ElectionMessage =
  /** The first message of a connection: who has opened it. */
  | { readonly type: "electionHello"; readonly serverId: number }
  | { readonly type: "notification"; readonly from: number; readonly vote: Vote; readonly electionEpoch: number; readonly state: PeerState };

/** A request that only the leader can order. Sessions are created and closed by transactions too. */
export type OrderedOperation =
  | Exclude<ZooKeeperWrite, { readonly op: "check" }>
  | { readonly op: "multi"; readonly operations: readonly ZooKeeperWrite[] }
  | { readonly op: "createSession"; readonly timeoutMs: number; readonly client: string }
  | { readonly op: "closeSession"; readonly silentForUs: number | null };

export interface OrderedRequest { readonly sessionId: number; readonly xid: number; readonly operation: OrderedOperation }

export type ToLeader =
  | { readonly type: "followerInfo"; readonly serverId: number; readonly acceptedEpoch: number }
  /** `currentEpoch` -1: this epoch has been accepted before. `loggedZxid`: where the log ends. */
  | { readonly type: "ackEpoch"; readonly currentEpoch: number; readonly lastZxid: number; readonly loggedZxid: number }
  | { readonly type: "ackNewLeader"; readonly epoch: number }
  /** Everything up to `zxid` is on this server's disk; `count` packets in one. */
  | { readonly type: "ack"; readonly zxid: number; readonly count: number }
  | { readonly type: "request"; readonly request: OrderedRequest }
  | { readonly type: "sync"; readonly sessionId: number; readonly xid: number }
  | { readonly type: "revalidate"; readonly sessionId: number; readonly timeoutMs: number }
  /** Answer to a ping: sessions heard of since the last one. */
  | { readonly type: "pingAnswer"; readonly touched: readonly number[] };

export type FromLeader =
  | { readonly type: "leaderInfo"; readonly epoch: number }
  /** Brings a follower to the leader's history: the committed transactions after what it has, after cutting its log, or after a whole image. */
  | { readonly type: "diff"; readonly transactions: readonly Transaction[] }
  | { readonly type: "trunc"; readonly zxid: number; readonly transactions: readonly Transaction[] }
  /** `untold`: what of the image the leader does not know to be committed yet; no bytes, it is for whoever looks on. */
  | { readonly type: "snap"; readonly image: DatabaseImage; readonly untold: readonly Transaction[] }
  | { readonly type: "newLeader"; readonly epoch: number }
  | { readonly type: "upToDate" }
  | { readonly type: "proposal"; readonly transaction: Transaction }
  /** Everything up to `zxid`; `count` packets in one. */
  | { readonly type: "commit"; readonly zxid: number; readonly count: number }
  | { readonly type: "synced"; readonly sessionId: number; readonly xid: number }
  | { readonly type: "revalidated"; readonly sessionId: number; readonly valid: boolean }
  | { readonly type: "ping" };

export type QuorumMessage = ElectionMessage | ToLeader | FromLeader;

/** QuorumPacket: type, zxid, length of data, authinfo. */
const PACKET_BYTES = 4 + 8 + 4 + 4;

function messageBytes(message: QuorumMessage): number {
  switch (message.type) {
    case "electionHello": return 8 + 8 + 4 + 20;
    case "notification": return 4 + 4 + 8 + 8 + 8 + 8 + 4 + 4;
    case "followerInfo": case "leaderInfo": return PACKET_BYTES + 20;
    case "diff": return PACKET_BYTES + streamBytes(message.transactions);
    case "trunc": return PACKET_BYTES + streamBytes(message.transactions);
    case "snap": return PACKET_BYTES + message.image.sizeBytes;
    case "proposal": return PACKET_BYTES + message.transaction.sizeBytes;
    case "ack": case "commit": return PACKET_BYTES * message.count;
    case "request": return PACKET_BYTES + 16 + requestBytes(message.request.operation);
    case "pingAnswer": return PACKET_BYTES + 12 * message.touched.length;
    case "revalidate": case "revalidated": return PACKET_BYTES + 12;
    default: return PACKET_BYTES + 4;
  }
}

/** Each committed transaction goes as a proposal and a commit. */
function streamBytes(transactions: readonly Transaction[]): number {
  return transactionsBytes(transactions) + 2 * PACKET_BYTES * transactions.length;
}

function requestBytes(operation: OrderedOperation): number {
  switch (operation.op) {
    case "create": case "setData": return 2 * operation.path.length + (operation.data ?? "").length;
    case "delete": return operation.path.length + 8;
    case "multi": return 64 * operation.operations.length;
    case "createSession": case "closeSession": return 4;
  }
}

const TAGS: { readonly [Type in QuorumMessage["type"]]: string } = {
  electionHello: "zookeeper election hello", notification: "zookeeper vote", followerInfo: "zookeeper FOLLOWERINFO", ackEpoch: "zookeeper ACKEPOCH",
  ackNewLeader: "zookeeper ACK of NEWLEADER", ack: "zookeeper ACK", request: "zookeeper REQUEST", sync: "zookeeper SYNC", revalidate: "zookeeper REVALIDATE",
  pingAnswer: "zookeeper PING answer", leaderInfo: "zookeeper LEADERINFO", diff: "zookeeper DIFF", trunc: "zookeeper TRUNC", snap: "zookeeper SNAP",
  newLeader: "zookeeper NEWLEADER", upToDate: "zookeeper UPTODATE", proposal: "zookeeper PROPOSAL", commit: "zookeeper COMMIT", synced: "zookeeper SYNC answer",
  revalidated: "zookeeper REVALIDATE answer", ping: "zookeeper PING",
};

export function sendToServer(process: ProcessContext, connection: number, message: QuorumMessage): void {
  process.send(connection, TAGS[message.type], message, messageBytes(message));
}
