/** The facts between the messages that a sequence diagram tells: what was stored, what became safe, who leads, who died. */
import type { ViewFact } from '#engine/cluster/view.ts';
import { isInFocus, placeName } from './message-words.ts';
import type { Focus } from './message-words.ts';
import { partyText } from '#src/stage/shown-text.ts';
import { mermaidText } from './mermaid-text.ts';
import { leaderBefore } from './moment.ts';

export interface Note {
  /** Names of one process, or of the two between which the note stands. */
  readonly over: readonly string[];
  readonly text: string;
}

const STOP_WORDS = { 'crash': 'is unplugged: it tells nobody', 'power-loss': 'loses its power and its page cache', 'exit': 'has shut down' } as const;

export function noteOf(facts: readonly ViewFact[], position: number, focus: Focus): Note | null {
  const entry = facts[position];
  if (entry === undefined) return null;
  const { fact } = entry;
  switch (fact.kind) {
    case 'process-stopped':
      return { over: [fact.process], text: STOP_WORDS[fact.how] };
    case 'process-started':
      return { over: [fact.process], text: 'starts' };
    case 'process-paused':
      return { over: [fact.process], text: 'is paused' };
    case 'process-resumed':
      return { over: [fact.process], text: 'goes on' };
    case 'log-appended':
      if (!fact.asLeader || !isInFocus(focus, fact)) return null;
      return { over: [entry.process], text: `${offsetsOf(fact.batch)} of ${placeName(fact, focus)}, epoch ${fact.batch.leaderEpoch}, in pencil` };
    case 'high-watermark':
      if (!isInFocus(focus, fact) || leaderBefore(facts, position, fact) !== fact.broker) return null;
      return { over: [entry.process], text: `high watermark ${fact.offset}: committed` };
    case 'log-truncated':
      if (!isInFocus(focus, fact)) return null;
      return { over: [entry.process], text: `cuts its log back from ${fact.from} to ${fact.to}` };
    case 'records-consumed':
      if (!isInFocus(focus, fact)) return null;
      return { over: [entry.process], text: `next position ${fact.nextOffset}` };
    case 'batch-retried':
      if (!isInFocus(focus, fact)) return null;
      return { over: [entry.process], text: `keeps ${fact.count} ${fact.count === 1 ? 'record' : 'records'} and tries again: ${fact.error}` };
    case 'batch-failed':
      if (!isInFocus(focus, fact)) return null;
      return { over: [entry.process], text: `gives up ${fact.count} ${fact.count === 1 ? 'record' : 'records'}: ${fact.error}` };
    default:
      return controllerNote(facts, position, focus);
  }
}

function controllerNote(facts: readonly ViewFact[], position: number, focus: Focus): Note | null {
  const entry = facts[position];
  if (entry === undefined) return null;
  const { fact } = entry;
  switch (fact.kind) {
    case 'broker-fenced':
      return { over: [entry.process], text: fact.silentForUs > 0 ? `fences broker ${fact.broker}, silent for ${seconds(fact.silentForUs)}` : `fences broker ${fact.broker}` };
    case 'broker-unfenced':
      return { over: [entry.process], text: `broker ${fact.broker} may serve` };
    case 'partition-changed': {
      if (!isInFocus(focus, fact)) return null;
      const changed = leaderBefore(facts, position, fact) !== fact.leader;
      const leader = fact.leader < 0 ? 'nobody leads' : `broker ${fact.leader} leads`;
      const name = placeName(fact, focus);
      return { over: [entry.process], text: `${name}, ${changed ? `${leader}, ` : ''}epoch ${fact.leaderEpoch}, ISR ${fact.isr.join(', ')}` };
    }
    case 'controller-elected':
      return { over: [entry.process], text: `holds /controller: it is the controller, epoch ${fact.controllerEpoch}` };
    case 'controller-resigned':
      return { over: [entry.process], text: `gives up its office, epoch ${fact.controllerEpoch}` };
    case 'controller-fenced':
      return { over: [entry.process], text: `knows epoch ${fact.controllerEpoch} and refuses epoch ${fact.requestEpoch}` };
    case 'raft-role':
      return fact.role === 'leader' ? { over: [entry.process], text: `leads the quorum, epoch ${fact.epoch}` } : null;
    case 'zookeeper-state':
      return fact.state === 'leading' ? { over: [entry.process], text: `leads the ensemble, epoch ${fact.epoch}` } : null;
    case 'zookeeper-session':
      if (fact.change !== 'expired') return null;
      return { over: [entry.process], text: `ends the session of ${mermaidText(partyText(fact.client))}${(fact.silentForUs ?? 0) > 0 ? `, silent for ${seconds(fact.silentForUs ?? 0)}` : ''}` };
    case 'controller-elected':
      return { over: [entry.process], text: `is the controller, epoch ${fact.controllerEpoch}` };
    case 'controller-resigned':
      return { over: [entry.process], text: `is the controller no more` };
    case 'controller-fenced':
      return { over: [entry.process], text: `refuses ${mermaidText(fact.api)}: epoch ${fact.requestEpoch} is below ${fact.controllerEpoch}` };
    default:
      return null;
  }
}

function offsetsOf(batch: { readonly baseOffset: number; readonly count: number }): string {
  return batch.count === 1 ? `offset ${batch.baseOffset}` : `offsets ${batch.baseOffset} to ${batch.baseOffset + batch.count - 1}`;
}

/** "8.9 s", "250 ms", "0.4 ms": whole milliseconds from ten on. */
export function seconds(us: number): string {
  if (us >= 1_000_000) return `${(us / 1_000_000).toFixed(1)} s`;
  return us >= 10_000 ? `${Math.round(us / 1_000)} ms` : `${(us / 1_000).toFixed(1)} ms`;
}
