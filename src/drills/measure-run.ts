/** Measured numbers: a measurement read off the facts of a run, with the fact that proves it. Pure. */
import type { ViewFact } from '#engine/cluster/view.ts';
import { nextMoment } from '#src/diagrams/moment.ts';
import type { Moment } from '#src/diagrams/moment.ts';
import { lostAcknowledged } from './lost-records.ts';
import { controllerAt, controllerEpochAt, nextController, refusedRequests } from './measure-controller.ts';
import type { Measurement } from './measure-words.ts';

export interface Measured {
  /** Spans in milliseconds, counts and offsets as they are, errors by name: what claims and predictions compare. */
  readonly value: number | string;
  /** As the prose shows it: "8.914 s". */
  readonly text: string;
  /** The event that answers "why?"; null when there is none. */
  readonly factId: number | null;
}

/** Null while the run has not come so far. Moments are the first ones after the lesson's opening: the text speaks of those. */
export function measureRun(measurement: Measurement, facts: readonly ViewFact[], openingUs: number): Measured | null {
  const start = facts.findIndex((entry) => entry.at >= openingUs);
  if (start === -1) return null;
  const first = (moment: Moment, after: number): number => (moment.kind === 'opening' ? start : nextMoment(facts, moment, after));
  switch (measurement.of) {
    case 'leaderless':
      return leaderless(measurement, facts, first(measurement.after, start - 1));
    case 'heartbeat-age':
      return heartbeatAge(measurement.node, facts, first(measurement.at, start - 1));
    case 'span': {
      const fromTheOpening = measurement.after.kind === 'opening';
      const since = fromTheOpening ? start - 1 : first(measurement.after, start - 1);
      if (since === -1 && !fromTheOpening) return null;
      const from = first(measurement.from, since);
      const to = from === -1 ? -1 : first(measurement.to, from);
      return spanOf(facts[from], facts[to]);
    }
    case 'lost': {
      const lost = lostAcknowledged(facts, measurement.topic);
      return { value: lost.count, text: String(lost.count), factId: lost.factId };
    }
    case 'doors':
      return doors(measurement.partition, facts, first(measurement.after, start - 1));
    case 'offset':
      return offsetOf(measurement.key, facts, start);
    case 'first-answer':
      return firstAnswer(measurement.partition, facts, first(measurement.after, start - 1));
    case 'controller':
      return controllerAt(facts, first(measurement.at, start - 1));
    case 'controller-epoch':
      return controllerEpochAt(facts, first(measurement.at, start - 1));
    case 'next-controller':
      return nextController(facts, first(measurement.after, start - 1));
    case 'old-controller-refused':
      return refusedRequests(facts, first(measurement.after, start - 1));
  }
}

/** "8.914 s", "731 ms", "1.2 ms": three digits after the point of a second, one after that of a few milliseconds. */
export function durationText(us: number): string {
  if (us >= 1_000_000) return `${(us / 1_000_000).toFixed(3)} s`;
  return us >= 10_000 ? `${Math.round(us / 1_000)} ms` : `${(us / 1_000).toFixed(1)} ms`;
}

function spanOf(from: ViewFact | undefined, to: ViewFact | undefined): Measured | null {
  if (from === undefined || to === undefined) return null;
  return span(to.at - from.at, to.id);
}

function span(us: number, factId: number): Measured {
  return { value: us / 1_000, text: durationText(us), factId };
}

/** From the moment when the leader's process died, or the metadata log named nobody, to the record that names the next one. */
function leaderless(of: { readonly topic: string; readonly partition: number }, facts: readonly ViewFact[], after: number): Measured | null {
  if (after === -1) return null;
  let leader = -1;
  let since: number | null = null;
  for (let position = 0; position < facts.length; position += 1) {
    const entry = facts[position];
    if (entry === undefined) continue;
    const { fact } = entry;
    if (fact.kind === 'partition-changed' && fact.topic === of.topic && fact.partition === of.partition) {
      if (fact.leader >= 0 && fact.leader !== leader && since !== null) return span(entry.at - since, entry.id);
      leader = fact.leader;
      if (position > after && leader < 0) since ??= entry.at;
    } else if (position > after && fact.kind === 'process-stopped' && fact.process === `broker-${leader}`) since ??= entry.at;
  }
  return null;
}

/**
 * The controller says how long the broker had been silent when it fenced it, and ZooKeeper when it ended the broker's session; what of that lay
 * before the moment is the age of its last sign of life.
 */
function heartbeatAge(of: number | 'controller', facts: readonly ViewFact[], at: number): Measured | null {
  const moment = facts[at];
  if (moment === undefined) return null;
  const node = of === 'controller' ? Number(controllerAt(facts, at)?.value ?? -1) : of;
  for (const entry of facts.slice(at)) {
    const silentForUs = silenceOf(entry.fact, node);
    if (silentForUs === 0) continue;
    const age = silentForUs - (entry.at - moment.at);
    // A controller that took over meanwhile began to count anew: the heartbeat before that is not known to it.
    return age < 0 ? null : span(age, entry.id);
  }
  return null;
}

/** 0: the fact is not the end of this broker's silence. */
function silenceOf(fact: ViewFact['fact'], node: number): number {
  if (fact.kind === 'broker-fenced' && fact.broker === node) return fact.silentForUs;
  return fact.kind === 'zookeeper-session' && fact.change === 'expired' && fact.client === `broker-${node}` ? fact.silentForUs ?? 0 : 0;
}

function doors(partition: number, facts: readonly ViewFact[], after: number): Measured | null {
  if (after === -1) return null;
  const brokers = new Set<string>();
  let factId: number | null = null;
  for (const { id, fact } of facts.slice(after)) {
    if (fact.kind === 'batch-acknowledged' && fact.partition === partition) {
      return { value: brokers.size, text: String(brokers.size), factId };
    }
    if (fact.kind !== 'message' || fact.summary.about !== 'produce') continue;
    if (!fact.summary.partitions.some((it) => it.partition === partition)) continue;
    brokers.add(fact.to);
    factId ??= id;
  }
  return null;
}

function offsetOf(key: string, facts: readonly ViewFact[], start: number): Measured | null {
  for (const { id, fact } of facts.slice(start)) {
    if (fact.kind !== 'log-appended' || !fact.asLeader) continue;
    const record = fact.batch.records.find((it) => it.key === key);
    if (record !== undefined) return { value: record.offset, text: String(record.offset), factId: id };
  }
  return null;
}

function firstAnswer(partition: number, facts: readonly ViewFact[], after: number): Measured | null {
  if (after === -1) return null;
  for (const { id, fact } of facts.slice(after)) {
    if (fact.kind !== 'message' || fact.summary.about !== 'produce-response') continue;
    const answer = fact.summary.partitions.find((it) => it.partition === partition);
    if (answer !== undefined) return { value: answer.error, text: answer.error, factId: id };
  }
  return null;
}
