// From a spec to the processes of a simulation: Kafka nodes with their roles, the servers of the ensemble, an operator's admin client, producers
// and consumers each on a host of their own unless told otherwise. FIDELITY: CLUSTER-HOSTS, CLUSTER-PROFILE.
import { ADMIN } from "./apply-command.ts";
import { isBroker, nodeName, zooKeeperServerName } from "./node-names.ts";
import { nodeProcessSettings, portsOf } from "./node-process-settings.ts";
import type { ClusterSpec, ConsumerSpec, ProducerSpec } from "./spec.ts";
import { BROKER_PORT } from "#engine/broker/node-settings.ts";
import { linkBetween } from "#engine/core/connections.ts";
import { DEFAULT_LINK } from "#engine/core/network.ts";
import type { Simulation } from "#engine/core/simulation.ts";
import type { Endpoint } from "#engine/protocol/network-client.ts";
import { ZOOKEEPER_CLIENT_PORT, ZOOKEEPER_ELECTION_PORT, ZOOKEEPER_QUORUM_PORT } from "#engine/zookeeper/zookeeper-protocol.ts";

/** Adds every process of the spec; servers, nodes and the admin client start at once, the clients when the cluster is open. */
export function addProcesses(simulation: Simulation, spec: ClusterSpec): void {
  const servers = spec.zookeeper ?? [];
  for (const { id, host, settings } of servers) {
    simulation.addProcess(zooKeeperServerName(id), "zookeeper-server", host, [ZOOKEEPER_CLIENT_PORT, ZOOKEEPER_QUORUM_PORT, ZOOKEEPER_ELECTION_PORT], {
      serverId: id, host, servers: servers.map(server => ({ id: server.id, host: server.host })), overrides: settings ?? {},
    });
  }
  for (const node of spec.nodes) {
    simulation.addProcess(nodeName(spec, node), "kafka-node", node.host, portsOf(spec, node), nodeProcessSettings(spec, node));
  }
  simulation.addProcess(ADMIN, "admin", ADMIN, [], {
    clientId: ADMIN, kafka: spec.kafka, bootstrap: bootstrapOf(spec), overrides: {}, nodes: nodesOf(spec), zookeeper: ensembleOf(spec),
  });
  for (const producer of spec.producers ?? []) addProducer(simulation, spec, producer, 0);
  for (const consumer of spec.consumers ?? []) addConsumer(simulation, spec, consumer);
  setLinks(simulation, spec);
  for (const { id } of servers) simulation.start(zooKeeperServerName(id));
  for (const node of spec.nodes) if (node.startsLater !== true) simulation.start(nodeName(spec, node));
  simulation.start(ADMIN);
}

/** Where each node listens first: what an operator knows of the machines without asking the cluster. */
function nodesOf(spec: ClusterSpec): readonly (Endpoint & { readonly id: number })[] {
  return spec.nodes.map(node => ({ id: node.id, host: node.host, port: portsOf(spec, node)[0] ?? BROKER_PORT }));
}

function ensembleOf(spec: ClusterSpec): readonly (Endpoint & { readonly id: number })[] {
  return (spec.zookeeper ?? []).map(({ id, host }) => ({ id, host, port: ZOOKEEPER_CLIENT_PORT }));
}

/** A client that is opened in the run starts at once. */
export function addClientProcess(
  simulation: Simulation, spec: ClusterSpec, client: { readonly producer: ProducerSpec } | { readonly consumer: ConsumerSpec },
): void {
  if ("producer" in client) addProducer(simulation, spec, client.producer, simulation.world.now);
  else addConsumer(simulation, spec, client.consumer);
  setLinks(simulation, spec);
  simulation.start("producer" in client ? client.producer.id : client.consumer.id);
}

/** Brokers that start with the cluster; all, when nobody does. */
function bootstrapOf(spec: ClusterSpec): readonly Endpoint[] {
  const brokers = spec.nodes.filter(node => isBroker(spec, node));
  const early = brokers.filter(node => node.startsLater !== true);
  return (early.length > 0 ? early : brokers).map(({ host }) => ({ host, port: BROKER_PORT }));
}

function addProducer(simulation: Simulation, spec: ClusterSpec, producer: ProducerSpec, openedAt: number): void {
  const { workload } = producer;
  simulation.addProcess(producer.id, "producer", producer.host ?? producer.id, [], {
    clientId: producer.id, kafka: spec.kafka, bootstrap: bootstrapOf(spec), overrides: producer.settings ?? {},
    // A workload's moments count from the start of the cluster, or from the opening of the producer.
    ...workload === undefined ? {} : { workload: { ...workload, fromMs: (workload.fromMs ?? 0) + Math.ceil(openedAt / 1000) } },
  });
}

function addConsumer(simulation: Simulation, spec: ClusterSpec, consumer: ConsumerSpec): void {
  simulation.addProcess(consumer.id, "consumer", consumer.host ?? consumer.id, [], {
    clientId: consumer.id, kafka: spec.kafka, bootstrap: bootstrapOf(spec), overrides: consumer.settings ?? {},
    topic: consumer.topic, partitions: consumer.partitions ?? null, from: consumer.from ?? "end",
    ...consumer.checksum === undefined ? {} : { checksum: consumer.checksum },
  });
}

/** Every link between two hosts gets the spec's latency and bandwidth; within one host it stays the loopback. */
function setLinks(simulation: Simulation, spec: ClusterSpec): void {
  if (spec.link === undefined) return;
  const { hosts } = simulation.world.network;
  const settings = { ...DEFAULT_LINK, ...spec.link };
  for (const from of hosts) {
    for (const to of hosts) if (from !== to) linkBetween(simulation.world, from, to).settings = settings;
  }
}
