// The page's side of a run: carries out what cells ask for, on the engine and on nothing else, within the limits of a run.
// Requests have been taken apart by check-message.ts; what they mean is checked by the engine when they are given.
import type { Command, Outcome } from '#engine/cluster/commands.ts';
import type { ProducerSpec } from '#engine/cluster/spec.ts';
import type { ClusterView } from '#engine/cluster/view.ts';
import type { CellEngine } from './cell-host.ts';
import type { CellProblem } from './cell-problem.ts';
import { CELL_LIMITS } from './cell-protocol.ts';
import type { Answer, CallFailure, CellEvent, Move, Operation, Request, WorldId, WorldState } from './cell-protocol.ts';
import { leaderlessUs } from './leaderless.ts';

/** Judges a whole run by a check's name; null when there is no check of that name. */
export type NamedCheck = (name: string, engine: CellEngine, session: number) => Promise<unknown>;

interface World {
  readonly session: number;
  /** The cell that forked it; null for the page's own cluster. */
  readonly cell: string | null;
  now: number;
  /** What the kernel has been told last; a world that has not changed is not looked at again. */
  toldAt: number | null;
}

/** Told how far time has come; false ends the move there. */
export type OnSlice = (now: number) => boolean;

/** A cluster under heavy load takes a second of the wall for a second of its own; an idle one takes an hour at a time. */
const SLICE_US_FIRST = 500_000;
const SLICE_US_MAX = 600_000_000;
const SLICE_MS = 100;

interface OpenCall {
  readonly request: number;
  readonly world: WorldId;
}

/** A run went beyond a limit. */
export class CellLimitError extends Error {
  override readonly name = 'CellLimitError';
  readonly problem: Omit<CellProblem, 'cell'>;

  constructor(what: string, expected: string, found: string, cure: string) {
    super(what);
    this.problem = { code: 'cell-budget', line: null, column: null, what, expected, found, cure, edit: null };
  }
}

/** Lives as long as the kernel that it serves: forks and producers that a cell has made outlast its run. */
export class CellBridge {
  private readonly engine: CellEngine;
  private readonly check: NamedCheck | null;
  private readonly worlds = new Map<WorldId, World>();
  private readonly calls = new Map<string, OpenCall>();
  private readonly producers = new Map<string, { readonly cell: string; readonly world: WorldId }>();
  private nextWorld = 1;
  private looks = false;
  private used = { virtualUs: 0, moves: 0, requests: 0, bytes: 0 };

  constructor(engine: CellEngine, check: NamedCheck | null) {
    this.engine = engine;
    this.check = check;
  }

  /**
   * Opens a run. A run of a cell, the first or a repeated one, applies at the moment that the page shows (`now`): whoever wants
   * the first run's moment again goes back there on the timeline and runs the cell then.
   */
  async begin(session: number, now: number, looks: boolean): Promise<readonly WorldState[]> {
    this.looks = looks;
    this.used = { virtualUs: 0, moves: 0, requests: 0, bytes: 0 };
    const own = this.worlds.get(0);
    if (own?.session !== session) this.worlds.set(0, { session, cell: null, now, toldAt: null });
    else {
      own.now = now;
      own.toldAt = null;
    }
    return this.changedWorlds();
  }

  /** Where the page's own cluster stands. */
  get now(): number {
    return this.worlds.get(0)?.now ?? 0;
  }

  /** A cell begins anew: what its last run has left open goes. */
  async retire(events: readonly CellEvent[]): Promise<void> {
    for (const { event, cell } of events) {
      if (event !== 'started') continue;
      for (const [id, world] of [...this.worlds]) {
        if (world.cell !== cell) continue;
        this.worlds.delete(id);
        await this.engine.close(world.session);
      }
      for (const [name, owner] of [...this.producers]) {
        if (owner.cell !== cell) continue;
        this.producers.delete(name);
        if (owner.world === 0) await this.closeProducer(name);
      }
    }
  }

