// Where a consumer reads from, and what it does when the log is not what it was: the nearest replica (KIP-392), and truncation (KIP-320).
import { describe, expect, test } from "vitest";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { Command } from "#engine/cluster/commands.ts";
import type { ClusterSpec, ConsumerSpec } from "#engine/cluster/spec.ts";
import { consumerPositions, type ConsumerState } from "#engine/clients/consumer-state.ts";
import { SECOND } from "#engine/core/time.ts";
import type { ClientFact } from "#engine/protocol/facts.ts";

const RACKS = ["", "rack-a", "rack-b", "rack-c", "rack-a", "rack-b"];
let input = 0;
let call = 1;

function built(consumer: Partial<ConsumerSpec>, spec: Partial<ClusterSpec> = {}, seed = 5): Cluster {
  const cluster = Cluster.build({
    kafka: "3.9", mode: "kraft", nodes: [1, 2, 3, 4, 5].map(id => ({ id, host: `h${id}`, rack: RACKS[id] as string })),
    settings: { "auto.leader.rebalance.enable": false, "replica.selector.class": "org.apache.kafka.common.replica.RackAwareReplicaSelector" },
    topics: [{ name: "orders", assignment: [[1, 2, 3]] }], producers: [{ id: "p", settings: { "linger.ms": 0 } }],
    consumers: [{ id: "c", topic: "orders", from: "beginning", ...consumer }], ...spec,
  }, seed);
  for (let second = 1; second < 30 && !cluster.isOpen; second += 1) cluster.runUntil(second * SECOND);
  return cluster;
}

function run(cluster: Cluster, seconds: number): void { cluster.runUntil(cluster.now + Math.round(seconds * SECOND)); }
function apply(cluster: Cluster, command: Command): void { cluster.apply(input++, command); }

function send(cluster: Cluster, ...values: string[]): void {
  apply(cluster, { do: "send", producer: "p", topic: "orders", call: call++, records: values.map(value => ({ key: null, value, partition: 0 })) });
  run(cluster, 1);
}

function facts<K extends ClientFact["kind"]>(cluster: Cluster, kind: K): Extract<ClientFact, { readonly kind: K }>[] {
  return [...cluster.simulation.world.trace].filter(entry => entry.process === "c" && entry.fact.kind === kind).map(entry => entry.fact as never);
}

const sources = (cluster: Cluster): number[] => [...new Set(facts(cluster, "records-consumed").map(({ fromBroker }) => fromBroker))];
const reader = (cluster: Cluster): ConsumerState => cluster.simulation.process("c").state as ConsumerState;
const position = (cluster: Cluster): number => consumerPositions(reader(cluster))[0]?.position ?? -1;

describe("the nearest replica", () => {
  test("a consumer reads from the follower in its rack, half a second after the leader's high watermark at the latest", () => {
    const cluster = built({ settings: { "client.rack": "rack-b" } });
    send(cluster, "a-0", "a-1");
    expect(position(cluster)).toBe(2);
    expect(sources(cluster)).toEqual([2]);
  });

  test("without a rack, in the leader's rack or in one without a replica it reads from the leader", () => {
    for (const rack of [undefined, "rack-a", "nowhere"]) {
      const cluster = built(rack === undefined ? {} : { settings: { "client.rack": rack } });
      send(cluster, "a-0");
      expect(sources(cluster)).toEqual([1]);
    }
  });

  test("a follower that hangs costs request.timeout.ms, a dead one next to nothing", () => {
    const hanging = built({ settings: { "client.rack": "rack-b" } });
    send(hanging, "a-0");
    apply(hanging, { do: "pause", node: 2 });
    send(hanging, "b-0");
    run(hanging, 20);
    expect(position(hanging)).toBe(1);
    run(hanging, 25);
    expect(position(hanging)).toBe(2);
    expect(sources(hanging)).toEqual([2, 1]);
    const dead = built({ settings: { "client.rack": "rack-b" } });
    send(dead, "a-0");
    apply(dead, { do: "kill", node: 2 });
    run(dead, 10);
    send(dead, "b-0");
    expect(position(dead)).toBe(2);
  });
});

describe("records that were read are gone", () => {
  /** 1 leads alone, the consumer reads what only 1 has, 1 dies, 2 is elected although it has less. */
  function uncleanElection(consumer: Partial<ConsumerSpec>): Cluster {
    const cluster = built(consumer, { topics: [{ name: "orders", assignment: [[1, 2]] }] }, 11);
    send(cluster, "both-0", "both-1", "both-2");
    apply(cluster, { do: "kill", node: 2 });
    run(cluster, 12);
    send(cluster, "only-1-0", "only-1-1");
    expect(position(cluster)).toBe(5);
    apply(cluster, { do: "kill", node: 1 });
    run(cluster, 12);
    apply(cluster, { do: "restart", node: 2 });
    run(cluster, 6);
    apply(cluster, { do: "elect-leaders", type: "unclean", partitions: [{ topic: "orders", partition: 0 }], call: call++ });
    run(cluster, 1);
    send(cluster, "new-0", "new-1", "new-2", "new-3");
    run(cluster, 5);
    return cluster;
  }

  test("the consumer goes back to where the logs part and reads on", () => {
    const cluster = uncleanElection({ settings: { "auto.offset.reset": "latest" } });
    expect(facts(cluster, "position-reset").at(-1)).toMatchObject({ offset: 3, why: "OFFSET_OUT_OF_RANGE" });
    expect(position(cluster)).toBe(7);
  });

  test("with auto.offset.reset=none its application is told, in Java's words", () => {
    const cluster = uncleanElection({ settings: { "auto.offset.reset": "none" }, from: 0 });
    expect(position(cluster)).toBe(5);
    expect(reader(cluster).partitions.get(0)?.error).toEqual({
      name: "LogTruncation", retriable: false,
      message: "Detected truncated partitions: [(partition=orders-0, fetchOffset=5, fetchEpoch=Optional[0], divergentOffset=3, divergentEpoch=Optional[0])]",
    });
  });

  test("an ordinary change of leader is checked too, and nothing happens", () => {
    const cluster = built({});
    send(cluster, "a-0", "a-1");
    apply(cluster, { do: "kill", node: 1 });
    run(cluster, 15);
    send(cluster, "b-0");
    run(cluster, 1);
    const asked = [...cluster.simulation.world.trace].filter(({ fact }) => fact.kind === "message" && (fact as { readonly tag?: string }).tag === "OffsetForLeaderEpoch request");
    expect(asked.length).toBeGreaterThan(0);
    expect(position(cluster)).toBe(3);
    expect(facts(cluster, "position-reset")).toHaveLength(1);
  });
});
