// Chains of causes that a person who knows Kafka would accept: nothing in them is there because of its place in the code.
import { beforeAll, describe, expect, test } from "vitest";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Command } from "#engine/cluster/commands.ts";
import { observe } from "#engine/cluster/observe.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { causesOf } from "#engine/cluster/why.ts";
import type { CoreFact, TraceEntry } from "#engine/core/trace.ts";
import type { KafkaFact } from "#engine/protocol/facts.ts";

const SECOND = 1_000_000;
type AnyFact = CoreFact | KafkaFact;
let cluster: Cluster;

function factOf(entry: TraceEntry): AnyFact {
  return entry.fact as AnyFact;
}

/** "broker-2 high-watermark", "broker-3 Fetch request": who and what. */
function shown(entry: TraceEntry): string {
  const fact = factOf(entry);
  return fact.kind === "message" ? `${fact.from} ${fact.tag}` : `${entry.process} ${fact.kind}`.trim();
}

/** The chain behind the first fact after `seconds` that fits. */
function why(seconds: number, fits: (fact: AnyFact) => boolean): string[] {
  const { trace } = cluster.simulation.world;
  const found = [...trace].find(entry => entry.at > seconds * SECOND && fits(factOf(entry)));
  if (found === undefined) throw new Error("there is no such fact");
  return causesOf(trace, found.id).map(shown);
}

function give(seconds: number, input: number, command: Command): void {
  cluster.runUntil(seconds * SECOND);
  cluster.apply(input, command);
}

/** A run in which broker 1 is not the active controller. */
beforeAll(() => {
  const spec: ClusterSpec = {
    ...PRESETS["guides/three-nodes"] as ClusterSpec, topics: [{ name: "t", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]] }],
    producers: [{ id: "p", workload: { topic: "t", everyMs: 500, keys: ["customer-123", "customer-456", "user-1"] } }],
    consumers: [{ id: "c", topic: "t", from: "beginning" }],
  };
  cluster = Cluster.build(spec, 7);
  give(10, 0, { do: "kill", node: 1 });
  give(30, 1, { do: "restart", node: 1 });
  give(45, 2, { do: "elect-leaders", type: "preferred", partitions: null, call: 1 });
  give(50, 3, { do: "kill", node: 3 });
  cluster.runUntil(70 * SECOND);
});

