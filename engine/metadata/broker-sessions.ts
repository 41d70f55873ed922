// Who is alive in the eyes of the active controller: last contacts, and the state that a heartbeat leads to.
// Follows BrokerHeartbeatManager.java (3.9). A new active controller starts all sessions afresh.
import { fromMs } from "#engine/core/time.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { PartitionIndex } from "./partition-index.ts";

export type BrokerControlState = "fenced" | "unfenced" | "controlled-shutdown" | "shutdown-now";

export interface BrokerSession {
  readonly brokerId: number;
  lastContactUs: number;
  /** Trace entry of what was heard from it last: why it counts as alive, and later why it does not. */
  lastContactCause: number;
  fenced: boolean;
  /** 4.x: its last contact still counts, fenced or not. */
  isTracked: boolean;
  /** How far the broker has applied the metadata log; -1: not told. */
  metadataOffset: number;
  /** Offset that all active brokers must have applied before this one may stop; -1: it does not want to. */
  controlledShutdownOffset: number;
}

export function openSession(brokerId: number, fenced: boolean, nowUs: number, cause: number): BrokerSession {
  return { brokerId, lastContactUs: nowUs, lastContactCause: cause, fenced, isTracked: true, metadataOffset: -1, controlledShutdownOffset: -1 };
}

/** In 3.9 a fenced broker has no session, and its id may be registered again at once; in 4.x it has one until it has been silent for long enough. */
export function hasValidSession(session: BrokerSession | undefined, sessionTimeoutMs: number, nowUs: number, fencedHaveSessions: boolean): boolean {
  if (session === undefined || !(fencedHaveSessions ? session.isTracked : !session.fenced)) return false;
  return session.lastContactUs + fromMs(sessionTimeoutMs) >= nowUs;
}

export function controlStateOf(session: BrokerSession): BrokerControlState {
  if (session.controlledShutdownOffset >= 0) return "controlled-shutdown";
  return session.fenced ? "fenced" : "unfenced";
}

/** calculateNextBrokerState. @param registrationOffset offset of the broker's own registration record */
export function nextControlState(
  index: PartitionIndex, sessions: ReadonlyMap<number, BrokerSession>, session: BrokerSession, request: RequestOf<"BrokerHeartbeat">,
  registrationOffset: number,
): BrokerControlState {
  switch (controlStateOf(session)) {
    case "fenced":
      if (request.wantShutDown) return "shutdown-now";
      return !request.wantFence && request.currentMetadataOffset >= registrationOffset ? "unfenced" : "fenced";
    case "unfenced":
      if (request.wantFence) return request.wantShutDown ? "shutdown-now" : "fenced";
      if (!request.wantShutDown) return "unfenced";
      return leadsAnything(index, session.brokerId) ? "controlled-shutdown" : "shutdown-now";
    case "controlled-shutdown":
      if (leadsAnything(index, session.brokerId)) return "controlled-shutdown";
      return session.controlledShutdownOffset <= lowestActiveOffset(sessions) ? "shutdown-now" : "controlled-shutdown";
    case "shutdown-now":
      return "shutdown-now";
  }
}

function leadsAnything(index: PartitionIndex, brokerId: number): boolean {
  return (index.leaderships.get(brokerId) ?? 0) > 0;
}

/** The least that a broker which serves has applied: from there on nobody asks the leaving one any more. */
function lowestActiveOffset(sessions: ReadonlyMap<number, BrokerSession>): number {
  let lowest = Number.MAX_SAFE_INTEGER;
  for (const session of sessions.values()) {
    if (!session.fenced && session.controlledShutdownOffset < 0) lowest = Math.min(lowest, session.metadataOffset);
  }
  return lowest;
}

export function isFencedState(state: BrokerControlState): boolean {
  return state === "fenced" || state === "shutdown-now";
}

export function touchSession(session: BrokerSession, fenced: boolean, metadataOffset: number, { nowUs, cause }: { readonly nowUs: number; readonly cause: number }): void {
  session.lastContactUs = nowUs;
  session.lastContactCause = cause;
  session.metadataOffset = metadataOffset;
  session.fenced = fenced;
  session.isTracked = true;
  if (fenced) session.controlledShutdownOffset = -1;
}

/** The broker with a session that has been silent for longest; the one with the lower id when two have been. */
export function oldestSession(sessions: ReadonlyMap<number, BrokerSession>, fencedHaveSessions: boolean): BrokerSession | undefined {
  let oldest: BrokerSession | undefined;
  for (const session of sessions.values()) {
    if (!(fencedHaveSessions ? session.isTracked : !session.fenced)) continue;
    const isOlder = oldest === undefined || session.lastContactUs < oldest.lastContactUs
      || session.lastContactUs === oldest.lastContactUs && session.brokerId < oldest.brokerId;
    if (isOlder) oldest = session;
  }
  return oldest;
}
