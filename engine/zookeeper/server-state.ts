// The memory of one ZooKeeper server, plain data, and what its parts hand to each other within one handler.
// Source: QuorumPeer.java, ZooKeeperServer.java (3.8.4).
import type { ProcessContext } from "#engine/core/process.ts";
import type { AnnouncedRole } from "./announced-role.ts";
import type { ClientConnections } from "./client-connections-state.ts";
import type { ExpiryQueue } from "./expiry-queue.ts";
import type { Metrics } from "./metrics.ts";
import type { OrderedRequest, Vote } from "./quorum-messages.ts";
import type { Transaction } from "./transactions.ts";
import type { ZnodeDatabase } from "./znode-database.ts";
import type { ServerConfig } from "./zookeeper-settings.ts";

export interface ServerState {
  readonly config: ServerConfig;
  role: "looking" | "following" | "leading";
  /** As the last fact told it. */
  announced: AnnouncedRole;
  /** Whether clients are served. */
  serving: boolean;
  acceptedEpoch: number;
  currentEpoch: number;
  database: ZnodeDatabase;
  /** The force of the log that is under way; null: none. */
  force: LogForce | null;
  readonly election: Election;
  following: Following | null;
  leading: Leading | null;
  readonly clients: ClientConnections;
  /** Session ids that this server gives. */
  nextSessionId: number;
  readonly startedUs: number;
  readonly metrics: Metrics;
  /** When this server stopped serving (or started). */
  unavailableSinceUs: number;
  /** When this server began to serve as leader; 0: it does not. */
  ledSinceUs: number;
}

/** @property length of the log that will be on the disk. @property zxid of the last of these. */
export interface LogForce { readonly timer: number; readonly length: number; readonly startedUs: number }

// ---- election

export interface Election {
  readonly peers: Map<number, ElectionPeer>;
  /** Connections somebody has opened to this server and has not said hello on. */
  readonly unknown: Set<number>;
  logicalClock: number;
  proposed: Vote;
  /** By server; `state` and `electionEpoch` as it told them. */
  readonly received: Map<number, ReceivedVote>;
  readonly outOfElection: Map<number, ReceivedVote>;
  /** What this server answers once it has decided. */
  decided: Vote;
  notificationTimeoutUs: number;
  /** When the next notifications are due. */
  notifyAtUs: number;
  /** When a majority will have been quiet for long enough; 0: there is no majority. */
  finalizeAtUs: number;
  timer: number;
  timerAtUs: number;
  startedUs: number;
}

export interface ReceivedVote { readonly vote: Vote; readonly electionEpoch: number; readonly state: ServerState["role"] }

export interface Notification { readonly vote: Vote; readonly electionEpoch: number; readonly state: ServerState["role"] }

/** How votes reach another server. 0: no connection. `queued`: only the newest matters. */
export interface ElectionPeer {
  readonly id: number;
  readonly host: string;
  connection: number;
  opening: number;
  openingSinceUs: number;
  queued: Notification | null;
  last: Notification | null;
}

// ---- following

export interface Following {
  readonly leader: number;
  readonly host: string;
  phase: "connecting" | "discovery" | "synchronization" | "broadcast";
  connection: number;
  attempts: number;
  /** In phase "connecting": the next attempt; 0: one is under way. */
  retryAtUs: number;
  epoch: number;
  /** Where the leader's history ended when it came. */
  historyZxid: number;
  /** Whether NEWLEADER waits for the log to be forced. */
  newLeaderPending: boolean;
  lastHeardUs: number;
  startedUs: number;
  /** Proposed, not committed, in order. */
  pending: Transaction[];
  /** Length of the log that has been acknowledged. */
  acknowledgedLength: number;
  readonly touched: Set<number>;
  timer: number;
  timerAtUs: number;
}

// ---- leading

export interface Leading {
  phase: "discovery" | "synchronization" | "broadcast";
  /** 0: not decided yet. */
  epoch: number;
  /** When this phase began: each may take initLimit ticks. */
  phaseStartedUs: number;
  readonly learners: Map<number, Learner>;
  /** Servers that have told their accepted epoch (with the leader), and the highest of these. */
  readonly epochProposers: Set<number>;
  highestAcceptedEpoch: number;
  /** Where this server stood when it was elected: a follower may not be ahead of it. */
  readonly ownEpoch: number;
  readonly ownZxid: number;
  readonly epochAckers: Set<number>;
  readonly newLeaderAckers: Set<number>;
  /** zxid of the last proposal. */
  lastProposed: number;
  lastCommitted: number;
  /** Proposed and not committed, in order. */
  proposals: Proposal[];
  /** What the proposals will have made of znodes: checks look here first. */
  readonly changes: Map<string, ZnodeChange>;
  sessions: SessionTracker;
  /** Answers to sync that wait for a commit. */
  pendingSyncs: PendingSync[];
  tick: number;
  skipTick: boolean;
  timer: number;
  /** Sizes of proposals since the start: last, smallest, largest; -1: none. */
  readonly proposalSizes: { last: number; min: number; max: number };
}

/** A follower as the leader sees it. `serverId` -1: it has not said. */
export interface Learner {
  readonly connection: number;
  serverId: number;
  phase: "connected" | "waiting-for-epoch" | "acknowledging-epoch" | "waiting-for-quorum" | "synchronizing" | "synchronized";
  loggedZxid: number;
  lastHeardUs: number;
  tickOfNextAckDeadline: number;
  lastAckedZxid: number;
}

export interface Proposal { readonly transaction: Transaction; readonly ackers: Set<number>; readonly atUs: number }

export interface PendingSync { readonly afterZxid: number; readonly connection: number; readonly sessionId: number; readonly xid: number }

/** What a proposal will make of a znode. */
export interface ZnodeChange {
  readonly zxid: number;
  readonly exists: boolean;
  readonly version: number;
  readonly createdChildren: number;
  readonly childCount: number;
  readonly ephemeralOwner: number;
}

/** The leader's clocks. `owners`: the server a session was last heard through. `lastHeardUs`: for whoever asks how long it was silent. */
export interface SessionTracker {
  readonly queue: ExpiryQueue;
  readonly sessions: Map<number, TrackedSession>;
}

export interface TrackedSession { readonly timeoutUs: number; owner: number; closing: boolean; lastHeardUs: number }

// ---- within one handler

/** What ends one role and begins another; given by zookeeper-server.ts, so that the roles need not know each other. */
export interface Roles {
  readonly lookForLeader: (server: Server, why: string) => void;
  readonly lead: (server: Server) => void;
  readonly follow: (server: Server, leader: number) => void;
  /** A request of a client of this server that the leader must order. */
  readonly order: (server: Server, request: OrderedRequest) => void;
  /** A client's sync: answered when everything the leader has proposed before is committed here. */
  readonly sync: (server: Server, sessionId: number, xid: number) => void;
  /** A session has come from another server: the leader says whether it lives. */
  readonly revalidate: (server: Server, sessionId: number, timeoutMs: number) => void;
  /** Something was heard from the client of a session. */
  readonly touch: (server: Server, sessionId: number) => void;
  readonly exit: (server: Server) => void;
}

/** Built per dispatch. */
export interface Server { readonly process: ProcessContext; readonly state: ServerState; readonly roles: Roles }
