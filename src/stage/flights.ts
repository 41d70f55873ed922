/**
 * Letters, slips and receipts on their way, from the facts of the trace. Pure: `flightsAt` is a function of the facts and the clock.
 *
 * A hop ends exactly at its event, so a shelf never shows what its log does not hold. Real latency is often too short to see, so a letter
 * that comes from outside may start its hop early; an answer may not, because it cannot leave before what it answers has arrived.
 */
import { type FactFollower, firstIndex } from '#src/session/fact-store.ts';
import type { AppendedView, BatchView, MessageView, ViewFact } from '#engine/cluster/view.ts';
import { OF_NO_PARTITION, ZooKeeperPost } from './zookeeper-flights.ts';
import { brokerOf, shortKey } from './shown-text.ts';
import { clamp01, durationUs, HOP_US, LINGER_US, type Pace } from './motion-curves.ts';

/**
 * `letter` falls to the leader, `copy` goes to a follower, `fetch` asks, `receipt` acknowledges, `refusal` says an error, `delivery` goes to a
 * consumer. In ZooKeeper mode `create` goes up to the ensemble, a `watch` that fires comes down, and an `order` goes from the controller to a broker.
 */
export type FlightKind = 'letter' | 'copy' | 'fetch' | 'receipt' | 'refusal' | 'delivery' | 'create' | 'watch' | 'order';

export interface Flight {
  readonly id: number;
  readonly kind: FlightKind;
  /** Process names. */
  readonly from: string;
  readonly to: string;
  /** "" and -1 for what speaks of no partition: it is drawn whatever topic is shown. */
  readonly topic: string;
  readonly partition: number;
  /** Where it lands or what it speaks of; -1 when the log's end is meant. A letter learns it when the leader's log says where. */
  offset: number;
  /** The fact that said where it landed; -1 before. */
  landedBy: number;
  readonly label: string;
  /** Kafka's error name, for a refusal. */
  readonly error: string | null;
  readonly sentUs: number;
  /** When the network delivers it. */
  readonly arrivesUs: number;
  readonly endUs: number;
  /** What was known of `offset` when it was sent. */
  readonly sentOffset: number;
  /** It may leave before it was sent, because nothing on the stage comes before it. */
  readonly isFromOutside: boolean;
  /** It never arrived: when the other end stopped, or the network was cut. */
  lostAtUs: number | null;
  lostBy: number;
  readonly connection: number;
}

/** A flight at an instant. `part`: how much of its way it has gone; lost ones stop short and are crossed. */
export interface FlightNow { readonly flight: Flight; readonly part: number; readonly isCrossed: boolean }

/** More letters than this in a shown second on one path are one dense line. */
export const LETTERS_PER_SECOND_MAX = 20;
/** Where a lost letter stops. */
const LOST_PART = 0.82;

export interface AirNow {
  readonly flights: readonly FlightNow[];
  /** Paths too busy for letters, with how many letters they carry in a shown second. */
  readonly dense: readonly { readonly flight: Flight; readonly perSecond: number }[];
}

export class FlightLog implements FactFollower {
  /** By the time they end. */
  readonly #flights: Flight[] = [];
  readonly #fetched = new Map<string, { id: number; offset: number }[]>();
  readonly #heldSenders = new Map<string, number>();
  readonly #zooKeeper = new ZooKeeperPost();
  #longestUs = 0;

  add(entry: ViewFact): void {
    const fact = entry.fact;
    if (fact.kind === 'message') this.#message(entry, fact);
    else if (fact.kind === 'log-appended') this.#landed(entry, `broker-${fact.broker}`, fact);
    else if (fact.kind === 'process-stopped') this.#lose(entry, (flight) => flight.to === fact.process);
    else if (fact.kind === 'message-dropped') this.#lose(entry, (flight) => flight.connection === fact.connection && flight.from === fact.from);
    else if (fact.kind === 'message-held') {
      this.#heldSenders.set(`${fact.connection} ${fact.from}`, entry.id);
      this.#lose(entry, (flight) => flight.connection === fact.connection && flight.from === fact.from);
    } else if (fact.kind === 'link-healed' || fact.kind === 'process-started') this.#heldSenders.clear();
    else if (fact.kind === 'peer-unreachable') this.#unreachable(entry, fact.client, fact.broker);
  }

