import { beforeAll, describe, expect, test } from "vitest";
import { Cluster } from "#engine/cluster/cluster.ts";
import { exportFacts } from "#engine/cluster/export-fact.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { type MessageView, RECORDS_SHOWN_MAX, type ViewFact } from "#engine/cluster/view.ts";

const SECOND = 1_000_000;
let cluster: Cluster;
let facts: readonly ViewFact[] = [];

beforeAll(() => {
  cluster = Cluster.build({ ...PRESETS["guides/three-nodes"] as ClusterSpec, topics: [{ name: "t", assignment: [[1, 2, 3]] }], producers: [{ id: "p" }], consumers: [{ id: "c", topic: "t", from: "beginning" }] }, 7);
  cluster.runUntil(5 * SECOND);
  const records = Array.from({ length: 100 }, (_, n) => ({ key: `k${n}`, value: "Grüße 邮件", headers: { trace: "42" } }));
  cluster.apply(0, { do: "send", producer: "p", topic: "t", records, call: 1 });
  cluster.runUntil(8 * SECOND);
  facts = exportFacts(cluster.simulation.world.trace, 0, true);
});

function messages(tag: string, after = 5 * SECOND): readonly (ViewFact & { readonly fact: MessageView })[] {
  return facts.filter((entry): entry is ViewFact & { readonly fact: MessageView } => entry.fact.kind === "message" && entry.fact.tag === tag && entry.at >= after);
}

describe("exported facts", () => {
  test("are plain data that survives a worker boundary", () => {
    expect(structuredClone(facts)).toEqual(facts);
    expect(JSON.parse(JSON.stringify(facts.slice(0, 500)))).toEqual(facts.slice(0, 500));
  });

  test("are numbered as the trace is, each with a cause before it", () => {
    facts.forEach((entry, index) => {
      expect(entry.id).toBe(index);
      expect(entry.cause).toBeLessThan(entry.id);
    });
  });

  test("a produce request spells out its first records", () => {
    const [request] = messages("Produce request");
    const summary = request?.fact.summary;
    if (summary?.about !== "produce") throw new Error("no produce request");
    const [batch] = summary.partitions[0]?.batches ?? [];
    expect(summary).toMatchObject({ acks: -1, partitions: [{ topic: "t", partition: 0 }] });
    expect(batch).toMatchObject({ count: 100, baseSequence: 0 });
    expect(batch?.records).toHaveLength(RECORDS_SHOWN_MAX);
    expect(batch?.records[31]).toMatchObject({ key: "k31", value: "Grüße 邮件", headers: [["trace", "42"]] });
    expect(request?.fact.arrivesAt).toBeGreaterThan(request?.at ?? 0);
  });

  test("a fetch response shows the batches on their way to followers and to the consumer, at their offsets", () => {
    const carrying = messages("Fetch response").filter(entry => entry.fact.summary.about === "fetch-response"
      && entry.fact.summary.partitions.some(partition => partition.batches.length > 0));
    expect(new Set(carrying.map(entry => entry.fact.to))).toEqual(new Set(["broker-2", "broker-3", "c"]));
    for (const entry of carrying) expect(entry.quiet).toBe(false);
  });

  test("the command of a large send shows its first records", () => {
    const command = facts.find(entry => entry.fact.kind === "command")?.fact;
    expect(command?.kind === "command" && "records" in command.command ? (command.command.records as unknown[]).length : 0).toBe(RECORDS_SHOWN_MAX);
  });
});

