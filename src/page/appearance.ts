/**
 * What the reader chose for every page: day or night, still or moving, post-office words or not.
 * The choice is three attributes of the root element; CSS, the stage and the diagrams read them there.
 */

/** Dispatched on `document` after a choice changed; diagrams draw themselves again. */
export const APPEARANCE_EVENT = 'sorting-office:appearance';

interface Choice {
  readonly attribute: 'data-theme' | 'data-motion' | 'data-words';
  readonly key: string;
  /** The value when the switch is on; off is the other one. */
  readonly on: string;
  readonly off: string;
}

export const CHOICES = {
  night: { attribute: 'data-theme', key: 'sorting-office.theme', on: 'dark', off: 'light' },
  still: { attribute: 'data-motion', key: 'sorting-office.motion', on: 'still', off: 'moving' },
  words: { attribute: 'data-words', key: 'sorting-office.words', on: 'both', off: 'kafka' },
} as const satisfies Record<string, Choice>;
export type ChoiceName = keyof typeof CHOICES;

/**
 * Runs in the head before the first paint, so that a night reader never sees a white page. It is inlined, and its
 * hash is in the Content-Security-Policy; it must therefore be complete in itself. Storage may be closed to us.
 */
export const BEFORE_PAINT_SCRIPT = [
  '(()=>{const r=document.documentElement;',
  'const saved=(key)=>{try{return localStorage.getItem(key)}catch{return null}};',
  'const asks=(query)=>matchMedia(query).matches;',
  `r.dataset.theme=saved("${CHOICES.night.key}")??(asks("(prefers-color-scheme: dark)")?"dark":"light");`,
  `r.dataset.motion=saved("${CHOICES.still.key}")??(asks("(prefers-reduced-motion: reduce)")?"still":"moving");`,
  `r.dataset.words=saved("${CHOICES.words.key}")??"kafka"`,
  '})()',
].join('');

export function isOn(name: ChoiceName): boolean {
  const choice = CHOICES[name];
  return document.documentElement.getAttribute(choice.attribute) === choice.on;
}

export function choose(name: ChoiceName, on: boolean): void {
  const choice = CHOICES[name];
  const value = on ? choice.on : choice.off;
  document.documentElement.setAttribute(choice.attribute, value);
  try {
    localStorage.setItem(choice.key, value);
  } catch (reason) {
    // A closed storage (private window, file system) costs the memory of the choice, not the choice.
    if (!(reason instanceof DOMException)) throw reason;
  }
  document.dispatchEvent(new CustomEvent(APPEARANCE_EVENT, { detail: { name, on } }));
}
