// Runs cells in lockstep with the page. The same code runs in the worker of a page and in a test's own process; only the
// environment differs. Nothing here reads a real clock, and no answer's arrival decides what happens next: a turn is sent when
// nothing is left to do at this instant, and nothing moves until its reply is there.
import type { CellProblem } from '../cell-problem.ts';
import type { CellEvent, FromKernel, Move, ToKernel, WorldId, WorldState } from '../cell-protocol.ts';
import { CellGate, isStopped, StoppedCellError } from './cell-gate.ts';
import { cellScope, SCOPE_NAMES } from './cell-scope.ts';
import type { CellScope, Shown } from './cell-scope.ts';
import { CellWorld, QueuedRequests } from './cell-world.ts';
import type { CompiledCell } from './compile-cell.ts';
import { describeError, UnknownNameError } from './describe-error.ts';
import type { CellPlaces } from './describe-error.ts';
import { firstPlaceOf, NotebookCells } from './notebook-cells.ts';
import type { CallPromise } from './placed-calls.ts';
import { createReactiveGraph } from './reactive-graph.ts';
import { ShownBudget } from './shown-budget.ts';

/** What differs between a worker and a test. */
export interface KernelEnvironment {
  /** A task of the event loop: everything that promises could do has been done when it is over. */
  turn(): Promise<void>;
  /** Evaluates an expression. `frame` is what stands before line and column in the stack of an error from it. */
  load(expression: string, cell: string): Promise<{ readonly value: unknown; readonly frame: string }>;
  post(message: FromKernel): void;
}

/** What a cell has made: for claims and tests, which run in the kernel's own process. */
export interface CellValues {
  /** The value of the last expression; undefined when there is none. */
  readonly result: unknown;
  readonly gives: Readonly<Record<string, unknown>>;
}

export interface Kernel {
  receive(message: ToKernel): void;
  /** A promise was rejected and nobody looked. */
  rejected(error: unknown): void;
  valuesOf(cell: string): CellValues | null;
}

type CellFunction = (...inputs: readonly unknown[]) => unknown;
type RunMessage = Extract<ToKernel, { readonly type: 'run' }>;
type ReplyMessage = Extract<ToKernel, { readonly type: 'reply' }>;

export function createKernel(environment: KernelEnvironment): Kernel {
  return new KernelCore(environment);
}

const REJECTION_TURNS = 3;

class KernelCore implements Kernel {
  private readonly environment: KernelEnvironment;
  private readonly cells = new NotebookCells();
  private readonly gate = new CellGate();
  private readonly worlds = new Map<WorldId, CellWorld>();
  /** Which cell made a fork. */
  private readonly worldOwners = new Map<WorldId, string>();
  private readonly stopped = new Set<string>();
  private readonly queue = new QueuedRequests((cell) => this.mayAsk(cell));
  private readonly graph = createReactiveGraph((name) => { throw new UnknownNameError(name); });
  private readonly frames = new Map<string, { readonly frame: string; readonly extraLines: number }>();
  private readonly values = new Map<string, CellValues>();
  private readonly shown = new Map<string, ShownBudget>();
  private readonly failedCalls: { readonly cell: string; readonly promise: CallPromise<unknown>; readonly error: unknown }[] = [];
  private events: CellEvent[] = [];
  private run = 0;
  private seed = 0;
  private last = '';
  private onReply: ((message: ReplyMessage | null) => void) | null = null;
  private problem: Omit<CellProblem, 'cell'> | null = null;

  constructor(environment: KernelEnvironment) {
    this.environment = environment;
  }

  receive(message: ToKernel): void {
    switch (message.type) {
      case 'ping':
        return this.environment.post({ type: 'pong', nonce: message.nonce });
      case 'run':
        void this.runCells(message);
        return;
      case 'reply':
        return this.onReply?.(message);
      case 'stop':
        this.problem = message.problem;
        return this.onReply?.(null);
    }
  }

  rejected(error: unknown): void {
    if (!isStopped(error)) this.fail(this.gate.running ?? this.last, error);
  }

