/**
 * Moments of a run in an author's words: "kill 2", "send customer-123", "first ack of partition 1". Diagrams and measured numbers begin
 * and end at such moments. Reading the words and finding the moment are two steps, so that a lesson with words that nobody can read fails
 * its test before anybody opens it.
 */
import type { ViewFact } from '#engine/cluster/view.ts';

const NODE_VERBS = ['kill', 'power-loss', 'shut-down', 'pause', 'resume', 'restart'] as const;
export type NodeVerb = (typeof NODE_VERBS)[number];

export type Moment =
  | { readonly kind: 'opening' }
  | { readonly kind: 'now' }
  /** `node` "controller": whoever it was when that was done; a resumed one when it had been paused. */
  | { readonly kind: 'command'; readonly verb: NodeVerb; readonly node: number | 'controller' }
  | { readonly kind: 'elect-leaders' }
  /** `nth`: the first such send, the second, … */
  | { readonly kind: 'send'; readonly key: string; readonly nth: number }
  | { readonly kind: 'ack' | 'commit' | 'new-leader' | 'consumed'; readonly partition: number }
  | { readonly kind: 'fenced' | 'in-sync' | 'session-ended' | 'resigned'; readonly node: number }
  | { readonly kind: 'new-controller' | 'old-controller-refused' | 'resignation' };

export const MOMENT_WORDS =
  '"opening", "now", "kill 2" (or power-loss, shut-down, pause, resume, restart), "elect-leaders", "send customer-123", "ack of partition 1", ' +
  '"commit of partition 1", "new leader of partition 1", "consumed from partition 1", "fencing of 2", "return of 2", "new controller", "end of the session of 2", "resignation of 2", "resignation", ' +
  '"refusal of an old controller"';

/** Null when the words name no moment. A leading "first", "the" or "its" changes nothing. */
export function readMoment(words: string): Moment | null {
  const text = words.trim().replace(/^(?:the |its |first )+/, '');
  if (text === 'opening' || text === 'now' || text === 'elect-leaders') return { kind: text };
  const ofController = CONTROLLER_KINDS.get(text);
  if (ofController !== undefined) return { kind: ofController };
  const command = new RegExp(`^(${NODE_VERBS.join('|')}) (\\d+|controller)$`).exec(text);
  const verb = NODE_VERBS.find((known) => known === command?.[1]);
  if (verb !== undefined) return { kind: 'command', verb, node: command?.[2] === 'controller' ? 'controller' : Number(command?.[2]) };
  const send = /^(?:(second|third) )?send (?:of )?(\S+)$/.exec(text);
  if (send !== null) return { kind: 'send', key: send[2] ?? '', nth: send[1] === 'third' ? 3 : send[1] === 'second' ? 2 : 1 };
  const ofPartition = /^(ack of|commit of|new leader of|consumed from) partition (\d+)$/.exec(text);
  if (ofPartition !== null) return { kind: PARTITION_KINDS[ofPartition[1] ?? ''] ?? 'ack', partition: Number(ofPartition[2]) };
  const ofNode = /^(fencing|return|end of the session|resignation) of (\d+)$/.exec(text);
  const kind = NODE_KINDS[ofNode?.[1] ?? ''];
  return kind === undefined ? null : { kind, node: Number(ofNode?.[2]) };
}

const NODE_KINDS: Readonly<Record<string, 'fenced' | 'in-sync' | 'session-ended' | 'resigned'>> = {
  fencing: 'fenced', return: 'in-sync', 'end of the session': 'session-ended', resignation: 'resigned',
};
const CONTROLLER_KINDS: ReadonlyMap<string, 'new-controller' | 'old-controller-refused' | 'resignation'> = new Map([
  ['new controller', 'new-controller'], ['resignation', 'resignation'], ['refusal of an old controller', 'old-controller-refused'],
]);

const PARTITION_KINDS: Readonly<Record<string, 'ack' | 'commit' | 'new-leader' | 'consumed'>> = {
  'ack of': 'ack', 'commit of': 'commit', 'new leader of': 'new-leader', 'consumed from': 'consumed',
};