  async carryOut(requests: readonly Request[]): Promise<{ readonly answers: readonly Answer[]; readonly worlds: readonly WorldState[] }> {
    const answers: Answer[] = [];
    for (const request of requests) {
      this.count(request);
      const answer = await this.answer(request);
      if (answer !== null) answers.push(answer);
    }
    return { answers, worlds: await this.changedWorlds() };
  }

  /** Time passes in slices, between which the learner may stop it: how it is cut changes nothing in the run. */
  async move({ world: id, until, awaitsOutcome }: Move, onSlice: OnSlice = () => true): Promise<{ readonly answers: readonly Answer[]; readonly worlds: readonly WorldState[] }> {
    const world = this.worldOf(id);
    this.used.moves += 1;
    if (this.used.moves > CELL_LIMITS.movesMax) throw tooLong(`${CELL_LIMITS.movesMax} times`, 'time moved on once more');
    const end = world.now + CELL_LIMITS.virtualUsMax - this.used.virtualUs;
    const target = until === null ? end : Math.min(until, end);
    const { now, outcomes } = await this.pass(world, { target: Math.max(target, world.now), awaitsOutcome, onSlice: id === 0 ? onSlice : () => onSlice(this.now) });
    this.used.virtualUs += now - world.now;
    world.now = now;
    const answers = this.answersOf(id, outcomes);
    if (this.used.virtualUs >= CELL_LIMITS.virtualUsMax && answers.length === 0) throw tooLong('for an hour of cluster time', 'an hour has passed');
    return { answers, worlds: await this.changedWorlds() };
  }

  /** Forgets the kernel's calls, forks and producers: it is gone. */
  async end(): Promise<void> {
    this.calls.clear();
    for (const world of this.worlds.values()) if (world.cell !== null) await this.engine.close(world.session);
    this.worlds.clear();
  }

  // ---- time

  private async pass(
    world: World, { target, awaitsOutcome, onSlice }: { readonly target: number; readonly awaitsOutcome: boolean; readonly onSlice: OnSlice },
  ): Promise<{ readonly now: number; readonly outcomes: readonly Outcome[] }> {
    let sliceUs = SLICE_US_FIRST;
    for (let at = world.now; ;) {
      at = Math.min(target, at + sliceUs);
      const from = performance.now();
      const { now, outcomes } = awaitsOutcome ? await this.engine.advanceToOutcome(world.session, at) : { now: await this.engine.advance(world.session, at), outcomes: [] };
      // The engine may stand ahead of the shown clock: then the moment that was asked for counts.
      if (outcomes.length > 0) return { now: Math.max(world.now, Math.min(now, target)), outcomes };
      if (at >= target || !onSlice(at)) return { now: at, outcomes: [] };
      const tookMs = performance.now() - from;
      sliceUs = tookMs > SLICE_MS ? Math.max(SLICE_US_FIRST, sliceUs >> 1) : Math.min(SLICE_US_MAX, sliceUs * 2);
    }
  }

  private answersOf(world: WorldId, outcomes: readonly Outcome[]): readonly Answer[] {
    return outcomes.flatMap((outcome) => {
      const key = callKey(world, outcome.call);
      const call = this.calls.get(key);
      if (call === undefined) return [];
      this.calls.delete(key);
      return [outcome.ok ? { request: call.request, ok: true, value: outcome.value } : { request: call.request, ok: false, error: unfitting(outcome.error) } satisfies Answer];
    });
  }

  private async changedWorlds(): Promise<readonly WorldState[]> {
    const changed: WorldState[] = [];
    for (const [id, world] of this.worlds) {
      if (world.toldAt === world.now) continue;
      world.toldAt = world.now;
      changed.push({ world: id, now: world.now, view: this.looks ? await this.engine.observe(world.session, world.now) : null });
    }
    return changed;
  }

  // ---- requests