  dropFrom(firstId: number): void {
    const kept = this.#flights.filter((flight) => flight.id < firstId);
    this.#flights.length = 0;
    this.#flights.push(...kept);
    for (const flight of kept) {
      if (flight.landedBy >= firstId) Object.assign(flight, { offset: flight.sentOffset, landedBy: -1, endUs: flight.arrivesUs });
      if (flight.lostBy >= firstId) Object.assign(flight, { lostAtUs: null, lostBy: -1 });
    }
    this.#flights.sort((a, b) => a.endUs - b.endUs);
    for (const list of this.#fetched.values()) list.length = firstIndex(list, (it) => it.id >= firstId);
    this.#zooKeeper.dropFrom(firstId);
    for (const [key, id] of this.#heldSenders) if (id >= firstId) this.#heldSenders.delete(key);
  }

  get all(): readonly Flight[] {
    return this.#flights;
  }

  /** What is in the air over a topic at `us`. */
  airAt(us: number, topic: string, pace: Pace): AirNow {
    const hop = durationUs(HOP_US, { ...pace, speed: pace.leadSpeed });
    const linger = durationUs(LINGER_US, pace);
    const second = 1_000_000 * Math.min(pace.speed, pace.leadSpeed);
    const near = this.#between(us - Math.max(linger, second / 2), us + Math.max(hop, second / 2)).filter((it) => it.topic === topic || it.topic === OF_NO_PARTITION.topic);
    const perPath = new Map<string, Flight[]>();
    for (const flight of near) {
      if (Math.abs(flight.endUs - us) > second / 2) continue;
      const path = pathKey(flight);
      const list = perPath.get(path);
      if (list === undefined) perPath.set(path, [flight]);
      else list.push(flight);
    }
    const dense = [...perPath.values()].filter((list) => list.length > LETTERS_PER_SECOND_MAX);
    const densePaths = new Set(dense.flatMap((list) => list.slice(0, 1).map(pathKey)));
    return {
      flights: near.flatMap((flight) => (densePaths.has(pathKey(flight)) ? [] : flightNow(flight, us, { hop, linger, pace }))),
      dense: dense.flatMap((list) => list.slice(0, 1).map((flight) => ({ flight, perSecond: list.length }))),
    };
  }

  #message(entry: ViewFact, message: MessageView): void {
    const { summary } = message;
    switch (summary.about) {
      case 'produce':
        for (const { topic, partition, batches } of summary.partitions) {
          if (batches.length > 0) this.#launch(entry, message, { kind: 'letter', topic, partition, offset: -1, label: labelOf(batches), isFromOutside: true });
        }
        return;
      case 'produce-response':
        for (const { topic, partition, error, baseOffset } of summary.partitions) {
          const kind = error === 'NONE' ? 'receipt' : 'refusal';
          this.#launch(entry, message, { kind, topic, partition, offset: baseOffset, label: '', ...(error === 'NONE' ? {} : { error }) });
        }
        return;
      case 'fetch':
        for (const { topic, partition, fetchOffset } of summary.partitions) {
          if (summary.replica >= 0 && this.#isNews(entry.id, `${message.from} ${topic}/${partition}`, fetchOffset)) {
            this.#launch(entry, message, { kind: 'fetch', topic, partition, offset: fetchOffset, label: '' });
          }
        }
        return;
      case 'fetch-response':
        for (const { topic, partition, error, batches } of summary.partitions) {
          const first = batches[0];
          const kind = brokerOf(message.to) === null ? 'delivery' : 'copy';
          if (first !== undefined) this.#launch(entry, message, { kind, topic, partition, offset: first.baseOffset, label: labelOf(batches) });
          else if (error !== 'NONE') this.#launch(entry, message, { kind: 'refusal', topic, partition, offset: -1, label: '', error });
        }
        return;
      case 'other': {
        const post = this.#zooKeeper.read(entry.id, message, summary);
        if (post !== null) this.#launch(entry, message, { ...OF_NO_PARTITION, offset: -1, ...post });
        return;
      }
    }
  }

  /** A follower asks all the time; only a question from a new offset tells the leader something. */
  #isNews(id: number, asker: string, offset: number): boolean {
    const list = this.#fetched.get(asker) ?? [];
    this.#fetched.set(asker, list);
    if (list.at(-1)?.offset === offset) return false;
    list.push({ id, offset });
    return true;
  }

