// From a spec to the processes of a simulation: combined nodes on their hosts, an operator's admin client, producers and consumers each on a
// host of their own unless told otherwise. All voters are configured statically (controller.quorum.voters). FIDELITY: CLUSTER-HOSTS.
import { ADMIN } from "./apply-command.ts";
import type { ClusterSpec, ConsumerSpec, ProducerSpec } from "./spec.ts";
import { BROKER_PORT, CONTROLLER_PORT, type KafkaNodeSettings } from "#engine/broker/node-settings.ts";
import { linkBetween } from "#engine/core/connections.ts";
import { DEFAULT_LINK } from "#engine/core/network.ts";
import type { Simulation } from "#engine/core/simulation.ts";

/** As `kafka-storage.sh random-uuid` would give it. */
const CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg";

/** Adds every process of the spec; nodes and the admin client start at once, the clients when the cluster is open. */
export function addProcesses(simulation: Simulation, spec: ClusterSpec): void {
  for (const node of spec.nodes) {
    const settings: KafkaNodeSettings = {
      nodeId: node.id, host: node.host, rack: node.rack ?? null, clusterId: CLUSTER_ID, kafka: spec.kafka, mode: spec.mode,
      roles: node.roles ?? ["broker", "controller"], isQuorumDynamic: spec.quorum === "dynamic", zookeeperConnect: [],
      quorum: spec.nodes.map(voter => ({ nodeId: voter.id, host: voter.host, port: CONTROLLER_PORT })),
      overrides: spec.settings ?? {},
    };
    simulation.addProcess(`broker-${node.id}`, "kafka-node", node.host, [BROKER_PORT, CONTROLLER_PORT], settings);
  }
  simulation.addProcess(ADMIN, "admin", ADMIN, [], { clientId: ADMIN, bootstrap: bootstrapOf(spec), overrides: {} });
  for (const producer of spec.producers ?? []) addProducer(simulation, spec, producer, 0);
  for (const consumer of spec.consumers ?? []) addConsumer(simulation, spec, consumer);
  setLinks(simulation, spec);
  for (const node of spec.nodes) simulation.start(`broker-${node.id}`);
  simulation.start(ADMIN);
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

function bootstrapOf(spec: ClusterSpec): { readonly host: string; readonly port: number }[] {
  return spec.nodes.map(node => ({ host: node.host, port: BROKER_PORT }));
}

function addProducer(simulation: Simulation, spec: ClusterSpec, producer: ProducerSpec, openedAt: number): void {
  const { workload } = producer;
  simulation.addProcess(producer.id, "producer", producer.host ?? producer.id, [], {
    clientId: producer.id, bootstrap: bootstrapOf(spec), overrides: producer.settings ?? {},
    // A workload's moments count from the start of the cluster, or from the opening of the producer.
    ...workload === undefined ? {} : { workload: { ...workload, fromMs: (workload.fromMs ?? 0) + Math.ceil(openedAt / 1000) } },
  });
}

function addConsumer(simulation: Simulation, spec: ClusterSpec, consumer: ConsumerSpec): void {
  simulation.addProcess(consumer.id, "consumer", consumer.host ?? consumer.id, [], {
    clientId: consumer.id, bootstrap: bootstrapOf(spec), overrides: consumer.settings ?? {},
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
