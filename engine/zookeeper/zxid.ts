// Transaction ids: the epoch of the leader and a counter that starts again with each leader, compared as one number. Session ids: the server
// that made it, its start time and a counter. Both are 64 bits in ZooKeeper; here they are numbers below 2^53, printed as the real ones.
// Source: ZxidUtils.java, SessionTrackerImpl.initializeNextSession (3.8.4). FIDELITY: ZK-ZXID.

const COUNTERS = 0x1_0000_0000;

export function makeZxid(epoch: number, counter: number): number {
  return epoch * COUNTERS + counter;
}

export function zxidEpoch(zxid: number): number {
  return Math.floor(zxid / COUNTERS);
}

export function zxidCounter(zxid: number): number {
  return zxid % COUNTERS;
}

/** As ZooKeeper prints zxids: "0x100000049". */
export function zxidText(zxid: number): string {
  return `0x${zxid.toString(16)}`;
}

const SESSION_COUNTERS = 0x1_0000;
/** ZooKeeper keeps 40 bits of the time; 28 are three days, longer than any run. */
const SESSION_TIMES = 0x1000_0000;

/** The first session id of a server that starts at `startedMs`; the next ones follow by counting. */
export function firstSessionId(serverId: number, startedMs: number): number {
  return (serverId * SESSION_TIMES + startedMs % SESSION_TIMES) * SESSION_COUNTERS;
}

/** As ZooKeeper prints sessions: server, ten digits of time, four of the counter: "0x2000046cb800000". */
export function sessionText(sessionId: number): string {
  const counter = sessionId % SESSION_COUNTERS;
  const rest = Math.floor(sessionId / SESSION_COUNTERS);
  const time = rest % SESSION_TIMES;
  return `0x${Math.floor(rest / SESSION_TIMES).toString(16)}${time.toString(16).padStart(10, "0")}${counter.toString(16).padStart(4, "0")}`;
}

/** ZooKeeperServer.generatePasswd: every server derives the same password from the session's id. */
export function sessionPassword(sessionId: number): string {
  let hash = 0xb3415c00 | 0;
  for (const character of sessionText(sessionId)) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
