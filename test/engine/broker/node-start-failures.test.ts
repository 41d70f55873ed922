// What a node says when it cannot start, against the lines that recordings of 3.9.1 and 4.3.1 keep.
import { expect, test } from "vitest";
import { kafkaNode } from "#engine/broker/kafka-node.ts";
import type { KafkaNodeSettings } from "#engine/broker/node-settings.ts";
import { findStartFailure, portInUse, serverProperties, wrongClusterId } from "#engine/broker/node-start-failures.ts";
import { Simulation } from "#engine/core/simulation.ts";
import { SECOND } from "#engine/core/time.ts";
import type { KafkaFact } from "#engine/protocol/facts.ts";

const VOTERS = [101, 102, 103].map(nodeId => ({ nodeId, host: `host-${nodeId}`, port: 9093 }));
const BROKER: KafkaNodeSettings = {
  nodeId: 9, host: "host-9", rack: null, clusterId: "MkU3OEVBNTcwNTJENDM2Qg", kafka: "3.9", mode: "kraft", roles: ["broker"], quorum: VOTERS,
  isQuorumDynamic: false, zookeeperConnect: [], overrides: {},
};
const ZOOKEEPER_BROKER: KafkaNodeSettings = { ...BROKER, mode: "zookeeper", roles: [], quorum: [], zookeeperConnect: [{ host: "zk", port: 2181 }] };
const EXITING = "ERROR Exiting Kafka due to fatal exception (kafka.Kafka$)";
const FORMATTED = { clusterId: BROKER.clusterId, nodeId: 9, directoryId: "AAAAAAAAAAAAAAAAAAAAAQ" };

function linesOf(settings: KafkaNodeSettings): readonly string[] | undefined {
  return findStartFailure(serverProperties(settings), settings.kafka, FORMATTED)?.lines;
}

test("a node whose settings and storage are right starts", () => {
  expect(linesOf(BROKER)).toBeUndefined();
  expect(linesOf({ ...BROKER, kafka: "4.3" })).toBeUndefined();
  expect(linesOf(ZOOKEEPER_BROKER)).toBeUndefined();
  expect(linesOf({ ...BROKER, nodeId: 9, roles: ["broker", "controller"], quorum: [{ nodeId: 9, host: "host-9", port: 9093 }] })).toBeUndefined();
  expect(linesOf({ ...BROKER, isQuorumDynamic: true })).toBeUndefined();
});

const CONFIG = "org.apache.kafka.common.config.ConfigException: ";
const ILLEGAL = "java.lang.IllegalArgumentException: ";
test.each<readonly [string, KafkaNodeSettings, string]>([
  ["no controller.quorum.voters", { ...BROKER, overrides: { "controller.quorum.voters": "" } },
    `${CONFIG}If using process.roles, either controller.quorum.bootstrap.servers must contain the set of bootstrap controllers or controller.quorum.voters must contain a parseable set of controllers.`],
  ["no controller.listener.names, 3.9", { ...BROKER, overrides: { "controller.listener.names": "" } },
    `${ILLEGAL}requirement failed: controller.listener.names must contain at least one value when running KRaft with just the broker role`],
  ["no controller.listener.names, 4.3", { ...BROKER, kafka: "4.3", overrides: { "controller.listener.names": "" } },
    `${CONFIG}Missing required configuration "controller.listener.names" which has no default value.`],
  ["no process.roles, 3.9", { ...BROKER, overrides: { "process.roles": "" } }, `${CONFIG}Missing required configuration \`zookeeper.connect\` which has no default value.`],
  ["no process.roles, 4.3", { ...BROKER, kafka: "4.3", overrides: { "process.roles": "" } },
    `${CONFIG}Missing required configuration "process.roles" which has no default value.`],
  ["a controller that is no voter", { ...BROKER, nodeId: 77, roles: ["controller"] },
    `${ILLEGAL}requirement failed: If process.roles contains the 'controller' role, the node id 77 must be included in the set of voters controller.quorum.voters=Set(101, 102, 103)`],
  ["a voter that is only a broker", { ...BROKER, nodeId: 101 },
    `${ILLEGAL}requirement failed: If process.roles contains just the 'broker' role, the node id 101 must not be included in the set of voters controller.quorum.voters=Set(101, 102, 103)`],
  ["a broker with a CONTROLLER listener", { ...BROKER, overrides: { listeners: "PLAINTEXT://localhost:19119,CONTROLLER://localhost:19138" } },
    `${ILLEGAL}requirement failed: controller.listener.names must not contain a value appearing in the 'listeners' configuration when running KRaft with just the broker role`],
  ["advertised.listeners 0.0.0.0", { ...BROKER, overrides: { "advertised.listeners": "PLAINTEXT://0.0.0.0:19119" } },
    `${ILLEGAL}requirement failed: advertised.listeners cannot use the nonroutable meta-address 0.0.0.0. Use a routable IP address.`],
  ["an inter.broker.listener.name that is no listener", { ...ZOOKEEPER_BROKER, overrides: { "inter.broker.listener.name": "INTERNAL" } },
    `${CONFIG}Listener with name INTERNAL defined in inter.broker.listener.name not found in listener.security.protocol.map.`],
])("%s", (_title, settings, text) => {
  expect(linesOf(settings)).toEqual([EXITING, text]);
});

