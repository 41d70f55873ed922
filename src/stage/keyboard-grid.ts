/** Transparent cells over the frame: one tab stop, arrows move, Enter or a click opens the slip of the place. */
import type { FrameModel } from './frame-model.ts';
import { columnX, type Layout, shelfMiddle, shelfTop } from './stage-layout.ts';
import type { StagePlace } from './stage-actions.ts';

export class KeyboardGrid {
  readonly #root: HTMLElement;
  #columns: readonly (number | null)[] = [null];
  #brokers: readonly number[] = [];

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
    this.#columns = [null, ...layout.columns];
    this.#brokers = model.shelves.map((it) => it.broker);
    this.#root.innerHTML = this.#brokers.map((broker) => {
      const cells = this.#columns.map((partition, column) => {
        const box = partition === null
          ? { x: 0, y: shelfTop(layout, broker), width: layout.label - 6, height: layout.shelf }
          : { x: columnX(layout, column - 1), y: shelfMiddle(layout, broker) - layout.cellHeight / 2 - 4, width: layout.columnWidth, height: layout.cellHeight + 8 };
        return `<button type="button" role="gridcell" tabindex="-1" aria-haspopup="dialog" data-broker="${broker}"${partition === null ? '' : ` data-partition="${partition}"`} `
          + `style="left:${box.x}px;top:${box.y}px;width:${box.width}px;height:${box.height}px"></button>`;
      }).join('');
      return `<div role="row">${cells}</div>`;
    }).join('');
    const first = this.#root.querySelector<HTMLElement>('button');
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
    const partition = place.partition === null ? ':not([data-partition])' : `[data-partition="${place.partition}"]`;
    return this.#root.querySelector(`[data-broker="${place.broker}"]${partition}`);
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
    const place = placeOf(event.target);
    let row = this.#brokers.indexOf(place.broker);
    let column = this.#columns.indexOf(place.partition);
    switch (event.key) {
      case 'ArrowDown': row = Math.min(this.#brokers.length - 1, row + 1); break;
      case 'ArrowUp': row = Math.max(0, row - 1); break;
      case 'ArrowRight': column = Math.min(this.#columns.length - 1, column + 1); break;
      case 'ArrowLeft': column = Math.max(0, column - 1); break;
      case 'Home': column = 0; break;
      case 'End': column = this.#columns.length - 1; break;
      default: return false;
    }
    this.focus({ broker: this.#brokers[row] ?? place.broker, partition: this.#columns[column] ?? null });
    return true;
  }
}

function placeOf(cell: HTMLElement): StagePlace {
  const partition = cell.dataset['partition'];
  return { broker: Number(cell.dataset['broker']), partition: partition === undefined ? null : Number(partition) };
}
