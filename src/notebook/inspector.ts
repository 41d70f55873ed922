// Draws what cells show. The values are data and have been checked; everything becomes text nodes, so nothing in them is ever markup.
import type { CellProblem } from './cell-problem.ts';
import { shortText } from './inspected-value.ts';
import type { InspectedValue } from './inspected-value.ts';

/** One thing that a cell has shown: the values of one call. */
export interface ShownLine {
  readonly from: 'display' | 'result' | 'console';
  readonly level: 'log' | 'warn' | 'error';
  readonly values: readonly InspectedValue[];
}

export function drawShown({ from, level, values }: ShownLine): HTMLElement {
  const line = element('div', `shown shown-${from}`);
  if (level !== 'log') {
    line.classList.add(`shown-${level}`);
    line.append(element('span', 'shown-level', level === 'warn' ? 'warning' : 'error'));
  }
  line.append(...values.map((value) => drawValue(value, true)));
  return line;
}

function drawValue(value: InspectedValue, isOutermost: boolean): HTMLElement {
  switch (value.kind) {
    case 'text':
      return element('span', 'shown-text', value.text);
    case 'atom':
      return element('span', `atom atom-${value.type}`, value.text);
    case 'table':
      return drawTable(value, isOutermost);
    case 'tree':
      return drawTree(value);
  }
}

function drawTree(tree: Extract<InspectedValue, { readonly kind: 'tree' }>): HTMLElement {
  const short = shortText(tree);
  if (tree.entries.length === 0) return element('span', 'atom', short);
  const details = document.createElement('details');
  details.className = 'tree';
  details.append(element('summary', '', short));
  // A tree is drawn when it is opened: most never are.
  details.addEventListener('toggle', () => details.append(drawEntries(tree)), { once: true });
  return details;
}

function drawEntries({ entries, size }: Extract<InspectedValue, { readonly kind: 'tree' }>): HTMLElement {
  const list = element('ul', 'entries');
  for (const { key, value } of entries) {
    const item = document.createElement('li');
    item.append(element('span', 'key', key), ': ', drawValue(value, false));
    list.append(item);
  }
  if (size > entries.length) list.append(element('li', 'more', `… ${size - entries.length} more`));
  return list;
}

function drawTable({ columns, rows, size }: Extract<InspectedValue, { readonly kind: 'table' }>, isOutermost: boolean): HTMLElement {
  const table = document.createElement('table');
  const head = table.createTHead().insertRow();
  for (const column of columns) {
    const cell = element('th', '', column);
    cell.setAttribute('scope', 'col');
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    for (const value of row) line.insertCell().append(value === null ? '' : drawTableCell(value));
  }
  // Scrolls sideways by itself, and can be reached with the keyboard for that.
  const frame = element('div', 'table-frame');
  frame.tabIndex = 0;
  frame.setAttribute('role', 'region');
  frame.setAttribute('aria-label', isOutermost ? 'Result as a table' : 'A list as a table');
  frame.append(table);
  if (size > rows.length) frame.append(element('p', 'more', `${rows.length} of ${size} rows`));
  return frame;
}

/** Short lists, of replicas or offsets, are read at a glance and do not open. */
function drawTableCell(value: InspectedValue): HTMLElement {
  const isShort = value.kind === 'tree' && value.isList && value.entries.every(({ value: inner }) => inner.kind === 'atom') && value.size <= 6;
  return isShort ? element('span', 'atom', value.entries.map(({ value: inner }) => shortText(inner)).join(', ')) : drawValue(value, false);
}

/** @param cell the cell's number on the page. @param mend makes the change that the cure names. */
export function drawProblem(problem: CellProblem, cell: number, mend: (edit: { readonly from: string; readonly to: string }) => void): HTMLElement {
  const box = element('div', 'cell-failure');
  const list = element('dl', 'cell-problem');
  const parts: readonly (readonly [string, string | HTMLElement])[] = [
    ['Where', problem.line === null ? `cell ${cell}` : `cell ${cell}, line ${problem.line}${problem.column === null ? '' : `, column ${problem.column}`}`],
    ['Expected', problem.expected],
    ['Found', element('code', '', problem.found)],
    ['Cure', cureOf(problem, mend)],
  ];
  for (const [name, text] of parts) {
    const value = element('dd', '');
    value.append(text);
    list.append(element('dt', '', name), value);
  }
  // The sentence stands before the list: a term without a description would be no list.
  box.append(element('p', '', sentence(problem.what)), list);
  return box;
}

function cureOf({ cure, edit }: CellProblem, mend: (edit: { readonly from: string; readonly to: string }) => void): string | HTMLElement {
  if (edit === null) return cure;
  const button = element('button', 'mend', `Write ${edit.to} instead of ${edit.from}`) as HTMLButtonElement;
  button.type = 'button';
  button.addEventListener('click', () => mend(edit));
  return button;
}

function sentence(text: string): string {
  return /^[a-z]+ /.test(text) && !/^[a-z]+ is (not a|not d)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

function element(name: string, className: string, text?: string): HTMLElement {
  const made = document.createElement(name);
  if (className !== '') made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
