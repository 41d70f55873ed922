/** The stage on the page: frame, air, keyboard grid, slip, and the text twin that takes their place. Draws the session's shown instant. */
import type { LiveSession } from '#src/session/live-session.ts';
import { AirView } from './air-view.ts';
import { ConnectionLog } from './ensemble-model.ts';
import { FlightLog } from './flights.ts';
import { FrameView, GHOST_US } from './frame-view.ts';
import { type FrameModel, frameModel } from './frame-model.ts';
import { KeyboardGrid } from './keyboard-grid.ts';
import { MOVE_US, type Pace } from './motion-curves.ts';
import type { SlipView } from './slip-view.ts';
import type { Deed, slipModel as slipModelOf, SlipModel } from './stage-actions.ts';
import { placeSentence, type StagePlace } from './stage-places.ts';

export interface StageSettings {
  readonly pace: () => Pace;
  readonly hasPostOfficeWords: () => boolean;
  readonly onWhy: (factId: number) => void;
  /** What is done with a deed; left out: it is done to the session. */
  readonly act?: (deed: Deed) => void;
  /** After the number of topics or columns changed: the switches must be made again. */
  readonly onShape: (shape: StageShape) => void;
}
export interface StageShape {
  readonly topics: readonly string[];
  readonly topic: string | null;
  readonly partitions: number;
  readonly firstPartition: number;
  readonly shownPartitions: number;
}

export class StageView {
  readonly #session: LiveSession;
  readonly #settings: StageSettings;
  readonly #root: HTMLElement;
  readonly #frame: FrameView;
  readonly #air: AirView;
  readonly #grid: KeyboardGrid;
  #slip: SlipView | null = null;
  #slips: Promise<typeof import('./stage-slip.ts')> | null = null;
  readonly #twin: HTMLElement;
  readonly #before: readonly ChildNode[];
  #flights = new FlightLog();
  #connections = new ConnectionLog();
  #model: FrameModel | null = null;
  #drawn = '';
  #shape = '';
  #topic: string | null = null;
  #firstPartition = 0;
  #isText = false;
  #widthPx = 0;
  #wasAtRest = false;
  #described = '';
  #twinDrawn = '';

