// Facts written by hand, for tests of the page alone: three brokers, one topic, letters, a crash and its fence. The engine's own facts
// are tested with the engine; these only have its shape.
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { BatchView, ExportedFact, MessageSummary, ViewFact } from "#engine/cluster/view.ts";

export const SPEC: ClusterSpec = {
  kafka: "3.9", mode: "kraft",
  nodes: [{ id: 1, host: "cpu-node1" }, { id: 2, host: "cpu-node2" }, { id: 3, host: "worker-node3" }],
  topics: [{ name: "user-events", assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]] }],
  producers: [{ id: "web-1" }], consumers: [{ id: "reader", topic: "user-events" }],
};

export class WrittenFacts {
  readonly facts: ViewFact[] = [];
  #next = 0;

  /** `at` in milliseconds. Returns the id. */
  at(atMs: number, process: string, fact: ExportedFact, cause = -1): number {
    const id = this.#next;
    this.#next += 1;
    this.facts.push({ id, at: Math.round(atMs * 1_000), process, cause, quiet: false, fact });
    return id;
  }

  message(atMs: number, from: string, to: string, arrivesMs: number, summary: MessageSummary, connection = 1): number {
    return this.at(atMs, from, {
      kind: "message", connection, from, to, tag: "message", bytes: 100, arrivesAt: Math.round(arrivesMs * 1_000), correlationId: this.#next, summary,
    });
  }

  /** Brokers, topic, leaders, clients: everything before the first letter, within the first second. */
  opening(): this {
    for (const id of [1, 2, 3]) this.at(0, `broker-${id}`, { kind: "process-started", process: `broker-${id}`, host: SPEC.nodes[id - 1]?.host ?? "" });
    this.at(300, "broker-1", { kind: "raft-role", node: 1, role: "leader", epoch: 1, leader: 1 });
    for (const id of [1, 2, 3]) {
      this.at(400, "broker-1", { kind: "broker-registered", broker: id, brokerEpoch: id });
      this.at(500, "broker-1", { kind: "broker-unfenced", broker: id });
    }
    this.at(600, "broker-1", { kind: "topic-created", topic: "user-events", topicId: "AAAA", partitions: 3, configs: [] });
    for (const [partition, replicas] of [[1, 2, 3], [2, 3, 1], [3, 1, 2]].entries()) {
      const leader = replicas[0] ?? 1;
      this.changed(600, { partition, replicas, isr: replicas, leader, leaderEpoch: 0, partitionEpoch: 0 });
      for (const broker of replicas) {
        this.at(610, `broker-${broker}`, broker === leader
          ? { kind: "became-leader", broker, topic: "user-events", partition, leaderEpoch: 0, epochStartOffset: 0 }
          : { kind: "became-follower", broker, topic: "user-events", partition, leaderEpoch: 0, leader });
      }
    }
    this.at(700, "web-1", { kind: "process-started", process: "web-1", host: "web-1" });
    this.at(700, "web-1", { kind: "producer-opened", client: "web-1", acks: -1, idempotent: true });
    this.at(700, "reader", { kind: "consumer-opened", client: "reader", assignment: [0, 1, 2].map(partition => ({ topic: "user-events", partition, position: 0 })) });
    return this;
  }

  changed(
    atMs: number,
    to: { partition: number; replicas: readonly number[]; isr: readonly number[]; leader: number; leaderEpoch: number; partitionEpoch: number },
    reason: "created" | "broker-fenced" | "isr-expanded" = "created",
  ): number {
    return this.at(atMs, "broker-1", { kind: "partition-changed", topic: "user-events", reason, ...to });
  }