  valuesOf(cell: string): CellValues | null {
    return this.values.get(cell) ?? null;
  }

  // ---- a run

  private async runCells({ run, cells, target, seed, worlds }: RunMessage): Promise<void> {
    this.run = run;
    this.seed = seed;
    this.problem = null;
    this.events = [];
    this.last = target;
    this.cells.update(cells);
    for (const world of this.worlds.values()) world.startedAt = world.clock.now;
    for (const state of worlds) this.startWorld(state);
    for (const id of this.cells.toRun(target)) await this.define(id);
    await this.graph.started();
    await this.lockstep();
    for (const world of this.worlds.values()) world.clock.clearWhere(() => true);
    this.environment.post({ type: 'done', run, events: this.takeEvents() });
  }

  private startWorld(state: WorldState): void {
    const world = this.worlds.get(state.world);
    if (world === undefined) {
      this.worlds.set(state.world, new CellWorld(state.world, state, this.queue));
      return;
    }
    world.clock.now = state.now;
    world.startedAt = state.now;
    world.view = state.view;
  }

  private async lockstep(): Promise<void> {
    for (;;) {
      await this.environment.turn();
      this.reportLostCalls();
      if (this.problem !== null) return this.stopRun(this.problem);
      if (!this.queue.isEmpty) await this.exchange(null);
      else if (this.gate.running === null && this.gate.admitFirst(this.cells.order)) continue;
      else if (!this.fireDue() && !(await this.moveOn()) && !(await this.rejectionComes())) return;
    }
  }

  /** The browser tells of a rejected promise in a task of its own, some turns later. */
  private async rejectionComes(): Promise<boolean> {
    const before = this.events.length;
    for (let turn = 0; turn < REJECTION_TURNS; turn += 1) await this.environment.turn();
    return this.events.length > before;
  }

  /** A turn after a call has failed, whoever wanted to know has asked. */
  private reportLostCalls(): void {
    for (const { cell, promise, error } of this.failedCalls.splice(0)) if (!promise.isLookedAt && !this.stopped.has(cell)) this.fail(cell, error);
  }

  private fireDue(): boolean {
    return [...this.worlds.values()].some((world) => world.clock.fireDue());
  }

  /** Lets time pass; false when nothing waits for it any more. */
  private async moveOn(): Promise<boolean> {
    const move = this.nextMove();
    if (move !== null) await this.exchange(move);
    else if (this.gate.running === null) return false;
    else this.gate.stopRunning(new StoppedCellError(stuck(this.gate.running, this.cells)));
    return true;
  }

  /** Of the worlds that something waits for, the one that has come the least far in this run. */
  private nextMove(): Move | null {
    let first: CellWorld | null = null;
    for (const world of this.worlds.values()) {
      if (world.clock.nextAt() === null && !world.awaitsOutcome()) continue;
      if (first === null || world.clock.now - world.startedAt < first.clock.now - first.startedAt) first = world;
    }
    return first === null ? null : { world: first.id, until: first.clock.nextAt(), awaitsOutcome: first.awaitsOutcome() };
  }

  private async exchange(move: Move | null): Promise<void> {
    const replied = new Promise<ReplyMessage | null>((resolve) => { this.onReply = resolve; });
    this.environment.post({ type: 'turn', run: this.run, events: this.takeEvents(), requests: this.queue.take(), move });
    const reply = await replied;
    this.onReply = null;
    for (const world of this.worlds.values()) world.unsent = 0;
    if (reply !== null) this.takeReply(reply);
  }

  private takeReply({ worlds, answers }: ReplyMessage): void {
    for (const state of worlds) {
      const world = this.worlds.get(state.world);
      if (world === undefined) this.worlds.set(state.world, new CellWorld(state.world, state, this.queue));
      else {
        world.clock.now = state.now;
        if (state.view !== null) world.view = state.view;
      }
    }
    for (const answer of answers) for (const world of this.worlds.values()) world.answer(answer);
  }

