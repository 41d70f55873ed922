/** "Why?": the chain of causes behind a measured number or the newest event, from the trace, each link a moment that can be shown. */
import type { ViewFact } from '#engine/cluster/view.ts';
import type { WhyBlock } from '#src/lesson/lesson-blocks.ts';
import { sentenceOf } from '#src/feed/fact-sentences.ts';
import type { LiveSession } from '#src/session/live-session.ts';
import { partyText } from '#src/stage/shown-text.ts';
import { element } from './dom-element.ts';
import { momentLink } from './event-link.ts';
import type { MeasuredNumbers } from './measured-links.ts';

/** A chain may lead back to the first heartbeat of the run; what is nearest explains most. */
export const CAUSES_SHOWN_MAX = 8;

export interface Cause { readonly entry: ViewFact; readonly sentence: string; readonly isRoot: boolean }

/** The causes that have words, nearest first. The last one shown is the root when the chain ends there. */
export function causesInWords(chain: readonly ViewFact[]): readonly Cause[] {
  const told = chain.flatMap((entry) => {
    const sentence = sentenceOf(entry) ?? routineSentence(entry);
    return sentence === null ? [] : [{ entry, sentence }];
  });
  const different = told.filter((it, index) => index === 0 || it.sentence !== told[index - 1]?.sentence);
  return different.slice(0, CAUSES_SHOWN_MAX).map((it, index) => ({ ...it, isRoot: index === different.length - 1 }));
}

/** The feed does not tell every roll call; as the cause of something it is told. */
function routineSentence({ fact }: ViewFact): string | null {
  if (fact.kind !== 'message') return null;
  const [from, to] = [partyText(fact.from), partyText(fact.to)];
  const sender = from.slice(0, 1).toUpperCase() + from.slice(1);
  if (fact.tag === 'BrokerHeartbeat request') return `${sender} sends ${to} a heartbeat.`;
  return `${sender} sends ${to}: ${fact.tag}.`;
}

export function mountWhy(root: HTMLElement, block: WhyBlock, of: { readonly session: LiveSession; readonly numbers: MeasuredNumbers }): void {
  const list = root.querySelector<HTMLOListElement>('[data-mount="why"]');
  if (!(root instanceof HTMLDetailsElement) || list === null) return;
  const { session, numbers } = of;
  let shown: number | null = null;
  const show = async (): Promise<void> => {
    const factId = block.of === null ? (session.facts.all.at(-1)?.id ?? null) : (numbers.get(block.of)?.factId ?? null);
    if (factId === null) {
      shown = null;
      list.replaceChildren(element('li', {}, element('span', {}), element('span', {}, 'The run has not come there yet: answer the question above first.')));
      return;
    }
    if (factId === shown) return;
    shown = factId;
    const chain = await session.why(factId);
    list.replaceChildren(...causesInWords(chain).map((cause) =>
      element('li', cause.isRoot ? { class: 'root' } : {}, momentLink(session, cause.entry.at), element('span', {}, cause.sentence))));
  };
  const showNow = (): void => {
    if (root.open) show().catch((reason: unknown) => session.fail(reason));
  };
  root.addEventListener('toggle', showNow);
  numbers.listen(showNow);
}
