// What only one mode has: servers of an ensemble with words and znodes, quorums whose voters change; and nodes that start later or otherwise.
import { describe, expect, test } from "vitest";
import { observeFiles, observeFolders, observeTextFile } from "#engine/cluster/observe-files.ts";
import { observeMetadataLog } from "#engine/cluster/observe-metadata-log.ts";
import { observeReplicaOffsets } from "#engine/cluster/observe-replica-offsets.ts";
import { observeZnodes } from "#engine/cluster/observe-znodes.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { Operated } from "./operated-cluster.ts";

const ZOOKEEPER: ClusterSpec = {
  ...PRESETS["guides/three-nodes-zookeeper"] as ClusterSpec, topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]] }],
};

describe("an ensemble", () => {
  test("answers an operator's words and questions, and shows what he changed", () => {
    const operated = new Operated(ZOOKEEPER);
    expect(operated.value(call => ({ do: "four-letter-word", word: "srvr", server: 1, call }))).toMatch(/^Zookeeper version: 3\.8\.4/);
    expect(operated.value(call => ({ do: "four-letter-word", word: "ruok", server: 1, call }))).toBe("ruok is not executed because it is not in the whitelist.\n");
    expect(operated.value(call => ({ do: "zookeeper", operation: { op: "getData", path: "/controller_epoch", watch: false }, call }))).toMatchObject({ error: "OK", data: "1" });
    expect(operated.value(call => ({ do: "zookeeper", operation: { op: "getChildren", path: "/brokers/ids", watch: false }, server: 2, call }))).toMatchObject({ children: ["1", "2", "3"] });
    expect(operated.value(call => ({ do: "zookeeper", operation: { op: "getData", path: "/nope", watch: false }, call }))).toMatchObject({ error: "NONODE" });
    expect(operated.value(call => ({ do: "zookeeper", operation: { op: "create", path: "/note", data: "hello", mode: "persistent" }, call }))).toMatchObject({ error: "OK", path: "/note" });
    expect(observeZnodes(operated.cluster, "/note")).toMatchObject([{ path: "/note", data: "hello", version: 0, ephemeral: false, children: [], stat: { dataLength: 5 } }]);
    expect(operated.view.ensemble?.znodes).toContainEqual({ path: "/note", version: 0, ephemeral: false, data: "hello" });
    operated.expectFoldedAsObserved();
  });

  test("without /controller the brokers race again, and the epoch grows", () => {
    const operated = new Operated(ZOOKEEPER);
    expect(operated.view.controllerEpoch).toBe(1);
    operated.value(call => ({ do: "zookeeper", operation: { op: "delete", path: "/controller", version: -1 }, call }));
    expect(operated.view.controllerEpoch).toBe(2);
    expect([1, 2, 3]).toContain(operated.view.activeController);
    operated.expectFoldedAsObserved();
  });

  test("whose leader dies elects another; without a majority it serves nobody, and Kafka's leaders go on", () => {
    const operated = new Operated(ZOOKEEPER);
    // Later it could not get a producer id: the controller takes blocks of them from ZooKeeper.
    operated.do({ do: "open-producer", producer: { id: "web-1" } });
    operated.advance(1);
    const leader = operated.view.ensemble?.servers.find(({ state }) => state === "leading")?.id ?? 0;
    operated.do({ do: "kill", node: `zookeeper-${leader}` });
    for (let step = 0; step < 10; step += 1) { operated.advance(1); operated.expectFoldedAsObserved(); }
    const next = operated.view.ensemble?.servers.find(({ state }) => state === "leading");
    expect(next?.id).not.toBe(leader);
    expect(operated.view.ensemble?.servers.find(({ id }) => id === leader)).toMatchObject({ status: "stopped", state: "none", leader: -1 });
    operated.do({ do: "kill", node: next?.name ?? "" });
    operated.advance(15);
    operated.expectFoldedAsObserved();
    expect(operated.view.ensemble?.servers.map(({ state }) => state).filter(state => state === "leading")).toEqual([]);
    expect(operated.value(call => ({ do: "send", producer: "web-1", topic: "user-events", records: [{ key: null, value: "v", partition: 0 }], call }))).toMatchObject([{ offset: 0 }]);
    expect(operated.ask(call => ({ do: "create-topic", topic: "late", partitions: 1, replicationFactor: 1, call }), 61)).toMatchObject({ ok: false });
    operated.do({ do: "restart", node: `zookeeper-${leader}` });
    operated.advance(40);
    expect(operated.view.activeController).not.toBe(-1);
    operated.expectFoldedAsObserved();
  });

  test("a server that was told to shut down ends, a paused one goes on, a cut one comes back", () => {
    const operated = new Operated(ZOOKEEPER);
    operated.do({ do: "shut-down", node: "zookeeper-1" });
    operated.advance(1);
    expect(operated.view.ensemble?.servers[0]?.status).toBe("stopped");
    operated.do({ do: "restart", node: "zookeeper-1", settings: { "4lw.commands.whitelist": "*" } });
    operated.advance(10);
    expect(operated.value(call => ({ do: "four-letter-word", word: "ruok", server: 1, call }))).toBe("imok");
    operated.do({ do: "pause", node: "zookeeper-2", forMs: 3_000 });
    operated.advance(10);
    operated.do({ do: "cut", from: ["zookeeper-3"], to: ["zookeeper-1", "zookeeper-2"] });
    operated.advance(20);
    operated.do({ do: "heal", from: [], to: [] });
    operated.advance(20);
    expect(operated.view.ensemble?.servers.map(({ state }) => state).sort((a, b) => a < b ? -1 : 1)).toEqual(["following", "following", "leading"]);
    operated.expectFoldedAsObserved();
  });

  test("of KRaft there is none: the commands say so", () => {
    const operated = new Operated(PRESETS["guides/three-nodes"] as ClusterSpec);
    expect(operated.cluster.refusalOf({ do: "four-letter-word", word: "ruok", server: 1, call: 1 })).toMatchObject({ code: "wrong-kind" });
    expect(operated.cluster.refusalOf({ do: "kill", node: "zookeeper-1" })).toMatchObject({ code: "no-such-process" });
    expect(observeZnodes(operated.cluster)).toEqual([]);
  });
});

