/**
 * Highlights a cell's code when the page is built, with the parser that the editor uses, so that nothing changes
 * colour when a cell is focused. Classes only (`tok-…`): tokens.css gives them their ink.
 */
import { typescriptLanguage } from '@codemirror/lang-javascript';
import { classHighlighter, highlightCode } from '@lezer/highlight';
import { escapeHtml } from './inline-markdown.ts';

/** HTML of each line, without line breaks. */
export function highlightTypeScript(code: string): readonly string[] {
  const lines: string[] = [''];
  const append = (html: string): void => {
    lines.push(`${lines.pop() ?? ''}${html}`);
  };
  highlightCode(
    code,
    typescriptLanguage.parser.parse(code),
    classHighlighter,
    (text, classes) => append(classes === '' ? escapeHtml(text) : `<span class="${classes}">${escapeHtml(text)}</span>`),
    () => lines.push(''),
  );
  return lines;
}
