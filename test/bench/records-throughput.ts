// A million records with distinct keys and values of 100 bytes through the public producer, the simulated network, a leader and two followers
// each, and a consumer that sums up every byte of every value. Trace on, digest at the end.
import { performance } from "node:perf_hooks";
import type { BenchOutcome } from "./benches.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { OutgoingRecord, Outcome } from "#engine/cluster/commands.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { crc32c } from "#engine/protocol/crc32c.ts";
import "#engine/host/text-encoder.ts";
import { consumerCounts, type ConsumerState } from "#engine/clients/consumer-state.ts";

const RECORDS = 1_000_000;
const CALLS = 10;
const VALUE_BYTES = 100;

const spec: ClusterSpec = {
  ...PRESETS["guides/three-nodes"] as ClusterSpec,
  topics: [{ name: "user-events", partitions: 12, replicationFactor: 3 }],
  producers: [{ id: "orders", settings: { "acks": "all", "linger.ms": 5, "batch.size": 16_384 } }],
  consumers: [{ id: "reader", topic: "user-events", from: "beginning", checksum: true }],
};

function makeRecords(): readonly (readonly OutgoingRecord[])[] {
  const value = "x".repeat(VALUE_BYTES);
  // Cloned as a page's message to the engine is: texts built by concatenation are read through an indirection that no real input has.
  return Array.from({ length: CALLS }, (_, call) => structuredClone(Array.from({ length: RECORDS / CALLS }, (_unused, index) =>
    ({ key: `customer-${call * RECORDS / CALLS + index}`, value }))));
}

let records: readonly (readonly OutgoingRecord[])[] | null = null;

export function recordsThroughTheCluster(run: number): BenchOutcome {
  records ??= makeRecords();
  const cluster = Cluster.build(spec, 7 + run);
  cluster.runUntil(5_000_000);
  const eventsBefore = cluster.eventsHandled;
  const began = performance.now();
  records.forEach((list, index) => {
    cluster.apply(index, { do: "send", producer: "orders", topic: "user-events", records: list, call: index + 1 });
    cluster.runUntil(cluster.now);
  });
  while (consumed(cluster).records < RECORDS) {
    if (cluster.now > 600_000_000) throw new Error(`only ${consumed(cluster).records} records have arrived`);
    cluster.runUntil(cluster.now + 50_000);
  }
  const arrived = performance.now();
  const digest = cluster.digest();
  const took = performance.now() - began;
  const failed = [...cluster.outcomes].filter(outcome => !(outcome as Outcome).ok).length;
  const { checksum } = consumed(cluster);
  if (failed > 0 || checksum !== expectedChecksum()) throw new Error(`${failed} calls failed, checksum ${checksum}`);
  return {
    value: RECORDS / took * 1000,
    notes: [
      `${(took).toFixed(0)} ms, of which ${(performance.now() - arrived).toFixed(0)} ms for the digest ${digest}; `
      + `${((cluster.now - 5_000_000) / 1_000_000).toFixed(2)} virtual seconds, ${cluster.eventsHandled - eventsBefore} events`,
    ],
  };
}

function consumed(cluster: Cluster): { readonly records: number; readonly checksum: number } {
  return consumerCounts(cluster.simulation.process("reader").state as ConsumerState);
}

let expected: number | null = null;

/** All values are alike, so their sum does not depend on the order in which partitions are read. */
function expectedChecksum(): number {
  if (expected !== null) return expected;
  const bytes = new Uint8Array(VALUE_BYTES).fill("x".charCodeAt(0));
  let checksum = 0;
  for (let record = 0; record < RECORDS; record += 1) checksum = crc32c(bytes, 0, VALUE_BYTES, checksum);
  return expected = checksum;
}
