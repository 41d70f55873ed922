/** The slip with what it says: loaded when the reader first comes near the stage, because nobody needs it before. */
export { SlipView } from './slip-view.ts';
export { slipModel } from './stage-actions.ts';