  private stopRun(problem: Omit<CellProblem, 'cell'>): void {
    const reason = new StoppedCellError(problem);
    const culprit = this.gate.running ?? this.last;
    for (const cell of this.cells.order) this.stopped.add(cell);
    for (const world of this.worlds.values()) for (const cell of this.cells.order) world.abandon(cell);
    this.queue.take();
    this.gate.close(reason);
    this.gate.running = null;
    this.fail(culprit, reason);
    // The promise of the cell is settled after its failure has been said: its own report would come too late for this run.
    this.gate.stopRunning(reason);
  }

  private takeEvents(): readonly CellEvent[] {
    const { events } = this;
    this.events = [];
    return events;
  }

  // ---- a cell

  private async define(id: string): Promise<void> {
    const problem = this.cells.problemOf(id);
    const compiled = this.cells.compiled(id);
    if (problem !== null || compiled === null) {
      if (problem !== null) this.events.push({ event: 'failed', cell: id, at: this.now, problem });
      return;
    }
    const inputs = compiled.needs.filter((name) => this.cells.giversOf(name).length > 0 || !SCOPE_NAMES.has(name));
    const load = await this.loaded(compiled);
    this.cells.markRun(id, true);
    this.graph.define({
      id,
      inputs,
      outputs: compiled.gives,
      body: (...values) => this.runBody(compiled, load, new Map(inputs.map((name, index) => [name, values[index]]))),
      refused: (error, name) => this.refuse(id, error, name),
    });
  }

  /** The cell's text as a function of the names that every cell has, then of what other cells give. */
  private async loaded({ id, body, extraLines }: CompiledCell): Promise<(scope: CellScope) => CellFunction> {
        const { value, frame } = await this.environment.load(`({ ${[...SCOPE_NAMES].join(', ')} }) => ${body}`, id);
    this.frames.set(id, { frame, extraLines });
    const make = value as (scope: Readonly<Record<string, unknown>>) => CellFunction;
    return (scope) => make(Object.fromEntries(scope));
  }

  private async runBody(
    compiled: CompiledCell, load: (scope: CellScope) => CellFunction, inputs: ReadonlyMap<string, unknown>,
  ): Promise<Readonly<Record<string, unknown>>> {
    const { id } = compiled;
    await this.gate.enter(id);
    this.begin(id);
    let result: unknown;
    try {
      return await this.gate.hold(async () => {
        const scope = this.scopeOf(id, (value) => { result = value; });
        const values = compiled.needs.map((name) => (inputs.has(name) ? inputs.get(name) : scope.get(name)));
        const gives = ((await load(scope)(...values)) ?? {}) as Readonly<Record<string, unknown>>;
        this.end(id, { result, gives });
        return gives;
      });
    } catch (error) {
      if (!isStopped(error) || !this.stopped.has(id)) this.fail(id, error);
      throw error;
    }
  }

  private begin(id: string): void {
    this.last = id;
    this.stopped.delete(id);
    this.shown.set(id, new ShownBudget());
    for (const [world, owner] of [...this.worldOwners]) if (owner === id) this.forget(world);
    for (const world of this.worlds.values()) world.abandon(id);
    this.events.push({ event: 'started', cell: id, at: this.now });
  }

  private forget(world: WorldId): void {
    this.worlds.delete(world);
    this.worldOwners.delete(world);
  }

  private end(id: string, values: CellValues): void {
    this.values.set(id, values);
    // What repeats would never let the run end; what fires once and calls without await are waited for, as Node does.
    for (const world of this.worlds.values()) world.clock.clearWhere((timer) => timer.cell === id && timer.every !== null);
    this.events.push({ event: 'finished', cell: id, at: this.now });
  }

  private scopeOf(id: string, result: (value: unknown) => void): CellScope {
    const world = this.worlds.get(0);
    if (world === undefined) throw new Error('the page has sent no world');
    return cellScope({
      access: {
        cell: id, world, worldOf: (forked) => this.forkedBy(id, forked),
        callFailed: (promise, error) => { this.failedCalls.push({ cell: id, promise, error }); },
      },
      seed: `${this.seed} ${id}`,
      show: (shown) => this.show(id, shown),
      result,
      timerThrew: (error) => this.fail(id, error),
    });
  }

