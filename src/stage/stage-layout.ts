/**
 * Where everything on the stage stands, in pixels. Three geometries by width: the numbers change, the drawing never does, and no text in
 * the frame is smaller than 8 px. The rule that carries the picture: the same offset of a partition has the same x on every shelf.
 */
import { type EnsembleLayout, ensembleLayout, gutterWidth } from './ensemble-layout.ts';

interface Geometry {
  readonly name: 'wide' | 'middle' | 'narrow';
  readonly label: number;
  /** Width of the metadata column and of a cell in it; 0 where it has no room. */
  readonly metadata: number;
  readonly metadataCell: number;
  readonly cell: number;
  readonly cellHeight: number;
  readonly tab: number;
  readonly gap: number;
  readonly shelf: number;
  /** Of a controller that is not a broker: it has one column only. */
  readonly controllerShelf: number;
  readonly shelfGap: number;
  readonly plate: number;
  readonly postmark: number;
  /** From the first column head's baseline to the first shelf. */
  readonly head: number;
  readonly clientHeight: number;
  readonly clientWidth: number;
  readonly corridor: number;
  readonly consumerRow: number;
  /** Letters of the air are drawn at this scale. */
  readonly letter: number;
}

const WIDE: Geometry = {
  name: 'wide', label: 112, metadata: 158, metadataCell: 15, cell: 25, cellHeight: 30, tab: 40, gap: 24, shelf: 76, controllerShelf: 52, shelfGap: 9, plate: 13, postmark: 14.5,
  head: 60, clientHeight: 28, clientWidth: 138, corridor: 34, consumerRow: 40, letter: 1,
};
const MIDDLE: Geometry = {
  name: 'middle', label: 100, metadata: 100, metadataCell: 10, cell: 17, cellHeight: 26, tab: 28, gap: 14, shelf: 66, controllerShelf: 46, shelfGap: 8, plate: 12, postmark: 11.5,
  head: 58, clientHeight: 26, clientWidth: 128, corridor: 30, consumerRow: 38, letter: 0.9,
};
/** As MIDDLE, where there is room for larger letters: the front page, and a lesson on a wide screen. */
const ROOMY: Geometry = { ...MIDDLE, metadata: 124, metadataCell: 13, cell: 20, cellHeight: 30, tab: 32, shelf: 76, controllerShelf: 52, plate: 13, postmark: 12.5 };
const NARROW: Geometry = {
  name: 'narrow', label: 40, metadata: 0, metadataCell: 0, cell: 7.7, cellHeight: 24, tab: 26, gap: 10, shelf: 50, controllerShelf: 34, shelfGap: 6, plate: 10, postmark: 11,
  head: 44, clientHeight: 24, clientWidth: 92, corridor: 10, consumerRow: 30, letter: 0.74,
};

export const TEAR_PX = 18;
const MOVE_ROW_PX = 24;
/** More moving partitions than this are not told one by one. */
export const MOVES_TOLD_MAX = 3;
/** Between racks, and between controllers and brokers. */
export const AISLE_PX = 14;
const EDGE_PX = 12;
/** A column shows at least this many letters; columns that do not fit stand on the next page. */
const CELLS_MIN = 5;
const MIDDLE_FROM_PX = 620;
const ROOMY_FROM_PX = 820;
const WIDE_FROM_PX = 1000;
/** Room at the right of a log for its end bracket and label. */
const END_ROOM_PX = 10;

export interface LayoutRequest {
  readonly widthPx: number;
  readonly brokers: readonly number[];
  readonly partitions: number;
  readonly firstPartition: number;
  readonly producers: readonly string[];
  readonly consumers: readonly string[];
  /** Indexes of shelves below which the network is torn. */
  readonly tearsBelow: readonly number[];
  /** ZooKeeper servers; without any there is a metadata quorum. */
  readonly servers?: readonly number[];
  /** Those of `brokers` that are controllers and nothing else. */
  readonly controllers?: readonly number[];
  /** Reassignments that are told under the frame. */
  readonly moves?: readonly number[];
  /** Shelves that an aisle parts from the one above. */
  readonly aislesAbove?: readonly number[];
}