describe("routine traffic is quiet", () => {
  test("heartbeats and fetches that bring nothing, while nothing happens", () => {
    for (const tag of ["BrokerHeartbeat request", "BrokerHeartbeat response", "Fetch request", "Fetch response", "FetchMetadata request", "FetchMetadata response"]) {
      const idle = messages(tag, 7 * SECOND);
      expect(idle.length, tag).toBeGreaterThan(2);
      expect(idle.every(entry => entry.quiet), tag).toBe(true);
    }
  });

  test("what a record causes is not: the fetch by which a follower tells how far it has got, and the answer with the new high watermark", () => {
    const appendedAt = facts.find(entry => entry.fact.kind === "log-appended" && !entry.fact.asLeader && entry.fact.broker === 2)?.at ?? 0;
    const telling = messages("Fetch request", appendedAt).find(entry => entry.process === "broker-2" && entry.fact.summary.about === "fetch"
      && entry.fact.summary.partitions[0]?.fetchOffset === 100);
    expect(telling?.quiet).toBe(false);
  });

  test("only messages are ever quiet, and most of an idle second is", () => {
    expect(facts.filter(entry => entry.quiet && entry.fact.kind !== "message")).toEqual([]);
    const idle = facts.filter(entry => entry.at >= 7 * SECOND);
    expect(idle.filter(entry => entry.quiet).length).toBeGreaterThan(idle.length / 2);
    expect(exportFacts(cluster.simulation.world.trace, 0, false)).toEqual(facts.filter(entry => !entry.quiet));
  });

  test("registrations, elections, metadata with news and errors are not", () => {
    for (const tag of ["BrokerRegistration request", "Vote request", "CreateTopics request", "Metadata request"]) {
      expect(messages(tag, 0).some(entry => !entry.quiet), tag).toBe(true);
    }
    expect(messages("FetchMetadata response", 0).some(entry => !entry.quiet)).toBe(true);
  });
});

describe("exported facts of an ensemble", () => {
  const ensemble = Cluster.build({ ...PRESETS["guides/three-nodes-zookeeper"] as ClusterSpec, topics: [{ name: "t", assignment: [[1, 2, 3]] }] }, 7);
  ensemble.runUntil(20 * SECOND);
  ensemble.apply(0, { do: "zookeeper", operation: { op: "getData", path: "/nope", watch: false }, call: 1 });
  ensemble.runUntil(25 * SECOND);
  const told = exportFacts(ensemble.simulation.world.trace, 0, true);
  const tagged = (tag: string): readonly (ViewFact & { readonly fact: MessageView })[] =>
    told.filter((entry): entry is ViewFact & { readonly fact: MessageView } => entry.fact.kind === "message" && entry.fact.tag === tag);

  test("are plain data too", () => {
    expect(JSON.parse(JSON.stringify(told))).toEqual(told);
  });

  test("keep pings and agreement quiet, and tell votes, questions and watches", () => {
    for (const tag of ["zookeeper ping", "zookeeper pong", "zookeeper PING", "zookeeper PROPOSAL", "zookeeper ACK", "zookeeper COMMIT"]) {
      expect(tagged(tag).length, tag).toBeGreaterThan(0);
      for (const entry of tagged(tag)) expect(entry.quiet, tag).toBe(true);
    }
    for (const tag of ["zookeeper vote", "zookeeper connect", "zookeeper getData", "zookeeper watch event", "LeaderAndIsr request"]) {
      expect(tagged(tag).length, tag).toBeGreaterThan(0);
      for (const entry of tagged(tag)) expect(entry.quiet, tag).toBe(false);
    }
    const quiet = told.filter(entry => entry.quiet).length;
    expect(quiet / told.length).toBeGreaterThan(0.3);
  });

  test("say what is asked, and that it failed", () => {
    const [question] = tagged("zookeeper getData").filter(entry => entry.fact.from === "admin");
    expect(question?.fact.summary).toEqual({ about: "other", errors: [], text: "getData /nope" });
    const answer = tagged("zookeeper answer").find(entry => entry.fact.to === "admin" && entry.fact.correlationId === question?.fact.correlationId);
    expect(answer?.fact.summary).toEqual({ about: "other", errors: ["NONODE"], text: "NONODE" });
    expect(tagged("LeaderAndIsr request")[0]?.fact.summary).toMatchObject({ text: expect.stringMatching(/^controller \d, epoch 1: t-0 led by 1$/) });
  });
});
