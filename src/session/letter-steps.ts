/** The steps of a letter, for the clock that slows down so that each of them can be seen. */
import type { ViewFact } from '#engine/cluster/view.ts';

/** Slowed down for letters, the way from one of their steps to the next takes this long on the clock of the wall. */
export const LETTER_STEP_MS = 320;
/** Steps that lie closer together than this take less: nobody needs a third of a second for a microsecond. */
export const LETTER_STEP_US_MIN = 100;
/** Steps that lie further apart than this are not one letter's way. */
export const LETTER_GAP_US = 20_000;

export function isLetterStep({ fact, quiet }: ViewFact): boolean {
  switch (fact.kind) {
    case 'log-appended': case 'high-watermark': case 'batch-acknowledged': return true;
    case 'message': return !quiet && (fact.summary.about === 'produce' || fact.summary.about === 'produce-response');
    default: return false;
  }
}
