/** The frame on the page: one SVG, written only where a fact or a running change differs from what was written last. */
import { DrawnParts } from './drawn-parts.ts';
import { drawEnsemble } from './ensemble-view.ts';
import { frameMarkup, MOVE_BAR_PX } from './frame-markup.ts';
import { type ColumnModel, firstShownOffset, type FrameModel, frameSentence, keyAt, moveSentence, type ShelfModel, type TrayModel } from './frame-model.ts';
import { drawMetadata } from './metadata-view.ts';
import { type DrawnFrame, positionX } from './flight-paths.ts';
import { clamp01, easeOut, MOVE_US, type Pace, progress, STAMP_US, TICK_US } from './motion-curves.ts';
import { cellX, type Layout, layoutOf, MOVES_TOLD_MAX } from './stage-layout.ts';
import { acksText } from './shown-text.ts';
import type { RunStory } from '#src/session/run-story.ts';

export interface FrameMoment {
  readonly model: FrameModel;
  readonly story: RunStory;
  readonly us: number;
  readonly pace: Pace;
}

/** Ghosts of a cut-back log stay until the next append, and at least this long. */
export const GHOST_US = 1_200_000;

export class FrameView {
  readonly #root: HTMLElement;
  readonly #parts = new DrawnParts();
  #layout: Layout | null = null;
  #structure = '';
  #firstOffsets = new Map<number, number>();
  #logs = new Map<string, string>();
  #widthPx = 0;
  #firstPartition = 0;
  #hasWords = false;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  get layout(): Layout | null {
    return this.#layout;
  }

  get lines(): SVGGElement | null {
    return this.#root.querySelector('[data-part="lines"]');
  }

  setPlace(place: { widthPx: number; firstPartition: number; hasPostOfficeWords: boolean }): void {
    this.#widthPx = place.widthPx;
    this.#firstPartition = place.firstPartition;
    this.#hasWords = place.hasPostOfficeWords;
  }

  /** True when the frame was made anew: what hangs on its places must be placed again. */
  draw(moment: FrameMoment): boolean {
    const isNew = this.#build(moment.model);
    const layout = this.#layout;
    if (layout === null) return isNew;
    for (const shelf of moment.model.shelves) this.#shelf(shelf, moment);
    drawEnsemble(this.#parts, layout, moment.model);
    drawMetadata(this.#parts, layout, moment.model);
    for (const [index, partition] of layout.columns.entries()) {
      const column = moment.model.columns[partition];
      if (column !== undefined) this.#column(column, index, moment);
    }
    this.#moves(moment.model);
    this.#clients(moment);
    return isNew;
  }

  drawnFrame(model: FrameModel): DrawnFrame | null {
    return this.#layout === null ? null : { layout: this.#layout, model, firstOffsets: this.#firstOffsets };
  }

  #build(model: FrameModel): boolean {
    const structure = JSON.stringify([
      this.#widthPx, this.#firstPartition, this.#hasWords, model.topic, model.cut,
      model.shelves.map((it) => [it.broker, it.host, it.rack]), model.ensemble?.servers.length ?? 0, model.columns.map((it) => [it.move !== null, it.replicas.map((replica) => replica.broker)]),
      model.producers.map((it) => it.id), model.consumers.map((it) => it.id),
    ]);
    if (structure === this.#structure) return false;
    this.#structure = structure;
    this.#logs.clear();
    this.#layout = layoutOf({
      widthPx: this.#widthPx, firstPartition: this.#firstPartition, brokers: model.shelves.map((it) => it.broker),
      partitions: model.columns.length, producers: model.producers.map((it) => it.id), consumers: model.consumers.map((it) => it.id),
      tearsBelow: model.cut.tearsBelow, servers: model.ensemble?.servers.map((it) => it.id) ?? [],
      controllers: model.shelves.filter((it) => !it.isBroker).map((it) => it.broker), aislesAbove: aisles(model),
      moves: model.columns.flatMap((it) => (it.move === null ? [] : [it.partition])).slice(0, MOVES_TOLD_MAX),
    });
    this.#root.innerHTML = frameMarkup({ layout: this.#layout, model, hasPostOfficeWords: this.#hasWords });
    this.#parts.collect(this.#root);
    return true;
  }

  #shelf(shelf: ShelfModel, { story, us, pace, model }: FrameMoment): void {
    const parts = this.#parts;
    const id = shelf.broker;
    const changed = story.changeAt(`status ${id}`, us)?.atUs ?? 0;
    const drawn = progress(us, changed, MOVE_US, pace);
    parts.shows(`waves ${id}`, shelf.isStopped && (drawn > 0 || changed === 0));
    if (shelf.isStopped) parts.attribute(`waves ${id}`, 'stroke-dashoffset', String(Math.round((1 - (changed === 0 ? 1 : drawn)) * 100) / 100));
    parts.shows(`paused ${id}`, shelf.isPaused);
    parts.shows(`fence ${id}`, shelf.stamp !== null && !shelf.isStopped);
    parts.shows(`to-come ${id}`, shelf.isToCome);
    const isController = shelf.isActiveController && !shelf.isPaused;
    parts.text(`word ${id}`, isController && !shelf.isStopped ? '' : shelf.word);
    parts.shows(`controller ${id}`, isController && !(shelf.isStopped && model.ensemble !== null));
    parts.text(`ctrl-1 ${id}`, model.ensemble === null ? 'active' : 'controller');
    parts.text(`ctrl-2 ${id}`, model.ensemble === null ? 'controller' : `epoch ${model.ensemble.controllerEpoch ?? ''}`);
    const stamped = story.changeAt(`belief ${id}`, us)?.atUs ?? 0;
    parts.shows(`stamp ${id}`, shelf.stamp !== null);
    if (shelf.stamp !== null) {
      parts.text(`stamp-text ${id}`, shelf.stamp);
      this.#strike(`stamp ${id}`, progress(us, stamped, STAMP_US, pace));
    }
  }

  #moves(model: FrameModel): void {
    for (const { move } of model.columns) {
      if (move === null) continue;
      this.#parts.text(`move-text ${move.partition}`, moveSentence(move));
      this.#parts.attribute(`move-bar ${move.partition}`, 'width', String(Math.round(MOVE_BAR_PX * (move.of === 0 ? 1 : Math.min(1, move.copied / move.of)))));
    }
  }

  #strike(part: string, done: number): void {
    this.#parts.opacity(part, done);
    this.#parts.attribute(part, 'transform', `scale(${Math.round((1.12 - 0.12 * easeOut(done)) * 1000) / 1000})`);
  }

  #column(column: ColumnModel, index: number, moment: FrameMoment): void {
    const layout = this.#layout;
    if (layout === null) return;
    const { story, us, pace } = moment;
    const parts = this.#parts;
    const { partition } = column;
    const name = `${column.topic}/${partition}` as const;
    const first = firstShownOffset(column, layout.cells);
    this.#firstOffsets.set(partition, first);
    const moved = story.changeAt(`watermark ${name}`, us);
    const before = typeof moved?.before === 'number' ? moved.before : column.highWatermark;
    const swept = moved === null ? 1 : easeOut(progress(us, moved.atUs, MOVE_US, pace));
    const watermark = before + (column.highWatermark - before) * swept;
    parts.moveX(`watermark ${partition}`, cellX(layout, index, watermark - first));
    const flag = layout.name === 'narrow' && column.highWatermark > 99 ? String(column.highWatermark) : `HW ${column.highWatermark}`;
    const flagWidth = 9 + flag.length * 5.9;
    parts.text(`flag-text ${partition}`, flag);
    parts.attribute(`flag ${partition}`, 'x', String(-flagWidth));
    parts.attribute(`flag ${partition}`, 'width', String(flagWidth));
    parts.shows(`below ${partition}`, column.below !== null);
    parts.text(`below-text ${partition}`, column.below ?? '');
    parts.text(`fault ${partition}`, column.fault ?? '');
    for (const { broker, isInSync, isAdding, isEligible } of column.replicas) {
      const isOutlined = isAdding === true || isEligible === true;
      parts.shows(`in ${partition} ${broker}`, isInSync);
      parts.shows(`maybe ${partition} ${broker}`, isOutlined);
      parts.shows(`gone ${partition} ${broker}`, !isInSync && !isOutlined);
    }
    this.#ruler(partition, first);
    const struck = story.changeAt(`leader ${name}`, us)?.atUs ?? 0;
    for (const tray of column.trays) {
      this.#tray(tray, { column, index, first, watermark, struck: progress(us, struck, STAMP_US, pace) }, moment);
    }
  }

  /** Numbers over the letters: as many as can be read. */
  #ruler(partition: number, first: number): void {
    const layout = this.#layout;
    if (layout === null) return;
    const digits = String(first + layout.cells).length;
    const stride = Math.max(1, Math.ceil((digits * 5.8 + 7) / layout.cell));
    for (let slot = 0; slot < layout.cells; slot += 1) {
      this.#parts.text(`offset ${partition} ${slot}`, (first + slot) % stride === 0 ? String(first + slot) : '');
    }
  }

  #tray(tray: TrayModel, at: TrayPlace, moment: FrameMoment): void {
    const layout = this.#layout;
    if (layout === null) return;
    const parts = this.#parts;
    const { column, index, first } = at;
    const key = `${column.partition} ${tray.broker}`;
    const isLeader = tray.standing === 'leader';
    parts.attribute(`tray ${key}`, 'class', `replica ${isLeader ? 'leader' : tray.standing === 'in-sync' ? 'follower' : tray.standing}${tray.isStopped ? ' dead' : ''}${tray.isLeaving ? ' leaving' : ''}`);
    parts.text(`note ${key}`, tray.note);
    parts.shows(`carbon ${key}`, !isLeader && tray.staleEpoch === null);
    parts.attribute(`carbon ${key}`, 'class', tray.standing === 'out' ? 'carbon no' : 'carbon');
    const epoch = isLeader ? column.leaderEpoch : tray.staleEpoch;
    parts.shows(`postmark ${key}`, epoch !== null);
    if (epoch !== null) {
      parts.attribute(`postmark ${key}`, 'class', isLeader ? '' : 'stale');
      parts.text(`epoch ${key}`, String(epoch));
      this.#strike(`postmark ${key}`, isLeader ? at.struck : 1);
    }
    parts.shows(`older ${key}`, tray.logStart < first && tray.logEnd > tray.logStart);
    parts.shows(`end ${key}`, tray.logEnd >= first);
    parts.moveX(`end ${key}`, cellX(layout, index, tray.logEnd - first));
    parts.moveX(`end-text ${key}`, cellX(layout, index, Math.max(0, tray.logEnd - first)));
    const room = layout.columnWidth - layout.tab - (tray.logEnd - first) * layout.cell - 10;
    const label = [`LEO ${tray.logEnd}`, String(tray.logEnd)].find((it) => it.length * 6.2 < room) ?? '';
    const isBefore = tray.logEnd < first;
    const endText = isBefore ? `ends at ${tray.logEnd}` : isLeader && !tray.isStopped ? label : '';
    parts.text(`end-text ${key}`, layout.name === 'narrow' ? '' : endText);
    const isLagging = tray.ownHighWatermark < column.highWatermark && !tray.isStopped && tray.ownHighWatermark >= first;
    parts.shows(`own ${key}`, isLagging);
    if (isLagging) parts.moveX(`own ${key}`, cellX(layout, index, tray.ownHighWatermark - first));
    this.#letters(tray, at, moment);
  }

  /** A log that says the same as last time is not looked at again. */
  #letters(tray: TrayModel, at: TrayPlace, { story, us, pace }: FrameMoment): void {
    const layout = this.#layout;
    if (layout === null) return;
    const { column, first, index } = at;
    const key = `${column.partition} ${tray.broker}`;
    const name = `${column.topic}/${column.partition}/${tray.broker}` as const;
    const grown = story.changeAt(`end ${name}`, us);
    const arrived = grown === null ? 1 : progress(us, grown.atUs, TICK_US, pace);
    const cut = story.changeAt(`cut-back ${name}`, us);
    const ghostsTo = cut !== null && (grown === cut || grown?.id === cut.id || us < cut.atUs + GHOST_US) ? Number(cut.before) : -1;
    const signature = [tray.logEnd, first, at.watermark.toFixed(3), arrived, ghostsTo, tray.divergesFrom, tray.logStart].join(' ');
    if (this.#logs.get(key) === signature) return;
    this.#logs.set(key, signature);
    const freshFrom = grown === null || typeof grown.before !== 'number' ? tray.logEnd : grown.before;
    this.#parts.shows(`perforation ${key}`, ghostsTo > tray.logEnd || (cut !== null && us < cut.atUs + GHOST_US));
    if (cut !== null) this.#parts.moveX(`perforation ${key}`, cellX(layout, index, Number(cut.value) - first) - 1.5);
    for (let slot = 0; slot < layout.cells; slot += 1) {
      const offset = first + slot;
      const isGhost = offset >= tray.logEnd && offset < ghostsTo;
      const isThere = offset >= tray.logStart && offset < tray.logEnd;
      this.#parts.shows(`cell ${key} ${slot}`, isThere || isGhost);
      if (!isThere && !isGhost) continue;
      this.#letter(`${key} ${slot}`, {
        offset, isGhost, tray, at,
        opacity: isGhost ? 1 : offset >= freshFrom ? Math.max(0.05, arrived) : 1,
      });
    }
  }

  #letter(cell: string, of: { offset: number; isGhost: boolean; opacity: number; tray: TrayModel; at: TrayPlace }): void {
    const parts = this.#parts;
    const layout = this.#layout;
    if (layout === null) return;
    const { offset, tray, at } = of;
    const diverges = tray.divergesFrom !== null && offset >= tray.divergesFrom;
    const ink = of.isGhost || diverges ? 0 : clamp01(at.watermark - offset);
    parts.opacity(`cell ${cell}`, of.opacity);
    parts.shows(`strike ${cell}`, of.isGhost);
    parts.attribute(`pencil ${cell}`, 'class', of.isGhost ? 'cutoff' : diverges ? 'pencil diverged' : 'pencil');
    parts.opacity(`pencil ${cell}`, ink >= 1 ? 0 : 1);
    parts.opacity(`ink ${cell}`, ink > 0 ? 1 : 0);
    if (ink > 0) {
      const width = layout.cell - (layout.name === 'narrow' ? 1.2 : 2);
      parts.attribute(`fill ${cell}`, 'width', String(Math.round(width * ink * 10) / 10));
    }
    parts.text(`key ${cell}`, of.isGhost ? '' : keyAt(tray.batches, offset));
    parts.attribute(`key ${cell}`, 'class', ink >= 0.5 ? 'key' : 'key in-pencil');
  }

  #clients({ model, story, us, pace }: FrameMoment): void {
    const parts = this.#parts;
    for (const producer of model.producers) {
      parts.text(`acks ${producer.id}`, acksText(producer.acks));
      parts.attribute(`producer ${producer.id}`, 'class', `client${producer.isStopped ? ' gone' : ''}${producer.cutFrom.length > 0 ? ' cut' : ''}`);
    }
    if (model.cut.tearsBelow.length > 0) {
      const torn = progress(us, story.changeAt('cuts', us)?.atUs ?? 0, MOVE_US, pace);
      for (const index of model.cut.tearsBelow.keys()) parts.attribute(`tear ${index}`, 'stroke-dashoffset', String(1 - torn));
    }
    const frame = this.drawnFrame(model);
    if (frame === null) return;
    for (const consumer of model.consumers) {
      for (const partition of frame.layout.columns) {
        const key = `${consumer.id} ${partition}`;
        const position = consumer.positions.get(partition);
        parts.shows(`position ${key}`, position !== undefined);
        if (position === undefined) continue;
        const x = positionX(frame, partition, position);
        const end = positionX(frame, partition, model.columns[partition]?.highWatermark ?? position);
        parts.moveX(`position ${key}`, x);
        const words = `position ${position}`;
        parts.text(`position-text ${key}`, words);
        const hasRoom = x + 8 + words.length * POSITION_LETTER_PX < frame.layout.width;
        parts.attribute(`position-text ${key}`, 'text-anchor', hasRoom ? 'start' : 'end');
        parts.attribute(`position-text ${key}`, 'x', hasRoom ? '8' : '-8');
        parts.attribute(`lag ${key}`, 'x', String(x));
        parts.attribute(`lag ${key}`, 'width', String(Math.max(0, Math.round(end - x))));
      }
    }
  }

  describe(model: FrameModel): void {
    this.#root.querySelector('svg')?.setAttribute('aria-label', frameSentence(model));
  }
}

/** An aisle lies above the first broker below controllers, and above the first of each other rack. */
function aisles(model: FrameModel): readonly number[] {
  const { shelves } = model;
  const hasRacks = shelves.some((it) => it.rack !== null);
  return shelves.filter((it, index) => {
    const above = shelves[index - 1];
    if (above === undefined) return hasRacks && it.isBroker;
    return above.isBroker !== it.isBroker || (hasRacks && it.isBroker && above.rack !== it.rack);
  }).map((it) => it.broker);
}

/** A letter of the words at a consumer's position, at most. */
const POSITION_LETTER_PX = 5;

interface TrayPlace {
  readonly column: ColumnModel;
  readonly index: number;
  readonly first: number;
  /** The line's place between offsets, on its way. */
  readonly watermark: number;
  readonly struck: number;
}
