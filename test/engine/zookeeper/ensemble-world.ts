// A small world for the tests: an ensemble and clients that record what they are told, each a process of its own.
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import { cutLink, healLink } from "#engine/core/connections.ts";
import { Simulation } from "#engine/core/simulation.ts";
import type { Fact } from "#engine/core/trace.ts";
import { SECOND } from "#engine/core/time.ts";
import type { Settings } from "#engine/cluster/spec.ts";
import {
  closeZooKeeperSession, createZooKeeperClient, openZooKeeperSession, restartZooKeeperSession, type ZooKeeperClient, zooKeeperClosed,
  zooKeeperConnected, type ZooKeeperEvent, zooKeeperReceived, zooKeeperSend, zooKeeperTimer,
} from "#engine/zookeeper/zookeeper-client.ts";
import type { ZooKeeperFact } from "#engine/protocol/facts.ts";
import type { ZooKeeperAnswer, ZooKeeperOperation, ZooKeeperResponse } from "#engine/zookeeper/zookeeper-protocol.ts";
import { ZOOKEEPER_CLIENT_PORT } from "#engine/zookeeper/zookeeper-protocol.ts";
import { ZOOKEEPER_PORTS, zooKeeperServer, zooKeeperServerName } from "#engine/zookeeper/zookeeper-server.ts";
import type { ServerState } from "#engine/zookeeper/server-state.ts";

export type Told = ZooKeeperEvent & { readonly atUs: number };

interface ClientState { readonly client: ZooKeeperClient; readonly told: Told[]; readonly restarts: boolean }

type ClientInput =
  | { readonly type: "send"; readonly operations: readonly ZooKeeperOperation[]; readonly context: unknown }
  | { readonly type: "close" };

function keep(process: ProcessContext, state: ClientState, events: readonly ZooKeeperEvent[] | null): void {
  for (const event of events ?? []) {
    state.told.push({ ...event, atUs: process.now });
    if (event.is === "session" && event.state === "expired" && state.restarts) restartZooKeeperSession(process, state.client);
  }
}

/** A client that begins to connect at its start. `restarts`: makes a new session when its own has expired. */
const zooKeeperTestClient: ProcessKind = {
  kind: "zookeeper-test-client",
  start(process, settings) {
    const { servers, sessionTimeoutMs, restarts } = settings as { servers: readonly string[]; sessionTimeoutMs: number; restarts: boolean };
    const client = createZooKeeperClient("test", {
      servers: servers.map(host => ({ host, port: ZOOKEEPER_CLIENT_PORT })), sessionTimeoutMs, connectionTimeoutMs: 18_000,
    });
    openZooKeeperSession(process, client);
    return { client, told: [], restarts } satisfies ClientState;
  },
  onTimer(process, state, name, _payload, sequence) {
    keep(process, state as ClientState, zooKeeperTimer(process, (state as ClientState).client, name, sequence));
  },
  onMessage(process, state, connection, message) {
    keep(process, state as ClientState, zooKeeperReceived(process, (state as ClientState).client, connection, message as ZooKeeperResponse));
  },
  onConnected(process, state, connection) {
    zooKeeperConnected(process, (state as ClientState).client, connection);
  },
  onAccepted() {},
  onClosed(process, state, connection) {
    keep(process, state as ClientState, zooKeeperClosed(process, (state as ClientState).client, connection));
  },
  onInput(process, state, input) {
    const { client } = state as ClientState;
    const asked = input as ClientInput;
    if (asked.type === "close") closeZooKeeperSession(process, client);
    else for (const operation of asked.operations) zooKeeperSend(process, client, operation, asked.context);
  },
};

/** Sends one word to one server and keeps the answer. */
const wordAsker: ProcessKind = {
  kind: "word-asker",
  start(process, settings) {
    const { host, word } = settings as { host: string; word: string };
    process.connect(host, ZOOKEEPER_CLIENT_PORT);
    return { word, text: null as string | null, closed: false };
  },
  onTimer() {},
  onMessage(_process, state, _connection, message) {
    const response = message as ZooKeeperResponse;
    if (response.type === "fourLetterAnswer") (state as { text: string | null }).text = response.text;
  },
  onConnected(process, state, connection) {
    process.send(connection, "zookeeper four-letter word", { type: "fourLetterWord", word: (state as { word: string }).word }, 4);
  },
  onAccepted() {},
  onClosed(_process, state) { (state as { closed: boolean }).closed = true; },
  onInput() {},
};

export const ENSEMBLE_KINDS: ReadonlyMap<string, ProcessKind> = new Map([zooKeeperServer, zooKeeperTestClient, wordAsker].map(kind => [kind.kind, kind]));

export interface EnsembleOptions { readonly seed?: number; readonly servers: number; readonly clients?: readonly string[]; readonly overrides?: Settings; readonly restarts?: boolean; readonly sessionTimeoutMs?: number }

