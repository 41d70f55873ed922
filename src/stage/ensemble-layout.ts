/**
 * Where the ZooKeeper strip stands: above the frame, because the ensemble is not part of it. Servers are forms, the znodes that matter are
 * forms beside them, and the session of each broker is a line of its own from its server down to its shelf.
 */
import type { Box, Point } from './stage-layout.ts';

export interface EnsembleLayout {
  readonly servers: ReadonlyMap<number, Box>;
  readonly controller: Box;
  readonly controllerEpoch: Box;
  readonly brokerIds: Box;
  /** Height of the strip with the room in which the sessions turn. */
  readonly height: number;
  /** First of the lanes in which the sessions turn toward their shelves. */
  readonly laneTop: number;
  readonly laneStep: number;
  readonly brokers: readonly number[];
  /** Left edge of the gutter between labels and columns; null: no room for lines, plates hang below the servers instead. */
  readonly gutter: number | null;
}

export interface EnsembleRequest {
  readonly name: 'wide' | 'middle' | 'narrow';
  readonly servers: readonly number[];
  readonly brokers: readonly number[];
  readonly label: number;
  readonly width: number;
}

const FORM_HEIGHT = 42;
const NARROW_FORM_HEIGHT = 34;
const FORM_GAP = 6;
const SERVER_WIDTH = 92;
const SERVER_WIDTH_MIN = 76;
const ROW_GAP = 8;
/** /controller, /controller_epoch, /brokers/ids: as wide as their captions. */
const ZNODE_WIDTHS = [96, 112, 104] as const;
const EDGE = 12;
const LANES_MAX = 8;
const LANE_PX = 5;
/** A row of plates below the servers, where lines have no room. */
const PLATES_PX = 22;

export function gutterWidth(name: EnsembleRequest['name'], brokers: number): number {
  return name === 'narrow' ? 0 : 10 + Math.min(LANES_MAX, brokers) * LANE_PX;
}

export function ensembleLayout(request: EnsembleRequest): EnsembleLayout {
  const { name, servers, brokers, label, width } = request;
  const isNarrow = name === 'narrow';
  const left = isNarrow ? 2 : label + gutterWidth(name, brokers.length);
  const room = width - left - (isNarrow ? 2 : EDGE);
  const height = isNarrow ? NARROW_FORM_HEIGHT : FORM_HEIGHT;
  const znodeRoom = ZNODE_WIDTHS.reduce((sum, it) => sum + it + FORM_GAP, 0) + ROW_GAP;
  const isOneRow = !isNarrow && room - znodeRoom >= servers.length * (SERVER_WIDTH_MIN + FORM_GAP);
  const serverRoom = isOneRow ? room - znodeRoom : room;
  const serverWidth = Math.min(isOneRow ? SERVER_WIDTH * 1.6 : room, (serverRoom - FORM_GAP * (servers.length - 1)) / Math.max(1, servers.length));
  const boxes = new Map<number, Box>(servers.map((id, index) => [id, { x: left + index * (serverWidth + FORM_GAP), y: 4, width: serverWidth, height }]));
  // On a second row the znodes come first, so that the sessions leave the servers downward without crossing them.
  const serverTop = isOneRow ? 4 : 4 + height + ROW_GAP;
  if (!isOneRow) for (const [id, box] of boxes) boxes.set(id, { ...box, y: serverTop });
  const [controller, controllerEpoch, brokerIds] = znodeBoxes({ left, room, height, isOneRow });
  const lanes = Math.min(LANES_MAX, brokers.length);
  const bottom = serverTop + height;
  return {
    servers: boxes, controller, controllerEpoch, brokerIds, brokers,
    height: bottom + (isNarrow ? PLATES_PX : 10 + lanes * LANE_PX + 6),
    laneTop: bottom + 9,
    laneStep: LANE_PX * Math.min(1, LANES_MAX / Math.max(1, brokers.length)),
    gutter: isNarrow ? null : label,
  };
}

function znodeBoxes(place: { left: number; room: number; height: number; isOneRow: boolean }): readonly [Box, Box, Box] {
  const { left, room, height, isOneRow } = place;
  const sum = ZNODE_WIDTHS.reduce((all, it) => all + it, 0);
  const stretch = isOneRow ? 1 : (room - 2 * FORM_GAP) / sum;
  const widths = ZNODE_WIDTHS.map((it) => it * stretch);
  let x = isOneRow ? left + room - sum - 2 * FORM_GAP : left;
  const box = (width: number): Box => {
    const made: Box = { x, y: 4, width, height };
    x += width + FORM_GAP;
    return made;
  };
  return [box(widths[0] ?? 0), box(widths[1] ?? 0), box(widths[2] ?? 0)];
}

/** Of a broker's session: down from its server, along its lane, down its own x to the shelf. Null where lines have no room. */
export function sessionPath(layout: EnsembleLayout, session: { broker: number; server: number | null; place: number }, shelfY: number): readonly Point[] | null {
  const lane = layout.brokers.indexOf(session.broker);
  if (layout.gutter === null || lane < 0) return null;
  const x = layout.gutter + 4 + lane * layout.laneStep;
  const y = layout.laneTop + lane * layout.laneStep;
  const box = session.server === null ? undefined : layout.servers.get(session.server);
  // Without a server the line ends in the open, above its own lane.
  if (box === undefined) return [[x, layout.laneTop - 4], [x, shelfY]];
  const from = box.x + 14 + session.place * 13;
  return [[from, box.y + box.height], [from, y], [x, y], [x, shelfY]];
}