  private count({ operation }: Request): void {
    this.used.requests += 1;
    this.used.bytes += JSON.stringify(operation).length;
    if (this.used.requests > CELL_LIMITS.requestsMax) {
      throw new CellLimitError(`a cell asks the cluster at most ${CELL_LIMITS.requestsMax} times in a run`, `at most ${CELL_LIMITS.requestsMax} calls`, 'one more', 'Send many messages with one producer.send, and let the loop end.');
    }
    if (this.used.bytes > CELL_LIMITS.commandBytesMax) {
      throw new CellLimitError('a cell sends too much in one run', `at most ${CELL_LIMITS.commandBytesMax} characters`, 'more', 'Send fewer or shorter messages.');
    }
  }

  private async answer({ request, world: id, cell, operation }: Request): Promise<Answer | null> {
    try {
      const world = this.worldOf(id);
      if (operation.op === 'call') {
        await this.call(id, world, operation, request);
        return null;
      }
      return { request, ok: true, value: await this.perform(id, world, cell, operation) };
    } catch (error) {
      if (error instanceof CellLimitError) throw error;
      return { request, ok: false, error: failureOf(error) };
    }
  }

  private async call(id: WorldId, world: World, { command }: Extract<Operation, { readonly op: 'call' }>, request: number): Promise<void> {
    if (command.do === 'send' && command.records.length > CELL_LIMITS.recordsPerSendMax) {
      throw refusal(`one send has at most ${CELL_LIMITS.recordsPerSendMax} messages`, `up to ${CELL_LIMITS.recordsPerSendMax}`, `${command.records.length}`, 'Send them in several calls.');
    }
    const call = await this.engine.nextCall(world.session);
    this.calls.set(callKey(id, call), { request, world: id });
    try {
      await this.give(world, { ...command, call } as Command);
    } catch (error) {
      this.calls.delete(callKey(id, call));
      throw error;
    }
  }

  private async give(world: World, command: Command): Promise<void> {
    const info = await this.engine.command(world.session, command, world.now);
    world.toldAt = null;
    if (info.refused !== undefined) throw refusal(info.refused.message, 'a command that fits the moment', info.refused.message, 'Look at cluster.observe() first.');
  }

  private async perform(id: WorldId, world: World, cell: string, operation: Exclude<Operation, { readonly op: 'call' }>): Promise<unknown> {
    switch (operation.op) {
      case 'hand':
        return this.give(world, operation.command).then(() => null);
      case 'open-producer':
        return this.openProducer(id, world, cell, operation);
      case 'fork':
        return this.fork(world, cell, operation);
      case 'measure':
        return this.measure(world, operation);
      case 'check':
        return this.judge(world, operation.name);
    }
  }

  private async openProducer(id: WorldId, world: World, cell: string, { wish, settings }: Extract<Operation, { readonly op: 'open-producer' }>): Promise<string> {
    const taken = namesIn(await this.engine.observe(world.session, world.now));
    const base = wish.replaceAll(/[^a-zA-Z0-9._-]/g, '-').slice(0, 80);
    let name = base;
    for (let number = 2; taken.has(name) || this.producers.get(name)?.world === id; number += 1) name = `${base}-${number}`;
    const producer: ProducerSpec = { id: name, settings };
    await this.give(world, { do: 'open-producer', producer });
    this.producers.set(name, { cell, world: id });
    return name;
  }

  private async closeProducer(name: string): Promise<void> {
    const own = this.worlds.get(0);
    if (own === undefined) return;
    // After a step back in time it may not be there; then there is nothing to close.
    const view = await this.engine.observe(own.session, own.now);
    if (view.producers.find(({ id }) => id === name)?.status !== 'running') return;
    await this.give(own, { do: 'close-client', client: name, call: await this.engine.nextCall(own.session) });
  }

  private async fork(world: World, cell: string, { changes }: Extract<Operation, { readonly op: 'fork' }>): Promise<WorldId> {
    const forks = [...this.worlds.values()].filter((one) => one.cell !== null).length;
    if (forks >= CELL_LIMITS.forksMax) throw refusal(`${forks} forks are open`, `at most ${CELL_LIMITS.forksMax} at a time`, 'one more', 'A cell that runs again closes its own; fork less in a loop.');
    const { session, head } = await this.engine.fork(world.session, world.now, changes);
    const id = this.nextWorld;
    this.nextWorld += 1;
    this.worlds.set(id, { session, cell, now: Math.max(head, world.now), toldAt: null });
    return id;
  }

