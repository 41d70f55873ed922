/** Finds the live blocks of a lesson in the page, with the data that the build wrote beside each. */
import type { ClusterSpec } from '#engine/cluster/spec.ts';
import type { ClusterBlock, LessonBlock } from '#src/lesson/lesson-blocks.ts';

export interface MountedBlock {
  readonly element: HTMLElement;
  readonly block: LessonBlock;
}

/** Every block of the page, in order. The data is ours, written by the build from checked text. */
export function blocksInPage(root: ParentNode): readonly MountedBlock[] {
  return [...root.querySelectorAll<HTMLElement>('[data-block]')].flatMap((element) => {
    const data = element.querySelector(':scope > script[type="application/json"]')?.textContent;
    return data === null || data === undefined ? [] : [{ element, block: JSON.parse(data) as LessonBlock }];
  });
}

/** The bench of the page and the cluster that the build wrote on it. */
export function benchInPage(): { readonly element: HTMLElement; readonly spec: ClusterSpec; readonly seed: number } | null {
  const element = document.getElementById('bench');
  const spec = element?.dataset['spec'];
  const cluster = element?.dataset['cluster'];
  if (element === null || spec === undefined || cluster === undefined) return null;
  return { element, spec: JSON.parse(spec) as ClusterSpec, seed: (JSON.parse(cluster) as ClusterBlock).seed };
}
