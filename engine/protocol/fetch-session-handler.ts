// The asking side of an incremental fetch session (KIP-227), one for each broker that is fetched from: after a first request that names all
// partitions, the next ones name only those whose wishes have changed and those that are left out. A lost connection or an answer that
// knows nothing of the session begins a new one. Source: FetchSessionHandler.java (3.9). FIDELITY: PROTO-FETCH-SESSION.
import type { RequestOf, ResponseOf } from "./messages.ts";

/** What was last asked of a partition. `round`: the request in which it was wished last. */
export interface SessionWish {
  readonly topic: string;
  readonly partition: number;
  currentLeaderEpoch: number;
  fetchOffset: number;
  lastFetchedEpoch: number;
  logStartOffset: number;
  partitionMaxBytes: number;
  round: number;
}

/** Plain data. `epoch` 0: the next request names everything. */
export interface FetchSessionHandler {
  sessionId: number;
  epoch: number;
  /** By topic and partition. */
  readonly wishes: Map<string, (SessionWish | undefined)[]>;
  count: number;
  round: number;
}

const INITIAL_EPOCH = 0;
const NO_SESSION_ID = 0;

export function createFetchSessionHandler(): FetchSessionHandler {
  return { sessionId: NO_SESSION_ID, epoch: INITIAL_EPOCH, wishes: new Map(), count: 0, round: 0 };
}

type FetchTopics = { topic: string; partitions: RequestOf<"Fetch">["topics"][number]["partitions"][number][] }[];
type ForgottenTopics = { topic: string; partitions: number[] }[];

/** A request that is being put together; within one handler. */
export interface FetchDraft { readonly isFull: boolean; readonly topics: FetchTopics; wished: number }

export function beginFetch(session: FetchSessionHandler): FetchDraft {
  session.round += 1;
  const isFull = session.epoch === INITIAL_EPOCH;
  if (isFull) {
    session.wishes.clear();
    session.count = 0;
  }
  return { isFull, topics: [], wished: 0 };
}

/** Wishes for a partition; named in the request only when it is new or has changed. */
export function wishFor(
  session: FetchSessionHandler, draft: FetchDraft, topic: string, partition: number, currentLeaderEpoch: number, fetchOffset: number,
  lastFetchedEpoch: number, logStartOffset: number, partitionMaxBytes: number,
): void {
  draft.wished += 1;
  let ofTopic = session.wishes.get(topic);
  if (ofTopic === undefined) session.wishes.set(topic, ofTopic = []);
  const known = ofTopic[partition];
  if (known === undefined) {
    while (ofTopic.length < partition) ofTopic.push(undefined);
    ofTopic[partition] = {
      topic, partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, logStartOffset, partitionMaxBytes, round: session.round,
    };
    session.count += 1;
  } else {
    known.round = session.round;
    if (known.fetchOffset === fetchOffset && known.currentLeaderEpoch === currentLeaderEpoch && known.lastFetchedEpoch === lastFetchedEpoch
      && known.logStartOffset === logStartOffset && known.partitionMaxBytes === partitionMaxBytes) return;
    known.currentLeaderEpoch = currentLeaderEpoch;
    known.fetchOffset = fetchOffset;
    known.lastFetchedEpoch = lastFetchedEpoch;
    known.logStartOffset = logStartOffset;
    known.partitionMaxBytes = partitionMaxBytes;
  }
  const wanted = { partition, currentLeaderEpoch, fetchOffset, lastFetchedEpoch, logStartOffset, partitionMaxBytes };
  const { topics } = draft;
  const last = topics[topics.length - 1];
  // Partitions of a topic mostly follow each other.
  const named = last?.topic === topic ? last : topics.find(found => found.topic === topic);
  if (named === undefined) topics.push({ topic, partitions: [wanted] });
  else named.partitions.push(wanted);
}

/** The session's part of the request. */
export function finishFetch(
  session: FetchSessionHandler, draft: FetchDraft,
): Pick<RequestOf<"Fetch">, "sessionId" | "sessionEpoch" | "topics" | "forgottenTopicsData"> {
  return {
    sessionId: session.sessionId, sessionEpoch: session.epoch, topics: draft.topics,
    forgottenTopicsData: draft.wished === session.count ? NOTHING_FORGOTTEN : forgotten(session),
  };
}
const NOTHING_FORGOTTEN: ForgottenTopics = [];

function forgotten(session: FetchSessionHandler): ForgottenTopics {
  const topics: ForgottenTopics = [];
  for (const [topic, wishes] of session.wishes) {
    const partitions: number[] = [];
    for (const [index, wish] of wishes.entries()) {
      if (wish === undefined || wish.round === session.round) continue;
      partitions.push(index);
      wishes[index] = undefined;
      session.count -= 1;
    }
    if (partitions.length > 0) topics.push({ topic, partitions });
    if (partitions.length > 0 && wishes.every(wish => wish === undefined)) session.wishes.delete(topic);
  }
  return topics;
}

/** What the answer in hand speaks of: the wish as it was sent. */
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
