// A running cluster: a simulation of the processes that a spec names, opened by real requests, driven by inputs. Everything that it did
// follows from (spec, seed, inputs). Its whole state is the snapshot: the world, the opening and what the operator has put off.
import { ADMIN, applyCommand, type CommandHands, type Refusal, refusalOf } from "./apply-command.ts";
import { addClientProcess, addProcesses } from "./build.ts";
import type { Command, Outcome } from "./commands.ts";
import { beginOpening, type Opening, openingAnswered, type OpeningHands } from "./opening.ts";
import { PROCESS_KINDS } from "./process-kinds.ts";
import type { ClusterSpec } from "./spec.ts";
import { copyState } from "#engine/core/copy-state.ts";
import type { ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";
import type { World } from "#engine/core/world.ts";

/** What the operator does later by himself: ask again, resume what was paused for a while. */
type PutOff =
  | { readonly at: number; readonly what: "ask"; readonly command: Command }
  | { readonly at: number; readonly what: "resume"; readonly process: string };

interface Around { opening: Opening; putOff: PutOff[] }

/** Totals since the beginning of the world. */
export interface RunLimits { readonly events: number; readonly outcomes: number }
const NO_LIMITS: RunLimits = { events: Number.MAX_SAFE_INTEGER, outcomes: Number.MAX_SAFE_INTEGER };

function isReached(world: World, limits: RunLimits): boolean {
  return world.eventsHandled >= limits.events || world.outcomes.length >= limits.outcomes;
}

/** Nodes first, in their order; then the machines that only ZooKeeper runs on. */
function hostsOf(spec: ClusterSpec): string[] {
  return [...new Set([...spec.nodes, ...spec.zookeeper ?? []].map(({ host }) => host))];
}

export interface ClusterSnapshot { readonly world: World; readonly around: Around }

export class Cluster {
  readonly spec: ClusterSpec;
  readonly simulation: Simulation;
  #around: Around;
  readonly #hands: CommandHands & OpeningHands;

  private constructor(spec: ClusterSpec, simulation: Simulation, around: Around | null) {
    this.spec = spec;
    this.simulation = simulation;
    this.#hands = {
      simulation,
      addClient: client => { addClientProcess(simulation, spec, client); },
      resumeLater: (process, at) => { this.#putOff({ at, what: "resume", process }); },
      ask: (command, delayUs) => { this.#ask(command, delayUs); },
      startClients: () => { this.#startClients(); },
    };
    if (around === null) {
      this.#around = { opening: { phase: "open", seen: 0, nextCall: -1, topicOfCall: new Map(), created: 0 }, putOff: [] };
      addProcesses(simulation, spec);
      this.#around.opening = beginOpening(this.#hands);
    } else this.#around = around;
  }

  /** A cluster at its first moment: every machine is switched on. The spec has been validated. @param startsAtUs what the machines' clocks show then. */
  static build(spec: ClusterSpec, seed: number, kinds: ReadonlyMap<string, ProcessKind> = PROCESS_KINDS, startsAtUs = 0): Cluster {
    const simulation = Simulation.create(seed, hostsOf(spec), kinds);
    simulation.world.now = startsAtUs;
    return new Cluster(spec, simulation, null);
  }

  get now(): number { return this.simulation.world.now; }
  get eventsHandled(): number { return this.simulation.world.eventsHandled; }
  /** Whether the topics of the spec exist and its clients have started. */
  get isOpen(): boolean { return this.#around.opening.phase === "open"; }

  get outcomes(): World["outcomes"] { return this.simulation.world.outcomes; }

  // ---- time

  /**
   * Handles every event up to and including `until`, then sets the clock to it. Stops early, and says false, once so many events were
   * handled or so many outcomes are there.
   */
  runUntil(until: number, limits: RunLimits = NO_LIMITS): boolean {
    for (;;) {
      const next = this.#around.putOff[0];
      const stop = next === undefined || next.at > until ? until : next.at;
      if (!this.#runEvents(stop, limits)) return false;
      const due = this.#around.putOff[0];
      if (due === undefined || due.at > this.now) {
        if (stop >= until) return true;
        continue;
      }
      this.#around.putOff.shift();
      this.#doPutOff(due);
    }
  }

  #runEvents(until: number, limits: RunLimits): boolean {
    const { simulation } = this;
    const { world } = simulation;
    while (!this.isOpen) {
      const putOff = this.#around.putOff[0];
      if (putOff !== undefined && putOff.at < until) return this.#runEvents(putOff.at, limits);
      if ((world.queue[0]?.at ?? Number.MAX_SAFE_INTEGER) > until || isReached(world, limits)) break;
      simulation.step();
      this.#lookAtOutcomes();
    }
    for (let next = world.queue[0]; next !== undefined && next.at <= until; next = world.queue[0]) {
      if (isReached(world, limits)) return false;
      simulation.step();
    }
    if (until > world.now) world.now = until;
    return true;
  }

  // ---- the operator

  /** Applies input number `input` at the present moment. Null: done. */
  apply(input: number, command: Command): Refusal | null {
    return applyCommand(this.#hands, input, command);
  }

  refusalOf(command: Command): Refusal | null {
    return refusalOf(this.simulation, command);
  }

  #lookAtOutcomes(): void {
    const { opening } = this.#around;
    while (opening.seen < this.outcomes.length && opening.phase !== "open") {
      const outcome = this.outcomes.at(opening.seen) as Outcome;
      opening.seen += 1;
      openingAnswered(opening, this.spec, this.#hands, outcome);
    }
  }

  #ask(command: Command, delayUs: number): void {
    if (delayUs === 0) this.simulation.input(ADMIN, command);
    else this.#putOff({ at: this.now + delayUs, what: "ask", command });
  }

  #putOff(action: PutOff): void {
    const { putOff } = this.#around;
    const index = putOff.findIndex(other => other.at > action.at);
    putOff.splice(index === -1 ? putOff.length : index, 0, action);
  }

  #doPutOff(action: PutOff): void {
    if (action.what === "ask") this.simulation.input(ADMIN, action.command);
    else if (this.simulation.process(action.process).status === "paused") this.simulation.resume(action.process);
  }

  #startClients(): void {
    for (const producer of this.spec.producers ?? []) this.simulation.start(producer.id);
    for (const consumer of this.spec.consumers ?? []) this.simulation.start(consumer.id);
  }

  // ---- copies

  snapshot(): ClusterSnapshot {
    return { world: this.simulation.checkpoint(), around: copyState(this.#around) };
  }

  /** Goes on from a snapshot, which stays whole. */
  restore(snapshot: ClusterSnapshot): void {
    this.simulation.restore(snapshot.world);
    this.#around = copyState(snapshot.around);
  }

  /** The present state itself, not a copy: to come back to it after a look elsewhere by `resumeFrom`. */
  leave(): ClusterSnapshot {
    return { world: this.simulation.world, around: this.#around };
  }

  resumeFrom(left: ClusterSnapshot): void {
    this.simulation.world = left.world;
    this.#around = left.around;
  }

  /** An independent cluster with the same past. */
  fork(): Cluster {
    return new Cluster(this.spec, this.simulation.fork(), copyState(this.#around));
  }

  digest(): string {
    return this.simulation.digest();
  }
}
