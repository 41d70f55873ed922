// Incremental fetch sessions (KIP-227), the answering side: what a follower or consumer has wished for is remembered, so that its next request
// names only what has changed, and the answer only what there is to tell. Source: FetchSession.scala (FetchManager, CachedPartition; 3.9).
// FIDELITY: BROKER-FETCH-SESSIONS.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";

type FetchRequest = RequestOf<"Fetch">;

/** A wish for one partition, whether of a session or of a single request. */
export interface WantedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly currentLeaderEpoch: number;
  readonly fetchOffset: number;
  readonly lastFetchedEpoch: number;
  readonly logStartOffset: number;
  readonly partitionMaxBytes: number;
}

/** `highWatermark` and `leaderLogStartOffset` as the asker was last told; -1 before. */
export interface SessionPartition extends WantedPartition {
  currentLeaderEpoch: number;
  fetchOffset: number;
  lastFetchedEpoch: number;
  logStartOffset: number;
  partitionMaxBytes: number;
  highWatermark: number;
  leaderLogStartOffset: number;
}

/** @property partitions in the order in which they are read: those that had data go to the end, so that none starves. @property delayed id of the waiting fetch; 0 for none. */
export interface FetchSession {
  readonly id: number;
  epoch: number;
  lastUsedUs: number;
  partitions: SessionPartition[];
  delayed: number;
}

/** @property watchers by topic and partition: sessions that have it. */
export interface FetchSessions { readonly byId: Map<number, FetchSession>; readonly watchers: Map<string, Set<number>[]> }

export function createFetchSessions(): FetchSessions {
  return { byId: new Map(), watchers: new Map() };
}

/** What a request is read for: its own partitions, or those of its session. `session` null: without one. */
export interface FetchContext { readonly session: FetchSession | null; readonly wanted: readonly WantedPartition[]; readonly isFull: boolean }

/** max.incremental.fetch.session.cache.slots, and how long an unused session keeps its slot. */
const SLOTS = 1_000;
const MIN_EVICTION_MS = 120_000;
const INITIAL_EPOCH = 0;
const FINAL_EPOCH = -1;
const SESSION_ID_BOUND = 2_147_483_647;

/** The context of a request, or why its session cannot be gone on with. */
export function fetchContext(process: ProcessContext, sessions: FetchSessions, body: FetchRequest): FetchContext | KafkaError {
  const { sessionId, sessionEpoch } = body;
  if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
    if (sessionId !== 0) removeSession(sessions, sessionId);
    const session = sessionEpoch === FINAL_EPOCH ? null : createSession(process, sessions);
    if (session === null) return { session: null, wanted: wantedOf(body), isFull: true };
    takeWishes(sessions, session, body);
    return { session, wanted: session.partitions, isFull: true };
  }
  const session = sessions.byId.get(sessionId);
  if (session === undefined) return "FETCH_SESSION_ID_NOT_FOUND";
  if (session.epoch !== sessionEpoch) return "INVALID_FETCH_SESSION_EPOCH";
  if (body.forgottenTopicsData.length > 0) forgetPartitions(sessions, session, body.forgottenTopicsData);
  if (body.topics.length > 0) takeWishes(sessions, session, body);
  session.lastUsedUs = process.now;
  session.epoch += 1;
  if (session.partitions.length > 0) return { session, wanted: session.partitions, isFull: false };
  removeSession(sessions, sessionId);
  return { session: null, wanted: [], isFull: true };
}

function wantedOf(body: FetchRequest): WantedPartition[] {
  return body.topics.flatMap(({ topic, partitions }) => partitions.map(wanted => ({ topic, ...wanted })));
}

/** Null when all slots are taken by sessions that are in use. */
function createSession(process: ProcessContext, sessions: FetchSessions): FetchSession | null {
  if (sessions.byId.size >= SLOTS && !evictOne(process, sessions)) return null;
  let id = 0;
  while (id === 0 || sessions.byId.has(id)) id = process.random("fetch session", SESSION_ID_BOUND) + 1;
  const session: FetchSession = { id, epoch: INITIAL_EPOCH + 1, lastUsedUs: process.now, partitions: [], delayed: 0 };
  sessions.byId.set(id, session);
  return session;
}

