/**
 * The frame as SVG source, made once for a layout: every part that a fact can change has a name (`data-part`), and FrameView writes to it.
 * Order is depth: shelves, trays, lines, watermarks, faults, heads, postmarks; the letters lie above, in the air layer.
 */
import { brokerStyle, carbon, controllerCard, MARK_PATTERNS, pauseBars, plate, postmark, tear, waves } from './broker-marks.ts';
import { ensembleMarkup, sessionsMarkup } from './ensemble-markup.ts';
import type { FrameModel, ShelfModel } from './frame-model.ts';
import { metadataMarkup, metadataWatermark } from './metadata-markup.ts';
import { acksText, escapeMarkup } from './shown-text.ts';
import { cellX, columnX, type Layout, shelfHeight, shelfMiddle, shelfTop } from './stage-layout.ts';
import { text } from './svg-text.ts';

export const MOVE_BAR_PX = 84;

export interface FrameRequest { readonly layout: Layout; readonly model: FrameModel; readonly hasPostOfficeWords: boolean }

export function frameMarkup(request: FrameRequest): string {
  const { layout } = request;
  const { model } = request;
  return `<svg class="stage-svg ${layout.name}" viewBox="0 0 ${layout.width} ${layout.height}" width="${layout.width}" height="${layout.height}" role="img">${MARK_PATTERNS}`
    + (model.ensemble === null ? '' : ensembleMarkup(layout, model.ensemble, model.shelves)) + shelves(request) + racks(request) + trays(request)
    + metadataMarkup(layout, model) + '<g data-part="lines"></g>' + sessionsMarkup(layout, model.shelves) + consumers(request)
    + watermarks(request) + metadataWatermark(layout, model) + faults(request) + heads(request) + glosses(request) + marks(request) + moves(request) + producers(request) + '</svg>';
}

const isNarrow = (layout: Layout): boolean => layout.name === 'narrow';

/** Post-office words in manila behind Kafka's own, in the free corner left of the column heads. */
function glosses({ layout, hasPostOfficeWords }: FrameRequest): string {
  if (!hasPostOfficeWords || isNarrow(layout)) return '';
  const words = [['broker', 'branch office'], ['controller', 'postmaster'], ['partition', 'sorting box']] as const;
  return words.map(([word, gloss], index) => {
    const y = layout.headY - 4 + index * 15;
    return `<g class="gloss">${text(1, y, word, 'note')}<rect x="41" y="${y - 10}" width="${gloss.length * 3.6 + 5}" height="13.5"/>${text(43, y, gloss, 'manila')}</g>`;
  }).join('');
}

/** Each rack is a frame of its own, with its name in the upper edge. */
function racks({ layout, model }: FrameRequest): string {
  const names = [...new Set(model.shelves.flatMap((it) => (it.rack === null || !it.isBroker ? [] : [it.rack])))];
  return names.map((name) => {
    const inside = model.shelves.filter((it) => it.rack === name && it.isBroker).map((it) => it.broker);
    const [first = 0] = inside;
    const last = inside.at(-1) ?? first;
    const top = shelfTop(layout, first) - 3.5;
    const bottom = shelfTop(layout, last) + shelfHeight(layout, last) + 3.5;
    const width = name.length * 5.6 + 34;
    return `<g class="rack"><rect x="-3.5" y="${top}" width="${layout.width + 7}" height="${bottom - top}" class="rack-b"/>`
      + `<rect x="${layout.width - width - 8}" y="${top - 6}" width="${width}" height="12" class="cut-bg"/>${text(layout.width - 12, top + 4, `rack ${name}`, 'lab end')}</g>`;
  }).join('');
}

function shelves({ layout, model }: FrameRequest): string {
  return model.shelves.map((shelf) => {
    const y = shelfTop(layout, shelf.broker);
    const height = shelfHeight(layout, shelf.broker);
    const style = shelf.isBroker ? brokerStyle(shelf.broker) : 0;
    const band = shelf.isBroker ? `url(#so-h${style})` : 'var(--ink)';
    const ground = `<rect y="${y}" width="${layout.width}" height="${height}" class="shelf-bg"/><rect y="${y}" width="7" height="${height}" fill="${band}"/>`
      + `<rect x=".75" y="${y + 0.75}" width="${layout.width - 1.5}" height="${height - 1.5}" class="tocome" data-part="to-come ${shelf.broker}" display="none"/>`;
    return `<g class="shelf b${style}" data-part="shelf ${shelf.broker}">${ground}${isNarrow(layout) ? narrowLabel(layout, shelf, y) : shelfLabel(layout, shelf, y)}</g>`;
  }).join('');
}

