// A cell's output as data: the kernel describes a value, the page draws it. It holds no behaviour, so drawing it is safe.

export type InspectedValue =
  /** Text that a cell shows as it is (a string given to display or console). */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'atom'; readonly type: AtomType; readonly text: string }
  /** An object, a map, a set or an array that opens. `label` is its class, `size` the number of entries, shown or not. */
  | { readonly kind: 'tree'; readonly label: string; readonly isList: boolean; readonly entries: readonly InspectedEntry[]; readonly size: number }
  /** An array of objects. Cells are one value each; a column that an object does not have is null. */
  | { readonly kind: 'table'; readonly columns: readonly string[]; readonly rows: readonly (readonly (InspectedValue | null)[])[]; readonly size: number };

export type AtomType = 'string' | 'number' | 'boolean' | 'null' | 'undefined' | 'bigint' | 'symbol' | 'function' | 'date' | 'error' | 'cut';

export interface InspectedEntry {
  readonly key: string;
  readonly value: InspectedValue;
}

/** How much a value is to send and to draw. */
export function sizeOf(value: InspectedValue): { readonly nodes: number; readonly characters: number } {
  const inner = value.kind === 'tree' ? value.entries.map((entry) => entry.value) : value.kind === 'table' ? value.rows.flat().filter((cell) => cell !== null) : [];
  const own = value.kind === 'text' || value.kind === 'atom' ? value.text.length : value.kind === 'tree' ? value.entries.reduce((sum, { key }) => sum + key.length, 0) : 0;
  return inner.map(sizeOf).reduce((sum, { nodes, characters }) => ({ nodes: sum.nodes + nodes, characters: sum.characters + characters }), { nodes: 1, characters: own });
}

/** One line of text for a value: what a table cell and a closed tree show. */
export function shortText(value: InspectedValue): string {
  switch (value.kind) {
    case 'text':
      return value.text;
    case 'atom':
      return value.text;
    case 'table':
      return `Array(${value.size})`;
    case 'tree':
      return treeText(value);
  }
}

const SHORT_ENTRIES = 6;

function treeText(tree: Extract<InspectedValue, { kind: 'tree' }>): string {
  const shown = tree.entries.slice(0, SHORT_ENTRIES);
  const inner = shown.map(({ key, value }) => {
    const text = value.kind === 'tree' || value.kind === 'table' ? (value.kind === 'tree' && value.isList && value.size <= SHORT_ENTRIES ? shortText(value) : labelOf(value)) : shortText(value);
    return tree.isList ? text : `${key}: ${text}`;
  });
  const rest = tree.size > shown.length ? [...inner, '…'] : inner;
  if (tree.isList) return `[${rest.join(', ')}]`;
  const body = rest.length === 0 ? '{}' : `{ ${rest.join(', ')} }`;
  return tree.label === 'Object' ? body : `${tree.label} ${body}`;
}

function labelOf(value: InspectedValue): string {
  if (value.kind === 'tree') return value.isList ? `Array(${value.size})` : value.label === 'Object' ? '{…}' : value.label;
  return shortText(value);
}