  private async measure(world: World, { name, topic, partition }: Extract<Operation, { readonly op: 'measure' }>): Promise<number> {
    if (name !== 'leaderless') throw refusal(`there is no measure "${name}"`, 'leaderless', name, 'Write cluster.measure("leaderless", topic, partition).');
    const us = await this.look(world, async (session) => leaderlessUs((await this.engine.facts(session, 0)).facts, { topic, partition }, world.now));
    if (us === null) throw refusal(`partition ${partition} of ${topic} has had a leader since its first one`, 'a partition that has lost its leader', 'none lost', 'Kill the broker that leads it, and let time pass.');
    return us / 1_000;
  }

  private async judge(world: World, name: string): Promise<unknown> {
    const { check } = this;
    const verdict = check === null ? null : await this.look(world, (session) => check(name, this.engine, session));
    if (verdict === null || verdict === undefined) throw refusal(`there is no check "${name}"`, 'the name of a check', name, 'Write cluster.check("no-acknowledged-loss"), or "fully-replicated", "has-leader", "writable", "replicas-agree".');
    return verdict;
  }

  /**
   * Reads the facts of a world. The page reads those of its own session as they come and counts on being told of each change
   * once, so that session is read through a fork of it.
   */
  private async look<Result>(world: World, read: (session: number) => Promise<Result>): Promise<Result> {
    if (world.cell !== null) return read(world.session);
    const { session } = await this.engine.fork(world.session, world.now, {});
    try {
      return await read(session);
    } finally {
      await this.engine.close(session);
    }
  }

  private worldOf(id: WorldId): World {
    const world = this.worlds.get(id);
    if (world === undefined) throw refusal('this fork is closed', 'a fork of a cell that has not run again', `fork ${id}`, 'Run the cell that made the fork, then this one.');
    return world;
  }
}

function callKey(world: WorldId, call: number): string {
  return `${world} ${call}`;
}

function namesIn({ producers, consumers }: ClusterView): ReadonlySet<string> {
  return new Set([...producers, ...consumers].map(({ id }) => id));
}

function tooLong(limit: string, found: string): CellLimitError {
  return new CellLimitError(`the cell has waited ${limit} and has not ended`, 'a cell that ends', found, 'Give the loop an end, or advance in longer steps.');
}

/** A request that the bridge turns down, with the parts that the learner reads. */
class RefusedRequest extends Error {
  override readonly name = 'RefusedRequest';
  readonly argument: NonNullable<CallFailure['argument']>;

  constructor(what: string, argument: NonNullable<CallFailure['argument']>) {
    super(what);
    this.argument = argument;
  }
}

function refusal(what: string, expected: string, found: string, cure: string): RefusedRequest {
  return new RefusedRequest(what, { expected, found, cure });
}

/** A call that does not fit the moment is answered with IllegalState: most often its producer belongs to another past. */
function unfitting(error: CallFailure): CallFailure {
  if (error.name !== 'IllegalState') return error;
  return { ...error, argument: { expected: 'a client that is there at this moment', found: error.message, cure: 'Run the cell that makes the client again: time has been moved, or the client was stopped.' } };
}

/** The engine's AuthorError comes through its worker as a message of four lines; its parts are read back from there. */
function failureOf(error: unknown): CallFailure {
  if (error instanceof RefusedRequest) return { name: 'CellArgumentError', message: error.message, retriable: false, argument: error.argument };
  const message = error instanceof Error ? error.message : String(error);
  const parts = /^(?:[^\n]*?: )?([^\n]*)\n {2}expected {2}([^\n]*)\n {2}found {5}([^\n]*)\n {2}cure {6}([^\n]*)$/.exec(message);
  const [, what = message, expected = '', found = '', cure = ''] = parts ?? [];
  if (parts === null) return { name: 'KafkaJSNonRetriableError', message, retriable: false };
  return { name: 'CellArgumentError', message: what, retriable: false, argument: { expected, found, cure } };
}
