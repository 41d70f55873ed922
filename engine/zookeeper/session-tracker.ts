// The leader's clocks of all sessions. A session expires at the first tick boundary after its time-out; a new leader starts all clocks afresh.
// Source: SessionTrackerImpl.java, LeaderSessionTracker.java (3.8.4). FIDELITY: ZK-SESSIONS.
import { fromMs } from "#engine/core/time.ts";
import { createExpiryQueue, nextExpiryUs, pollExpired, removeExpiry, updateExpiry } from "./expiry-queue.ts";
import type { Server, SessionTracker } from "./server-state.ts";
import type { ZnodeDatabase } from "./znode-database.ts";

export const SESSION_TIMER = "zookeeper sessions";

/** As a server makes it when it begins to lead: every session has its whole time-out before it. */
export function createSessionTracker(tickUs: number, database: ZnodeDatabase, nowUs: number): SessionTracker {
  const tracker: SessionTracker = { queue: createExpiryQueue(tickUs), sessions: new Map() };
  for (const [sessionId, { timeoutMs }] of database.sessions) trackSession(tracker, sessionId, timeoutMs, nowUs, 0);
  return tracker;
}

/** `owner` 0: nobody has spoken for it yet. */
export function trackSession(tracker: SessionTracker, sessionId: number, timeoutMs: number, nowUs: number, owner: number): void {
  tracker.sessions.set(sessionId, { timeoutUs: fromMs(timeoutMs), owner, closing: false, lastHeardUs: nowUs });
  updateExpiry(tracker.queue, sessionId, nowUs + fromMs(timeoutMs), nowUs);
}

/** False when the session is not there any more, or about to go. */
export function touchSession(tracker: SessionTracker, sessionId: number, nowUs: number): boolean {
  const session = tracker.sessions.get(sessionId);
  if (session === undefined || session.closing) return false;
  session.lastHeardUs = nowUs;
  updateExpiry(tracker.queue, sessionId, nowUs + session.timeoutUs, nowUs);
  return true;
}

export function removeSession(tracker: SessionTracker, sessionId: number): void {
  tracker.sessions.delete(sessionId);
  removeExpiry(tracker.queue, sessionId);
}

/** Arms the one timer of the tracker; called after sessions were added. A moved deadline needs no new timer: it is looked at when it rings. */
export function armSessionTimer(server: Server, tracker: SessionTracker): void {
  const { queue } = tracker;
  const at = nextExpiryUs(queue);
  if (at === undefined || queue.timer !== 0 && queue.timerAtUs <= at) return;
  if (queue.timer !== 0) server.process.cancel(queue.timer);
  queue.timerAtUs = at;
  queue.timer = server.process.schedule(at - server.process.now, SESSION_TIMER);
}

/** Sessions whose time is over, each told once, with how long they were silent. */
export function expiredSessions(server: Server, tracker: SessionTracker, sequence: number): { readonly sessionId: number; readonly silentForUs: number }[] {
  if (tracker.queue.timer !== sequence) return [];
  tracker.queue.timer = 0;
  const expired: { sessionId: number; silentForUs: number }[] = [];
  for (const sessionId of pollExpired(tracker.queue, server.process.now)) {
    const session = tracker.sessions.get(sessionId);
    if (session === undefined) continue;
    session.closing = true;
    expired.push({ sessionId, silentForUs: server.process.now - session.lastHeardUs });
  }
  armSessionTimer(server, tracker);
  return expired;
}