/** Position in `facts` of the first such moment after position `after`; -1 when it has not come. */
export function nextMoment(facts: readonly ViewFact[], moment: Moment, after: number): number {
  if (moment.kind === 'now') return facts.length - 1;
  if (moment.kind === 'opening') return -1;
  let wanted = moment.kind === 'send' ? moment.nth : 1;
  for (let position = after + 1; position < facts.length; position += 1) {
    if (!isMoment(facts, position, moment)) continue;
    wanted -= 1;
    if (wanted === 0) return position;
  }
  return -1;
}

function isMoment(facts: readonly ViewFact[], position: number, moment: Moment): boolean {
  const fact = facts[position]?.fact;
  if (fact === undefined) return false;
  switch (moment.kind) {
    case 'command':
      if (fact.kind !== 'command' || fact.command.do !== moment.verb) return false;
      return moment.node === 'controller' ? wasController(facts, position, nodeOf(fact.command)) : nodeOf(fact.command) === moment.node;
    case 'elect-leaders':
      return fact.kind === 'command' && fact.command.do === 'elect-leaders';
    case 'send':
      return fact.kind === 'records-accepted' && fact.keys.includes(moment.key);
    case 'ack':
      return fact.kind === 'batch-acknowledged' && fact.partition === moment.partition;
    case 'commit':
      return fact.kind === 'high-watermark' && fact.partition === moment.partition;
    case 'consumed':
      return fact.kind === 'records-consumed' && fact.partition === moment.partition;
    case 'new-leader':
      return fact.kind === 'partition-changed' && fact.partition === moment.partition && fact.leader >= 0
        && fact.leader !== leaderBefore(facts, position, fact);
    case 'fenced':
      return fact.kind === 'broker-fenced' && fact.broker === moment.node;
    case 'in-sync':
      return fact.kind === 'partition-changed' && fact.reason === 'isr-expanded' && fact.isr.includes(moment.node);
    case 'session-ended':
      return fact.kind === 'zookeeper-session' && fact.change !== 'created' && fact.client === `broker-${moment.node}`;
    case 'resignation':
      return fact.kind === 'controller-resigned';
    case 'resigned':
      return fact.kind === 'controller-resigned' && fact.broker === moment.node;
    case 'new-controller':
      return fact.kind === 'controller-elected' || (fact.kind === 'raft-role' && fact.role === 'leader');
    case 'old-controller-refused':
      return fact.kind === 'controller-fenced';
    default:
      return false;
  }
}

interface OfPartition { readonly topic: string; readonly partition: number }

/** Whether this broker was the controller when the command at this position was given, or, if that woke it, when it had been paused. */
function wasController(facts: readonly ViewFact[], position: number, node: number | null): boolean {
  const command = facts[position]?.fact;
  let from = position - 1;
  if (command?.kind === 'command' && command.command.do === 'resume') {
    while (from >= 0 && !isPause(facts[from], node)) from -= 1;
  }
  for (let at = from; at >= 0; at -= 1) {
    const fact = facts[at]?.fact;
    if (fact?.kind === 'controller-elected') return fact.broker === node;
    if (fact?.kind === 'raft-role' && fact.role === 'leader') return fact.node === node;
  }
  return false;
}

function isPause(entry: ViewFact | undefined, node: number | null): boolean {
  return entry?.fact.kind === 'command' && entry.fact.command.do === 'pause' && nodeOf(entry.fact.command) === node;
}

/** The leader that the metadata log named last before this position; -1 for none. */
export function leaderBefore(facts: readonly ViewFact[], position: number, of: OfPartition): number {
  for (let at = position - 1; at >= 0; at -= 1) {
    const fact = facts[at]?.fact;
    if (fact?.kind === 'partition-changed' && fact.topic === of.topic && fact.partition === of.partition) return fact.leader;
  }
  return -1;
}

/** An operator's command is recorded whole; its type in the trace names the verb only. */
export function nodeOf(command: { readonly do: string }): number | null {
  const node = 'node' in command ? command.node : null;
  return typeof node === 'number' ? node : null;
}
