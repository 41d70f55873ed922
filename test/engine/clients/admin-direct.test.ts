// What an operator says to one server directly: bare requests of Kafka's protocol, znodes in a session of his own, four-letter words.
import { describe, expect, test } from "vitest";
import { requestBody, responseView } from "#engine/clients/raw-request.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { RecordBatch } from "#engine/protocol/record-batch.ts";
import { Operated } from "../cluster/operated-cluster.ts";

const DEDICATED: ClusterSpec = {
  ...PRESETS["guides/three-brokers-three-controllers"] as ClusterSpec, topics: [{ name: "orders", assignment: [[1, 2, 3], [2, 3, 1]] }],
};
const ZOOKEEPER = PRESETS["guides/three-nodes-zookeeper"] as ClusterSpec;

describe("a bare request", () => {
  test("gets the defaults of Kafka's schemas for what is left out", () => {
    expect(requestBody("Fetch", { topics: [{ topic: "orders", partitions: [{ partition: 0, fetchOffset: 5 }] }] }, 0)).toMatchObject({
      replicaId: -1, replicaEpoch: -1, maxWaitMs: 500, minBytes: 1, maxBytes: 2_147_483_647, isolationLevel: 0, sessionId: 0, sessionEpoch: -1, rackId: "",
      topics: [{ topic: "orders", partitions: [{ partition: 0, fetchOffset: 5, currentLeaderEpoch: -1, lastFetchedEpoch: -1, logStartOffset: -1, partitionMaxBytes: 1_048_576 }] }],
    });
    expect(requestBody("Metadata", {}, 0)).toEqual({ topics: null, allowAutoTopicCreation: true });
    expect(requestBody("DescribeQuorum", {}, 0)).toEqual({});
  });

  test("has its batches written down as records, and its answer's batches as texts", () => {
    const body = requestBody("Produce", { acks: 1, topics: [{ name: "orders", partitions: [{ index: 0, records: [
      { records: [{ key: "k", value: "v", headers: { trace: "42" } }, { key: null, value: null, timestampMs: 9 }], producerId: 7, producerEpoch: 1, baseSequence: 3 },
    ] }] }] }, 5_000);
    const [batch] = body.topics[0]?.partitions[0]?.records ?? [];
    expect(batch).toBeInstanceOf(RecordBatch);
    expect(batch).toMatchObject({ producerId: 7, producerEpoch: 1, baseSequence: 3, lastOffsetDelta: 1 });
    expect(responseView({ anything: [batch] } as never)).toMatchObject({ anything: [{ baseOffset: 0, lastOffset: 1, producerId: 7, records: [
      { key: "k", value: "v", timestampMs: 5_000, headers: [["trace", "42"]] }, { key: null, value: null, timestampMs: 9 },
    ] }] });
  });

  test("is written once, refused as a duplicate is, and read back", () => {
    const operated = new Operated(DEDICATED);
    const produce = (sequence: number, to = 1) => operated.value(call => ({ do: "request", to, api: "Produce", call, body: { acks: -1, timeoutMs: 1_000, topics: [{ name: "orders", partitions: [
      { index: 0, records: [{ records: [{ key: "k", value: `v${sequence}` }], producerId: 900, producerEpoch: 0, baseSequence: sequence }] }] }] } }), 2);
    expect(produce(0)).toMatchObject({ topics: [{ partitions: [{ error: "NONE", baseOffset: 0 }] }] });
    expect(produce(0)).toMatchObject({ topics: [{ partitions: [{ error: "NONE", baseOffset: 0 }] }] });
    expect(produce(5)).toMatchObject({ topics: [{ partitions: [{ error: "OUT_OF_ORDER_SEQUENCE_NUMBER" }] }] });
    expect(produce(1, 2)).toMatchObject({ topics: [{ partitions: [{ error: "NOT_LEADER_OR_FOLLOWER" }] }] });
    expect(operated.value(call => ({ do: "request", to: 1, api: "Fetch", call, body: { topics: [{ topic: "orders", partitions: [{ partition: 0, fetchOffset: 0 }] }] } }), 2))
      .toMatchObject({ topics: [{ partitions: [{ error: "NONE", highWatermark: 1, records: [{ records: [{ key: "k", value: "v0" }] }] }] }] });
  });

  test("reaches a controller at its own listener", () => {
    const operated = new Operated(DEDICATED);
    const { activeController } = operated.view;
    expect(operated.value(call => ({ do: "request", to: activeController, api: "DescribeQuorum", body: {}, call }))).toMatchObject({ error: "NONE", leaderId: activeController });
  });

  test("to a node that is not there, or is down, fails at once", () => {
    const operated = new Operated(DEDICATED);
    expect(operated.cluster.refusalOf({ do: "request", to: 77, api: "Metadata", body: {}, call: 1 })).toMatchObject({ code: "no-such-process" });
    operated.do({ do: "kill", node: 2 });
    const outcome = operated.ask(call => ({ do: "request", to: 2, api: "Metadata", body: {}, call }));
    expect(outcome).toMatchObject({ ok: false, error: { name: "Disconnect" } });
    expect(outcome.at).toBeLessThan(operated.cluster.now - 4_900_000);
  });
});