describe("why", () => {
  const WRITTEN = ["broker-2 log-appended", "p Produce request", "p records-accepted"];

  test("a high watermark moves because a follower asked for more, which it did because it had got the record", () => {
    expect(why(9, fact => fact.kind === "high-watermark" && fact.broker === 2 && fact.partition === 1)).toEqual([
      "broker-2 high-watermark", "broker-3 Fetch request", "broker-3 log-appended", "broker-2 Fetch response", ...WRITTEN]);
  });

  test("a producer is answered, and a consumer given the record, because the high watermark has moved: neither because of the other", () => {
    const isTwo = (fact: AnyFact): boolean => "broker" in fact && fact.broker === 2;
    const moved = why(9, fact => fact.kind === "high-watermark" && isTwo(fact) && fact.partition === 1);
    expect(why(9, fact => fact.kind === "batch-acknowledged" && fact.partition === 1)).toEqual(["p batch-acknowledged", "broker-2 Produce response", ...moved]);
    expect(why(9, fact => fact.kind === "records-consumed" && fact.partition === 1)).toEqual(["c records-consumed", "broker-2 Fetch response", ...moved]);
  });

  test("an answer after a full wait is due to its own request, not to somebody else's", () => {
    const { trace } = cluster.simulation.world;
    let waits = 0;
    for (const entry of trace) {
      const fact = factOf(entry);
      if (fact.kind !== "message" || fact.tag !== "Fetch response" || entry.at < 5 * SECOND) continue;
      const cause = trace.at(entry.cause);
      const request = cause === undefined ? undefined : factOf(cause);
      if (request?.kind !== "message" || request.tag !== "Fetch request") continue;
      expect([request.from, request.to]).toEqual([fact.to, fact.from]);
      waits += 1;
    }
    expect(waits).toBeGreaterThan(50);
  });

  test("a broker is fenced because of its last heartbeat, the partitions change because it is fenced, and the new leader leads because they changed", () => {
    const fenced = ["broker-3 broker-fenced", "broker-1 BrokerHeartbeat request"];
    expect(why(10, fact => fact.kind === "broker-fenced")).toEqual(fenced);
    for (const partition of [0, 1, 2]) {
      expect(why(10, fact => fact.kind === "partition-changed" && fact.partition === partition)).toEqual(["broker-3 partition-changed", ...fenced]);
    }
    expect(why(10, fact => fact.kind === "became-leader" && fact.broker === 2)).toEqual(["broker-2 became-leader", "broker-3 partition-changed", ...fenced]);
    expect(why(10, fact => fact.kind === "became-follower" && fact.broker === 3)).toEqual(["broker-3 became-follower", "broker-3 partition-changed", ...fenced]);
  });

  test("a broker that was started follows because it was started, not because of a decision from before", () => {
    const chain = why(30, fact => fact.kind === "became-follower" && fact.broker === 1);
    expect(chain).not.toContain("broker-3 partition-changed");
    expect(why(30, fact => fact.kind === "broker-registered").slice(-2)).toEqual(["process-started", "command"]);
  });

  test("a replica is taken into the ISR because it fetched", () => {
    expect(why(30, fact => fact.kind === "partition-changed").slice(0, 4)).toEqual([
      "broker-3 partition-changed", "broker-3 AlterPartition request", "broker-3 isr-proposed", "broker-1 Fetch request"]);
  });

  test("a preferred election goes back to the person who asked for it", () => {
    expect(why(45, fact => fact.kind === "became-leader" && fact.broker === 1)).toEqual([
      "broker-1 became-leader", "broker-3 partition-changed", "broker-3 ElectLeaders request", "admin ElectLeaders request", "command"]);
  });

  test("a follower of the quorum stands for election because of what it heard from a controller that hangs last", () => {
    const quiet = Cluster.build(PRESETS["guides/three-nodes"] as ClusterSpec, 3);
    quiet.runUntil(60 * SECOND);
    const controller = observe(quiet).activeController;
    quiet.apply(0, { do: "pause", node: controller });
    quiet.runUntil(65 * SECOND);
    const { trace } = quiet.simulation.world;
    const stands = [...trace].filter(entry => {
      const fact = factOf(entry);
      return entry.at > 60 * SECOND && fact.kind === "raft-role" && fact.role === "candidate";
    });
    expect(stands.length).toBeGreaterThan(0);
    for (const { id } of stands) {
      const heard = causesOf(trace, id).find(entry => factOf(entry).kind === "message" && entry.process === `broker-${controller}`);
      expect(heard?.at).toBeGreaterThan(58 * SECOND);
    }
  });

  test("an election of the quorum goes back to the kill of the active controller", () => {
    const chain = why(50, fact => fact.kind === "raft-role" && fact.role === "leader");
    expect(chain[0]).toMatch(/^broker-[12] raft-role$/);
    expect(chain.slice(-2)).toEqual(["process-stopped", "command"]);
  });
});

describe("why, in other modes", () => {
  function lived(preset: string, steps: readonly (readonly [number, Command])[]): (fits: (fact: AnyFact) => boolean) => string[] {
    cluster = Cluster.build({ ...PRESETS[preset] as ClusterSpec, topics: [{ name: "t", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]] }] }, 7);
    steps.forEach(([seconds, command], index) => { give(seconds, index, command); });
    cluster.runUntil(((steps.at(-1)?.[0] ?? 0) + 40) * SECOND);
    return fits => why(steps[0]?.[0] ?? 0, fits);
  }

  test("in ZooKeeper mode a broker leads because the controller decided so, because a session ended: nobody was told of the crash", () => {
    const because = lived("guides/three-nodes-zookeeper", [[15, { do: "kill", node: 2 }]]);
    const chain = because(fact => fact.kind === "became-leader" && fact.broker === 3 && fact.partition === 1);
    expect(chain[0]).toBe("broker-3 became-leader");
    expect(chain[1]).toMatch(/^broker-\d partition-changed$/);
    expect(chain.join(" < ")).toContain("zookeeper-session");
    expect(chain.join(" < ")).not.toContain("process-stopped");
  });

  test("a replica is deleted because its topic is gone, or has moved, which a person wanted", () => {
    const because = lived("guides/three-brokers-three-controllers", [
      [12, { do: "create-topic", topic: "orders", partitions: 1, replicationFactor: 1, assignment: [[1]], call: 1 }],
      [15, { do: "reassign", partitions: [{ topic: "orders", partition: 0, replicas: [2] }], call: 2 }], [100, { do: "delete-topics", topics: ["orders"], call: 3 }],
    ]);
    const moved = because(fact => fact.kind === "log-deleted" && fact.broker === 1);
    expect(moved.slice(0, 2)).toEqual(["broker-1 log-deleted", "controller-103 partition-changed"]);
    cluster.runUntil(200 * SECOND);
    const deleted = because(fact => fact.kind === "log-deleted" && fact.broker === 2);
    expect(deleted.slice(0, 2)).toEqual(["broker-2 log-deleted", "controller-103 topic-deleted"]);
    expect(deleted.at(-1)).toBe("command");
  });
});
