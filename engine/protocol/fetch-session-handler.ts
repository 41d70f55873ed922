// The asking side of an incremental fetch session (KIP-227), one for each broker that is fetched from: after a first request that names all
// partitions, the next ones name only those whose wishes have changed and those that are left out. A lost connection or an answer that
// knows nothing of the session begins a new one. Source: FetchSessionHandler.java (3.9). FIDELITY: PROTO-FETCH-SESSION.
import type { RequestOf, ResponseOf } from "./messages.ts";

/** What is asked of a partition. `isChanged`: the next request has to name it. */
export interface SessionWish {
  readonly topic: string;
  readonly partition: number;
  currentLeaderEpoch: number;
  fetchOffset: number;
  lastFetchedEpoch: number;
  logStartOffset: number;
  partitionMaxBytes: number;
  isChanged: boolean;
}

/** Plain data. `epoch` 0: the next request names everything. */
export interface FetchSessionHandler {
  sessionId: number;
  epoch: number;
  /** By topic and partition. */
  readonly wishes: Map<string, (SessionWish | undefined)[]>;
  count: number;
  /** Partitions that the next request has to name, and those it has to take back. */
  changed: TopicPartition[];
  forgotten: TopicPartition[];
}
interface TopicPartition { readonly topic: string; readonly partition: number }

const INITIAL_EPOCH = 0;
const NO_SESSION_ID = 0;

export function createFetchSessionHandler(): FetchSessionHandler {
  return { sessionId: NO_SESSION_ID, epoch: INITIAL_EPOCH, wishes: new Map(), count: 0, changed: [], forgotten: [] };
}

/** Wishes for a partition from now on. */
export function wishFor(
  session: FetchSessionHandler, topic: string, partition: number, currentLeaderEpoch: number, fetchOffset: number,
  lastFetchedEpoch: number, logStartOffset: number, partitionMaxBytes: number,
): void {
  let ofTopic = session.wishes.get(topic);
  if (ofTopic === undefined) session.wishes.set(topic, ofTopic = []);
  const known = ofTopic[partition];
  if (known === undefined) {
    while (ofTopic.length < partition) ofTopic.push(undefined);
    ofTopic[partition] = {
      topic, partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, logStartOffset, partitionMaxBytes, isChanged: true,
    };
    session.count += 1;
    session.changed.push({ topic, partition });
    return;
  }
  if (known.fetchOffset === fetchOffset && known.currentLeaderEpoch === currentLeaderEpoch && known.lastFetchedEpoch === lastFetchedEpoch
    && known.logStartOffset === logStartOffset && known.partitionMaxBytes === partitionMaxBytes) return;
  known.currentLeaderEpoch = currentLeaderEpoch;
  known.fetchOffset = fetchOffset;
  known.lastFetchedEpoch = lastFetchedEpoch;
  known.logStartOffset = logStartOffset;
  known.partitionMaxBytes = partitionMaxBytes;
  if (known.isChanged) return;
  known.isChanged = true;
  session.changed.push({ topic, partition });
}

/** Wishes for it no more. */
export function wishNoMore(session: FetchSessionHandler, topic: string, partition: number): void {
  const ofTopic = session.wishes.get(topic);
  if (ofTopic?.[partition] === undefined) return;
  ofTopic[partition] = undefined;
  session.count -= 1;
  session.forgotten.push({ topic, partition });
}

type FetchTopics = { topic: string; partitions: RequestOf<"Fetch">["topics"][number]["partitions"][number][] }[];
type ForgottenTopics = RequestOf<"Fetch">["forgottenTopicsData"];
type SessionFields = Pick<RequestOf<"Fetch">, "sessionId" | "sessionEpoch" | "topics" | "forgottenTopicsData">;

/** The session's part of the next request. */
export function nextFetch(session: FetchSessionHandler): SessionFields {
  const isFull = session.epoch === INITIAL_EPOCH;
  const { forgotten } = session;
  const topics: FetchTopics = [];
  if (isFull) for (const wishes of session.wishes.values()) for (const wish of wishes) name(topics, wish);
  else for (const { topic, partition } of session.changed) name(topics, session.wishes.get(topic)?.[partition]);
  if (session.changed.length > 0) session.changed = [];
  if (forgotten.length > 0) session.forgotten = [];
  return {
    sessionId: session.sessionId, sessionEpoch: session.epoch, topics,
    forgottenTopicsData: isFull || forgotten.length === 0 ? NOTHING_FORGOTTEN : byTopic(session, forgotten),
  };
}
const NOTHING_FORGOTTEN: ForgottenTopics = [];

function name(topics: FetchTopics, wish: SessionWish | undefined): void {
  if (wish === undefined) return;
  wish.isChanged = false;
  const { topic, partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, logStartOffset, partitionMaxBytes } = wish;
  const wanted = { partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, logStartOffset, partitionMaxBytes };
  const last = topics[topics.length - 1];
  // Partitions of a topic mostly follow each other.
  const named = last?.topic === topic ? last : topics.find(found => found.topic === topic);
  if (named === undefined) topics.push({ topic, partitions: [wanted] });
  else named.partitions.push(wanted);
}

/** What has been taken back and not wished for again. */
function byTopic(session: FetchSessionHandler, forgotten: readonly TopicPartition[]): ForgottenTopics {
  const topics: { topic: string; partitions: number[] }[] = [];
  for (const { topic, partition } of forgotten) {
    if (session.wishes.get(topic)?.[partition] !== undefined) continue;
    const named = topics.find(found => found.topic === topic);
    if (named === undefined) topics.push({ topic, partitions: [partition] });
    else if (!named.partitions.includes(partition)) named.partitions.push(partition);
  }
  return topics;
}

/** The wish for a partition: as it was sent last, unless it has been changed since. */
export function wishOf(session: FetchSessionHandler, topic: string, partition: number): SessionWish | undefined {
  return session.wishes.get(topic)?.[partition];
}

/** Takes note of an answer; false when its partitions must not be looked at. */
export function fetchSessionAnswered(session: FetchSessionHandler, response: ResponseOf<"Fetch">): boolean {
  if (response.error === "FETCH_SESSION_ID_NOT_FOUND") session.sessionId = NO_SESSION_ID;
  if (response.error !== "NONE") {
    session.epoch = INITIAL_EPOCH;
    return false;
  }
  session.sessionId = response.sessionId;
  session.epoch = response.sessionId === NO_SESSION_ID ? INITIAL_EPOCH : session.epoch + 1;
  return true;
}

/** No answer came: the next request ends this session and begins another one. */
export function fetchSessionFailed(session: FetchSessionHandler): void {
  session.epoch = INITIAL_EPOCH;
}
