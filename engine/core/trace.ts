// The trace: everything that happened, append-only, each entry with the entry that caused it, so that "why?" can be answered by
// walking back. Core records messages and faults; every layer above adds its own facts (`kind` names them, `data` holds them).
import type { AppendOnlyList } from "./append-only-list.ts";
import { SharedValue } from "./shared-value.ts";

/** What an entry tells: a kind and immutable data. Layers narrow it to a union of their own. */
export interface Fact { readonly kind: string }

/** @property id position in the trace. @property process name of the process it happened in; "" for the world. @property cause -1 for none. */
export class TraceEntry extends SharedValue {
  readonly id: number;
  readonly at: number;
  readonly process: string;
  readonly cause: number;
  readonly fact: Fact;

  constructor(id: number, at: number, process: string, cause: number, fact: Fact) {
    super();
    this.id = id;
    this.at = at;
    this.process = process;
    this.cause = cause;
    this.fact = fact;
  }

  digestParts(): readonly (number | string)[] {
    return [this.id, this.at, this.process, this.cause, this.fact.kind];
  }
}

/** The facts that core itself records. */
export type CoreFact =
  | { readonly kind: "process-started"; readonly process: string; readonly host: string }
  | { readonly kind: "process-stopped"; readonly process: string; readonly how: "crash" | "power-loss" | "exit" }
  | { readonly kind: "process-paused"; readonly process: string }
  | { readonly kind: "process-resumed"; readonly process: string }
  | { readonly kind: "link-cut"; readonly from: string; readonly to: string }
  | { readonly kind: "link-healed"; readonly from: string; readonly to: string }
  | MessageFact
  | { readonly kind: "message-held"; readonly connection: number; readonly from: string; readonly to: string }
  | { readonly kind: "message-dropped"; readonly connection: number; readonly from: string; readonly to: string; readonly tag: string }
  | { readonly kind: "connection-closed"; readonly connection: number; readonly process: string; readonly why: string };

/** A message on its way. `arrivesAt` in microseconds, unless a cut holds it back. `tag` names it for fault filters ("Produce request"). */
export interface MessageFact {
  readonly kind: "message";
  readonly connection: number;
  readonly from: string;
  readonly to: string;
  readonly tag: string;
  readonly bytes: number;
  readonly arrivesAt: number;
  readonly message: unknown;
}

/** The chain from an entry back to its first cause, nearest first. */
export function causesOf(trace: AppendOnlyList<TraceEntry>, id: number): TraceEntry[] {
  const chain: TraceEntry[] = [];
  for (let entry = trace.at(id); entry !== undefined; entry = trace.at(entry.cause)) {
    chain.push(entry);
    if (entry.cause >= entry.id || entry.cause < 0) break;
  }
  return chain;
}