function narrowLabel(layout: Layout, shelf: ShelfModel, y: number): string {
  const id = shelf.broker;
  const height = shelfHeight(layout, id);
  const mark = layout.ensemble !== null ? '' : `<g data-part="controller ${id}">${postmark(0, { x: 33, y: y + height - 9, r: 7.5 }, `quorum-epoch ${id}`)}</g>`;
  const at = { x: 24, y: y + height / 2, r: layout.plate };
  return shelf.isBroker ? plate(id, at) + mark : controllerCard(id, at) + mark + text(layout.label + 6, y + height / 2 + 4, '', 'note', `quorum-note ${id}`);
}

function shelfLabel(layout: Layout, shelf: ShelfModel, y: number): string {
  const id = shelf.broker;
  const { isBroker } = shelf;
  const height = shelfHeight(layout, id);
  const isTall = height > 60;
  const line = isBroker && isTall ? y + 22 : y + 16;
  const host = isBroker || height > 40 ? text(13, y + height - (isTall ? 9 : 6), shelf.host, 'mono host') : '';
  return (isBroker ? plate(id, { x: 28, y: isTall ? y + 24 : y + 19, r: layout.plate }) : controllerCard(id, { x: 27, y: y + (height > 40 ? 16 : height / 2), r: 11.5 }))
    + text(48, isBroker ? line : y + (height > 40 ? 20 : height / 2 + 4), '', 'lab', `word ${id}`)
    + `<g data-part="controller ${id}">${text(48, isBroker ? line : y + height / 2 - (height > 40 ? 9 : 2), '', 'ctrl', `ctrl-1 ${id}`)}${text(48, isBroker ? line + 11 : y + height / 2 + (height > 40 ? 2 : 9), '', 'ctrl', `ctrl-2 ${id}`)}</g>`
    + host;
}

function trays(request: FrameRequest): string {
  const { layout, model } = request;
  return layout.columns.map((partition, index) => {
    const column = model.columns[partition];
    const x = columnX(layout, index);
    const offsets = Array.from({ length: layout.cells }, (_, slot) =>
      text(cellX(layout, index, slot) + layout.cell / 2 - 1, layout.shelvesTop - 5, '', 'ruler', `offset ${partition} ${slot}`)).join('');
    const rows = model.shelves.map((shelf) => {
      const hasReplica = column?.replicas.some((it) => it.broker === shelf.broker) ?? false;
      const middle = shelfMiddle(layout, shelf.broker);
      if (!shelf.isBroker) return '';
      return hasReplica ? tray(layout, index, { partition, broker: shelf.broker }) : `<rect x="${x + 2}" y="${middle - 1}" width="14" height="2" class="noreplica"/>`;
    }).join('');
    return offsets + rows;
  }).join('');
}

function tray(layout: Layout, index: number, of: { partition: number; broker: number }): string {
  const key = `${of.partition} ${of.broker}`;
  const x = columnX(layout, index);
  const middle = shelfMiddle(layout, of.broker);
  const y = middle - layout.cellHeight / 2;
  const width = layout.cell - (isNarrow(layout) ? 1.2 : 2);
  const cells = Array.from({ length: layout.cells }, (_, slot) => {
    const cx = Math.round(cellX(layout, index, slot) * 10) / 10;
    const box = `x="${cx}" y="${y}" width="${width}" height="${layout.cellHeight}"`;
    const label = isNarrow(layout) ? '' : text(cx + width / 2, middle + 4, '', 'key', `key ${key} ${slot}`);
    return `<g class="rec" data-part="cell ${key} ${slot}" display="none"><g class="pencil" data-part="pencil ${key} ${slot}"><rect ${box} class="cell"/><rect ${box} class="hatch"/></g>`
      + `<g class="ink" data-part="ink ${key} ${slot}"><rect ${box} class="cell" data-part="fill ${key} ${slot}"/></g>${label}`
      + `<line x1="${cx + 2}" y1="${y + layout.cellHeight - 4}" x2="${cx + width - 2}" y2="${y + 4}" class="strike" data-part="strike ${key} ${slot}"/></g>`;
  }).join('');
  const first = cellX(layout, index, 0);
  return `<g class="replica follower" data-part="tray ${key}"><rect x="${x}" y="${y - 4}" width="${layout.columnWidth}" height="${layout.cellHeight + 8}" class="tray"/>`
    + `<g class="carbon" data-part="carbon ${key}">${carbon(x + layout.tab / 2 - 1, middle)}</g>`
    + `<path class="older" data-part="older ${key}" display="none" d="M${first - 1.5} ${y}v${layout.cellHeight}m-2 0v-${layout.cellHeight}"/>${cells}`
    + `<path class="perf" data-part="perforation ${key}" display="none" d="M0 ${y - 7}v${layout.cellHeight + 14}"/>`
    + `<path class="leo" data-part="end ${key}" d="M0 ${y}h3v${layout.cellHeight}h-3"/>`
    + `<path class="own-hw" data-part="own ${key}" display="none" d="M-5 ${y - 6}h8l-4 6z"/></g>`;
}

