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

/**
 * `highWatermark` and `leaderLogStartOffset` as the asker was last told; -1 before. `turn`: reading goes in this order, and what had data goes to the
 * end. `isOpen`: there may be something to tell of it, or its asker has told something new.
 */
export interface SessionPartition extends WantedPartition {
  currentLeaderEpoch: number;
  fetchOffset: number;
  lastFetchedEpoch: number;
  logStartOffset: number;
  partitionMaxBytes: number;
  highWatermark: number;
  leaderLogStartOffset: number;
  turn: number;
  isOpen: boolean;
}

/**
 * @property replicaId the asking broker; negative: a consumer. @property lastUsedUs its last request. @property partitions by topic and number.
 * @property open those that have to be read; all others are as their asker knows them. @property delayed id of the waiting fetch; 0 for none.
 */
export interface FetchSession {
  readonly id: number;
  readonly replicaId: number;
  epoch: number;
  lastUsedUs: number;
  readonly partitions: Map<string, (SessionPartition | undefined)[]>;
  count: number;
  nextTurn: number;
  open: TopicPartition[];
  delayed: number;
}
interface TopicPartition { readonly topic: string; readonly partition: number }

/** @property watchers by topic and partition: sessions that have it. */
export interface FetchSessions { readonly byId: Map<number, FetchSession>; readonly watchers: Map<string, Set<number>[]> }

export function createFetchSessions(): FetchSessions {
  return { byId: new Map(), watchers: new Map() };
}

/** What a request is read for: its own partitions, or those of its session that have to be read. `session` null: without one. */
export interface FetchContext { readonly session: FetchSession | null; readonly wanted: readonly WantedPartition[]; readonly isFull: boolean }
/** A session that nobody has anything to tell of. */
const NOTHING_OPEN: readonly SessionPartition[] = [];

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
    const session = sessionEpoch === FINAL_EPOCH ? null : createSession(process, sessions, body.replicaId);
    if (session === null) return { session: null, wanted: wantedOf(body), isFull: true };
    takeWishes(sessions, session, body);
    return sessionContext(session, true);
  }
  const session = sessions.byId.get(sessionId);
  if (session === undefined) return "FETCH_SESSION_ID_NOT_FOUND";
  if (session.epoch !== sessionEpoch) return "INVALID_FETCH_SESSION_EPOCH";
  if (body.forgottenTopicsData.length > 0) forgetPartitions(sessions, session, body.forgottenTopicsData);
  if (body.topics.length > 0) takeWishes(sessions, session, body);
  session.lastUsedUs = process.now;
  session.epoch += 1;
  if (session.count > 0) return sessionContext(session, false);
  removeSession(sessions, sessionId);
  return { session: null, wanted: [], isFull: true };
}

/** The session's partitions that have to be read now, in their turn. */
export function sessionContext(session: FetchSession, isFull: boolean): FetchContext {
  if (session.open.length === 0) return { session, wanted: NOTHING_OPEN, isFull };
  const wanted: SessionPartition[] = [];
  for (const { topic, partition } of session.open) {
    const known = session.partitions.get(topic)?.[partition];
    if (known !== undefined) wanted.push(known);
  }
  sortByTurn(wanted);
  return { session, wanted, isFull };
}

/** Mostly they are few and nearly in their turn. */
function sortByTurn(wanted: SessionPartition[]): void {
  if (wanted.length > INSERTIONS_MAX) wanted.sort((one, other) => one.turn - other.turn);
  else for (let index = 1; index < wanted.length; index += 1) {
    const known = wanted[index] as SessionPartition;
    let at = index;
    for (; at > 0 && (wanted[at - 1] as SessionPartition).turn > known.turn; at -= 1) wanted[at] = wanted[at - 1] as SessionPartition;
    wanted[at] = known;
  }
}
const INSERTIONS_MAX = 64;

function wantedOf(body: FetchRequest): WantedPartition[] {
  return body.topics.flatMap(({ topic, partitions }) => partitions.map(wanted => ({ topic, ...wanted })));
}

/** Null when all slots are taken by sessions that are in use. */
function createSession(process: ProcessContext, sessions: FetchSessions, replicaId: number): FetchSession | null {
  if (sessions.byId.size >= SLOTS && !evictOne(process, sessions)) return null;
  let id = 0;
  while (id === 0 || sessions.byId.has(id)) id = process.random("fetch session", SESSION_ID_BOUND) + 1;
  const session: FetchSession = {
    id, replicaId, epoch: INITIAL_EPOCH + 1, lastUsedUs: process.now, partitions: new Map(), count: 0, nextTurn: 0, open: [], delayed: 0,
  };
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
  for (const [topic, partitions] of session.partitions) {
    for (const known of partitions) if (known !== undefined) sessions.watchers.get(topic)?.[known.partition]?.delete(id);
  }
  sessions.byId.delete(id);
}