test("a listener with an unknown protocol", () => {
  expect(linesOf({ ...ZOOKEEPER_BROKER, overrides: { listeners: "FOO://localhost:19519" } })).toEqual([EXITING,
    `${ILLEGAL}Error creating broker listeners from 'FOO://localhost:19519': No security protocol defined for listener FOO`,
    `Caused by: ${ILLEGAL}No security protocol defined for listener FOO`]);
});

test("storage of another node or cluster", () => {
  const other = { ...FORMATTED, nodeId: 5 };
  const text = "java.lang.RuntimeException: Stored node id 5 doesn't match previous node id 9 in /var/kafka/data/meta.properties. If you moved your data, make sure your configured node id matches. If you intend to create a new node, you should remove all data in your data directories.";
  expect(findStartFailure(serverProperties({ ...BROKER, overrides: { "log.dirs": "/var/kafka/data" } }), "3.9", other)?.lines).toEqual([EXITING, text]);
  const properties = serverProperties({ ...ZOOKEEPER_BROKER, overrides: { "log.dirs": "/var/kafka/data" } });
  expect(findStartFailure(properties, "3.9", other)?.lines).toEqual(["ERROR Fatal error during KafkaServer startup. Prepare to shutdown (kafka.server.KafkaServer)", text,
    "INFO shut down completed (kafka.server.KafkaServer)", "ERROR Exiting Kafka due to fatal exception during startup. (kafka.Kafka$)", text]);
  expect(wrongClusterId(properties, "one", "two").lines[1]).toBe("java.lang.RuntimeException: Invalid cluster.id in: /var/kafka/data/meta.properties. Expected one, but read two");
});

test("a port that is in use, as 3.9.1 and 4.3.1 log it", () => {
  const settings = { ...BROKER, overrides: { listeners: "PLAINTEXT://localhost:19111" } };
  const bind = ["Caused by: org.apache.kafka.common.KafkaException: Socket server failed to bind to localhost:19111: Address already in use.", "Caused by: java.net.BindException: Address already in use"];
  const { lines } = portInUse(serverProperties(settings), "3.9");
  expect(lines).toHaveLength(20);
  expect(lines.slice(0, 2)).toEqual(["ERROR Unable to start acceptor for ListenerName(PLAINTEXT) (kafka.network.DataPlaneAcceptor)",
    "org.apache.kafka.common.KafkaException: Socket server failed to bind to localhost:19111: Address already in use."]);
  expect(lines.slice(3, 7)).toEqual([
    "ERROR [BrokerServer id=9] Received a fatal error while waiting for all of the SocketServer Acceptors to be started (kafka.server.BrokerServer)",
    "java.lang.RuntimeException: Unable to start acceptor for ListenerName(PLAINTEXT)", ...bind]);
  expect(lines.slice(-4)).toEqual(["java.lang.RuntimeException: Received a fatal error while waiting for all of the SocketServer Acceptors to be started",
    "Caused by: java.lang.RuntimeException: Unable to start acceptor for ListenerName(PLAINTEXT)", ...bind]);
  expect(portInUse(serverProperties({ ...settings, kafka: "4.3" }), "4.3").lines).toHaveLength(18);
});

test("a second broker on the same machine cannot open its listener, registers, and ends", () => {
  const simulation = Simulation.create(1, ["host-1"], new Map([[kafkaNode.kind, kafkaNode]]));
  const quorum = [{ nodeId: 1, host: "host-1", port: 9093 }];
  const settings: KafkaNodeSettings = { ...BROKER, nodeId: 1, host: "host-1", roles: ["broker", "controller"], quorum };
  simulation.addProcess("broker-1", kafkaNode.kind, "host-1", [9092, 9093], settings);
  simulation.addProcess("broker-2", kafkaNode.kind, "host-1", [9092], { ...settings, nodeId: 2, roles: ["broker"] });
  for (const name of ["broker-1", "broker-2"]) {
    simulation.start(name);
    simulation.runUntil(simulation.world.now + 5 * SECOND);
  }
  expect(simulation.process("broker-1").status).toBe("running");
  expect(simulation.process("broker-2").status).toBe("stopped");
  const facts = [...simulation.world.trace].map(entry => entry.fact as KafkaFact);
  expect(facts.filter(fact => fact.kind === "broker-registered").map(fact => fact.broker)).toEqual([1, 2]);
  expect(facts.find(fact => fact.kind === "node-failed")).toMatchObject({ node: 2, exitCode: 1 });
});

function factsOf(settings: KafkaNodeSettings): KafkaFact[] {
  const simulation = Simulation.create(1, ["host-9"], new Map([[kafkaNode.kind, kafkaNode]]));
  simulation.addProcess("broker-9", kafkaNode.kind, "host-9", [9092], settings);
  simulation.start("broker-9");
  simulation.runUntil(SECOND);
  expect(simulation.process("broker-9")).toMatchObject({ status: "stopped", state: null });
  return [...simulation.world.trace].map(entry => entry.fact as KafkaFact).filter(fact => fact.kind === "node-failed");
}

test("a node that fails says so and ends: unformatted storage, or formatted for another", () => {
  expect(factsOf({ ...BROKER, storage: "unformatted" })).toEqual([
    { kind: "node-failed", node: 9, exitCode: 1, text: `${EXITING}\njava.lang.RuntimeException: No readable meta.properties files found.` }]);
  expect(factsOf({ ...BROKER, storage: { nodeId: 5 } })[0]).toMatchObject({ exitCode: 1 });
});
