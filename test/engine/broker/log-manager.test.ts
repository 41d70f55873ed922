import { describe, expect, test } from "vitest";
import { failLogDirectory, logDirectoryRefusal } from "#engine/broker/log-directories.ts";
import { setDiskCapacity, setDiskSpeed, usedBytes } from "#engine/core/disk.ts";
import { SECOND } from "#engine/core/time.ts";
import { damageLog } from "#engine/log/damage-log.ts";
import { listFiles, readTextFile } from "#engine/log/log-files.ts";
import { RecordBatchBuilder } from "#engine/protocol/record-batch-codec.ts";
import { batchOf, ClusterWorld } from "./kafka-cluster-world.ts";

const QUICK = { "log.retention.check.interval.ms": 10_000, "log.initial.task.delay.ms": 5_000, "log.cleaner.backoff.ms": 3_000, "log.segment.delete.delay.ms": 5_000 };

function names(world: ClusterWorld, id: number, folder: string): string[] {
  return listFiles(world.simulation.process(`broker-${id}`).disk, folder).map(file => file.name);
}

function text(world: ClusterWorld, id: number, path: string): string | null {
  return readTextFile(world.simulation.process(`broker-${id}`).disk, path);
}

function lines(world: ClusterWorld, id: number, since = 0): string[] {
  return world.facts("node-log", since).filter(entry => entry.fact.node === id).map(entry => entry.fact.text);
}

function keyed(key: string, value: string | null, timestampMs: number) {
  return new RecordBatchBuilder().append(timestampMs, key, value).build();
}

describe("retention", () => {
  test("old segments go on the leader and on its followers, at the next check, and their files a while later", () => {
    const world = new ClusterWorld([1, 2, 3], QUICK).boot();
    world.createTopic("orders", [[1, 2, 3]], { "segment.bytes": "200", "retention.ms": "20000" });
    for (let index = 0; index < 6; index += 1) world.produce(1, "orders", batchOf([`value ${index}`], undefined, Math.floor(world.now / 1000)), -1);
    expect(world.replica(1, "orders").log.segments.length).toBeGreaterThan(2);
    world.run(15);
    expect(world.replica(1, "orders").log.logStartOffset).toBe(0);
    world.run(20);
    for (const id of [1, 2, 3]) expect(world.replica(id, "orders").log).toMatchObject({ logStartOffset: 6, logEndOffset: 6, highWatermark: 6 });
    expect(world.facts("segments-deleted").map(entry => entry.fact.why)).toContain("retention-time");
    expect(world.fetch(1, "orders", 0).error).toBe("OFFSET_OUT_OF_RANGE");
    world.run(10);
    expect(names(world, 1, "orders-0").filter(name => name.endsWith(".deleted"))).toEqual([]);
    expect(names(world, 1, "orders-0")).toContain("00000000000000000006.log");
  });

  test("a follower that was away while the leader's log moved on begins where the leader begins", () => {
    const world = new ClusterWorld([1, 2, 3], QUICK).boot();
    world.createTopic("orders", [[1, 2, 3]], { "segment.bytes": "200", "retention.bytes": "200" });
    world.produce(1, "orders", batchOf(["first"]), -1);
    world.simulation.crash("broker-3");
    world.run(12);
    for (let index = 0; index < 8; index += 1) world.produce(1, "orders", batchOf([`value ${index}`]), -1);
    world.run(12);
    const { logStartOffset } = world.replica(1, "orders").log;
    expect(logStartOffset).toBeGreaterThan(1);
    world.simulation.start("broker-3");
    world.run(20);
    expect(world.replica(3, "orders").log).toMatchObject({ logStartOffset, logEndOffset: 9 });
    expect(world.registration("orders")?.isr).toContain(3);
  });
});

test("the cleaner compacts a topic in the background and writes down how far", () => {
  const world = new ClusterWorld([1, 2, 3], QUICK).boot();
  world.createTopic("orders", [[1]], { "cleanup.policy": "compact", "segment.bytes": "300", "min.cleanable.dirty.ratio": "0.01" });
  for (let index = 0; index < 12; index += 1) world.produce(1, "orders", keyed(`customer-${index % 2}`, `value ${index}`, Math.floor(world.now / 1000)), -1);
  world.run(8);
  const [fact] = world.facts("log-compacted");
  expect(fact?.fact).toMatchObject({ broker: 1, topic: "orders" });
  expect(fact?.fact.recordsAfter).toBeLessThan(fact?.fact.recordsBefore ?? 0);
  expect(text(world, 1, "cleaner-offset-checkpoint")).toBe(`0\n1\norders 0 ${fact?.fact.to}\n`);
  expect(world.fetch(1, "orders", 0)).toMatchObject({ error: "NONE" });
  const refused = world.produce(1, "orders", batchOf(["no key"]), -1);
  expect(refused).toMatchObject({ error: "INVALID_RECORD" });
});