function takeWishes(sessions: FetchSessions, session: FetchSession, body: FetchRequest): void {
  for (const { topic, partitions } of body.topics) {
    let ofTopic = session.partitions.get(topic);
    if (ofTopic === undefined) session.partitions.set(topic, ofTopic = []);
    for (const wanted of partitions) {
      const known = ofTopic[wanted.partition];
      if (known === undefined) {
        while (ofTopic.length < wanted.partition) ofTopic.push(undefined);
        ofTopic[wanted.partition] = { topic, ...wanted, highWatermark: -1, leaderLogStartOffset: -1, turn: session.nextTurn, isOpen: true };
        session.nextTurn += 1;
        session.count += 1;
        session.open.push({ topic, partition: wanted.partition });
        watch(sessions, session.id, topic, wanted.partition);
        continue;
      }
      known.currentLeaderEpoch = wanted.currentLeaderEpoch;
      known.fetchOffset = wanted.fetchOffset;
      known.lastFetchedEpoch = wanted.lastFetchedEpoch;
      known.logStartOffset = wanted.logStartOffset;
      known.partitionMaxBytes = wanted.partitionMaxBytes;
      open(session, known);
    }
  }
}

function open(session: FetchSession, known: SessionPartition): void {
  if (known.isOpen) return;
  known.isOpen = true;
  session.open.push({ topic: known.topic, partition: known.partition });
}

/** Something in this partition has changed that sessions may have to be told. */
export function openInSessions(sessions: FetchSessions, topic: string, partition: number): void {
  const watching = sessions.watchers.get(topic)?.[partition];
  if (watching === undefined) return;
  for (const id of watching) {
    const session = sessions.byId.get(id);
    const known = session?.partitions.get(topic)?.[partition];
    if (session !== undefined && known !== undefined) open(session, known);
  }
}

/** Those that were read and had nothing to tell need not be read again until something changes. */
export function closeSettled(session: FetchSession, isSettled: (known: SessionPartition) => boolean): void {
  let kept = 0;
  for (const entry of session.open) {
    const known = session.partitions.get(entry.topic)?.[entry.partition];
    if (known === undefined) continue;
    if (isSettled(known)) known.isOpen = false;
    else {
      session.open[kept] = entry;
      kept += 1;
    }
  }
  session.open.length = kept;
}

function watch(sessions: FetchSessions, id: number, topic: string, partition: number): void {
  let ofTopic = sessions.watchers.get(topic);
  if (ofTopic === undefined) sessions.watchers.set(topic, ofTopic = []);
  while (ofTopic.length <= partition) ofTopic.push(new Set());
  ofTopic[partition]?.add(id);
}

function forgetPartitions(sessions: FetchSessions, session: FetchSession, forgotten: FetchRequest["forgottenTopicsData"]): void {
  for (const { topic, partitions } of forgotten) {
    const ofTopic = session.partitions.get(topic);
    for (const partition of partitions) {
      if (ofTopic?.[partition] === undefined) continue;
      sessions.watchers.get(topic)?.[partition]?.delete(session.id);
      ofTopic[partition] = undefined;
      session.count -= 1;
    }
  }
}

type PartitionAnswer = ResponseOf<"Fetch">["topics"][number]["partitions"][number];

/** What the asker has been told; with an error or a diverging epoch it shall be told all again. What had data goes to the end. */
export function noteTold(session: FetchSession, topics: ResponseOf<"Fetch">["topics"]): void {
  for (const { topic, partitions } of topics) {
    const ofTopic = session.partitions.get(topic);
    for (const answer of partitions) {
      const known = ofTopic?.[answer.partition];
      if (known === undefined) continue;
      known.highWatermark = mustBeRepeated(answer) ? -1 : answer.highWatermark;
      known.leaderLogStartOffset = answer.logStartOffset;
      if (answer.records.length === 0) continue;
      known.turn = session.nextTurn;
      session.nextTurn += 1;
    }
  }
}

function mustBeRepeated(answer: PartitionAnswer): boolean {
  return answer.error !== "NONE" || answer.divergingEpoch.epoch >= 0;
}
