// Choosing a leader: every server that looks for one tells all others whom it would have, adopts a better vote, and decides when a majority
// agrees and nothing better has come for 200 ms. Servers that are not looking answer with what was decided.
// Source: FastLeaderElection.java (3.8.4). FIDELITY: ZK-ELECTION.
import { toMs } from "#engine/core/time.ts";
import { connectToPeers, sendNotification } from "./election-connections.ts";
import { addMetric, countMetric } from "./metrics.ts";
import type { ElectionMessage, Vote } from "./quorum-messages.ts";
import type { Notification, ReceivedVote, Server, ServerState } from "./server-state.ts";
import { lastZxid } from "./transaction-log.ts";
import { isMember, isQuorum } from "./zookeeper-settings.ts";

/** FastLeaderElection.finalizeWait, also the first and smallest time between notifications. */
const FINALIZE_WAIT_US = 200_000;
const NOTIFICATION_INTERVAL_MAX_US = 60_000_000;
export const ELECTION_TIMER = "zookeeper election";

/** lookForLeader: a new round, with itself as candidate. */
export function startElection(server: Server): void {
  const { election } = server.state;
  election.logicalClock += 1;
  election.startedUs = server.process.now;
  countMetric(server.state.metrics, "looking_count");
  election.received.clear();
  election.outOfElection.clear();
  election.proposed = ownVote(server);
  election.notificationTimeoutUs = FINALIZE_WAIT_US;
  election.finalizeAtUs = 0;
  tellEverybody(server);
  waitForNotifications(server);
}

function ownVote(server: Server): Vote {
  const { state } = server;
  return { leader: state.config.serverId, zxid: lastZxid(server.process.disk, state.database), peerEpoch: state.currentEpoch };
}

/** totalOrderPredicate: epoch, then transaction, then id. */
export function isBetterVote(vote: Vote, than: Vote): boolean {
  if (vote.peerEpoch !== than.peerEpoch) return vote.peerEpoch > than.peerEpoch;
  if (vote.zxid !== than.zxid) return vote.zxid > than.zxid;
  return vote.leader > than.leader;
}

function currentNotification(state: ServerState): Notification {
  const { election } = state;
  return { vote: state.role === "looking" ? election.proposed : election.decided, electionEpoch: election.logicalClock, state: state.role };
}

/** Notifications to all, itself included: its own vote counts as one received. */
function tellEverybody(server: Server): void {
  const { election, config } = server.state;
  const notification = currentNotification(server.state);
  for (const peer of election.peers.values()) sendNotification(server, peer, notification);
  countVote(server, config.serverId, notification);
}

/** A notification has arrived from a server that said hello. */
export function notificationReceived(server: Server, message: Extract<ElectionMessage, { type: "notification" }>): void {
  const { state } = server;
  const { election, config } = state;
  if (!isMember(config, message.vote.leader)) return;
  const peer = election.peers.get(message.from);
  if (peer === undefined) return;
  if (state.role !== "looking") {
    if (message.state === "looking") sendNotification(server, peer, currentNotification(state));
    return;
  }
  if (message.state === "looking" && message.electionEpoch < election.logicalClock) sendNotification(server, peer, currentNotification(state));
  if (election.finalizeAtUs !== 0 && !isBetterVote(message.vote, election.proposed)) {
    // Heard while it waits for something better, and it is not: the wait begins again.
    election.finalizeAtUs = server.process.now + FINALIZE_WAIT_US;
    armElectionTimer(server);
    return;
  }
  election.finalizeAtUs = 0;
  if (message.state === "looking") lookingVote(server, message);
  else decidedVote(server, message);
  if (state.role === "looking") waitForNotifications(server);
}

function lookingVote(server: Server, message: Extract<ElectionMessage, { type: "notification" }>): void {
  const { election } = server.state;
  if (message.electionEpoch < election.logicalClock) return;
  if (message.electionEpoch > election.logicalClock) {
    election.logicalClock = message.electionEpoch;
    election.received.clear();
    const own = ownVote(server);
    election.proposed = isBetterVote(message.vote, own) ? message.vote : own;
    tellEverybody(server);
  } else if (isBetterVote(message.vote, election.proposed)) {
    election.proposed = message.vote;
    tellEverybody(server);
  }
  countVote(server, message.from, message);
}

