/**
 * What just happened, message by message: an excerpt of the trace as the steps of a sequence diagram. Nothing is invented: each arrow is a
 * message of the trace, each note a fact. Left out is what says nothing new: heartbeats, and fetches that bring nothing and ask for nothing new.
 */
import type { MessageView, ViewFact } from '#engine/cluster/view.ts';
import { brokerOf } from '#src/stage/shown-text.ts';
import { EVERYTHING, isInFocus, messageWords } from './message-words.ts';
import type { Focus } from './message-words.ts';
import { noteOf } from './note-words.ts';

export type SequenceStep =
  /** `isAnswer`: a response. `isLost`: the other side was dead, cut off, or closed before it arrived. */
  | { readonly kind: 'message'; readonly from: string; readonly to: string; readonly text: string; readonly api: string; readonly isAnswer: boolean; readonly isLost: boolean; readonly factId: number }
  | { readonly kind: 'note'; readonly over: readonly string[]; readonly text: string; readonly factId: number }
  | { readonly kind: 'pause'; readonly us: number }
  | { readonly kind: 'repeated'; readonly times: number; readonly steps: readonly SequenceStep[] }
  | { readonly kind: 'more'; readonly count: number };

export interface SequenceExcerpt {
  /** Sorted by id; with the quiet ones, or the fetches that waited are missing. */
  readonly facts: readonly ViewFact[];
  /** Positions in `facts`, both included. */
  readonly from: number;
  readonly to: number;
  readonly focus?: Focus;
}

/** A diagram with more steps than this is a film: the rest is counted. */
export const STEPS_MAX = 48;
/** A silence longer than this is said. */
const SILENCE_US = 900_000;
/** The longest run of steps that is recognised when it comes again and again. */
const REPEATED_STEPS_MAX = 4;

export function sequenceSteps(excerpt: SequenceExcerpt): readonly SequenceStep[] {
  const focus = excerpt.focus ?? EVERYTHING;
  const fetches = fetchesWithNews(excerpt, focus);
  const beginsAt = excerpt.facts[excerpt.from]?.at ?? 0;
  const steps = positionsOf(excerpt, fetches).flatMap((position): readonly TimedStep[] => {
    const entry = excerpt.facts[position];
    const step = stepOf(excerpt, position, { focus, fetches });
    // A request that had been waiting belongs to the beginning of the story.
    return entry === undefined || step === null ? [] : [{ step, at: Math.max(entry.at, beginsAt) }];
  });
  return shortened(withRepetitions(withSilences(withoutPatience(focus.partition === null ? steps : withoutBystanders(steps)))));
}

/** In the story of one partition, a client that neither sends nor reads there stands by and is left out. */
function withoutBystanders(steps: readonly TimedStep[]): readonly TimedStep[] {
  const taking = new Set(steps.flatMap(({ step }) => (step.kind === 'message' && (step.api === 'Produce' || step.api === 'Fetch') ? [step.from, step.to] : [])));
  const isPart = (process: string): boolean => taking.has(process) || brokerOf(process) !== null || /^(controller|zookeeper)-\d+$/.test(process);
  return steps.filter(({ step }) => step.kind !== 'message' || (isPart(step.from) && isPart(step.to)));
}

interface TimedStep { readonly step: SequenceStep; readonly at: number }

function withSilences(steps: readonly TimedStep[]): readonly SequenceStep[] {
  return steps.flatMap(({ step, at }, index): readonly SequenceStep[] => {
    const silence = at - (steps[index - 1]?.at ?? at);
    return silence >= SILENCE_US ? [{ kind: 'pause', us: silence }, step] : [step];
  });
}

/** A client that has no leader asks for metadata again and again: the first and the last time are drawn, those between are counted. */
function withoutPatience(steps: readonly TimedStep[]): readonly TimedStep[] {
  const asked = new Map<string, number[]>();
  steps.forEach(({ step }, index) => {
    if (step.kind === 'message' && step.api === 'Metadata') asked.set(clientOf(step), [...(asked.get(clientOf(step)) ?? []), index]);
  });
  const left = new Set<number>();
  const counted = new Map<number, SequenceStep>();
  for (const [client, indexes] of asked) {
    const between = indexes.slice(METADATA_DRAWN, -METADATA_DRAWN);
    const questions = between.filter((index) => isQuestion(steps[index]?.step)).length;
    const [first] = between;
    if (first === undefined || questions < 2) continue;
    for (const index of between) left.add(index);
    counted.set(first, { kind: 'note', over: [client], text: `asks for metadata ${questions} times more`, factId: -1 });
  }
  return steps.flatMap((timed, index): readonly TimedStep[] => {
    const count = counted.get(index);
    if (count !== undefined) return [{ step: count, at: timed.at }];
    return left.has(index) ? [] : [timed];
  });
}

