// A producer in a world of scripted brokers, and short ways to ask what became of its calls.
import type { CallError, Command, OutgoingRecord, Outcome, SentRecord } from "#engine/cluster/commands.ts";
import type { Settings } from "#engine/cluster/spec.ts";
import type { Simulation } from "#engine/core/simulation.ts";
import { SECOND } from "#engine/core/time.ts";
import type { ProducerProcessSettings } from "#engine/clients/producer-settings.ts";
import type { ClientFact } from "#engine/protocol/facts.ts";
import { decodeRecords } from "#engine/protocol/record-batch-codec.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { decodeUtf8 } from "#engine/protocol/utf8.ts";
import { BOOTSTRAP, type Injected, type Leadership, scriptedWorld } from "./scripted-broker.ts";

export const THREE: Readonly<Record<string, readonly Leadership[]>> = { orders: [1, 2, 3].map(leader => ({ leader, epoch: 0 })) };
export const ONE: Readonly<Record<string, readonly Leadership[]>> = { orders: [{ leader: 1, epoch: 0 }] };

export function open(simulation: Simulation, overrides: Settings = {}, workload?: ProducerProcessSettings["workload"]): void {
  const settings: ProducerProcessSettings = { clientId: "p", bootstrap: BOOTSTRAP, overrides, ...workload === undefined ? {} : { workload } };
  simulation.addProcess("p", "producer", "host-p", [], settings);
  simulation.start("p");
  simulation.runUntil(simulation.world.now + SECOND);
}

export function world(topics = THREE, overrides: Settings = {}): Simulation {
  const simulation = scriptedWorld(topics);
  open(simulation, overrides);
  return simulation;
}

let nextCall = 1;
export function send(simulation: Simulation, records: readonly OutgoingRecord[], topic = "orders"): number {
  const call = nextCall++;
  simulation.input("p", { do: "send", producer: "p", topic, records, call } satisfies Command);
  return call;
}

export function run(simulation: Simulation, seconds = 1): void {
  simulation.runUntil(simulation.world.now + Math.round(seconds * SECOND));
}

export function outcome(simulation: Simulation, call: number): Outcome | undefined {
  return [...simulation.world.outcomes].map(value => value as Outcome).find(found => found.call === call);
}

export function sent(simulation: Simulation, call: number): readonly SentRecord[] {
  const found = outcome(simulation, call);
  if (found?.ok !== true) throw new Error(`call ${call}: ${JSON.stringify(found)}`);
  return found.value as SentRecord[];
}

export function error(simulation: Simulation, call: number): CallError {
  const found = outcome(simulation, call);
  if (found?.ok !== false) throw new Error(`call ${call}: ${JSON.stringify(found)}`);
  return found.error;
}

export function facts<K extends ClientFact["kind"]>(simulation: Simulation, kind: K): Extract<ClientFact, { readonly kind: K }>[] {
  return [...simulation.world.trace].filter(entry => entry.process === "p" && entry.fact.kind === kind).map(entry => entry.fact as Extract<ClientFact, { readonly kind: K }>);
}

export function inject(simulation: Simulation, broker: number, entry: Injected): void {
  simulation.input(`broker-${broker}`, { inject: entry });
  simulation.runUntil(simulation.world.now);
}

export function lead(simulation: Simulation, topics: Readonly<Record<string, readonly Leadership[]>>): void {
  for (const id of [1, 2, 3]) if (simulation.process(`broker-${id}`).status === "running") simulation.input(`broker-${id}`, { topics });
  simulation.runUntil(simulation.world.now);
}

export function values(batches: readonly RecordBatch[]): (string | null)[] {
  return batches.flatMap(batch => decodeRecords(batch)).map(({ value }) => value === null ? null : decodeUtf8(value));
}

export function keyed(count: number, from = 0): OutgoingRecord[] {
  return Array.from({ length: count }, (_, index) => ({ key: `k${from + index}`, value: `v${from + index}` }));
}

/** Metadata and connection are there: what follows is sent at once. */
export function warmUp(simulation: Simulation): void {
  send(simulation, [{ key: null, value: "warm" }]);
  run(simulation);
}
