/** The one client entry of the front page: offers to continue, and mounts the live cluster. */
import { mountBench } from '#src/stage/mount-bench.ts';
import { benchInPage } from './lesson-blocks-in-page.ts';
import { lastLesson } from './progress.ts';

const link = document.querySelector<HTMLAnchorElement>('a[data-continue]');
const last = lastLesson();
if (link !== null && last !== null) {
  // The link already stands on the right root, whatever folder the site is served from.
  link.href = new URL(`${last.path}/`, link.href).href;
  link.textContent = `Continue at ${last.place}`;
  link.hidden = false;
}

const live = benchInPage();
if (live !== null) mountBench(live.element, { spec: live.spec, seed: live.seed, variant: 'home' });
