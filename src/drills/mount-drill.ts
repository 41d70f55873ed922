/**
 * A drill in the page. It takes the bench over with a cluster of its own; the learner says, lets happen, repairs; the goals follow the run; and
 * handing in plays the same inputs on twenty seeds. Grading runs in a worker of its own, so the picture does not wait for it.
 */
import type { Drill, DrillFault } from '#engine/grading/define-drill.ts';
import { preludeInputs, withCall } from '#engine/grading/drill-inputs.ts';
import type { Verdict } from '#engine/grading/grade.ts';
import { faultCommand } from '#engine/grading/fault-command.ts';
import type { RunFile } from '#engine/host/api.ts';
import type { ProgressStore } from '#src/progress/progress-store.ts';
import { startEngineWorker } from '#src/session/engine-client.ts';
import type { EngineClient } from '#src/session/engine-client.ts';
import type { LiveSession } from '#src/session/live-session.ts';
import { loadDrill } from './drill-files.ts';
import { drillForm } from './drill-form.ts';
import { DrillView } from './drill-view.ts';
import { SEEDS, faultButton, seedsSummary } from './drill-words.ts';
import type { SeedVerdict } from './drill-words.ts';

/** The seed on the bench; handing in tries all. */
const BENCH_SEED = 7;
/** Goals follow the run; a replay of a minute takes about a twentieth of a second. */
const LOOK_AGAIN_MS = 900;

/** The bench holds one drill. Another one that begins sends it away first, so that each goes back to the lesson and not to the other. */
let onTheBench: DrillPanel | null = null;

export interface DrillOfPage { readonly session: LiveSession; readonly progress: ProgressStore }

export async function mountDrill(root: HTMLElement, page: DrillOfPage): Promise<void> {
  const place = root.querySelector<HTMLElement>('[data-mount="drill"]');
  const file = root.dataset['drillFile'];
  if (place === null || file === undefined) return;
  const drill = await loadDrill(file);
  new DrillPanel(place, drill, page);
}

class DrillPanel {
  readonly #drill: Drill;
  readonly #session: LiveSession;
  readonly #progress: ProgressStore;
  readonly #view: DrillView;
  readonly #said = new Set<string>();
  readonly #happened = new Set<string>();
  #lesson: RunFile | null = null;
  #grader: EngineClient | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #isHandingIn = false;

  constructor(place: HTMLElement, drill: Drill, { session, progress }: DrillOfPage) {
    this.#drill = drill;
    this.#session = session;
    this.#progress = progress;
    this.#view = new DrillView(place, drill, session, {
      begin: () => this.#do(() => this.#begin()),
      leave: () => this.#do(() => this.#leave()),
      happen: (fault) => this.#do(() => this.#happen(fault)),
      restart: (node) => this.#do(() => session.give({ do: 'restart', node })),
      elect: () => this.#do(async () => { await session.call((call) => ({ do: 'elect-leaders', type: 'preferred', partitions: null, call })); }),
      verb: (verb) => this.#do(async () => { await session.call((call) => withCall(verb, call)); }),
      handIn: () => this.#do(() => this.#handIn()),
      replay: (seed) => this.#do(() => this.#replay(seed)),
      form: (question) => drillForm(drill, question, (answer) => this.#do(async () => {
        await session.give({ do: 'predict', id: question.id, answer });
        this.#said.add(question.id);
        this.#showFaults();
      })),
    });
    this.#view.showBest(progress.progress.drills[drill.id] ?? null);
    session.listen({ factsChanged: () => this.#lookSoon(), clockMoved: () => this.#lookSoon() });
  }

  get #isOpen(): boolean {
    return this.#lesson !== null;
  }

  #do(act: () => Promise<void>): void {
    act().catch((reason: unknown) => this.#session.fail(reason));
  }

  async #begin(): Promise<void> {
    if (onTheBench !== null && onTheBench !== this) await onTheBench.#leave();
    onTheBench = this;
    this.#lesson ??= await this.#session.save();
    this.#said.clear();
    this.#happened.clear();
    await this.#openRun(BENCH_SEED);
    this.#view.showOpen();
    this.#showFaults();
    this.#session.play();
  }

  async #openRun(seed: number, inputs: RunFile['inputs'] = preludeInputs(this.#drill), until?: number): Promise<void> {
    const lesson = this.#lesson;
    if (lesson === null) return;
    const opening = (this.#drill.cluster.startMs ?? 0) * 1_000;
    await this.#session.open({ ...lesson, spec: this.#drill.cluster, seed, inputs, until: until ?? opening });
  }

  async #leave(): Promise<void> {
    const lesson = this.#lesson;
    this.#lesson = null;
    if (onTheBench === this) onTheBench = null;
    this.#grader?.end();
    this.#grader = null;
    this.#view.showClosed();
    if (lesson !== null) await this.#session.open(lesson);
  }

  /** The fault hits whoever fits at this moment, found in the run itself. */
  async #happen(fault: DrillFault): Promise<void> {
    const view = await this.#session.observe(this.#session.shownUs);
    const command = faultCommand(fault, view, 0);
    if (command === null) return;
    if ('command' in fault) await this.#session.call((call) => withCall(fault, call));
    else await this.#session.give(command);
    this.#happened.add(fault.id);
    this.#showFaults();
    this.#session.play();
  }

  #showFaults(): void {
    for (const fault of this.#drill.faults) this.#view.showFault(fault.id, faultButton(this.#drill, fault, { said: this.#said, happened: this.#happened }));
  }

  #lookSoon(): void {
    if (!this.#isOpen || this.#isHandingIn) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#do(() => this.#look());
    }, LOOK_AGAIN_MS);
  }

  async #look(): Promise<void> {
    if (!this.#isOpen || this.#isHandingIn) return;
    const run = await this.#session.save();
    this.#view.showNodes(await this.#session.observe(this.#session.shownUs));
    const verdict = await this.#grade(run, run.seed, false);
    if (this.#isOpen && !this.#isHandingIn) this.#view.showGoals(verdict);
  }

  async #grade(run: RunFile, seed: number, final: boolean): Promise<Verdict> {
    this.#grader ??= startEngineWorker((reason) => this.#session.fail(reason));
    const { inputs, until } = run;
    return this.#grader.engine.grade(this.#drill, { seed, inputs, until }, final);
  }

  async #handIn(): Promise<void> {
    this.#session.pause();
    const run = await this.#session.save();
    this.#isHandingIn = true;
    const graded: SeedVerdict[] = [];
    try {
      this.#view.showGoals(await this.#grade(run, run.seed, true));
      for (const seed of SEEDS) {
        graded.push({ seed, verdict: await this.#grade(run, seed, true) });
        this.#view.showSeeds(graded);
      }
    } finally {
      this.#isHandingIn = false;
    }
    const { held, isPassed } = seedsSummary(graded);
    this.#progress.drillGraded(this.#drill.id, { passed: isPassed, held, seeds: SEEDS.length });
  }

  /** The learner's own inputs on the seed that broke: from the opening, to be watched. */
  async #replay(seed: number): Promise<void> {
    const run = await this.#session.save();
    await this.#openRun(seed, run.inputs, run.until);
    this.#view.showGoals(await this.#grade(run, seed, true));
    await this.#session.seek((this.#drill.cluster.startMs ?? 0) * 1_000);
    this.#session.play();
  }
}
