/** A link that moves the clock to an event: "00:20.914". The bench shows the moment; the feed's line of that moment is the evidence in words. */
import type { LiveSession } from '#src/session/live-session.ts';
import { clockText } from '#src/stage/shown-text.ts';
import { element } from './dom-element.ts';

/** Null when the run that is shown does not hold the event. */
export function eventLink(session: LiveSession, factId: number | null, label: string | null = null): HTMLAnchorElement | null {
  const entry = factId === null ? undefined : session.facts.byId(factId);
  return entry === undefined ? null : momentLink(session, entry.at, label ?? `at ${clockText(entry.at)}`);
}

export function momentLink(session: LiveSession, us: number, label: string = clockText(us)): HTMLAnchorElement {
  const link = element('a', { href: '#bench', class: 'engine' }, label);
  link.addEventListener('click', (event) => {
    event.preventDefault();
    showMoment(session, us);
  });
  return link;
}

/** Shows the moment just after `us`, so that what happens at `us` has happened. */
export function showMoment(session: LiveSession, us: number): void {
  session.pause();
  session.seek(us).catch((reason: unknown) => session.fail(reason));
}
