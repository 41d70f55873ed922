// Small process kinds for tests of the core: they keep a diary of what reached them, in plain state.
import { openLogFile, syncFile, writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext, ProcessKind } from "#engine/core/process.ts";
import { Simulation } from "#engine/core/simulation.ts";

export interface DiaryState { diary: string[]; connections: number[] }
export type Order =
  | { readonly do: "connect"; readonly host: string; readonly port: number }
  | { readonly do: "say"; readonly text: string; readonly bytes?: number }
  | { readonly do: "close" }
  | { readonly do: "schedule"; readonly delayUs: number; readonly name: string }
  | { readonly do: "schedule-and-cancel"; readonly delayUs: number }
  | { readonly do: "write"; readonly entry: string; readonly sync?: boolean }
  | { readonly do: "write-record"; readonly content: string; readonly sync: boolean }
  | { readonly do: "draw"; readonly purpose: string }
  | { readonly do: "exit" };

function obey(context: ProcessContext, state: DiaryState, order: Order): void {
  const connection = state.connections[state.connections.length - 1] ?? 0;
  switch (order.do) {
    case "connect": state.connections.push(context.connect(order.host, order.port)); return;
    case "say": context.send(connection, "Word", order.text, order.bytes ?? 100); return;
    case "close": context.close(connection, "told to"); return;
    case "schedule": context.schedule(order.delayUs, order.name); return;
    case "schedule-and-cancel": context.cancel(context.schedule(order.delayUs, "cancelled")); return;
    case "write": {
      const file = openLogFile(context.disk, "log");
      file.entries.push(order.entry);
      if (order.sync === true) syncFile(file);
      else context.touch("log", file);
      return;
    }
    case "write-record": writeRecordFile(context.disk, "record", order.content, order.sync); return;
    case "draw": state.diary.push(`${order.purpose} ${context.random(order.purpose, 1000)}`); return;
    case "exit": context.exit(); return;
  }
}

/** Keeps a diary; answers "ping" with "pong". */
const DIARIST: ProcessKind = {
  kind: "diarist",
  start: (context): DiaryState => {
    const entries = openLogFile(context.disk, "log").entries;
    return { diary: [`${context.now} start with ${entries.length}`], connections: [] };
  },
  onTimer: (context, state, name) => { (state as DiaryState).diary.push(`${context.now} timer ${name}`); },
  onMessage: (context, state, connection, message) => {
    (state as DiaryState).diary.push(`${context.now} message ${String(message)}`);
    if (message === "ping") context.send(connection, "Word", "pong", 100);
  },
  onConnected: (context, state) => { (state as DiaryState).diary.push(`${context.now} connected`); },
  onAccepted: (context, state, connection, port) => {
    (state as DiaryState).connections.push(connection);
    (state as DiaryState).diary.push(`${context.now} accepted on ${port}`);
  },
  onClosed: (context, state) => { (state as DiaryState).diary.push(`${context.now} closed`); },
  onInput: (context, state, input) => { obey(context, state as DiaryState, input as Order); },
};

export const KINDS: ReadonlyMap<string, ProcessKind> = new Map([[DIARIST.kind, DIARIST]]);

/** "left" on host "a" and "right" on host "b", which listens on port 9092; both are started. */
export function twoDiarists(seed = 7): Simulation {
  const simulation = Simulation.create(seed, ["a", "b"], KINDS);
  simulation.addProcess("left", "diarist", "a", [], null);
  simulation.addProcess("right", "diarist", "b", [9092], null);
  simulation.start("left");
  simulation.start("right");
  simulation.runUntil(0);
  return simulation;
}

export function tell(simulation: Simulation, name: string, order: Order): void {
  simulation.input(name, order);
  simulation.runUntil(simulation.world.now);
}

/** Connects left to right and lets the handshake pass. */
export function connected(simulation: Simulation): void {
  tell(simulation, "left", { do: "connect", host: "b", port: 9092 });
  simulation.runUntil(simulation.world.now + 10_000);
}

export function diaryOf(simulation: Simulation, name: string): readonly string[] {
  return (simulation.process(name).state as DiaryState).diary;
}

/** Diary entries without their times. */
export function wordsOf(simulation: Simulation, name: string): string[] {
  return diaryOf(simulation, name).map(line => line.replace(/^\d+ /, ""));
}
