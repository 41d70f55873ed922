// The whole state of a simulation: everything here is copied by a checkpoint and hashed by the digest.
// The trace is part of it (shared by length); the digest counts its entries but does not read them.
import { AppendOnlyList } from "./append-only-list.ts";
import { Digest } from "./digest.ts";
import type { Event } from "./event-queue.ts";
import { createNetwork, type Network } from "./network.ts";
import type { ProcessRecord } from "./process.ts";
import type { RandomStream } from "./random.ts";
import type { TraceEntry } from "./trace.ts";

export interface World {
  readonly seed: number;
  now: number;
  sequence: number;
  eventsHandled: number;
  queue: Event[];
  cancelled: Set<number>;
  processes: ProcessRecord[];
  network: Network;
  streams: Map<string, RandomStream>;
  trace: AppendOnlyList<TraceEntry>;
  /** A rolling hash over every event handled: two lanes. Cheap enough to be always on. */
  eventHashA: number;
  eventHashB: number;
  /** Answers to what the operator asked, in order: data as the layers above define it. */
  outcomes: AppendOnlyList<unknown>;
}

export function createWorld(seed: number, hosts: readonly string[]): World {
  return {
    seed, now: 0, sequence: 0, eventsHandled: 0, queue: [], cancelled: new Set(), processes: [],
    network: createNetwork(hosts), streams: new Map(), trace: new AppendOnlyList<TraceEntry>(),
    eventHashA: 0x2545f491, eventHashB: 0x27220a95, outcomes: new AppendOnlyList<unknown>(),
  };
}

/** The state digest: processes with their disks, connections, queue, streams and the hash of every event so far. */
export function worldDigest(world: World): string {
  const digest = new Digest();
  for (const number of [world.seed, world.now, world.sequence, world.eventsHandled, world.trace.length,
    world.outcomes.length, world.eventHashA, world.eventHashB]) digest.number(number);
  digest.value(world.queue.length);
  digest.value(world.processes);
  digest.value(world.network);
  digest.value(world.streams);
  return digest.hex();
}
