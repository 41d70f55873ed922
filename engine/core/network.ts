// Connections as TCP gives them: ordered, without duplicates; loss shows as delay, a cut as silence until a time-out or a reset.
// Each ordered pair of hosts is a link with latency, jitter and bandwidth; reordering happens only between connections.
// What a cut holds back is sent again on TCP's schedule (200 ms, doubled each time) and arrives after the cut has healed.
// FIDELITY: CORE-TCP.
import { invariant } from "./invariant-error.ts";
import type { RandomStream } from "./random.ts";
import { SECOND } from "./time.ts";

/** @property latencyUs one way. @property jitterUs a uniform addition in [0, jitterUs]. @property bytesPerSecond of each direction. */
export interface LinkSettings { readonly latencyUs: number; readonly jitterUs: number; readonly bytesPerSecond: number }

/** Within one rack of a home lab: 250 us one way, 1 Gbit/s. */
export const DEFAULT_LINK: LinkSettings = { latencyUs: 250, jitterUs: 50, bytesPerSecond: 125_000_000 };
/** Between processes of one host: the loopback device. */
export const LOOPBACK_LINK: LinkSettings = { latencyUs: 20, jitterUs: 5, bytesPerSecond: 2_000_000_000 };

/** First retransmission after 200 ms, then doubled (Linux, RFC 6298), at most 120 s apart. */
const RETRANSMIT_FIRST_US = 200_000;
const RETRANSMIT_MAX_US = 120 * SECOND;

export interface Connection {
  readonly id: number;
  /** Indexes of the processes; [0] opened it, [1] accepts it. */
  readonly ends: readonly [number, number];
  readonly incarnations: readonly [number, number];
  readonly port: number;
  /** Which ends may still send. */
  open: [boolean, boolean];
  /** Time of the last arrival at each end, so that order is kept. */
  lastArrivalUs: [number, number];
  /** What a cut holds back, by receiving end. */
  held: [HeldSegment[], HeldSegment[]];
}

/** `kind` is the event it becomes on arrival. */
export interface HeldSegment { readonly sentAt: number; readonly kind: "message" | "connected" | "accepted" | "closed"; readonly payload: unknown; readonly cause: number }

/** One direction between two hosts. `busyUntilUs`: when its sender has put everything on the wire. */
export interface Link { settings: LinkSettings; busyUntilUs: number; cut: boolean; readonly stream: RandomStream }

export interface Network {
  connections: Map<number, Connection>;
  nextConnection: number;
  hosts: string[];
  /** By `linkKey(from, to)`; created on first use. */
  links: Map<number, Link>;
  /** Messages to lose by closing their connection, in the order they were asked for. */
  drops: DropFault[];
}

const HOSTS_MAX = 1024;

export function linkKey(fromHost: number, toHost: number): number {
  return fromHost * HOSTS_MAX + toHost;
}

/** Loses the next `remaining` messages whose tag matches by closing their connection. Empty host names match all. */
export interface DropFault { readonly tag: string; readonly from: string; readonly to: string; remaining: number }

export function createNetwork(hosts: readonly string[]): Network {
  invariant(hosts.length <= HOSTS_MAX, `${hosts.length} hosts, at most ${HOSTS_MAX}`);
  return { connections: new Map(), nextConnection: 1, hosts: [...hosts], links: new Map(), drops: [] };
}

/** When TCP's next retransmission of a segment first sent at `sentAt` falls at or after `now`. */
export function nextRetransmissionUs(sentAt: number, now: number): number {
  let at = sentAt;
  let gap = RETRANSMIT_FIRST_US;
  while (at < now) {
    at += gap;
    gap = Math.min(2 * gap, RETRANSMIT_MAX_US);
  }
  return at;
}