export class EnsembleWorld {
  readonly simulation: Simulation;
  readonly ids: readonly number[];
  readonly #overrides: Settings;
  readonly #options: EnsembleOptions;
  #words = 0;

  constructor(options: EnsembleOptions) {
    this.#options = options;
    this.ids = Array.from({ length: options.servers }, (_, index) => index + 1);
    this.#overrides = options.overrides ?? {};
    this.simulation = Simulation.create(options.seed ?? 1, [], ENSEMBLE_KINDS);
    const servers = this.ids.map(id => ({ id, host: hostOf(id) }));
    for (const { id, host } of servers) {
      this.simulation.addProcess(zooKeeperServerName(id), "zookeeper-server", host, ZOOKEEPER_PORTS, { serverId: id, host, servers, overrides: this.#overrides });
      this.simulation.start(zooKeeperServerName(id));
    }
    for (const client of options.clients ?? []) this.addClient(client);
  }

  addClient(name: string, hosts: readonly string[] = this.ids.map(hostOf)): void {
    this.simulation.addProcess(name, "zookeeper-test-client", name, [], {
      servers: hosts, sessionTimeoutMs: this.#options.sessionTimeoutMs ?? 18_000, restarts: this.#options.restarts ?? false,
    });
    this.simulation.start(name);
  }

  get nowUs(): number { return this.simulation.world.now; }

  run(seconds: number): void {
    this.simulation.runUntil(this.nowUs + Math.round(seconds * SECOND));
  }

  server(id: number): ServerState {
    return this.simulation.process(zooKeeperServerName(id)).state as ServerState;
  }

  /** The server that serves as leader; undefined when there is none. */
  leader(): number | undefined {
    return this.ids.find(id => this.simulation.process(zooKeeperServerName(id)).status === "running"
      && this.server(id)?.role === "leading" && this.server(id).serving);
  }

  send(client: string, operations: readonly ZooKeeperOperation[], context: unknown = null): void {
    this.simulation.input(client, { type: "send", operations, context } satisfies ClientInput);
  }

  close(client: string): void {
    this.simulation.input(client, { type: "close" } satisfies ClientInput);
  }

  client(name: string): ZooKeeperClient {
    return (this.simulation.process(name).state as ClientState).client;
  }

  told(name: string): readonly Told[] {
    return (this.simulation.process(name).state as ClientState).told;
  }

  answers(name: string): ZooKeeperAnswer[] {
    return this.told(name).flatMap(event => event.is === "answer" ? [event.answer] : []);
  }

  /** Sends, runs a second, and returns the answers to just these. */
  ask(client: string, ...operations: ZooKeeperOperation[]): ZooKeeperAnswer[] {
    const before = this.answers(client).length;
    this.send(client, operations);
    this.run(1);
    return this.answers(client).slice(before);
  }

  facts<K extends ZooKeeperFact["kind"]>(kind: K): { readonly atUs: number; readonly process: string; readonly fact: Extract<ZooKeeperFact, { kind: K }> }[] {
    const found = [];
    for (const { at, process, fact } of this.simulation.world.trace) {
      if (fact.kind === kind) found.push({ atUs: at, process, fact: fact as Fact as Extract<ZooKeeperFact, { kind: K }> });
    }
    return found;
  }

  /** Cuts a server off from other hosts, the other servers unless told; "out": what it sends does not arrive, "in": nothing reaches it. */
  isolate(id: number, others: readonly string[] = this.ids.filter(other => other !== id).map(hostOf), way: "both" | "in" | "out" = "both"): void {
    for (const other of others) {
      if (way !== "in") cutLink(this.simulation, hostOf(id), other);
      if (way !== "out") cutLink(this.simulation, other, hostOf(id));
    }
  }

  heal(id: number, others: readonly string[] = this.ids.filter(other => other !== id).map(hostOf)): void {
    for (const other of others) {
      healLink(this.simulation, hostOf(id), other);
      healLink(this.simulation, other, hostOf(id));
    }
  }

  /** Asks a server a four-letter word. `text` null: the connection was closed without an answer. */
  word(id: number, word: string): { readonly text: string | null; readonly closed: boolean } {
    this.#words += 1;
    const name = `asker-${this.#words}`;
    this.simulation.addProcess(name, "word-asker", name, [], { host: hostOf(id), word });
    this.simulation.start(name);
    this.run(0.1);
    return this.simulation.process(name).state as { text: string | null; closed: boolean };
  }
}

export function hostOf(id: number): string {
  return `zk${id}`;
}

export function create(path: string, data: string | null = "", mode: "persistent" | "ephemeral" | "persistent-sequential" | "ephemeral-sequential" = "persistent"): ZooKeeperOperation {
  return { op: "create", path, data, mode };
}
