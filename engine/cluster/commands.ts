// What a person, a cell, a drill or a fuzzer can do to a cluster: the inputs of a run. Plain data with a virtual time.
// Every command that answers later carries `call`, a number unique in the run; its answer is an Outcome.
import type { ConsumerSpec, ProducerSpec, Settings } from "./spec.ts";

/** A node by its id, a client by its name. */
export type Party = number | string;

export interface OutgoingRecord {
  readonly key: string | null;
  readonly value: string | null;
  /** Chosen by the partitioner when absent. */
  readonly partition?: number;
  readonly timestampMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Command =
  /** kill -9: nobody is told. The page's verb is "Unplug". */
  | { readonly do: "kill"; readonly node: Party }
  /** The machine loses power: as kill, and the page cache is gone. */
  | { readonly do: "power-loss"; readonly node: Party }
  /** SIGTERM: controlled shutdown, leaders move first. */
  | { readonly do: "shut-down"; readonly node: Party }
  | { readonly do: "pause"; readonly node: Party; readonly forMs?: number }
  | { readonly do: "resume"; readonly node: Party }
  /** Starts a stopped process from its disk. */
  | { readonly do: "restart"; readonly node: Party }
  /** Nothing passes from `from` to `to` (and back, unless `oneWay`). */
  | { readonly do: "cut"; readonly from: readonly Party[]; readonly to: readonly Party[]; readonly oneWay?: boolean }
  /** Heals these links; all links when both lists are empty. */
  | { readonly do: "heal"; readonly from: readonly Party[]; readonly to: readonly Party[] }
  /** Loses the next requests or responses of an API by closing their connection. */
  | { readonly do: "drop"; readonly api: string; readonly direction: "request" | "response"; readonly from?: Party; readonly to?: Party; readonly count: number }
  | { readonly do: "open-producer"; readonly producer: ProducerSpec }
  | { readonly do: "open-consumer"; readonly consumer: ConsumerSpec }
  | { readonly do: "close-client"; readonly client: string; readonly call: number }
  | { readonly do: "send"; readonly producer: string; readonly topic: string; readonly records: readonly OutgoingRecord[]; readonly call: number }
  | { readonly do: "seek"; readonly consumer: string; readonly topic: string; readonly partition: number; readonly offset: number }
  | { readonly do: "read"; readonly topic: string; readonly partition: number; readonly from: number; readonly limit: number; readonly call: number }
  | {
    readonly do: "create-topic"; readonly topic: string; readonly partitions: number; readonly replicationFactor: number;
    readonly assignment?: readonly (readonly number[])[]; readonly configs?: Settings; readonly call: number;
  }
  /** `partitions` null: all. */
  | {
    readonly do: "elect-leaders"; readonly type: "preferred" | "unclean";
    readonly partitions: readonly { readonly topic: string; readonly partition: number }[] | null; readonly call: number;
  }
  | { readonly do: "fetch-metadata"; readonly topics: readonly string[] | null; readonly call: number }
  | { readonly do: "list-offsets"; readonly topic: string; readonly timestampMs: number; readonly call: number }
  /** A learner's prediction: part of the run, stamped before the fault it speaks of. */
  | { readonly do: "predict"; readonly id: string; readonly answer: unknown };

/** A command with its moment in microseconds. */
export interface Input { readonly at: number; readonly command: Command }

/** What a client says when a call has failed; `name` is Kafka's (or the Java client's exception without "Exception"). */
export interface CallError { readonly name: string; readonly message: string; readonly retriable: boolean }

/** The answer to a call. Values: send -> SentRecord[]; read -> RecordView[]; create-topic -> null; elect-leaders -> results; … */
export type Outcome =
  | { readonly call: number; readonly at: number; readonly ok: true; readonly value: unknown }
  | { readonly call: number; readonly at: number; readonly ok: false; readonly error: CallError };

/** Where a record went, in the order of the call. `offset` -1 with acks=0. */
export interface SentRecord { readonly topic: string; readonly partition: number; readonly offset: number; readonly timestampMs: number }