function watermarks({ layout }: FrameRequest): string {
  const top = layout.shelvesTop - (isNarrow(layout) ? 30 : 34);
  return layout.columns.map((partition) =>
    `<g class="hw" data-part="watermark ${partition}"><line x1="-1" x2="-1" y1="${top}" y2="${layout.shelvesBottom}"/>`
    + `<rect x="-38" y="${top}" width="38" height="15" class="hw-flag" data-part="flag ${partition}"/>${text(-4, top + 11, '', 'hw-t', `flag-text ${partition}`)}</g>`).join('');
}

function faults({ layout, model }: FrameRequest): string {
  const left = layout.label + 4;
  const rows = model.shelves.map((shelf) => {
    const y = shelfTop(layout, shelf.broker);
    const height = shelfHeight(layout, shelf.broker);
    const box = { x: left, y, width: layout.width - left - 4, height };
    return `<g class="waves" data-part="waves ${shelf.broker}" display="none">${waves(box)}</g>`
      + `<g class="pausemark" data-part="paused ${shelf.broker}" display="none">${pauseBars({ ...box, y: y + 7, height: height - 14 })}</g>`
      + `<rect x="3.5" y="${y + 1.5}" width="${layout.width - 5}" height="${height - 3}" class="fence" data-part="fence ${shelf.broker}" display="none"/>`;
  }).join('');
  const torn = layout.tears.map((y, index) =>
    `<g class="tear" data-part="tear ${index}">${tear(8, layout.width - 8, y)}</g><rect x="0" y="${y - 7}" width="${Math.max(60, model.cut.label.length * 6.4 + 12)}" height="20" class="cut-bg"/>${text(8, y + 8, model.cut.label, 'cut-t')}`).join('');
  return rows + torn + ends(layout, model);
}

/** A reassignment in a line: a bar that fills with the copy, and a sentence. */
function moves({ layout }: FrameRequest): string {
  return [...layout.moveRows].map(([partition, y]) => {
    const x = isNarrow(layout) ? 2 : layout.label;
    const label = isNarrow(layout) ? '' : text(12, y + 13, 'reassigning', 'lab-strong');
    return `<g class="move">${label}<rect x="${x}" y="${y + 5}" width="${MOVE_BAR_PX}" height="8" class="move-track"/><rect x="${x}" y="${y + 5}" width="0" height="8" class="move-bar" data-part="move-bar ${partition}"/>${text(x + MOVE_BAR_PX + 10, y + 13, '', 'note', `move-text ${partition}`)}</g>`;
  }).join('');
}

/** Where a log ends, in words: over the waves, so that it can be read on a shelf that is stopped. */
function ends(layout: Layout, model: FrameModel): string {
  return layout.columns.map((partition, index) => (model.columns[partition]?.replicas ?? [])
    .map(({ broker }) => text(8, shelfMiddle(layout, broker) + 4, '', 'leo-t', `end-text ${partition} ${broker}`)
      + (isNarrow(layout) ? '' : text(columnX(layout, index) + layout.columnWidth - 4, shelfMiddle(layout, broker) + layout.cellHeight / 2 + 13, '', 'note end halo', `note ${partition} ${broker}`))).join('')).join('');
}

function heads({ layout, model }: FrameRequest): string {
  return layout.columns.map((partition, index) => {
    const column = model.columns[partition];
    const x = columnX(layout, index);
    const name = isNarrow(layout) ? `P${partition}` : layout.columnWidth < 130 ? `part. ${partition}` : `partition ${partition}`;
    const nameWidth = isNarrow(layout) ? 28 : name.length * 6 + 12;
    const plates = (column?.replicas ?? []).map(({ broker }, place) => {
      const at = { x: x + nameWidth + place * (isNarrow(layout) ? 17 : 19), y: layout.headY - 4.5, r: isNarrow(layout) ? 6.4 : 7 };
      return `<g data-part="in ${partition} ${broker}">${plate(broker, at)}</g><g data-part="gone ${partition} ${broker}" display="none">${plate(broker, at, 'gone')}</g><g data-part="maybe ${partition} ${broker}" display="none">${plate(broker, at, 'outline')}</g>`;
    }).join('');
    const after = x + nameWidth + (column?.replicas.length ?? 0) * 19 - 5;
    const room = x + layout.columnWidth + layout.gap - after;
    const below = isNarrow(layout) || room < 40 ? '' : `<g class="under" data-part="below ${partition}" display="none"><rect x="${after}" y="${layout.headY - 13}" width="38" height="16" class="under-b"/>${text(after + 19, layout.headY - 1.5, '', 'under-t', `below-text ${partition}`)}</g>`;
    return `${text(x, layout.headY, name, 'col-name')}${plates}${below}${text(x, layout.headY - (isNarrow(layout) ? 13 : 17), '', 'fault-t halo', `fault ${partition}`)}`;
  }).join('');
}