/** A question and its answer at each end. */
const METADATA_DRAWN = 2;

function clientOf(step: Extract<SequenceStep, { readonly kind: 'message' }>): string {
  return step.isAnswer ? step.to : step.from;
}

function isQuestion(step: SequenceStep | undefined): boolean {
  return step?.kind === 'message' && !step.isAnswer;
}

/** The excerpt, and before it the requests that had been waiting for an answer of the excerpt. */
function positionsOf(excerpt: SequenceExcerpt, fetches: ReadonlySet<number>): readonly number[] {
  const waiting = [...fetches].filter((position) => position < excerpt.from).sort((a, b) => a - b);
  const inside = Array.from({ length: Math.max(0, excerpt.to - excerpt.from + 1) }, (_, index) => excerpt.from + index);
  return [...waiting, ...inside];
}

function stepOf(
  excerpt: SequenceExcerpt,
  position: number,
  wanted: { readonly focus: Focus; readonly fetches: ReadonlySet<number> },
): SequenceStep | null {
  const entry = excerpt.facts[position];
  if (entry === undefined) return null;
  if (entry.fact.kind !== 'message') {
    const note = noteOf(excerpt.facts, position, wanted.focus);
    return note === null ? null : { kind: 'note', over: note.over, text: note.text, factId: entry.id };
  }
  const message = entry.fact;
  if (!isTold(entry, message, position, wanted)) return null;
  return {
    kind: 'message',
    from: message.from,
    to: message.to,
    text: messageWords(message, wanted.focus),
    api: message.tag.replace(/ (request|response)$/, ''),
    isAnswer: message.tag.endsWith('response'),
    isLost: isLost(excerpt.facts, position, message),
    factId: entry.id,
  };
}

function isTold(
  entry: ViewFact,
  message: MessageView,
  position: number,
  wanted: { readonly focus: Focus; readonly fetches: ReadonlySet<number> },
): boolean {
  const { summary } = message;
  switch (summary.about) {
    case 'fetch':
    case 'fetch-response':
      return wanted.fetches.has(position);
    case 'produce':
    case 'produce-response':
      return summary.partitions.some((it) => isInFocus(wanted.focus, it));
    case 'other':
      if (message.tag.startsWith('zookeeper ')) return isToldOfZooKeeper(message, summary);
      return !entry.quiet && isOfFocus(message, summary.text, wanted.focus);
  }
}

/** Watches that fire, and who wants to be controller or in service: reading every znode once is no story. */
function isToldOfZooKeeper({ tag }: MessageView, { text, errors }: { readonly text: string; readonly errors: readonly string[] }): boolean {
  if (tag === 'zookeeper watch event') return /\/(controller|brokers\/ids)$/.test(text);
  if (tag === 'zookeeper answer') return errors.includes('NODEEXISTS');
  return (tag === 'zookeeper create' || tag === 'zookeeper multi') && /create \/(controller\b(?!_)|brokers\/ids\/\d)/.test(text);
}

/** In the story of one partition, the quorum's own log, roll calls and the ISR of other partitions are another story. */
function isOfFocus(message: MessageView, text: string, focus: Focus): boolean {
  if (focus.partition === null) return true;
  if (/^(BrokerHeartbeat|FetchMetadata|ApiVersions) /.test(message.tag)) return false;
  if (message.tag === 'AlterPartition request') return text.includes(`-${focus.partition} `);
  return message.tag !== 'AlterPartition response';
}

/**
 * Positions of the fetch requests and responses that matter: responses with records or an error, the requests they answer, and requests
 * that ask for more than the same asker's last one (by which the leader learns what it has).
 */
