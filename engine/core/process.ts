// A simulated operating-system process: its behaviour (a ProcessKind, code) and its state (plain data in the world).
import type { Disk, DiskDevice, LogFile } from "./disk.ts";
import type { Fact } from "./trace.ts";

/** What a process can do to the world. One context exists per process; it is valid only while a handler runs. */
export interface ProcessContext {
  /** Virtual microseconds. */
  readonly now: number;
  /** Name of this process, unique in the world ("broker-1"). */
  readonly name: string;
  readonly disk: Disk;
  /** What the disk can do: its speed, its room, what of it fails. */
  readonly device: DiskDevice;
  /** A uniform integer in [0, bound) from this process's stream of that purpose. */
  random(purpose: string, bound: number): number;
  /** Calls `onTimer(name, payload, sequence)` after a delay. Returns the sequence number, which `cancel` takes. */
  schedule(delayUs: number, name: string, payload?: unknown): number;
  cancel(sequence: number): void;
  /** Opens a connection; `onConnected` or `onClosed` follows. Returns its number. */
  connect(host: string, port: number): number;
  /** Sends over an open connection, in order, at the link's speed. Ignored when the connection is no longer open. */
  send(connection: number, tag: string, message: unknown, bytes: number): void;
  close(connection: number, why: string): void;
  isOpen(connection: number): boolean;
  /** Whether another process that runs on this machine listens on the port. */
  isPortTaken(port: number): boolean;
  /** Who is at the other end, as a socket's remote address tells it; null when the connection is gone. */
  peer(connection: number): { readonly process: string; readonly host: string } | null;
  /** Marks a log file dirty: the operating system writes it back within 30 s. Call after every append. */
  touch(path: string, file: LogFile): void;
  /** Records a fact. Its cause is the newest fact of this handler, or what led to the event. Returns its id. */
  trace<F extends Fact>(fact: F): number;
  /** The trace entry that what happens now is caused by; -1 for none. */
  readonly cause: number;
  /** What follows in this handler has this cause instead: -1 for a routine that nothing in particular led to (a periodic timer). */
  becauseOf(cause: number): void;
  /** Answers an operator's input: the host reads these in order. Data as the layer above defines it. */
  outcome(value: unknown): void;
  /** The process ends by its own will: connections are closed, memory is gone, the disk stays. */
  exit(): void;
}

/** Behaviour of a kind of process. Handlers run to completion and keep everything in `state`, which is plain data. */
export interface ProcessKind {
  readonly kind: string;
  /** Called when the process starts: builds its memory from its settings and from what is on the disk. */
  start(context: ProcessContext, settings: unknown): unknown;
  onTimer(context: ProcessContext, state: unknown, name: string, payload: unknown, sequence: number): void;
  onMessage(context: ProcessContext, state: unknown, connection: number, message: unknown): void;
  /** A connection this process asked for is open. */
  onConnected(context: ProcessContext, state: unknown, connection: number): void;
  /** Somebody has connected to `port` of this process. */
  onAccepted(context: ProcessContext, state: unknown, connection: number, port: number): void;
  /** The other side closed or reset the connection, or refused it. */
  onClosed(context: ProcessContext, state: unknown, connection: number): void;
  /** The operator asks something of this process ("shut down", "send"); data as the layer above defines it. */
  onInput(context: ProcessContext, state: unknown, input: unknown): void;
}

export type ProcessStatus = "running" | "paused" | "stopped";

/** A process as the world keeps it. `mailbox`: numbers of events that arrived while it was paused. */
export interface ProcessRecord {
  readonly index: number;
  readonly name: string;
  readonly kind: string;
  readonly host: string;
  readonly ports: readonly number[];
  settings: unknown;
  status: ProcessStatus;
  /** Without power the host itself is silent: no reset answers a connection attempt. */
  powered: boolean;
  /** Counts starts; events of an earlier life are dropped. */
  incarnation: number;
  state: unknown;
  mailbox: unknown[];
  disk: Disk;
  readonly device: DiskDevice;
}