function evictOne(process: ProcessContext, sessions: FetchSessions): boolean {
  for (const { id, lastUsedUs, delayed } of sessions.byId.values()) {
    if (delayed !== 0 || process.now - lastUsedUs < fromMs(MIN_EVICTION_MS)) continue;
    removeSession(sessions, id);
    return true;
  }
  return false;
}

function removeSession(sessions: FetchSessions, id: number): void {
  const session = sessions.byId.get(id);
  if (session === undefined) return;
  for (const { topic, partition } of session.partitions) sessions.watchers.get(topic)?.[partition]?.delete(id);
  sessions.byId.delete(id);
}

function takeWishes(sessions: FetchSessions, session: FetchSession, body: FetchRequest): void {
  const isFirst = session.partitions.length === 0;
  for (const { topic, partitions } of body.topics) {
    for (const wanted of partitions) {
      const known = isFirst ? undefined : partitionOf(session, topic, wanted.partition);
      if (known === undefined) {
        session.partitions.push({ topic, ...wanted, highWatermark: -1, leaderLogStartOffset: -1 });
        watch(sessions, session.id, topic, wanted.partition);
      } else {
        known.currentLeaderEpoch = wanted.currentLeaderEpoch;
        known.fetchOffset = wanted.fetchOffset;
        known.lastFetchedEpoch = wanted.lastFetchedEpoch;
        known.logStartOffset = wanted.logStartOffset;
        known.partitionMaxBytes = wanted.partitionMaxBytes;
      }
    }
  }
}

/** What had data last stands at the end, and is what mostly changes. */
function partitionOf(session: FetchSession, topic: string, partition: number): SessionPartition | undefined {
  const { partitions } = session;
  for (let index = partitions.length - 1; index >= 0; index -= 1) {
    const known = partitions[index] as SessionPartition;
    if (known.partition === partition && known.topic === topic) return known;
  }
  return undefined;
}

function watch(sessions: FetchSessions, id: number, topic: string, partition: number): void {
  let ofTopic = sessions.watchers.get(topic);
  if (ofTopic === undefined) sessions.watchers.set(topic, ofTopic = []);
  while (ofTopic.length <= partition) ofTopic.push(new Set());
  ofTopic[partition]?.add(id);
}

function forgetPartitions(sessions: FetchSessions, session: FetchSession, forgotten: FetchRequest["forgottenTopicsData"]): void {
  for (const { topic, partitions } of forgotten) {
    for (const partition of partitions) sessions.watchers.get(topic)?.[partition]?.delete(session.id);
    session.partitions = session.partitions.filter(known => known.topic !== topic || !partitions.includes(known.partition));
  }
}

type PartitionAnswer = ResponseOf<"Fetch">["topics"][number]["partitions"][number];

/** What the asker has been told; with an error or a diverging epoch it shall be told all again. */
export function noteTold(context: FetchContext, topics: ResponseOf<"Fetch">["topics"]): void {
  const { session } = context;
  if (session === null) return;
  let hasData = false;
  for (const { topic, partitions } of topics) {
    for (const answer of partitions) {
      const known = partitionOf(session, topic, answer.partition);
      if (known === undefined) continue;
      known.highWatermark = mustBeRepeated(answer) ? -1 : answer.highWatermark;
      known.leaderLogStartOffset = answer.logStartOffset;
      if (answer.records.length > 0) hasData = true;
    }
  }
  if (hasData) moveToEnd(session, topics);
}

function mustBeRepeated(answer: PartitionAnswer): boolean {
  return answer.error !== "NONE" || answer.divergingEpoch.epoch >= 0;
}

function moveToEnd(session: FetchSession, topics: ResponseOf<"Fetch">["topics"]): void {
  const { partitions: kept } = session;
  for (const { topic, partitions } of topics) {
    for (const { partition, records } of partitions) {
      if (records.length === 0) continue;
      const index = kept.findLastIndex(known => known.partition === partition && known.topic === topic);
      const [moved] = index === -1 || index === kept.length - 1 ? [] : kept.splice(index, 1);
      if (moved !== undefined) kept.push(moved);
    }
  }
}
