/** Steps of a sequence diagram as Mermaid source: what a reader copies, and what the page draws. */
import type { ViewFact } from '#engine/cluster/view.ts';
import { brokerOf, partyText } from '#src/stage/shown-text.ts';
import { mermaidText } from './mermaid-text.ts';
import { seconds } from './note-words.ts';
import { sequenceSteps } from './sequence-steps.ts';
import type { SequenceExcerpt, SequenceStep } from './sequence-steps.ts';

/** The source; null when the excerpt holds nothing to draw. */
export function sequenceSource(excerpt: SequenceExcerpt): string | null {
  const steps = sequenceSteps(excerpt);
  const processes = participantsOf(steps, excerpt.facts);
  if (processes.length === 0) return null;
  const ids = new Map(processes.map((process, index) => [process, idOf(process, index)]));
  const lines = ['sequenceDiagram', '  autonumber'];
  for (const process of processes) lines.push(`  participant ${ids.get(process) ?? ''} as ${labelOf(process, excerpt.facts)}`);
  for (const step of steps) lines.push(...linesOf(step, ids).map((line) => `  ${line}`));
  return `${lines.join('\n')}\n`;
}

function linesOf(step: SequenceStep, ids: ReadonlyMap<string, string>): readonly string[] {
  const id = (process: string): string => ids.get(process) ?? '';
  switch (step.kind) {
    case 'message':
      return [`${id(step.from)}${arrowOf(step)}${id(step.to)}: ${step.text}`];
    case 'note':
      return [`Note over ${step.over.map(id).join(',')}: ${step.text}`];
    case 'pause':
      return [`Note over ${[...ids.values()].filter((_, index, all) => index === 0 || index === all.length - 1).join(',')}: ${seconds(step.us)} later`];
    case 'repeated':
      return [`loop ${step.times} times`, ...step.steps.flatMap((inner) => linesOf(inner, ids)).map((line) => `  ${line}`), 'end'];
    case 'more':
      return [`Note over ${[...ids.values()][0] ?? ''}: and ${step.count} steps more`];
  }
}

function arrowOf(step: Extract<SequenceStep, { readonly kind: 'message' }>): string {
  if (step.isLost) return step.isAnswer ? '--x' : '-x';
  return step.isAnswer ? '-->>' : '->>';
}

/** Senders first, then brokers by number, then what keeps the metadata, then readers: the order in which a letter travels. */
function participantsOf(steps: readonly SequenceStep[], facts: readonly ViewFact[]): readonly string[] {
  const names = new Set<string>();
  const collect = (step: SequenceStep): void => {
    if (step.kind === 'message') names.add(step.from).add(step.to);
    if (step.kind === 'note') for (const process of step.over) names.add(process);
    if (step.kind === 'repeated') step.steps.forEach(collect);
  };
  steps.forEach(collect);
  const consumers = new Set(facts.flatMap(({ fact }) => (fact.kind === 'consumer-opened' ? [fact.client] : [])));
  const rank = (process: string): number => {
    const broker = brokerOf(process);
    if (broker !== null) return 1_000 + broker;
    if (KEEPER.test(process)) return 100_000 + Number(KEEPER.exec(process)?.[2] ?? 0);
    return consumers.has(process) ? 1_000_000 : 0;
  };
  return [...names].map((name, index) => ({ name, index })).sort((a, b) => rank(a.name) - rank(b.name) || a.index - b.index).map(({ name }) => name);
}

/** Controllers that are no brokers, and ZooKeeper's servers. */
const KEEPER = /^(controller|zookeeper)-(\d+)$/;

function idOf(process: string, index: number): string {
  const broker = brokerOf(process);
  if (KEEPER.test(process)) return process.replace('-', '');
  return broker === null ? `client${index}` : `broker${broker}`;
}

function labelOf(process: string, facts: readonly ViewFact[]): string {
  const broker = brokerOf(process);
  if (broker !== null || KEEPER.test(process)) return partyText(process);
  for (const { fact } of facts) {
    if (fact.kind === 'producer-opened' && fact.client === process) return `producer ${mermaidText(process)}`;
    if (fact.kind === 'consumer-opened' && fact.client === process) return `consumer ${mermaidText(process)}`;
  }
  return mermaidText(process);
}
