/** What people say elsewhere, and the way to the place where it is run: the next cell or prediction of the lesson. */
import { button } from './dom-element.ts';

export function mountElsewhere(root: HTMLElement): void {
  const next = nextRunnable(root);
  if (next === null || root.querySelector('.try') === null) return;
  root.append(button('Go and run it', () => {
    next.scrollIntoView({ block: 'center', behavior: document.documentElement.dataset['motion'] === 'still' ? 'auto' : 'smooth' });
    next.querySelector<HTMLElement>('button, input, [tabindex]')?.focus({ preventScroll: true });
  }, { class: 'go-there' }));
}

function nextRunnable(root: HTMLElement): HTMLElement | null {
  for (let sibling = root.nextElementSibling; sibling !== null; sibling = sibling.nextElementSibling) {
    if (sibling instanceof HTMLElement && (sibling.dataset['block'] === 'cell' || sibling.dataset['block'] === 'predict')) return sibling;
  }
  return null;
}
