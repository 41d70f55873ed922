/** A text of the frame, as SVG source. `part` names it, so that it can be written later. */
import { escapeMarkup } from './shown-text.ts';

export function text(x: number, y: number, content: string, classes: string, part = ''): string {
  return `<text x="${Math.round(x * 10) / 10}" y="${Math.round(y * 10) / 10}" class="${classes}"${part === '' ? '' : ` data-part="${escapeMarkup(part)}"`}>${escapeMarkup(content)}</text>`;
}
