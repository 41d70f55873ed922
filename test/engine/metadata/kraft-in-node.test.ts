// The quorum and the controller inside real combined nodes, whose listeners serve one request at a time of each connection.
import { expect, test } from "vitest";
import { kafkaNode } from "#engine/broker/kafka-node.ts";
import { Simulation } from "#engine/core/simulation.ts";
import { SECOND } from "#engine/core/time.ts";
import type { KafkaFact } from "#engine/protocol/facts.ts";

function cluster(seed: number): Simulation {
  const ids = [1, 2, 3];
  const simulation = Simulation.create(seed, ids.map(id => `host-${id}`), new Map([[kafkaNode.kind, kafkaNode]]));
  const quorum = ids.map(nodeId => ({ nodeId, host: `host-${nodeId}`, port: 9093 }));
  for (const nodeId of ids) {
    const settings = { nodeId, host: `host-${nodeId}`, rack: null, clusterId: "test-cluster", kafka: "3.9", mode: "kraft", roles: ["broker", "controller"], isQuorumDynamic: false, zookeeperConnect: [], quorum, overrides: {} };
    simulation.addProcess(`broker-${nodeId}`, kafkaNode.kind, `host-${nodeId}`, [9092, 9093], settings);
    simulation.start(`broker-${nodeId}`);
  }
  return simulation;
}

function facts<K extends KafkaFact["kind"]>(simulation: Simulation, kind: K): (KafkaFact & { readonly kind: K })[] {
  return [...simulation.world.trace].filter(entry => entry.fact.kind === kind).map(entry => entry.fact as KafkaFact & { readonly kind: K });
}

test("nodes boot with the first election: no request of the controller keeps the quorum's fetches waiting", () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const simulation = cluster(seed);
    simulation.runUntil(10 * SECOND);
    const roles = facts(simulation, "raft-role");
    const elected = roles.filter(fact => fact.role === "leader");
    expect(elected, `seed ${seed}`).toHaveLength(1);
    expect(roles.at(-1)?.epoch).toBe(elected[0]?.epoch);
    expect(facts(simulation, "broker-unfenced").map(fact => fact.broker).toSorted()).toEqual([1, 2, 3]);
    expect(facts(simulation, "broker-registered")).toHaveLength(3);
  }
});

test("a node that is killed is fenced, comes back, and leaves politely", () => {
  const simulation = cluster(1);
  simulation.runUntil(10 * SECOND);
  simulation.crash("broker-3");
  simulation.runUntil(30 * SECOND);
  expect(facts(simulation, "broker-fenced")).toMatchObject([{ broker: 3 }]);
  simulation.start("broker-3");
  simulation.runUntil(40 * SECOND);
  expect(facts(simulation, "broker-unfenced").at(-1)).toMatchObject({ broker: 3 });
  simulation.input("broker-3", { do: "shut-down" });
  simulation.runUntil(50 * SECOND);
  expect(simulation.process("broker-3").status).toBe("stopped");
  expect(facts(simulation, "broker-fenced").at(-1)).toMatchObject({ broker: 3, silentForUs: 0 });
});