  private forkedBy(cell: string, id: WorldId): CellWorld {
    const world = this.worlds.get(id);
    if (world === undefined) throw new Error(`there is no world ${id}`);
    this.worldOwners.set(id, cell);
    return world;
  }

  private show(cell: string, shown: Shown): void {
    const taken = this.shown.get(cell)?.take(shown) ?? null;
    if (taken !== null) this.events.push({ event: 'shown', cell, ...taken });
  }

  // ---- what goes wrong

  private mayAsk(cell: string): void {
    if (this.stopped.has(cell)) throw new StoppedCellError(this.problem ?? stuck(cell, this.cells));
  }

  private fail(cell: string, error: unknown): void {
    const problem = isStopped(error) ? { ...error.problem, cell } : describeError(cell, error, this.places());
    this.stopped.add(cell);
    this.cells.markRun(cell, false);
    this.values.delete(cell);
    for (const world of this.worlds.values()) world.abandon(cell);
    this.events.push({ event: 'failed', cell, at: this.now, problem });
  }

  /** The runtime did not call the body: an input could not be had. */
  private refuse(cell: string, error: unknown, name: string | null): void {
    this.cells.markRun(cell, false);
    this.values.delete(cell);
    const message = error instanceof Error ? error.message : String(error);
    const problem = name === null || /circular definition/.test(message)
      ? circular(cell, message)
      : this.needsProblem(cell, name);
    this.events.push({ event: 'failed', cell, at: this.now, problem });
  }

  private needsProblem(cell: string, name: string): CellProblem {
    const givers = this.cells.giversOf(name);
    const place = firstPlaceOf(name, this.cells.codeOf(cell));
    if (givers.length === 0) return { ...describeError(cell, new UnknownNameError(name), this.places()), ...place };
    const giver = givers.map((id) => this.cells.numberOf(id)).join(', ');
    return {
      code: 'cell-needs-failed', cell, ...place,
      what: `this cell needs ${name}, and the cell that gives it did not run to its end`,
      expected: `${name} from cell ${giver}`, found: `cell ${giver} failed`, cure: `Mend cell ${giver} and run it; this one follows by itself.`, edit: null,
    };
  }

  private places(): CellPlaces {
    return {
      lineIn: (cell, stack) => this.lineIn(cell, stack),
      codeOf: (cell) => this.cells.codeOf(cell),
      names: () => [...this.cells.names(), 'kafka', 'cluster', 'display', 'console'],
    };
  }

  private lineIn(cell: string, stack: string): number | null {
    const place = this.frames.get(cell);
    if (place === undefined) return null;
    const at = stack.indexOf(`${place.frame}:`);
    const line = at < 0 ? Number.NaN : Number.parseInt(stack.slice(at + place.frame.length + 1), 10) - place.extraLines;
    return line >= 1 && line <= this.cells.codeOf(cell).split('\n').length ? line : null;
  }

  private get now(): number {
    return this.worlds.get(0)?.clock.now ?? 0;
  }
}

function stuck(cell: string, cells: NotebookCells): Omit<CellProblem, 'cell'> {
  return {
    code: 'cell-stuck', line: null, column: null,
    what: 'the cell waits for something that nothing will bring',
    expected: 'an await of a call to the cluster, of cluster.advance or of a timer',
    found: cells.codeOf(cell).split('\n').find((line) => line.includes('await'))?.trim() ?? 'a promise that stays open',
    cure: 'Look for a promise whose resolve is never called.', edit: null,
  };
}

function circular(cell: string, message: string): CellProblem {
  return {
    code: 'cell-circular', cell, line: null, column: null, what: 'this cell needs itself, by way of others', expected: 'cells that can be put in an order',
    found: message, cure: 'Move one of the values into a cell of its own.', edit: null,
  };
}