describe("the end and the next start", () => {
  test("a clean end trims the indexes, snapshots the producers and says so; the start reads nothing again", () => {
    const world = new ClusterWorld().boot();
    world.createTopic("orders", [[1, 2, 3]]);
    world.produce(1, "orders", batchOf(["a", "b"], { producerId: 7, producerEpoch: 0, baseSequence: 0 }), -1);
    world.run(1);
    world.simulation.input("broker-3", { do: "shut-down" });
    world.until("broker 3 is down", () => world.simulation.process("broker-3").status === "stopped");
    expect(names(world, 3, "")).toContain(".kafka_cleanshutdown");
    expect(text(world, 3, "recovery-point-offset-checkpoint")).toBe("0\n1\norders 0 2\n");
    expect(Object.fromEntries(listFiles(world.simulation.process("broker-3").disk, "orders-0").map(file => [file.name, file.sizeBytes]))).toMatchObject({
      "00000000000000000000.index": 0, "00000000000000000000.timeindex": 12, "00000000000000000002.snapshot": 56, "leader-epoch-checkpoint": 8,
    });
    const since = world.simulation.world.trace.length;
    world.simulation.start("broker-3");
    world.run(5);
    expect(lines(world, 3, since).filter(line => line.includes("Recover") && !line.includes("__cluster_metadata"))).toEqual([]);
    expect(world.replica(3, "orders").log.producers.get(7)?.batches).toHaveLength(1);
    expect(names(world, 3, "")).not.toContain(".kafka_cleanshutdown");
  });

  test("after a kill all logs without a recovery point are read again, which takes time on a slow disk; the broker stays fenced until then", () => {
    const world = new ClusterWorld().boot();
    world.createTopic("orders", [[1, 2, 3]]);
    for (let index = 0; index < 10; index += 1) world.produce(1, "orders", batchOf(["x".repeat(10_000)]), -1);
    world.simulation.crash("broker-3");
    setDiskSpeed(world.simulation.process("broker-3"), 10_000);
    world.run(12);
    const since = world.simulation.world.trace.length;
    world.simulation.start("broker-3");
    world.run(8);
    expect(world.node(3).broker.isReady).toBe(false);
    expect(world.unfenced(1)).not.toContain(3);
    const at = world.until("broker 3 is back in the ISR", () => world.registration("orders", 0, 1)?.isr.includes(3) === true, 20);
    expect(at).toBeGreaterThan(20);
    expect(lines(world, 3, since)).toContain("Recovering 1 logs from /tmp/kafka-logs since no clean shutdown file was found");
  });

  test("one damaged base offset keeps the whole broker down", () => {
    const world = new ClusterWorld().boot();
    world.createTopic("orders", [[1, 2, 3]]);
    for (let index = 0; index < 3; index += 1) world.produce(1, "orders", batchOf(["value"]), -1);
    world.run(1);
    world.simulation.crash("broker-3");
    const { disk } = world.simulation.process("broker-3");
    const size = listFiles(disk, "orders-0").find(file => file.name.endsWith(".log"))?.sizeBytes ?? 0;
    damageLog(disk, "orders", 0, "flip-byte", size / 3 * 2 - 2);
    world.simulation.start("broker-3");
    world.run(15);
    expect(world.simulation.process("broker-3").status).toBe("stopped");
    expect(world.facts("node-failed").map(entry => entry.fact)).toEqual([{
      kind: "node-failed", node: 3, exitCode: 1, text: "Encountered fatal fault: Error starting LogManager\njava.lang.IllegalArgumentException: requirement failed: "
        + "Split operation is only permitted for segments with overflow, and the problem path is /tmp/kafka-logs/orders-0/00000000000000000000.log",
    }]);
  });
});

test("a deleted topic's directory gets another name and goes after a while", () => {
  const world = new ClusterWorld([1, 2, 3], QUICK).boot();
  world.createTopic("orders", [[1, 2, 3]]);
  world.produce(1, "orders", batchOf(["a"]), -1);
  const deleted = world.call(1, "DeleteTopics", { topics: [{ name: "orders", topicId: "AAAAAAAAAAAAAAAAAAAAAA" }], timeoutMs: 5000 } as never) as unknown;
  expect(JSON.stringify(deleted)).toContain("NONE");
  world.run(1);
  const folders = (): Set<string> => new Set([...world.simulation.process("broker-1").disk.keys()].filter(path => path.startsWith("orders-0")).map(path => path.split("/")[0] ?? ""));
  expect([...folders()].join()).toMatch(/^orders-0\.[0-9a-f]{32}-delete$/);
  world.run(6);
  expect(folders().size).toBe(0);
  expect(world.facts("log-deleted")).toHaveLength(3);
});