describe("a quorum", () => {
  const DYNAMIC: ClusterSpec = {
    kafka: "4.3", mode: "kraft", quorum: "dynamic",
    nodes: [
      { id: 1, host: "cpu-node1", roles: ["broker"] }, { id: 2, host: "cpu-node2", roles: ["broker"] },
      { id: 101, host: "controller-node1", roles: ["controller"] },
      { id: 102, host: "controller-node2", roles: ["controller"], startsLater: true }, { id: 103, host: "controller-node3", roles: ["controller"], startsLater: true },
    ],
  };
  const voters = (operated: Operated): readonly number[] =>
    (operated.value(call => ({ do: "describe-quorum", call })) as { readonly voters: readonly { readonly replicaId: number }[] }).voters.map(({ replicaId }) => replicaId);

  test("that is dynamic takes voters in and lets them go", () => {
    const operated = new Operated(DYNAMIC);
    expect(voters(operated)).toEqual([101]);
    operated.do({ do: "restart", node: 102 });
    operated.advance(5);
    expect(operated.value(call => ({ do: "add-controller", node: 102, call }))).toBeNull();
    expect(voters(operated)).toEqual([101, 102]);
    operated.expectFoldedAsObserved();
    expect(operated.ask(call => ({ do: "add-controller", node: 102, call }))).toMatchObject({ ok: false });
    expect(operated.value(call => ({ do: "remove-controller", node: 102, call }))).toBeNull();
    expect(voters(operated)).toEqual([101]);
    operated.expectFoldedAsObserved();
  });

  test("shows its log as a dump would: what is committed, batch by batch", () => {
    const operated = new Operated({ ...PRESETS["guides/three-brokers-three-controllers"] as ClusterSpec, topics: [{ name: "user-events", partitions: 2 }] });
    const records = observeMetadataLog(operated.cluster);
    const created = records.filter(({ record }) => record.type === "TOPIC_RECORD" || record.type === "PARTITION_RECORD");
    expect(created.map(({ record }) => record.type)).toEqual(["TOPIC_RECORD", "PARTITION_RECORD", "PARTITION_RECORD"]);
    expect(new Set(created.map(({ batch }) => batch)).size).toBe(1);
    expect(created[0]?.record).toMatchObject({ version: 0, data: { name: "user-events" } });
    expect(observeMetadataLog(operated.cluster, { fromOffset: created[1]?.offset ?? 0 })[0]).toEqual(created[1]);
    expect(observeMetadataLog(operated.cluster, { withNoOps: true }).length).toBeGreaterThan(records.length);
    expect(observeMetadataLog(operated.cluster, { node: 1 }).at(-1)?.offset).toBe(records.at(-1)?.offset);
    expect(observeMetadataLog(operated.cluster, { node: 77 })).toEqual([]);
  });
});