function countVote(server: Server, from: number, { vote, electionEpoch, state }: Notification): void {
  const { election, config } = server.state;
  election.received.set(from, { vote, electionEpoch, state });
  let agreeing = 0;
  for (const received of election.received.values()) {
    if (received.electionEpoch === election.logicalClock && isSameVote(received.vote, election.proposed)) agreeing += 1;
  }
  election.finalizeAtUs = isQuorum(config, agreeing) ? server.process.now + FINALIZE_WAIT_US : 0;
}

function isSameVote(one: Vote, other: Vote): boolean {
  return one.leader === other.leader && one.zxid === other.zxid && one.peerEpoch === other.peerEpoch;
}

/** receivedFollowingNotification, receivedLeadingNotification: others have a leader already. */
function decidedVote(server: Server, message: Extract<ElectionMessage, { type: "notification" }>): void {
  const { election } = server.state;
  const { from, vote, electionEpoch, state } = message;
  const received: ReceivedVote = { vote, electionEpoch, state };
  if (electionEpoch === election.logicalClock) {
    election.received.set(from, received);
    if (established(server, election.received, vote, electionEpoch)) return decide(server, vote);
  }
  election.outOfElection.set(from, received);
  if (established(server, election.outOfElection, vote, electionEpoch)) {
    election.logicalClock = electionEpoch;
    decide(server, vote);
  }
}

/** A majority follows `vote`, and its leader itself says that it leads (checkLeader). */
function established(server: Server, votes: ReadonlyMap<number, ReceivedVote>, vote: Vote, electionEpoch: number): boolean {
  const { config, election } = server.state;
  let agreeing = 0;
  for (const received of votes.values()) {
    if (received.vote.leader === vote.leader && (isSameVote(received.vote, vote) || received.state !== "looking")) agreeing += 1;
  }
  if (!isQuorum(config, agreeing)) return false;
  return vote.leader === config.serverId ? electionEpoch === election.logicalClock : votes.get(vote.leader)?.state === "leading";
}

/** The end of a round: this server leads, or follows whom it has chosen. */
function decide(server: Server, vote: Vote): void {
  const { election, config } = server.state;
  election.decided = vote;
  addMetric(server.state.metrics, "election_time", toMs(server.process.now - election.startedUs));
  election.finalizeAtUs = 0;
  election.received.clear();
  if (vote.leader === config.serverId) server.roles.lead(server);
  else server.roles.follow(server, vote.leader);
}

// ---- time

function waitForNotifications(server: Server): void {
  const { election } = server.state;
  election.notifyAtUs = server.process.now + election.notificationTimeoutUs;
  armElectionTimer(server);
}

function armElectionTimer(server: Server): void {
  const { election } = server.state;
  const at = election.finalizeAtUs === 0 ? election.notifyAtUs : election.finalizeAtUs;
  if (election.timer !== 0) {
    if (election.timerAtUs <= at) return;
    server.process.cancel(election.timer);
  }
  election.timerAtUs = at;
  election.timer = server.process.schedule(at - server.process.now, ELECTION_TIMER);
}

export function electionTimer(server: Server, sequence: number): void {
  const { state, process } = server;
  const { election } = state;
  if (election.timer !== sequence) return;
  election.timer = 0;
  if (state.role !== "looking") return;
  if (election.finalizeAtUs !== 0) {
    if (election.finalizeAtUs <= process.now) return decide(server, election.proposed);
  } else if (election.notifyAtUs <= process.now) {
    process.becauseOf(-1);
    remind(server);
  }
  armElectionTimer(server);
}

/** Nobody has said anything: say it again, or try to reach whoever could not be reached, less and less often. */
function remind(server: Server): void {
  const { election } = server.state;
  const delivered = [...election.peers.values()].some(peer => peer.queued === null);
  if (delivered) tellEverybody(server);
  else connectToPeers(server);
  election.notificationTimeoutUs = Math.min(2 * election.notificationTimeoutUs, NOTIFICATION_INTERVAL_MAX_US);
  election.notifyAtUs = server.process.now + election.notificationTimeoutUs;
}