function marks({ layout, model }: FrameRequest): string {
  const stamp = isNarrow(layout) ? { x: 1, dy: 3, width: 37, height: 13, baseline: 9.8 } : { x: 44, dy: layout.shelf > 60 ? 26 : 20, width: 60, height: 16, baseline: 12 };
  const postmarks = layout.columns.map((partition, index) => (model.columns[partition]?.replicas ?? []).map(({ broker }) => {
    const at = { x: columnX(layout, index) + layout.tab / 2, y: shelfMiddle(layout, broker), r: layout.postmark };
    return `<g data-part="postmark ${partition} ${broker}" display="none" style="transform-origin:${at.x}px ${at.y}px">${postmark(broker, at, `epoch ${partition} ${broker}`)}</g>`;
  }).join('')).join('');
  const stamps = model.shelves.map(({ broker }) => {
    const y = shelfTop(layout, broker) + stamp.dy;
    return `<g data-part="stamp ${broker}" display="none" style="transform-origin:${stamp.x + stamp.width / 2}px ${y + 9}px"><g class="stampbox bad" transform="translate(${stamp.x} ${y}) rotate(-2.5)">`
      + `<rect width="${stamp.width}" height="${stamp.height}" class="sb"/>${text(stamp.width / 2, stamp.baseline, '', 'sb-t', `stamp-text ${broker}`)}</g></g>`;
  }).join('');
  return postmarks + stamps;
}

function producers(request: FrameRequest): string {
  const { layout, model } = request;
  if (model.producers.length === 0) return '';
  const name = isNarrow(layout) ? '' : text(12, (layout.ensemble?.height ?? 0) + 24, 'producers', 'lab-strong');
  return name + model.producers.map((producer) => {
    const box = layout.producerBoxes.get(producer.id);
    if (box === undefined) return '';
    const baseline = box.y + box.height / 2 + 4.5;
    const hasRoom = box.width > (producer.id.length + acksText(producer.acks).length) * 6.6 + 24;
    return `<g class="client" data-part="producer ${escapeMarkup(producer.id)}"><rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" class="client-b"/>`
      + text(box.x + 9, baseline, producer.id, 'lab-strong') + (hasRoom ? text(box.x + box.width - 8, baseline, '', 'mono end', `acks ${producer.id}`) : '') + '</g>';
  }).join('');
}

function consumers(request: FrameRequest): string {
  const { layout, model } = request;
  if (model.consumers.length === 0) return '';
  const rule = `<line x1="0" x2="${layout.width}" y1="${layout.under + 8}" y2="${layout.under + 8}" class="grule"/>`;
  return rule + model.consumers.map((consumer) => {
    const y = layout.consumerRows.get(consumer.id) ?? 0;
    const name = isNarrow(layout) ? text(2, y + 13, consumer.id.slice(0, 14), 'lab-strong small') : text(12, y + 13, consumer.id, 'lab-strong') + text(12, y + 26, 'consumer', 'lab');
    const axes = layout.columns.map((partition, index) => {
      const key = `${consumer.id} ${partition}`;
      const x = columnX(layout, index);
      return `<line x1="${x + layout.tab}" x2="${cellX(layout, index, layout.cells)}" y1="${y + 9}" y2="${y + 9}" class="axis"/>`
        + `<rect x="0" y="${y + 5}" width="0" height="8" class="lag" data-part="lag ${escapeMarkup(key)}"/>`
        + `<g data-part="position ${escapeMarkup(key)}" display="none"><path d="M0 ${y + 2}v14m-5 6l5-7l5 7z" class="commit"/>${isNarrow(layout) ? '' : text(8, y + 26, '', 'note', `position-text ${key}`)}</g>`;
    }).join('');
    return `<g class="consumer" data-part="consumer ${escapeMarkup(consumer.id)}">${name}${axes}</g>`;
  }).join('');
}
