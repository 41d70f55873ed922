/** Sequence diagrams of both runs, drawn by Mermaid when the reader opens them. */
import type { CompareBlock, MermaidBlock } from '#src/lesson/lesson-blocks.ts';
import { LETTERS } from './pair-markup.ts';
import { type PairOfRuns, SIDES } from './pair-of-runs.ts';

export function mountPairDiagrams(details: HTMLElement, pair: PairOfRuns, block: CompareBlock): void {
  details.addEventListener('toggle', () => {
    const place = details.querySelector('.pair-sequences');
    if (place === null || place.childElementCount > 0) return;
    for (const side of SIDES) {
      const figure = document.createElement('figure');
      figure.innerHTML = `<figcaption>${LETTERS[side]}</figcaption><div data-mount="diagram"></div>`;
      place.append(figure);
      import('#src/diagrams/mount-mermaid.ts')
        .then(({ mountMermaid }) => mountMermaid(figure, diagramOf(block, pair, side), pair.sides[side]))
        .catch((reason: unknown) => pair.sides[side].fail(reason));
    }
  });
}

/** From what is done first to the new leader of a partition that this concerns. */
function diagramOf(block: CompareBlock, pair: PairOfRuns, side: 0 | 1): MermaidBlock {
  const act = block.steps.find((step) => 'broker' in step);
  const run = pair.sides[side];
  const opening = run.story?.viewAt((run.openedRun?.until ?? 0));
  const led = act === undefined || !('broker' in act) ? undefined : opening?.topics[0]?.partitions.find((it) => it.leader === act.broker);
  return {
    kind: 'mermaid', line: block.line, diagram: 'sequence', caption: null, alt: `${LETTERS[side]}, message by message`,
    from: act === undefined || !('broker' in act) ? 'opening' : `${act.verb} ${act.broker}`,
    to: led === undefined ? 'now' : `new leader of partition ${led.partition}`,
  };
}