  constructor(mount: HTMLElement, session: LiveSession, settings: StageSettings) {
    this.#session = session;
    this.#settings = settings;
    // What the page says of the cluster stays until the cluster itself can be seen.
    this.#before = [...mount.childNodes];
    const parts = document.createElement('template');
    parts.innerHTML = '<div class="live-stage"><div class="frame"></div><div class="air" aria-hidden="true"></div><div class="keys"></div></div><div class="text-twin" tabindex="0" role="region" aria-label="The cluster as text" hidden></div>';
    mount.append(parts.content);
    this.#root = child(mount, '.live-stage');
    this.#twin = child(mount, '.text-twin');
    this.#frame = new FrameView(child(mount, '.frame'));
    this.#air = new AirView(child(mount, '.air'));
    this.#grid = new KeyboardGrid(child(mount, '.keys'), (place, cell) => this.#openSlip(place, cell));
    // What a slip says is loaded while the hand is on its way to it.
    for (const event of ['pointerenter', 'focusin']) this.#root.addEventListener(event, () => void this.#loadSlips(), { once: true });
    new ResizeObserver(() => {
      this.#widthPx = this.#root.clientWidth;
      this.redraw();
    }).observe(this.#root);
  }

  get isText(): boolean {
    return this.#isText;
  }

  /** Where the shelves of brokers begin, below the top of the stage; 0 before it is drawn. */
  get shelvesTopPx(): number {
    const layout = this.#frame.layout;
    const broker = this.#model?.shelves.find((it) => it.isBroker)?.broker;
    return layout === null || broker === undefined ? 0 : layout.shelfTops.get(broker) ?? 0;
  }

  runChanged(): void {
    for (const node of this.#before) node.remove();
    this.#flights = new FlightLog();
    this.#session.facts.follow(this.#flights);
    this.#connections = new ConnectionLog();
    this.#session.facts.follow(this.#connections);
    this.redraw();
  }

  showText(isText: boolean): void {
    this.#isText = isText;
    this.#root.hidden = isText;
    this.#twin.hidden = !isText;
    this.redraw();
  }

  choose(place: { readonly topic?: string; readonly firstPartition?: number }): void {
    if (place.topic !== undefined) this.#topic = place.topic;
    this.#firstPartition = place.firstPartition ?? 0;
    this.redraw();
  }

  /** Draws again though nothing in the run has changed: the page has. */
  redraw(): void {
    this.#drawn = '';
    this.#twinDrawn = '';
    this.#wasAtRest = false;
    this.draw(this.#session.shownUs);
  }

  draw(us: number): void {
    const { story } = this.#session;
    if (story === null) return;
    const pace = this.#settings.pace();
    const count = `${this.#session.facts.version} ${story.countAt(us)} ${this.#topic ?? ''}`;
    const isSameFacts = count === this.#drawn && this.#model !== null;
    const model = isSameFacts && this.#model !== null ? this.#model : frameModel(story.viewAt(us), this.#topic, {
      serverOf: (client) => this.#connections.serverAt(client, us), hasStarted: (node) => story.changeAt(`status ${node}`, us) !== null,
    });
    this.#model = model;
    this.#drawn = count;
    if (this.#isText) {
      const twin = `${count} ${Math.floor(us / 250_000)}`;
      if (twin !== this.#twinDrawn) void import('./text-twin.ts').then(({ textTwinMarkup }) => { this.#twin.innerHTML = textTwinMarkup(model, us); });
      this.#twinDrawn = twin;
      return;
    }
    this.#drawFrame(model, us, pace, isSameFacts);
    const drawn = this.#frame.drawnFrame(model);
    if (drawn !== null) this.#air.draw(this.#flights.airAt(us, model.topic ?? '', pace), drawn, this.#frame.lines);
  }

  #drawFrame(model: FrameModel, us: number, pace: Pace, isSameFacts: boolean): void {
    const { story } = this.#session;
    if (story === null) return;
    if (this.#widthPx === 0) return;
    // Between two facts, when every change has come to rest, the frame is as it was.
    const lastFactUs = this.#session.facts.all[story.countAt(us) - 1]?.at ?? 0;
    const ghostsUntilUs = (story.changeAt('cut-backs', us)?.atUs ?? -GHOST_US) + GHOST_US;
    const isAtRest = us >= lastFactUs + MOVE_US && us >= ghostsUntilUs;
    if (isSameFacts && isAtRest && this.#wasAtRest) return this.#updateSlip();
    this.#wasAtRest = isAtRest;
    this.#frame.setPlace({ widthPx: this.#widthPx, firstPartition: this.#firstPartition, hasPostOfficeWords: this.#settings.hasPostOfficeWords() });
    const isNew = this.#frame.draw({ model, story, us, pace });
    const layout = this.#frame.layout;
    if (isNew && layout !== null) {
      this.#grid.build(layout, model);
      this.#tellShape(model, layout.columns.length);
    }
    // Names for those who do not see: at once when a broker has changed or time stands still, else twice a second.
    const words = [...model.shelves, ...(model.ensemble?.servers ?? [])].map((it) => `${it.word} ${'belief' in it ? it.belief : ''}`).join();
    const described = this.#session.isPlaying ? `${Math.floor(us / 500_000)} ${words}` : this.#drawn;
    if (isNew || described !== this.#described) {
      this.#described = described;
      const view = story.viewAt(us);
      this.#frame.describe(model);
      this.#grid.describe((place) => placeSentence(place, model.topic, view));
    }
    this.#updateSlip();
  }

  #updateSlip(): void {
    const slip = this.#slip;
    if (slip === null || slip.place === null) return;
    this.#loadSlips().then(({ slipModel }) => {
      const model = slip.place === null ? null : this.#slipModel(slip.place, slipModel);
      if (model !== null) slip.update(model);
    }).catch((reason: unknown) => this.#session.fail(reason));
  }

  #loadSlips(): Promise<typeof import('./stage-slip.ts')> {
    return this.#slips ??= import('./stage-slip.ts');
  }

  #tellShape(model: FrameModel, shownPartitions: number): void {
    const shape: StageShape = { topics: model.topics, topic: model.topic, partitions: model.columns.length, firstPartition: this.#firstPartition, shownPartitions };
    const text = JSON.stringify(shape);
    if (text === this.#shape) return;
    this.#shape = text;
    this.#settings.onShape(shape);
  }

  #slipModel(place: StagePlace, make: typeof slipModelOf): SlipModel | null {
    const { story } = this.#session;
    if (story === null) return null;
    const us = this.#session.shownUs;
    return make({
      place, topic: this.#model?.topic ?? null, view: story.viewAt(us), story, facts: this.#session.facts.all, us,
      settings: this.#session.openedRun?.spec.settings ?? {},
    });
  }

  #openSlip(place: StagePlace, cell: HTMLElement): void {
    this.#loadSlips().then(({ SlipView, slipModel }) => {
      const model = this.#slipModel(place, slipModel);
      this.#slip ??= new SlipView(this.#root, (deed) => this.#act(deed));
      if (model !== null) this.#slip.open(place, cell, model);
    }).catch((reason: unknown) => this.#session.fail(reason));
  }

  #act(deed: Deed): void {
    if (this.#settings.act !== undefined) return this.#settings.act(deed);
    switch (deed.kind) {
      case 'command': return this.#do(this.#session.give(deed.command));
      case 'call': return this.#do(this.#session.call(deed.make));
      case 'why': return this.#settings.onWhy(deed.factId);
    }
  }

  #do(work: Promise<unknown>): void {
    work.then(() => this.#session.play()).catch((reason: unknown) => this.#session.fail(reason));
  }
}

function child(root: ParentNode, selector: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`the stage has no ${selector}`);
  return found;
}
