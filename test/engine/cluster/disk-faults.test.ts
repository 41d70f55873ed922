import { describe, expect, test } from "vitest";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Command } from "#engine/cluster/commands.ts";
import { observeFiles } from "#engine/cluster/observe-files.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";

const SECOND = 1_000_000;
const spec: ClusterSpec = {
  ...PRESETS["guides/three-nodes"] as ClusterSpec,
  topics: [{ name: "user-events", assignment: [[1, 2, 3]], configs: { "min.insync.replicas": "2" } }],
  producers: [{ id: "orders", workload: { topic: "user-events", everyMs: 20, keys: ["customer-123"], records: 1000 } }],
};

class Operated {
  readonly cluster = Cluster.build(spec, 3);
  #input = 0;

  give(command: Command): ReturnType<Cluster["apply"]> {
    this.#input += 1;
    return this.cluster.apply(this.#input - 1, command);
  }

  run(seconds: number): this {
    this.cluster.runUntil(this.cluster.now + seconds * SECOND);
    return this;
  }

  facts(kind: string): unknown[] {
    return [...this.cluster.simulation.world.trace].map(entry => entry.fact as { readonly kind: string }).filter(fact => fact.kind === kind);
  }
}

describe("what an operator does to a disk", () => {
  test("a log is damaged only while its node is down, and only where there is one", () => {
    const operated = new Operated().run(8);
    const damage = { do: "damage-log", node: 3, topic: "user-events", partition: 0, how: "cut-bytes", bytes: 10 } as const;
    expect(operated.give(damage)).toMatchObject({ code: "not-stopped" });
    expect(operated.give({ do: "kill", node: 3 })).toBeNull();
    expect(operated.give({ ...damage, topic: "nope" })).toMatchObject({ code: "no-such-file", message: "there is no replica of nope-0 on this disk" });
    const sizeOf = (): number => observeFiles(operated.cluster, 3, "user-events-0").find(file => file.name.endsWith(".log"))?.sizeBytes ?? 0;
    const before = sizeOf();
    expect(operated.give(damage)).toBeNull();
    expect(sizeOf()).toBe(before - 10);
    // Its old session has to end before it can register again.
    operated.give({ do: "restart", node: 3 });
    operated.run(20);
    expect(JSON.stringify(operated.facts("node-log"))).toContain("Corruption found in segment 0");
  });

  test("a log directory that fails ends a broker that has no other", () => {
    const operated = new Operated().run(8);
    expect(operated.give({ do: "fail-log-directory", node: 2, directory: "/nowhere" })).toMatchObject({ code: "no-such-file" });
    expect(operated.give({ do: "fail-log-directory", node: 2, directory: "/tmp/kafka-logs" })).toBeNull();
    operated.run(2);
    expect(operated.facts("log-directory-failed")).toEqual([{ kind: "log-directory-failed", broker: 2, directory: "/tmp/kafka-logs", why: "Input/output error" }]);
    expect(operated.facts("node-failed")).toMatchObject([{ node: 2, exitCode: 1 }]);
  });

  test("a full disk does so with the next append; a slow one only once it is far behind", () => {
    const operated = new Operated().run(6);
    expect(operated.give({ do: "slow-disk", node: 3, bytesPerSecond: 1_000 })).toBeNull();
    operated.run(5);
    expect(operated.facts("node-failed")).toEqual([]);
    expect(operated.give({ do: "limit-disk", node: 3, capacityBytes: 1 })).toBeNull();
    operated.run(1);
    expect(operated.facts("node-failed")).toMatchObject([{ node: 3, exitCode: 1 }]);
    expect(JSON.stringify(operated.facts("node-log"))).toContain("No space left on device");
  });
});
