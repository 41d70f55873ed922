// One world, one seed, one loop. The simulation pops the next event, finds its process and runs the handler to completion.
// It models processes (start, crash, loss of power, pause, resume) and hosts; connections are in connections.ts.
// Behaviour (process kinds) lives outside the world, so the world can be copied, hashed and sent.
import {
  acceptSegment, closeAllConnections, closeConnection, connectionOf, endOf, openConnection, releaseHeld, sendMessage, takeReleased,
} from "./connections.ts";
import { copyState } from "./copy-state.ts";
import { createDevice, deviceDelayUs, entryBytes, type LogFile, losePower, WRITEBACK_US } from "./disk.ts";
import { Event, type EventKind, popEvent, pushEvent } from "./event-queue.ts";
import { invariant, InvariantError } from "./invariant-error.ts";
import type { ProcessContext, ProcessKind, ProcessRecord } from "./process.ts";
import { createStream, drawBelow } from "./random.ts";
import { type CoreFact, type Fact, TraceEntry } from "./trace.ts";
import { createWorld, type World, worldDigest } from "./world.ts";

/** A trace longer than this means that a run is too long for a page; ten minutes of 100 records/s need about a million. */
const TRACE_ENTRIES_MAX = 20_000_000;
/** More events at one instant than this is a loop that does not move time. */
const EVENTS_PER_INSTANT_MAX = 2_000_000;
const MAILBOX_MAX = 1_000_000;

export class Simulation {
  world: World;
  readonly #kinds: ReadonlyMap<string, ProcessKind>;
  readonly #contexts: ProcessContext[] = [];
  #cause = -1;
  #instantEvents = 0;

  constructor(world: World, kinds: ReadonlyMap<string, ProcessKind>) {
    this.world = world;
    this.#kinds = kinds;
  }

  static create(seed: number, hosts: readonly string[], kinds: ReadonlyMap<string, ProcessKind>): Simulation {
    return new Simulation(createWorld(seed, hosts), kinds);
  }

  /** A copy of the world that later events do not touch. */
  checkpoint(): World {
    return copyState(this.world);
  }

  /** Goes on from a checkpoint, which stays whole. */
  restore(checkpoint: World): void {
    this.world = copyState(checkpoint);
    this.#cause = -1;
    this.#instantEvents = 0;
  }

  fork(): Simulation {
    return new Simulation(copyState(this.world), this.#kinds);
  }

  digest(): string {
    return worldDigest(this.world);
  }

  // ---- the loop

  /** Handles every event up to and including `until`, then sets the clock to it. */
  runUntil(until: number): void {
    const world = this.world;
    invariant(until >= world.now, `time does not go back: ${until} < ${world.now}`);
    for (let next = world.queue[0]; next !== undefined && next.at <= until; next = world.queue[0]) this.step();
    world.now = until;
  }

  /** Handles the next event; false when there is none. */
  step(): boolean {
    const world = this.world;
    const event = popEvent(world.queue);
    if (event === undefined) return false;
    if (world.cancelled.size !== 0 && world.cancelled.delete(event.sequence)) return true;
    if (event.at !== world.now) {
      invariant(event.at > world.now, `event ${event.sequence} lies in the past`);
      world.now = event.at;
      this.#instantEvents = 0;
    }
    this.#instantEvents += 1;
    invariant(this.#instantEvents < EVENTS_PER_INSTANT_MAX, `time does not move on at ${world.now} us`);
    world.eventsHandled += 1;
    world.eventHashA = Math.imul(world.eventHashA ^ event.at, 0x5bd1e995) + event.sequence | 0;
    world.eventHashB = Math.imul(world.eventHashB ^ world.eventHashA >>> 13, 0xc2b2ae35) + event.process | 0;
    this.#dispatch(event);
    this.#cause = -1;
    return true;
  }

  /** Time of the next event; undefined when nothing is left. */
  nextEventAt(): number | undefined {
    return this.world.queue[0]?.at;
  }

  #dispatch(event: Event): void {
    const process = this.world.processes[event.process];
    if (process === undefined) throw new InvariantError(`event ${event.sequence} goes to an unknown process`);
    this.#cause = event.cause;
    if (event.kind === "writeback") return this.#writeBack(process, event.name, event.payload as number);
    if (event.kind === "released") return this.#deliverReleased(process, event);
    if (event.connection !== 0 && !acceptSegment(this, event, process)) return;
    if (event.connection === 0 && event.incarnation !== process.incarnation) return;
    this.#deliver(process, event);
  }

  #deliver(process: ProcessRecord, event: Event): void {
    if (process.status === "stopped") return;
    if (process.status === "paused") {
      invariant(process.mailbox.length < MAILBOX_MAX, `${process.name}: more than ${MAILBOX_MAX} events while paused`);
      process.mailbox.push(event);
      return;
    }
    this.#handle(process, event);
  }