describe("a node", () => {
  const FOUR: ClusterSpec = {
    kafka: "3.9", mode: "kraft", topics: [{ name: "user-events", partitions: 3, replicationFactor: 3 }],
    nodes: [{ id: 1, host: "a" }, { id: 2, host: "b" }, { id: 3, host: "c" }, { id: 4, host: "d", roles: ["broker"], startsLater: true, settings: { "num.partitions": 7 } }],
  };

  test("that starts later is not waited for, joins when it is started, and gets nothing by itself", () => {
    const operated = new Operated(FOUR);
    expect(operated.cluster.isOpen).toBe(true);
    expect(operated.view.nodes[3]).toMatchObject({ status: "stopped", belief: "unregistered", name: "broker-4" });
    expect(operated.cluster.refusalOf({ do: "kill", node: 4 })).toMatchObject({ code: "not-ready" });
    operated.do({ do: "restart", node: 4 });
    operated.advance(10);
    expect(operated.view.nodes[3]).toMatchObject({ status: "running", belief: "unfenced" });
    for (const { replicas } of operated.topic("user-events").partitions) expect(replicas).not.toContain(4);
    operated.expectFoldedAsObserved();
  });

  test("restarts with other settings: some are changed, null takes one away, the rest stay", () => {
    const operated = new Operated(FOUR);
    operated.do({ do: "restart", node: 4, settings: { "broker.rack": "r1", "min.insync.replicas": 2 } });
    operated.advance(5);
    operated.do({ do: "shut-down", node: 4 });
    operated.advance(10);
    operated.do({ do: "restart", node: 4, settings: { "broker.rack": null, "min.insync.replicas": null, "log.retention.ms": "5000" } });
    const settings = operated.cluster.simulation.process("broker-4").settings as { readonly rack: string | null; readonly overrides: unknown };
    expect(settings.rack).toBeNull();
    expect(settings.overrides).toEqual({ "num.partitions": 7, "log.retention.ms": "5000" });
  });

  test("shows its replicas' offsets, and its files by folder, name, size and text", () => {
    const operated = new Operated(FOUR);
    operated.do({ do: "open-producer", producer: { id: "web-1" } });
    operated.advance(1);
    operated.value(call => ({ do: "send", producer: "web-1", topic: "user-events", records: [{ key: null, value: "v", partition: 0 }], call }));
    const offsets = observeReplicaOffsets(operated.cluster).filter(({ partition }) => partition === 0);
    expect(offsets.map(({ broker, logEndOffset }) => [broker, logEndOffset])).toEqual([[1, 1], [2, 1], [3, 1]]);
    expect(observeFolders(operated.cluster, 1)).toEqual(expect.arrayContaining(["__cluster_metadata-0", "user-events-0", "user-events-1", "user-events-2"]));
    const files = observeFiles(operated.cluster, 1, "user-events-0");
    expect(files.find(({ name }) => name === "00000000000000000000.log")?.sizeBytes).toBeGreaterThan(61);
    expect(observeTextFile(operated.cluster, 1, "user-events-0/partition.metadata")).toMatch(/^version: 0\ntopic_id: /);
    expect(observeTextFile(operated.cluster, 1, "gone")).toBeNull();
    expect(observeFiles(operated.cluster, 9)).toEqual([]);
  });
});
