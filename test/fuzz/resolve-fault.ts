// From a fault of the plan to commands: roles are looked up in the view of the moment, and what undoes the fault follows at its own time.
import type { Fault } from "./fuzz-plan.ts";
import { SECOND_DIRECTORY, TOPIC } from "./fuzz-plan.ts";
import type { Command, ConfigChanges, Party } from "#engine/cluster/commands.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { ClusterView } from "#engine/cluster/view.ts";

/** @property afterMs after the step before it. */
export interface FaultStep { readonly afterMs: number; readonly command: Command }

const APIS = ["Produce", "Fetch", "AlterPartition", "BrokerHeartbeat", "FetchMetadata", "Metadata", "LeaderAndIsr", "UpdateMetadata"] as const;

export function resolveFault(fault: Fault, spec: ClusterSpec, view: ClusterView, nextCall: () => number): FaultStep[] {
  const nodes = spec.nodes.map(node => node.id);
  const node = nodes[fault.a % nodes.length] as number;
  const other = nodes[(fault.a + 1 + fault.b % (nodes.length - 1)) % nodes.length] as number;
  const at = (command: Command): FaultStep[] => [{ afterMs: 0, command }];
  switch (fault.kind) {
    case "kill": return downFor({ do: "kill", node }, node, fault.forMs);
    case "power-loss": return downFor({ do: "power-loss", node }, node, fault.forMs);
    case "shut-down": return downFor({ do: "shut-down", node }, node, fault.forMs);
    case "pause": return at({ do: "pause", node, forMs: fault.forMs });
    case "controller-killed": return view.activeController === -1 ? [] : downFor({ do: "kill", node: view.activeController }, view.activeController, fault.forMs);
    // Long enough to be taken for dead: the zombie returns with its orders.
    case "controller-paused": return view.activeController === -1 ? [] : at({ do: "pause", node: view.activeController, forMs: 8_000 + 17 * fault.b });
    case "zombie-controller": return zombie(fault, view, nodes, nextCall);
    case "cut": case "one-way-cut": case "isolate": return cuts(fault, nodes, node, other);
    case "heal": return at({ do: "heal", from: [], to: [] });
    case "drop": return at({ do: "drop", api: APIS[fault.a % APIS.length] ?? "Fetch", direction: fault.b % 2 === 0 ? "request" : "response", count: 1 + fault.b % 4 });
    case "rolling-restart": return rolling(nodes, fault.forMs);
    case "preferred-election": return at({ do: "elect-leaders", type: "preferred", partitions: null, call: nextCall() });
    case "reassign": return reassign(fault, spec, view, nextCall);
    case "grow": return grow(view, nextCall);
    case "slow-disk": return [
      { afterMs: 0, command: { do: "slow-disk", node, bytesPerSecond: 20_000 } }, { afterMs: fault.forMs, command: { do: "slow-disk", node, bytesPerSecond: null } },
    ];
    case "fail-log-directory": return at({ do: "fail-log-directory", node, directory: SECOND_DIRECTORY });
    case "full-disk": return [
      { afterMs: 0, command: { do: "limit-disk", node, capacityBytes: 1_000 + 20 * fault.b } }, { afterMs: fault.forMs, command: { do: "limit-disk", node, capacityBytes: null } },
      { afterMs: 100, command: { do: "restart", node } },
    ];
    case "torn-tail": return tornTail(fault, node);
    case "create-topic": return at({ do: "create-topic", topic: `extra-${fault.a % 3}`, partitions: 1 + fault.b % 3, replicationFactor: 2, call: nextCall() });
    case "delete-topic": return at({ do: "delete-topics", topics: [`extra-${fault.a % 3}`], call: nextCall() });
    case "configure": return configure(fault, nextCall);
    case "unclean-election": return at({ do: "elect-leaders", type: "unclean", partitions: null, call: nextCall() });
    case "ensemble-killed": case "ensemble-paused": return onEnsemble(fault, spec, view);
    case "quorum-lost": return loseQuorum(fault, spec);
  }
}

function downFor(command: Command, node: Party, forMs: number): FaultStep[] {
  return [{ afterMs: 0, command }, { afterMs: forMs, command: { do: "restart", node } }];
}

/** The machine loses power while it writes: what stands at the end of a log is not what was meant to. */
function tornTail(fault: Fault, node: number): FaultStep[] {
  const how = (["append-garbage", "append-zeros", "cut-bytes", "delete-index"] as const)[fault.b % 4] ?? "cut-bytes";
  return [
    { afterMs: 0, command: { do: "power-loss", node } },
    { afterMs: 10, command: { do: "damage-log", node, topic: TOPIC, partition: fault.a % 2, how, bytes: 1 + fault.a % 90 } },
    { afterMs: fault.forMs, command: { do: "restart", node } },
  ];
}

function configure(fault: Fault, nextCall: () => number): FaultStep[] {
  const configs: readonly ConfigChanges[] = [
    { "min.insync.replicas": 1 }, { "min.insync.replicas": 2 }, { "min.insync.replicas": null }, { "segment.bytes": 14_000 }, { "segment.bytes": null },
  ];
  return [{ afterMs: 0, command: { do: "alter-configs", resource: { topic: TOPIC }, configs: configs[fault.a % configs.length] ?? {}, call: nextCall() } }];
}