function fetchesWithNews(excerpt: SequenceExcerpt, focus: Focus): ReadonlySet<number> {
  const wanted = new Set<number>();
  const openRequests = new Map<string, number>();
  const asked = new Map<string, number>();
  for (let position = 0; position <= excerpt.to; position += 1) {
    const message = excerpt.facts[position]?.fact;
    if (message?.kind !== 'message') continue;
    const { summary } = message;
    if (summary.about === 'fetch') {
      openRequests.set(`${message.from}>${message.to}#${message.correlationId}`, position);
      let isFurther = false;
      for (const it of summary.partitions) {
        const key = `${message.from}>${message.to}:${it.topic}-${it.partition}`;
        const before = asked.get(key);
        asked.set(key, it.fetchOffset);
        if (before !== undefined && it.fetchOffset > before && isInFocus(focus, it)) isFurther = true;
      }
      if (isFurther && position >= excerpt.from) wanted.add(position);
    } else if (summary.about === 'fetch-response' && position >= excerpt.from) {
      const hasNews = summary.partitions.some((it) => isInFocus(focus, it) && (it.batches.length > 0 || it.error !== 'NONE'));
      if (!hasNews) continue;
      wanted.add(position);
      const request = openRequests.get(`${message.to}>${message.from}#${message.correlationId}`);
      if (request !== undefined) wanted.add(request);
    }
  }
  return wanted;
}

function isLost(facts: readonly ViewFact[], position: number, message: MessageView): boolean {
  for (let later = position + 1; later < facts.length; later += 1) {
    const entry = facts[later];
    if (entry === undefined || entry.at > message.arrivesAt) break;
    const { fact } = entry;
    if (fact.kind === 'process-stopped' && fact.process === message.to) return true;
    if (fact.kind === 'message-dropped' && fact.connection === message.connection && fact.tag === message.tag) return true;
    if (fact.kind === 'message-held' && fact.connection === message.connection && fact.to === message.to) return true;
  }
  return isStopped(facts, position, message.to);
}

function isStopped(facts: readonly ViewFact[], position: number, process: string): boolean {
  for (let earlier = position - 1; earlier >= 0; earlier -= 1) {
    const fact = facts[earlier]?.fact;
    if (fact === undefined || !('process' in fact) || fact.process !== process) continue;
    if (fact.kind === 'process-stopped') return true;
    if (fact.kind === 'process-started') return false;
  }
  return false;
}

/** Three arrows that come five times are drawn once, in a frame that says so. */
function withRepetitions(steps: readonly SequenceStep[]): readonly SequenceStep[] {
  const folded: SequenceStep[] = [];
  let at = 0;
  while (at < steps.length) {
    const { length, times } = longestRepetition(steps, at);
    if (times < 2) {
      folded.push(...steps.slice(at, at + 1));
      at += 1;
    } else {
      folded.push({ kind: 'repeated', times, steps: steps.slice(at, at + length) });
      at += length * times;
    }
  }
  return folded;
}

function longestRepetition(steps: readonly SequenceStep[], at: number): { readonly length: number; readonly times: number } {
  let best = { length: 1, times: 1 };
  for (let length = 1; length <= REPEATED_STEPS_MAX; length += 1) {
    const pattern = steps.slice(at, at + length).map(looksOf).join('\n');
    if (!steps.slice(at, at + length).some((step) => step.kind === 'message')) continue;
    let times = 1;
    while (steps.slice(at + length * times, at + length * (times + 1)).map(looksOf).join('\n') === pattern) times += 1;
    if (times > 1 && length * times > best.length * best.times) best = { length, times };
  }
  return best;
}

/** Two steps with the same looks are drawn alike. Pauses between repetitions differ and are not compared. */
function looksOf(step: SequenceStep): string {
  switch (step.kind) {
    case 'message':
      return `${step.from}>${step.to} ${step.text} ${step.isLost}`;
    case 'note':
      return `over ${step.over.join()} ${step.text}`;
    default:
      return step.kind;
  }
}

function shortened(steps: readonly SequenceStep[]): readonly SequenceStep[] {
  if (steps.length <= STEPS_MAX) return steps;
  return [...steps.slice(0, STEPS_MAX - 1), { kind: 'more', count: steps.length - STEPS_MAX + 1 }];
}