  /** What a cut had held back on one connection, all at this instant and before anything that was sent later. */
  #deliverReleased(process: ProcessRecord, released: Event): void {
    for (const event of takeReleased(this, released, process)) {
      this.#cause = event.cause;
      if (acceptSegment(this, event, process)) this.#deliver(process, event);
    }
  }

  #handle(process: ProcessRecord, event: Event): void {
    const kind = this.kindOf(process);
    const context = this.contextOf(process);
    switch (event.kind) {
      case "start": return this.#start(process, kind, context);
      case "timer": return kind.onTimer(context, process.state, event.name, event.payload, event.sequence);
      case "message": return kind.onMessage(context, process.state, event.connection, event.payload);
      case "connected": return kind.onConnected(context, process.state, event.connection);
      case "accepted": return kind.onAccepted(context, process.state, event.connection, event.payload as number);
      case "closed": return kind.onClosed(context, process.state, event.connection);
      case "input": return kind.onInput(context, process.state, event.payload);
      case "refused": return kind.onClosed(context, process.state, event.payload as number);
      case "mailbox": return this.#readMailbox(process, event.payload as readonly Event[]);
      case "writeback": case "released": return;
    }
  }

  /** What arrived while the process was paused, in its order; the process may end while it reads. */
  #readMailbox(process: ProcessRecord, events: readonly Event[]): void {
    for (const event of events) {
      if (process.status !== "running" || event.incarnation !== process.incarnation) return;
      this.#cause = event.cause;
      this.#handle(process, event);
    }
  }

  #writeBack(process: ProcessRecord, path: string, length: number): void {
    const file = process.disk.get(path);
    if (file?.kind !== "log" || !process.powered) return;
    if (file.writeback === null && this.#beginsToWriteBack(process, path, file, length)) return;
    const written = file.writeback === null ? length : file.writeback.toLength;
    file.writeback = null;
    file.syncedLength = Math.max(file.syncedLength, Math.min(written, file.entries.length));
    file.writebackPending = false;
    if (file.syncedLength < file.entries.length) this.markDirty(process, path, file);
  }

  /** On a slow device the write-back takes time: the same event comes again when it is through. */
  #beginsToWriteBack(process: ProcessRecord, path: string, file: LogFile, length: number): boolean {
    if (process.device.bytesPerSecond === null) return false;
    const toLength = Math.min(length, file.entries.length);
    let bytes = 0;
    for (let index = file.syncedLength; index < toLength; index += 1) bytes += entryBytes(file.entries.at(index));
    const { now } = this.world;
    const delayUs = deviceDelayUs(process.device, now, bytes);
    if (delayUs === 0) return false;
    file.writeback = { toLength, startUs: now, endUs: now + delayUs };
    this.push(now + delayUs, "writeback", process, path, 0, toLength);
    return true;
  }

  /** Arms the operating system's write-back of a file that has changed. */
  markDirty(process: ProcessRecord, path: string, file: LogFile): void {
    if (file.writebackPending) return;
    file.writebackPending = true;
    this.push(this.world.now + WRITEBACK_US, "writeback", process, path, 0, file.entries.length);
  }

  // ---- what connections.ts and the contexts need

  push(at: number, kind: EventKind, process: ProcessRecord, name: string, connection: number, payload: unknown): number {
    const world = this.world;
    world.sequence += 1;
    pushEvent(world.queue, new Event(
      at, world.sequence, kind, process.index, process.incarnation, name, connection, payload, this.#cause));
    return world.sequence;
  }

  /** Records a fact; what follows in this handler is caused by it. */
  trace<F extends Fact>(processName: string, fact: F | CoreFact): number {
    const trace = this.world.trace;
    const id = trace.length;
    invariant(id < TRACE_ENTRIES_MAX, `the trace has ${TRACE_ENTRIES_MAX} entries`);
    trace.push(new TraceEntry(id, this.world.now, processName, this.#cause, fact));
    this.#cause = id;
    return id;
  }

  /** Runs `body` with another cause, for deliveries that a handler did not ask for. */
  withCause(cause: number, body: () => void): void {
    this.keepCause(() => {
      this.#cause = cause;
      body();
    });
  }

  get cause(): number {
    return this.#cause;
  }

  because(cause: number): void {
    this.#cause = cause;
  }

  kindOf(process: ProcessRecord): ProcessKind {
    const kind = this.#kinds.get(process.kind);
    if (kind === undefined) throw new InvariantError(`no behaviour for process kind "${process.kind}"`);
    return kind;
  }

  process(name: string): ProcessRecord {
    const found = this.world.processes.find(process => process.name === name);
    if (found === undefined) throw new InvariantError(`no process "${name}"`);
    return found;
  }

  contextOf(process: ProcessRecord): ProcessContext {
    return this.#contexts[process.index] ??= new Context(this, process.index);
  }

  // ---- processes and what an operator can do to them

  addProcess(name: string, kind: string, host: string, ports: readonly number[], settings: unknown): ProcessRecord {
    const world = this.world;
    invariant(!world.processes.some(process => process.name === name), `process "${name}" exists`);
    if (!world.network.hosts.includes(host)) world.network.hosts.push(host);
    const record: ProcessRecord = {
      index: world.processes.length, name, kind, host, ports, settings, status: "stopped", powered: true,
      incarnation: 0, state: null, mailbox: [], disk: new Map(), device: createDevice(),
    };
    world.processes.push(record);
    return record;
  }

  /** Starts a stopped process after `delayUs`, from its disk. */
  start(name: string, delayUs = 0): void {
    const process = this.process(name);
    invariant(process.status === "stopped", `"${name}" is ${process.status}`);
    process.status = "running";
    process.powered = true;
    process.incarnation += 1;
    process.mailbox = [];
    this.keepCause(() => {
      this.trace("", { kind: "process-started", process: name, host: process.host });
      releaseHeld(this);
      this.push(this.world.now + delayUs, "start", process, "", 0, null);
    });
  }

  #start(process: ProcessRecord, kind: ProcessKind, context: ProcessContext): void {
    const state = kind.start(context, process.settings);
    // A process may end while it starts.
    if (process.status !== "stopped") process.state = state;
  }

  /** SIGKILL: nobody is told by the process; its operating system closes the connections. The page cache stays. */
  crash(name: string): void {
    this.#stop(name, "crash");
  }

  /** The machine goes dark: connections fall silent and the page cache is lost. */
  losePower(name: string): void {
    this.#stop(name, "power-loss");
  }

  #stop(name: string, how: "crash" | "power-loss" | "exit"): void {
    const process = this.process(name);
    invariant(process.status !== "stopped", `"${name}" is stopped`);
    process.status = "stopped";
    process.state = null;
    process.mailbox = [];
    process.powered = how !== "power-loss";
    this.keepCause(() => {
      this.trace("", { kind: "process-stopped", process: name, how });
      closeAllConnections(this, process, how !== "power-loss");
    });
    if (how === "power-loss") losePower(process.disk, this.world.now);
  }

  exit(process: ProcessRecord): void {
    this.#stop(process.name, "exit");
  }

  /** SIGSTOP: connections stay, nothing is handled until `resume`. */
  pause(name: string): void {
    const process = this.process(name);
    invariant(process.status === "running", `"${name}" is ${process.status}`);
    this.keepCause(() => this.trace("", { kind: "process-paused", process: name }));
    process.status = "paused";
  }

  /** SIGCONT: what has arrived or fallen due meanwhile is handled now, in its order. */
  resume(name: string): void {
    const process = this.process(name);
    invariant(process.status === "paused", `"${name}" is ${process.status}`);
    process.status = "running";
    const events = process.mailbox;
    process.mailbox = [];
    this.keepCause(() => {
      this.trace("", { kind: "process-resumed", process: name });
      this.push(this.world.now, "mailbox", process, "", 0, events);
    });
  }

  /** Hands an operator's input to a running or paused process. */
  input(name: string, input: unknown): void {
    this.push(this.world.now, "input", this.process(name), "", 0, input);
  }

  /** An operator's action: what it leads to has this fact as its cause. Returns the fact's id. */
  action<F extends Fact>(fact: F, act: () => void): number {
    this.#cause = -1;
    const id = this.trace("", fact);
    act();
    this.#cause = -1;
    return id;
  }

  /** Runs `body`, after which the cause is what it was: nothing that happens later, elsewhere, is caused by it. */
  keepCause(body: () => void): void {
    const before = this.#cause;
    body();
    this.#cause = before;
  }
}

/** The hands of one process. Looks the world up each time: a restore replaces it. */
class Context implements ProcessContext {
  readonly #simulation: Simulation;
  readonly #index: number;

  constructor(simulation: Simulation, index: number) {
    this.#simulation = simulation;
    this.#index = index;
  }

  get #process(): ProcessRecord { return this.#simulation.world.processes[this.#index] as ProcessRecord; }
  get now(): number { return this.#simulation.world.now; }
  get name(): string { return this.#process.name; }
  get disk(): ProcessRecord["disk"] { return this.#process.disk; }
  get device(): ProcessRecord["device"] { return this.#process.device; }

  random(purpose: string, bound: number): number {
    const world = this.#simulation.world;
    const name = `${this.#process.name}/${purpose}`;
    let stream = world.streams.get(name);
    if (stream === undefined) world.streams.set(name, stream = createStream(world.seed, name));
    return drawBelow(stream, bound);
  }

  schedule(delayUs: number, name: string, payload: unknown = null): number {
    return this.#simulation.push(this.now + delayUs, "timer", this.#process, name, 0, payload);
  }

  cancel(sequence: number): void { this.#simulation.world.cancelled.add(sequence); }
  connect(host: string, port: number): number { return openConnection(this.#simulation, this.#process, host, port); }
  send(connection: number, tag: string, message: unknown, bytes: number): void {
    sendMessage(this.#simulation, this.#process, connection, tag, message, bytes);
  }
  close(connection: number, why: string): void { closeConnection(this.#simulation, this.#process, connection, why); }
  isOpen(connection: number): boolean {
    return connectionOf(this.#simulation.world, connection)?.open[endOf(connection)] ?? false;
  }
  isPortTaken(port: number): boolean {
    const { host } = this.#process;
    return this.#simulation.world.processes.some(other =>
      other !== this.#process && other.host === host && other.status !== "stopped" && other.ports.includes(port));
  }
  peer(connection: number): { readonly process: string; readonly host: string } | null {
    const found = connectionOf(this.#simulation.world, connection);
    const other = found?.ends[endOf(connection) === 0 ? 1 : 0];
    const process = other === undefined ? undefined : this.#simulation.world.processes[other];
    return process === undefined ? null : { process: process.name, host: process.host };
  }
  touch(path: string, file: LogFile): void { this.#simulation.markDirty(this.#process, path, file); }
  trace<F extends Fact>(fact: F): number { return this.#simulation.trace(this.name, fact); }
  get cause(): number { return this.#simulation.cause; }
  becauseOf(cause: number): void { this.#simulation.because(cause); }
  outcome(value: unknown): void { this.#simulation.world.outcomes.push(value); }
  exit(): void { this.#simulation.exit(this.#process); }
}