  /** One letter, all the way: sent, appended, copied, committed, acknowledged; each hop takes `hopMs`. */
  letter(atMs: number, partition: number, leader: number, followers: readonly number[], offset: number, key: string, hopMs = 1): void {
    const written = batch(offset, key);
    const of = { topic: "user-events", partition };
    const broker = `broker-${leader}`;
    this.at(atMs, "web-1", { kind: "records-accepted", client: "web-1", call: offset + 1, topic: "user-events", count: 1, keys: [key], partitions: [partition] });
    const sent = this.message(atMs, "web-1", broker, atMs + hopMs, { about: "produce", acks: -1, partitions: [{ ...of, batches: [written] }] }, 10 + leader);
    this.at(atMs + hopMs, broker, { kind: "log-appended", broker: leader, ...of, batch: written, asLeader: true }, sent);
    for (const follower of followers) {
      this.message(atMs + hopMs, broker, `broker-${follower}`, atMs + 2 * hopMs, { about: "fetch-response", partitions: [{ ...of, error: "NONE", highWatermark: offset, batches: [written] }] }, 20 + follower);
    }
    for (const follower of followers) {
      this.at(atMs + 2 * hopMs, `broker-${follower}`, { kind: "log-appended", broker: follower, ...of, batch: written, asLeader: false });
      this.message(atMs + 2 * hopMs, `broker-${follower}`, broker, atMs + 3 * hopMs, { about: "fetch", replica: follower, partitions: [{ ...of, fetchOffset: offset + 1, leaderEpoch: 0 }] }, 30 + follower);
    }
    this.at(atMs + 3 * hopMs, broker, { kind: "high-watermark", broker: leader, ...of, offset: offset + 1 });
    this.message(atMs + 3 * hopMs, broker, "web-1", atMs + 4 * hopMs, { about: "produce-response", partitions: [{ ...of, error: "NONE", baseOffset: offset }] }, 10 + leader);
    this.at(atMs + 4 * hopMs, "web-1", { kind: "batch-acknowledged", client: "web-1", ...of, baseOffset: offset, count: 1, producerId: 1, baseSequence: offset });
    for (const follower of followers) this.at(atMs + 4 * hopMs, `broker-${follower}`, { kind: "high-watermark", broker: follower, ...of, offset: offset + 1 });
  }
}

export function batch(offset: number, key: string | null, leaderEpoch = 0): BatchView {
  return {
    baseOffset: offset, count: 1, leaderEpoch, producerId: 1, producerEpoch: 0, baseSequence: offset, sizeBytes: 80,
    records: [{ offset, leaderEpoch, key, value: "paid", timestampMs: 0, headers: [] }],
  };
}

/** Letters every half second until 5.3 s, then broker 2 is unplugged; the fence comes at 14.214 s. */
export function crashStory(hopMs = 1): WrittenFacts {
  const story = new WrittenFacts().opening();
  const keys = ["customer-123", "customer-456", "user-1"];
  const offsets = [0, 0, 0];
  for (let n = 0; n < 9; n += 1) {
    const partition = n % 3;
    const replicas = [[1, 2, 3], [2, 3, 1], [3, 1, 2]][partition] ?? [];
    const [leader = 1, ...followers] = replicas;
    const offset = offsets[partition] ?? 0;
    offsets[partition] = offset + 1;
    story.letter(800 + n * 500, partition, leader, followers, offset, keys[partition] ?? "", hopMs);
  }
  story.facts.sort((a, b) => a.at - b.at || a.id - b.id);
  const kill = story.at(5_300, "", { kind: "command", input: 0, command: { do: "kill", node: 2 } as { do: string } });
  story.at(5_300, "", { kind: "process-stopped", process: "broker-2", how: "crash" }, kill);
  story.at(5_750, "web-1", { kind: "peer-unreachable", client: "web-1", broker: 2 });
  story.at(14_214, "broker-1", { kind: "broker-fenced", broker: 2, silentForUs: 9_000_000 }, kill);
  story.changed(14_214, { partition: 0, replicas: [1, 2, 3], isr: [1, 3], leader: 1, leaderEpoch: 0, partitionEpoch: 1 }, "broker-fenced");
  story.changed(14_214, { partition: 1, replicas: [2, 3, 1], isr: [3, 1], leader: 3, leaderEpoch: 1, partitionEpoch: 1 }, "broker-fenced");
  story.changed(14_214, { partition: 2, replicas: [3, 1, 2], isr: [3, 1], leader: 3, leaderEpoch: 0, partitionEpoch: 1 }, "broker-fenced");
  story.at(14_220, "broker-3", { kind: "became-leader", broker: 3, topic: "user-events", partition: 1, leaderEpoch: 1, epochStartOffset: 3 });
  // Written letter by letter; the trace is in the order of time, and ids follow it.
  story.facts.forEach((fact, index) => { story.facts[index] = { ...fact, id: index, cause: -1 }; });
  return story;
}
