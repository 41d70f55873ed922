/** Transparent cells over the frame: one tab stop, arrows move, Enter or a click opens the slip of the place. */
import type { FrameModel } from './frame-model.ts';
import { type Box, columnX, type Layout, shelfHeight, shelfMiddle, shelfTop } from './stage-layout.ts';
import { isServerPlace, type StagePlace } from './stage-places.ts';

export class KeyboardGrid {
  readonly #root: HTMLElement;
  #rows: readonly (readonly StagePlace[])[] = [];

  constructor(root: HTMLElement, onOpen: (place: StagePlace, cell: HTMLElement) => void) {
    this.#root = root;
    root.setAttribute('role', 'grid');
    root.setAttribute('aria-label', 'Brokers and their replicas. Arrow keys move, Enter opens.');
    root.addEventListener('keydown', (event) => {
      if (this.#move(event)) event.preventDefault();
    });
    root.addEventListener('click', (event) => {
      const cell = event.target instanceof Element ? event.target.closest<HTMLElement>('[role="gridcell"]') : null;
      if (cell !== null) onOpen(placeOf(cell), cell);
    });
  }

  build(layout: Layout, model: FrameModel): void {
    const focused = document.activeElement instanceof HTMLElement && this.#root.contains(document.activeElement) ? placeOf(document.activeElement) : null;
    const rows = rowsOf(layout, model);
    this.#rows = rows.map((row) => row.map((it) => it.place));
    this.#root.innerHTML = rows.map((row) => `<div role="row">${row.map(cellMarkup).join('')}</div>`).join('');
    const first = this.#root.querySelector<HTMLElement>(FIRST) ?? this.#root.querySelector<HTMLElement>('button');
    if (first !== null) first.tabIndex = 0;
    if (focused !== null) this.focus(focused);
  }

  /** Each cell's name is a whole sentence. */
  describe(sentence: (place: StagePlace) => string): void {
    for (const cell of this.#root.querySelectorAll<HTMLElement>('button')) {
      const name = sentence(placeOf(cell));
      if (cell.getAttribute('aria-label') !== name) cell.setAttribute('aria-label', name);
    }
  }

  cell(place: StagePlace): HTMLElement | null {
    return this.#root.querySelector(selectorOf(place));
  }

  focus(place: StagePlace): void {
    const cell = this.cell(place);
    if (cell === null) return;
    for (const other of this.#root.querySelectorAll<HTMLElement>('button')) other.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  }

  #move(event: KeyboardEvent): boolean {
    if (!(event.target instanceof HTMLElement)) return false;
    const cell = event.target;
    let row = this.#rows.findIndex((it) => it.some((place) => cell.matches(selectorOf(place))));
    let column = this.#rows[row]?.findIndex((place) => cell.matches(selectorOf(place))) ?? 0;
    switch (event.key) {
      case 'ArrowDown': row = Math.min(this.#rows.length - 1, row + 1); break;
      case 'ArrowUp': row = Math.max(0, row - 1); break;
      case 'ArrowRight': column += 1; break;
      case 'ArrowLeft': column = Math.max(0, column - 1); break;
      case 'Home': column = 0; break;
      case 'End': column = Number.MAX_SAFE_INTEGER; break;
      default: return false;
    }
    const to = this.#rows[row];
    const place = to?.[Math.min(column, to.length - 1)];
    if (place !== undefined) this.focus(place);
    return true;
  }
}

/** Tabbing in lands on the first shelf; what lies above the frame is an arrow away. */
const FIRST = 'button[data-broker]';

interface PlacedCell { readonly place: StagePlace; readonly box: Box }

/** ZooKeeper's servers lie above the shelves; a shelf begins with itself. A shelf that has no partitions has that cell alone. */
function rowsOf(layout: Layout, model: FrameModel): readonly (readonly PlacedCell[])[] {
  const servers = [...(layout.ensemble?.servers ?? [])].map(([server, box]) => ({ place: { server }, box }));
  const shelves = model.shelves.map(({ broker, isBroker }) => {
    const label = { x: 0, y: shelfTop(layout, broker), width: isBroker ? layout.label - 6 : layout.width, height: shelfHeight(layout, broker) };
    const replicas = !isBroker ? [] : layout.columns.map((partition, column) => ({
      place: { broker, partition },
      box: { x: columnX(layout, column), y: shelfMiddle(layout, broker) - layout.cellHeight / 2 - 4, width: layout.columnWidth, height: layout.cellHeight + 8 },
    }));
    return [{ place: { broker, partition: null }, box: label }, ...replicas];
  });
  return servers.length === 0 ? shelves : [servers, ...shelves];
}

function cellMarkup({ place, box }: PlacedCell): string {
  const data = isServerPlace(place) ? `data-server="${place.server}"` : `data-broker="${place.broker}"${place.partition === null ? '' : ` data-partition="${place.partition}"`}`;
  return `<button type="button" role="gridcell" tabindex="-1" aria-haspopup="dialog" ${data} style="left:${box.x}px;top:${box.y}px;width:${box.width}px;height:${box.height}px"></button>`;
}

function selectorOf(place: StagePlace): string {
  if (isServerPlace(place)) return `[data-server="${place.server}"]`;
  return `[data-broker="${place.broker}"]${place.partition === null ? ':not([data-partition])' : `[data-partition="${place.partition}"]`}`;
}

function placeOf(cell: HTMLElement): StagePlace {
  const { server, broker, partition } = cell.dataset;
  if (server !== undefined) return { server: Number(server) };
  return { broker: Number(broker), partition: partition === undefined ? null : Number(partition) };
}