export interface Box { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
export type Point = readonly [number, number];

export interface Layout extends Geometry {
  readonly width: number;
  readonly height: number;
  /** Indexes of the partitions that are shown. */
  readonly columns: readonly number[];
  readonly columnWidth: number;
  /** Letters that fit into a tray. */
  readonly cells: number;
  readonly headY: number;
  readonly shelvesTop: number;
  readonly shelvesBottom: number;
  /** Where what lies under the frame begins: consumers. */
  readonly under: number;
  readonly producerBoxes: ReadonlyMap<string, Box>;
  readonly consumerRows: ReadonlyMap<string, number>;
  /** Tops of the lines that tell of moving partitions. */
  readonly moveRows: ReadonlyMap<number, number>;
  readonly shelfTops: ReadonlyMap<number, number>;
  readonly controllers: readonly number[];
  /** Letters that fit into a tray of the metadata column. */
  readonly metadataCells: number;
  readonly ensemble: EnsembleLayout | null;
  readonly tears: readonly number[];
}

export function layoutOf(request: LayoutRequest): Layout {
  const width = Math.max(320, Math.floor(request.widthPx));
  const { geometry, ensemble } = placeOfMetadata(request, width);
  const left = geometry.label + (geometry.metadata === 0 ? 0 : geometry.metadata + geometry.gap);
  const room = width - left - EDGE_PX;
  const least = geometry.tab + CELLS_MIN * geometry.cell + END_ROOM_PX + geometry.gap;
  const fit = Math.max(1, Math.floor((room + geometry.gap) / least));
  const first = Math.min(request.firstPartition, Math.max(0, request.partitions - 1));
  const columns = Array.from({ length: Math.min(fit, request.partitions - first) }, (_, index) => first + index);
  const count = Math.max(1, columns.length);
  // The gutter of the last column is used too: followers pull there.
  const columnWidth = Math.floor((room - geometry.gap * count) / count) + (count === 1 ? 0 : Math.floor(geometry.gap / count / 2));
  const strip = ensemble?.height ?? 0;
  const clients = strip + (request.producers.length > 0 ? geometry.clientHeight + 8 + geometry.corridor : 8);
  const shelvesTop = clients + geometry.head;
  const { shelfTops, tears, shelvesBottom } = stackShelves(request, geometry, shelvesTop);
  const moveRows = new Map((request.moves ?? []).map((partition, index) => [partition, shelvesBottom + 8 + index * MOVE_ROW_PX] as const));
  const under = shelvesBottom + (moveRows.size === 0 ? 0 : 8 + moveRows.size * MOVE_ROW_PX);
  const consumerRows = new Map(request.consumers.map((id, index) => [id, under + 14 + index * geometry.consumerRow] as const));
  return {
    ...geometry, width, columns, columnWidth, shelfTops, tears, shelvesTop, shelvesBottom, consumerRows, moveRows, ensemble, under,
    controllers: request.controllers ?? [],
    metadataCells: geometry.metadata === 0 ? 0 : Math.floor((geometry.metadata - geometry.tab - 8) / geometry.metadataCell),
    height: under + (request.consumers.length === 0 ? 2 : 10 + request.consumers.length * geometry.consumerRow),
    cells: Math.max(1, Math.floor((columnWidth - geometry.tab - END_ROOM_PX) / geometry.cell)),
    headY: clients + geometry.head - (geometry.name === 'narrow' ? 34 : 42),
    producerBoxes: producerBoxes(request.producers, geometry, { left: geometry.label, top: strip, room: width - geometry.label - EDGE_PX }),
  };
}

/** ZooKeeper stands above the frame, with a gutter for the sessions; the metadata log of KRaft is a column of the frame. */
function placeOfMetadata(request: LayoutRequest, width: number): { readonly geometry: Geometry; readonly ensemble: EnsembleLayout | null } {
  const geometry = geometryFor(request);
  const { servers = [], brokers } = request;
  if (servers.length === 0) return { geometry, ensemble: null };
  const ensemble = ensembleLayout({ name: geometry.name, servers, brokers, label: geometry.label, width });
  return { geometry: { ...geometry, metadata: 0, label: geometry.label + gutterWidth(geometry.name, brokers.length) }, ensemble };
}

function stackShelves(request: LayoutRequest, geometry: Geometry, top: number): Pick<Layout, 'shelfTops' | 'tears' | 'shelvesBottom'> {
  const shelfTops = new Map<number, number>();
  const tears: number[] = [];
  let y = top;
  request.brokers.forEach((broker, index) => {
    if (request.aislesAbove?.includes(broker) === true) y += AISLE_PX;
    shelfTops.set(broker, y);
    y += (request.controllers?.includes(broker) === true ? geometry.controllerShelf : geometry.shelf) + geometry.shelfGap;
    if (!request.tearsBelow.includes(index)) return;
    tears.push(y - geometry.shelfGap / 2 + 2);
    y += TEAR_PX;
  });
  return { shelfTops, tears, shelvesBottom: y - geometry.shelfGap };
}

/** More shelves than this stand closer together, so that all of them stay in sight. */
const TALL_SHELVES_MAX = 4;

function geometryFor({ widthPx, brokers }: LayoutRequest): Geometry {
  const geometry = geometryByWidth(widthPx);
  if (brokers.length <= TALL_SHELVES_MAX || geometry.name === 'narrow') return geometry;
  return { ...geometry, shelf: 50, controllerShelf: 34, shelfGap: 6, cellHeight: 22, plate: 11, postmark: 11 };
}

function geometryByWidth(widthPx: number): Geometry {
  if (widthPx >= WIDE_FROM_PX) return WIDE;
  if (widthPx >= ROOMY_FROM_PX) return ROOMY;
  return widthPx >= MIDDLE_FROM_PX ? MIDDLE : NARROW;
}

function producerBoxes(ids: readonly string[], geometry: Geometry, place: { left: number; top: number; room: number }): ReadonlyMap<string, Box> {
  const pitch = Math.min(geometry.clientWidth + 12, place.room / Math.max(1, ids.length));
  return new Map(ids.map((id, index) => [
    id, { x: place.left + index * pitch, y: place.top + (geometry.name === 'narrow' ? 2 : 6), width: pitch - 12, height: geometry.clientHeight },
  ]));
}

export function metadataX(layout: Layout): number {
  return layout.label;
}

/** `column`: its index among those shown. */
export function columnX(layout: Layout, column: number): number {
  const left = layout.label + (layout.metadata === 0 ? 0 : layout.metadata + layout.gap);
  return left + column * (layout.columnWidth + layout.gap);
}

/** `slot`: offset minus the first shown offset; may lie between two cells. */
export function cellX(layout: Layout, column: number, slot: number): number {
  return columnX(layout, column) + layout.tab + Math.min(layout.cells + 0.5, Math.max(-0.2, slot)) * layout.cell;
}

export function shelfTop(layout: Layout, broker: number): number {
  return layout.shelfTops.get(broker) ?? layout.shelvesTop;
}

export function shelfHeight(layout: Layout, broker: number): number {
  return layout.controllers.includes(broker) ? layout.controllerShelf : layout.shelf;
}

export function shelfMiddle(layout: Layout, broker: number): number {
  return shelfTop(layout, broker) + shelfHeight(layout, broker) / 2;
}

/** Left edge of a cell of the metadata column; `slot` may lie between two. */
export function metadataCellX(layout: Layout, slot: number): number {
  return metadataX(layout) + layout.tab + Math.min(layout.metadataCells + 0.4, Math.max(-0.2, slot)) * layout.metadataCell;
}

/** Orthogonal, in the corridor, then down into the cell. */
export function chutePath(layout: Layout, producer: string, to: { readonly x: number; readonly y: number }): readonly Point[] {
  const box = layout.producerBoxes.get(producer);
  if (box === undefined) return [[to.x, 0], [to.x, to.y]];
  const x = box.x + Math.max(14, box.width - 26);
  const bottom = box.y + box.height;
  const lane = bottom + layout.corridor * 0.4;
  return [[x, bottom], [x, lane], [to.x, lane], [to.x, to.y]];
}

/** Beside the column, from shelf to shelf. `lane`: 0 or 1, so that two followers do not run over each other. */
export function gutterPath(layout: Layout, column: number, hop: { readonly fromY: number; readonly toY: number; readonly lane: number }): readonly Point[] {
  const x = columnX(layout, column) + layout.columnWidth;
  const gutter = x + layout.gap * (0.34 + 0.36 * hop.lane);
  return [[x, hop.fromY], [gutter, hop.fromY], [gutter, hop.toY], [x, hop.toY]];
}

/** The point at `part` (0 to 1) of the length of an orthogonal path. */
export function pointOn(path: readonly Point[], part: number): Point {
  const lengths = path.slice(1).map((point, index) => distance(path[index] ?? point, point));
  let left = part * lengths.reduce((sum, length) => sum + length, 0);
  for (const [index, length] of lengths.entries()) {
    const from = path[index];
    const to = path[index + 1];
    if (from === undefined || to === undefined) break;
    if (left <= length || index === lengths.length - 1) {
      const share = length === 0 ? 1 : Math.min(1, left / length);
      return [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share];
    }
    left -= length;
  }
  return path[0] ?? [0, 0];
}

function distance(a: Point, b: Point): number {
  return Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]);
}