describe("a disk that fails", () => {
  const TWO = { "log.dirs": "/data/a,/data/b" };

  test("replicas are spread over the log directories, and one that fails takes its own offline only", () => {
    const world = new ClusterWorld([1, 2, 3], TWO).boot();
    world.createTopic("orders", [[1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3]]);
    world.run(2);
    const dirs = [0, 1, 2, 3].map(partition => world.replica(1, "orders", partition).log.logDirectory);
    expect(dirs).toEqual(["/data/a", "/data/b", "/data/a", "/data/b"]);
    const process = world.simulation.process("broker-1");
    expect(logDirectoryRefusal(process, "/data/c")).toContain("\"/data/a\", \"/data/b\"");
    failLogDirectory(process, "/data/b");
    world.produce(1, "orders", batchOf(["a"]), -1);
    world.run(8);
    expect(process.status).toBe("running");
    expect(world.facts("log-directory-failed").map(entry => entry.fact)).toEqual([{ kind: "log-directory-failed", broker: 1, directory: "/data/b", why: "Input/output error" }]);
    expect([0, 1, 2, 3].map(partition => world.registration("orders", partition, 2)?.leader)).toEqual([1, 2, 1, 2]);
    expect(world.registration("orders", 1, 2)?.isr).toEqual([2, 3]);
    expect(world.registration("orders", 0, 2)?.isr).toEqual([1, 2, 3]);
  });

  test("a full disk ends a broker that has no other directory; with more room it comes back and loses nothing", () => {
    const world = new ClusterWorld().boot();
    world.createTopic("orders", [[1, 2, 3]], { "min.insync.replicas": "2" });
    world.produce(1, "orders", batchOf(["kept"]), -1);
    const process = world.simulation.process("broker-1");
    setDiskCapacity(process, usedBytes(process.disk) + 5_000);
    const since = world.simulation.world.trace.length;
    expect(world.produce(1, "orders", batchOf(["x".repeat(10_000)]), -1)).toMatchObject({ error: "KAFKA_STORAGE_ERROR" });
    world.until("broker 1 ends", () => process.status === "stopped", 1);
    expect(lines(world, 1, since)).toEqual([
      "Error while appending records to orders-0 in dir /tmp/kafka-logs", "java.io.IOException: No space left on device",
      expect.stringMatching(/^\[ReplicaManager broker=1\] Stopping serving replicas in dir \/tmp\/kafka-logs with uuid Some\(.{22}\) because the log directory has failed\.$/),
      "[ReplicaManager broker=1] Broker 1 stopped fetcher for partitions orders-0 and stopped moving logs for partitions  because they are in the failed log directory /tmp/kafka-logs.",
      "Stopping serving logs in dir /tmp/kafka-logs", "Shutdown broker because all log dirs in /tmp/kafka-logs have failed",
    ]);
    world.run(11);
    expect(world.registration("orders", 0, 2)).toMatchObject({ leader: 2, isr: [2, 3] });
    world.simulation.start("broker-1");
    world.run(1);
    expect(process.status).toBe("stopped");
    expect(world.facts("node-failed").at(-1)?.fact.text).toContain("Got exception while starting SharedServer");
    setDiskCapacity(process, null);
    world.simulation.start("broker-1");
    world.run(6);
    expect(world.registration("orders", 0, 2)?.isr).toEqual([2, 3, 1]);
    expect(world.replica(1, "orders").log.logEndOffset).toBe(1);
  });
});

test("a slow disk writes pages back late: a loss of power leaves the start of a batch, which recovery cuts", () => {
  const world = new ClusterWorld([1, 2, 3]).boot();
  world.createTopic("orders", [[1, 2, 3]]);
  world.run(1);
  setDiskSpeed(world.simulation.process("broker-3"), 10_000);
  for (let index = 0; index < 10; index += 1) world.produce(1, "orders", batchOf(["x".repeat(10_000)]), -1);
  // The first page was dirty alone; what came after it is written back in the second round, which takes nine seconds.
  world.simulation.runUntil(world.now + 65 * SECOND);
  const since = world.simulation.world.trace.length;
  world.simulation.losePower("broker-3");
  const left = listFiles(world.simulation.process("broker-3").disk, "orders-0").find(file => file.name.endsWith(".log"))?.sizeBytes ?? 0;
  expect(left).toBeGreaterThan(10_000);
  expect(left).toBeLessThan(90_000);
  expect(left % 4096).toBe(0);
  world.simulation.start("broker-3");
  world.run(30);
  expect(lines(world, 3, since).some(line => line.includes("Corruption found in segment 0"))).toBe(true);
  expect(world.replica(3, "orders").log.logEndOffset).toBe(10);
});

test("the log directory itself has the files of a real one", () => {
  const world = new ClusterWorld().boot();
  world.createTopic("orders", [[1, 2, 3]]);
  world.run(61);
  expect(names(world, 1, "")).toEqual(expect.arrayContaining([
    ".lock", "cleaner-offset-checkpoint", "log-start-offset-checkpoint", "meta.properties", "recovery-point-offset-checkpoint", "replication-offset-checkpoint",
  ]));
  expect(text(world, 1, "meta.properties")).toMatch(/^#\n#.*\nnode\.id=1\ndirectory\.id=.{22}\nversion=1\ncluster\.id=test-cluster\n$/);
  expect(text(world, 1, "recovery-point-offset-checkpoint")).toBe("0\n1\norders 0 0\n");
  expect(text(world, 1, "log-start-offset-checkpoint")).toBe("0\n0\n");
  expect(text(world, 1, "cleaner-offset-checkpoint")).toBe("");
});