describe("an operator at ZooKeeper", () => {
  test("keeps one session, whose ephemeral znodes stay with it", () => {
    const operated = new Operated(ZOOKEEPER);
    operated.value(call => ({ do: "zookeeper", operation: { op: "create", path: "/mine", data: "x", mode: "ephemeral" }, call }));
    operated.advance(60);
    expect(operated.value(call => ({ do: "zookeeper", operation: { op: "exists", path: "/mine", watch: false }, call }))).toMatchObject({ error: "OK", stat: { version: 0 } });
    expect(operated.view.ensemble?.sessions.filter(({ client }) => client === "admin")).toHaveLength(1);
  });

  test("is told of versions that do not fit, and of a multi that fails as a whole", () => {
    const operated = new Operated(ZOOKEEPER);
    operated.value(call => ({ do: "zookeeper", operation: { op: "create", path: "/note", data: "a", mode: "persistent" }, call }));
    expect(operated.value(call => ({ do: "zookeeper", operation: { op: "setData", path: "/note", data: "b", version: 7 }, call }))).toMatchObject({ error: "BADVERSION" });
    const multi = operated.value(call => ({ do: "zookeeper", call, operation: { op: "multi", operations: [
      { op: "setData", path: "/note", data: "c", version: 0 }, { op: "check", path: "/note", version: 9 },
    ] } }));
    expect(multi).toMatchObject({ results: [{ error: "OK" }, { error: "BADVERSION" }] });
    expect(operated.value(call => ({ do: "zookeeper", operation: { op: "getData", path: "/note", watch: false }, call }))).toMatchObject({ data: "a", stat: { version: 0 } });
  });

  test("goes on with another server when his own dies, and with a new session when the old one has ended", () => {
    const operated = new Operated(ZOOKEEPER);
    operated.value(call => ({ do: "zookeeper", operation: { op: "sync", path: "/" }, call }));
    const session = operated.view.ensemble?.sessions.find(({ client }) => client === "admin")?.session;
    for (const id of [1, 2, 3]) operated.do({ do: "cut", from: ["admin"], to: [`zookeeper-${id}`] });
    operated.advance(60);
    expect(operated.view.ensemble?.sessions.map(({ client }) => client)).not.toContain("admin");
    operated.do({ do: "heal", from: [], to: [] });
    operated.advance(10);
    expect(operated.value(call => ({ do: "zookeeper", operation: { op: "exists", path: "/controller", watch: false }, call }), 20)).toMatchObject({ error: "OK" });
    const again = operated.view.ensemble?.sessions.find(({ client }) => client === "admin")?.session;
    expect(again).toBeDefined();
    expect(again).not.toBe(session);
  });

  test("hears nothing from a server that is down or stopped, and silence for a word that is none", () => {
    const operated = new Operated(ZOOKEEPER);
    expect(operated.value(call => ({ do: "four-letter-word", word: "nope", server: 1, call }), 6)).toBe("");
    operated.do({ do: "kill", node: "zookeeper-1" });
    expect(operated.ask(call => ({ do: "four-letter-word", word: "srvr", server: 1, call }))).toMatchObject({ ok: false, error: { name: "Connect", message: "Connection refused" } });
    operated.do({ do: "pause", node: "zookeeper-2" });
    expect(operated.ask(call => ({ do: "four-letter-word", word: "srvr", server: 2, call }), 6)).toMatchObject({ ok: false, error: { name: "SocketTimeout" } });
    expect(operated.cluster.refusalOf({ do: "four-letter-word", word: "srvr", server: 9, call: 9 })).toMatchObject({ code: "no-such-process" });
  });
});