function cuts(fault: Fault, nodes: readonly number[], node: number, other: number): FaultStep[] {
  const clients: readonly Party[] = fault.b % 3 === 0 ? ["careful"] : [];
  const from: readonly Party[] = [node];
  const to: readonly Party[] = fault.kind === "isolate" ? nodes.filter(candidate => candidate !== node) : [other, ...clients];
  return [
    { afterMs: 0, command: { do: "cut", from, to, ...fault.kind === "one-way-cut" ? { oneWay: true } : {} } },
    { afterMs: fault.forMs, command: { do: "heal", from, to } },
  ];
}

/**
 * What the controller says to one broker is held up by the network; it is taken for dead, and its word arrives when the broker has another controller.
 * Longer than any ZooKeeper session.
 */
function zombie(fault: Fault, view: ClusterView, nodes: readonly number[], nextCall: () => number): FaultStep[] {
  const controller = view.activeController;
  const others = nodes.filter(node => node !== controller);
  const told = others[fault.a % others.length];
  const third = others[(fault.a + 1) % others.length];
  if (controller === -1 || told === undefined || third === undefined) return [];
  const asked: Command = { do: "create-topic", topic: `told-late-${fault.b}`, partitions: 1, replicationFactor: 1, assignment: [[told]], call: nextCall() };
  return [
    { afterMs: 0, command: { do: "cut", from: [controller], to: [told], oneWay: true } }, { afterMs: 100, command: asked },
    { afterMs: 400, command: { do: "pause", node: controller, forMs: 26_000 } }, { afterMs: 24_000, command: { do: "heal", from: [controller], to: [told] } },
  ];
}

function rolling(nodes: readonly number[], pauseMs: number): FaultStep[] {
  return nodes.flatMap((node, index): FaultStep[] => [
    { afterMs: index === 0 ? 0 : 4_000, command: { do: "shut-down", node } }, { afterMs: Math.min(pauseMs, 4_000) + 1_500, command: { do: "restart", node } },
  ]);
}

/** Three brokers in a row of the ring, beginning somewhere else; every fourth one cancels what runs. */
function reassign(fault: Fault, spec: ClusterSpec, view: ClusterView, nextCall: () => number): FaultStep[] {
  const brokers = spec.nodes.filter(node => node.roles === undefined || node.roles.includes("broker")).map(node => node.id);
  const partitions = view.topics.find(topic => topic.name === TOPIC)?.partitions ?? [];
  if (partitions.length === 0) return [];
  const partition = fault.a % partitions.length;
  const count = Math.min(brokers.length, fault.b % 5 === 0 ? 2 : 3);
  const replicas = Array.from({ length: count }, (_, index) => brokers[(fault.b + index) % brokers.length] as number);
  const wanted = fault.b % 4 === 3 ? null : replicas;
  return [{ afterMs: 0, command: { do: "reassign", partitions: [{ topic: TOPIC, partition, replicas: wanted }], call: nextCall() } }];
}

function grow(view: ClusterView, nextCall: () => number): FaultStep[] {
  const partitions = view.topics.find(topic => topic.name === TOPIC)?.partitions.length ?? 0;
  if (partitions === 0 || partitions >= 5) return [];
  return [{ afterMs: 0, command: { do: "create-partitions", topic: TOPIC, partitions: partitions + 1, call: nextCall() } }];
}

/** The server that leads the ensemble, or any. */
function onEnsemble(fault: Fault, spec: ClusterSpec, view: ClusterView): FaultStep[] {
  const servers = spec.zookeeper ?? [];
  if (servers.length === 0) return [];
  const leading = view.ensemble?.servers.find(server => server.state === "leading");
  const name = fault.b % 2 === 0 && leading !== undefined ? leading.name : `zookeeper-${(servers[fault.a % servers.length] as { readonly id: number }).id}`;
  return fault.kind === "ensemble-paused" ? [{ afterMs: 0, command: { do: "pause", node: name, forMs: fault.forMs } }]
    : downFor({ do: fault.a % 3 === 0 ? "power-loss" : "kill", node: name }, name, fault.forMs);
}

/** A majority of the voters, or of the ensemble, dies at once. */
function loseQuorum(fault: Fault, spec: ClusterSpec): FaultStep[] {
  const voters: readonly Party[] = spec.mode === "zookeeper" ? (spec.zookeeper ?? []).map(server => `zookeeper-${server.id}`)
    : spec.nodes.filter(node => node.roles === undefined || node.roles.includes("controller")).map(node => node.id);
  const dying = voters.slice(0, (voters.length >> 1) + 1);
  const kills = dying.map((node): FaultStep => ({ afterMs: 0, command: { do: "kill", node } }));
  const restarts = dying.map((node, index): FaultStep => ({ afterMs: index === 0 ? fault.forMs : 100, command: { do: "restart", node } }));
  return [...kills, ...restarts];
}