  #launch(
    entry: ViewFact, message: MessageView,
    what: { kind: FlightKind; topic: string; partition: number; offset: number; label: string; error?: string; isFromOutside?: boolean },
  ): void {
    const isHeld = this.#heldSenders.has(`${message.connection} ${message.from}`);
    this.#insert({
      id: entry.id, from: message.from, to: message.to, sentUs: entry.at, arrivesUs: message.arrivesAt, endUs: Math.max(entry.at, message.arrivesAt),
      sentOffset: what.offset,
      lostAtUs: isHeld ? message.arrivesAt : null, lostBy: -1, landedBy: -1, connection: message.connection, error: null, isFromOutside: false, ...what,
    });
  }

  /** A connection that was refused carried no message: the letter is drawn as it was turned away. */
  #unreachable(entry: ViewFact, client: string, broker: number): void {
    const last = this.#flights.findLast((flight) => flight.kind === 'letter' && flight.from === client && flight.to === `broker-${broker}`);
    if (last === undefined) return;
    this.#insert({ ...last, id: entry.id, sentUs: entry.at, endUs: entry.at, arrivesUs: entry.at, landedBy: -1, isFromOutside: true, lostAtUs: entry.at, connection: -1 });
  }

  /** A letter has landed when the log says where; its hop ends at that moment, after the broker's work on the request. */
  #landed(entry: ViewFact, to: string, fact: AppendedView): void {
    const kind: FlightKind = fact.asLeader ? 'letter' : 'copy';
    for (let index = this.#flights.length - 1; index >= 0; index -= 1) {
      const flight = this.#flights[index];
      if (flight === undefined || flight.endUs < entry.at - 30_000_000) return;
      if (flight.kind !== kind || flight.to !== to || flight.endUs > entry.at || flight.landedBy >= 0) continue;
      if (flight.topic !== fact.topic || flight.partition !== fact.partition) continue;
      this.#flights.splice(index, 1);
      this.#insert({ ...flight, offset: fact.batch.baseOffset, landedBy: entry.id, endUs: entry.at });
      return;
    }
  }

  #lose(entry: ViewFact, isMeant: (flight: Flight) => boolean): void {
    for (let index = this.#flights.length - 1; index >= 0; index -= 1) {
      const flight = this.#flights[index];
      if (flight === undefined || flight.endUs < entry.at) return;
      if (flight.sentUs > entry.at || flight.lostAtUs !== null || !isMeant(flight)) continue;
      flight.lostAtUs = entry.at;
      flight.lostBy = entry.id;
    }
  }

  #insert(flight: Flight): void {
    this.#longestUs = Math.max(this.#longestUs, flight.endUs - flight.sentUs);
    this.#flights.splice(firstIndex(this.#flights, (it) => it.endUs > flight.endUs), 0, flight);
  }

  /** Flights that may be seen between two instants. */
  #between(fromUs: number, toUs: number): readonly Flight[] {
    const start = firstIndex(this.#flights, (it) => it.endUs >= fromUs);
    const end = firstIndex(this.#flights, (it) => it.endUs > toUs + this.#longestUs);
    return this.#flights.slice(start, end);
  }
}

export function pathKey(flight: Flight): string {
  return `${flight.kind} ${flight.from} ${flight.to} ${flight.partition}`;
}

/** Where a flight is at `us`: none or one. */
function flightNow(flight: Flight, us: number, how: { hop: number; linger: number; pace: Pace }): readonly FlightNow[] {
  const earliest = flight.isFromOutside ? Math.min(flight.sentUs, flight.endUs - how.hop) : flight.sentUs;
  const isRefusal = flight.kind === 'refusal';
  const isLost = flight.lostAtUs !== null;
  const until = isLost || isRefusal ? flight.endUs + how.linger : flight.endUs;
  if (us < earliest || us >= until) return [];
  const way = clamp01((us - earliest) / Math.max(1, flight.endUs - earliest));
  const limit = isLost ? LOST_PART : 1;
  const isStopped = isLost && flight.lostAtUs !== null && us >= flight.lostAtUs;
  if (how.pace.isStill) return [{ flight, part: isLost ? LOST_PART : 0.5, isCrossed: isStopped || isRefusal }];
  return [{ flight, part: Math.min(limit, way), isCrossed: (isLost && way >= limit) || isStopped || isRefusal }];
}

function labelOf(batches: readonly BatchView[]): string {
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const first = shortKey(batches[0]?.records[0]?.key ?? null);
  if (count <= 1) return first;
  return first === '' ? String(count) : `${first} +${count - 1}`;
}
