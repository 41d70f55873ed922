/** engine/FIDELITY.md as rows: what the simulation does exactly, what it simplifies, what it leaves out. */

export interface FidelityRow {
  readonly id: string;
  /** The other cells of the row, under the heading of their column; Markdown inside the cells is kept. */
  readonly cells: readonly { readonly heading: string; readonly text: string }[];
}

/** Rows of every Markdown table whose first cell is an id such as KRAFT-FENCE. */
export function readFidelityLedger(markdown: string): readonly FidelityRow[] {
  const rows: FidelityRow[] = [];
  let headings: readonly string[] = [];
  for (const line of markdown.split('\n')) {
    const cells = cellsOf(line);
    if (cells === null) {
      headings = [];
      continue;
    }
    const [first = '', ...others] = cells;
    const id = first.replaceAll('`', '');
    if (headings.length === 0) headings = cells.slice(1);
    else if (/^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$/.test(id)) {
      rows.push({ id, cells: others.map((text, column) => ({ heading: headings[column] ?? '', text })) });
    }
  }
  return rows;
}

function cellsOf(line: string): readonly string[] | null {
  const trimmed = line.trim();
  if (!trimmed.startsWith('|')) return null;
  return trimmed
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
}
