/** The way of a flight over the stage: down the chute, along the gutter, or down to a consumer. Pure. */
import { sessionPath } from './ensemble-layout.ts';
import { placeAtServer, serverOf } from './ensemble-model.ts';
import type { Flight } from './flights.ts';
import type { ColumnModel, FrameModel } from './frame-model.ts';
import { cellX, chutePath, gutterPath, type Layout, type Point, shelfMiddle } from './stage-layout.ts';
import { brokerOf } from './shown-text.ts';

/** @property firstOffset of each shown column, as it is drawn. */
export interface DrawnFrame { readonly layout: Layout; readonly model: FrameModel; readonly firstOffsets: ReadonlyMap<number, number> }

/** Null when its column or an end of it is not on the stage. */
export function flightPath(flight: Flight, frame: DrawnFrame): readonly Point[] | null {
  const { layout, model } = frame;
  if (flight.partition < 0) return outsidePath(flight, frame);
  const index = layout.columns.indexOf(flight.partition);
  const column = model.columns[flight.partition];
  if (index < 0 || column === undefined) return null;
  const from = brokerOf(flight.from);
  const to = brokerOf(flight.to);
  if (from !== null && to !== null) {
    if (from === to) return null;
    const follower = flight.kind === 'fetch' ? from : to;
    const lane = followerLane(column, follower);
    return gutterPath(layout, index, { fromY: shelfMiddle(layout, from), toY: shelfMiddle(layout, to), lane });
  }
  const broker = from ?? to;
  if (broker === null) return null;
  const client = from === null ? flight.from : flight.to;
  const offset = flight.offset >= 0 ? flight.offset : endOf(column, broker);
  const x = cellX(layout, index, offset - (frame.firstOffsets.get(flight.partition) ?? 0)) + layout.cell / 2 - 1;
  const row = layout.consumerRows.get(client);
  if (row !== undefined) return [[x, shelfMiddle(layout, broker)], [x, row]];
  if (!layout.producerBoxes.has(client)) return null;
  const down = chutePath(layout, client, { x, y: shelfMiddle(layout, broker) });
  return from === null ? down : [...down].reverse();
}

/** Along a session, up to the ensemble or down from it; or from the controller's shelf to another, beside the columns. */
function outsidePath(flight: Flight, { layout, model }: DrawnFrame): readonly Point[] | null {
  const strip = layout.ensemble;
  const from = brokerOf(flight.from);
  const to = brokerOf(flight.to);
  const broker = from ?? to;
  if (strip === null || strip.gutter === null || model.ensemble === null || broker === null) return null;
  if (from !== null && to !== null) {
    const x = layout.label - 2;
    return from === to ? null : [[x + 6, shelfMiddle(layout, from)], [x, shelfMiddle(layout, from)], [x, shelfMiddle(layout, to)], [x + 6, shelfMiddle(layout, to)]];
  }
  const server = serverOf(from === null ? flight.from : flight.to);
  const path = sessionPath(strip, { broker, server, place: Math.max(0, placeAtServer(model.ensemble, broker)) }, shelfMiddle(layout, broker));
  return path === null || from === null ? path : [...path].reverse();
}

function endOf(column: ColumnModel, broker: number): number {
  return column.trays.find((tray) => tray.broker === broker)?.logEnd ?? column.longestEnd;
}

function followerLane(column: ColumnModel, follower: number): number {
  const followers = column.replicas.map((it) => it.broker).filter((it) => it !== column.leader);
  return Math.max(0, followers.indexOf(follower)) % 2;
}

export function pathSource(path: readonly Point[]): string {
  return `M${path.map(([x, y]) => `${Math.round(x * 10) / 10} ${Math.round(y * 10) / 10}`).join('L')}`;
}

/** The x of a consumer's position on a column's axis. */
export function positionX(frame: DrawnFrame, partition: number, position: number): number {
  const index = frame.layout.columns.indexOf(partition);
  return cellX(frame.layout, index, position - (frame.firstOffsets.get(partition) ?? 0)) - 1;
}
