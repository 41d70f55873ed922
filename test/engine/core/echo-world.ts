// Two small process kinds for tests of the core: a server that echoes, and a client that sends numbered lines and keeps what comes back.
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";

export interface ClientState { connection: number; echoed: number[]; closed: number; opened: number; ticks: number[] }

const quiet = {
  onTimer(): void {}, onMessage(): void {}, onConnected(): void {}, onAccepted(): void {}, onClosed(): void {}, onInput(): void {},
};

const server: ProcessKind = {
  ...quiet, kind: "echo-server", start: () => ({ seen: 0 }),
  onMessage(context, state, connection, message) {
    (state as { seen: number }).seen += 1;
    context.send(connection, "echo", message, 100);
  },
};

const client: ProcessKind = {
  ...quiet, kind: "echo-client",
  start(context): ClientState {
    context.schedule(10_000, "tick");
    return { connection: context.connect("host-b", 7), echoed: [], closed: 0, opened: 0, ticks: [] };
  },
  onConnected(_context, state) { (state as ClientState).opened += 1; },
  onClosed(_context, state) { (state as ClientState).closed += 1; },
  onMessage(_context, state, _connection, message) { (state as ClientState).echoed.push(message as number); },
  onTimer(context, state) {
    (state as ClientState).ticks.push(context.now);
    context.schedule(10_000 + context.random("tick", 100), "tick");
  },
  onInput(context: ProcessContext, state, input) { context.send((state as ClientState).connection, "line", input, 100); },
};

export function echoWorld(seed = 1): Simulation {
  const simulation = Simulation.create(seed, ["host-a", "host-b"], new Map([["echo-server", server], ["echo-client", client]]));
  simulation.addProcess("server", "echo-server", "host-b", [7], null);
  simulation.addProcess("client", "echo-client", "host-a", [], null);
  simulation.start("server");
  simulation.start("client");
  simulation.runUntil(5_000);
  return simulation;
}

export function clientState(simulation: Simulation): ClientState {
  return simulation.process("client").state as ClientState;
}

export function say(simulation: Simulation, line: number): void {
  simulation.action({ kind: "say" }, () => simulation.input("client", line));
}
