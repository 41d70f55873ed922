// From what a recording says of its cluster to a spec of ours. What the file leaves out (which nodes nobody starts at first, whether the quorum is
// dynamic, which settings files were written) follows from its steps.
import { isObject, type Json, type Recording, type RecordedStep } from "./read-recording.ts";
import type { ClusterSpec, NodeRole, NodeSpec, Settings } from "#engine/cluster/spec.ts";

export const FIRST_CONTROLLER = 101;

export function clusterOfRecording(recording: Recording): ClusterSpec {
  const { spec } = recording;
  const late = startedLater(recording);
  const nodes: NodeSpec[] = [];
  const add = (id: number, roles: readonly NodeRole[] | undefined): void => {
    if (nodes.some(node => node.id === id)) return;
    nodes.push(nodeOf(recording, id, roles, late.has(id)));
  };
  for (const id of spec.brokers) add(id, spec.layout === "zookeeper" ? undefined : spec.layout === "kraft" ? ["broker"] : rolesOfCombined(recording, id));
  for (const id of spec.controllers) add(id, ["controller"]);
  for (const id of late) if (!nodes.some(node => node.id === id)) add(id, id >= FIRST_CONTROLLER ? ["controller"] : spec.layout === "zookeeper" ? undefined : ["broker"]);
  return {
    kafka: recording.kafka.startsWith("4.") ? "4.3" : "3.9", mode: spec.layout === "zookeeper" ? "zookeeper" : "kraft", nodes,
    ...spec.zookeeperServers.length === 0 ? {} : { zookeeper: spec.zookeeperServers.map(id => ({ id, host: `zookeeper${id}`, settings: zooKeeperSettings(recording) })) },
    ...isDynamic(recording) ? { quorum: "dynamic" as const } : {},
    settings: { ...votersOf(recording, nodes), ...spec.overrides },
  };
}

/** A controller that comes later and is not among the recorded ones is no voter of a static quorum. */
function votersOf(recording: Recording, nodes: readonly NodeSpec[]): Settings {
  const { controllers, layout } = recording.spec;
  if (layout !== "kraft" || isDynamic(recording) || !nodes.some(({ id, roles }) => roles?.includes("controller") === true && !controllers.includes(id))) return {};
  return { "controller.quorum.voters": controllers.map(id => `${id}@${hostOf(id)}:9093`).join(",") };
}

function rolesOfCombined(recording: Recording, id: number): readonly NodeRole[] {
  return recording.spec.controllers.includes(id) ? ["broker", "controller"] : ["broker"];
}

function nodeOf(recording: Recording, id: number, roles: readonly NodeRole[] | undefined, startsLater: boolean): NodeSpec {
  const { "broker.rack": rack, ...own } = recording.spec.nodeOverrides[String(id)] ?? {};
  return {
    id, host: hostOf(id), ...rack === undefined ? {} : { rack }, ...roles === undefined ? {} : { roles },
    settings: { "log.dirs": `/var/kafka/${hostOf(id)}/data`, ...own as Settings }, ...startsLater ? { startsLater: true } : {},
  };
}

/** Every node has a machine of its own; the recordings ran on one, told apart by ports. */
export function hostOf(id: number): string {
  return id >= FIRST_CONTROLLER ? `controller${id}` : `broker${id}`;
}

/** Nodes that are started before anything was seen of them: nobody had started them. */
function startedLater(recording: Recording): ReadonlySet<number> {
  const late = new Set<number>();
  const known = new Set<number>();
  for (const step of recording.steps) {
    for (const id of seenAlive(step)) known.add(id);
    for (const key of ["kill", "stop", "restart", "pause", "sigstop"]) for (const id of numbersOf(step.does[key])) known.add(id);
    for (const id of numbersOf(step.does["start"])) if (!known.has(id)) late.add(id);
  }
  return late;
}

/** Brokers that are in sync somewhere, or that are asked something. */
function seenAlive(step: RecordedStep): number[] {
  const seen: number[] = [];
  const observed = step.fields["observe"];
  const metadata = isObject(observed) && isObject(observed["metadata"]) ? Object.values(observed["metadata"]) : [];
  for (const partitions of metadata) {
    if (isObject(partitions)) for (const state of Object.values(partitions)) if (isObject(state)) seen.push(...numbersOf(state["isr"]));
  }
  const does = step.does[step.action];
  if (isObject(does)) seen.push(...numbersOf(does["toBroker"]));
  return seen;
}

export function numbersOf(value: Json | undefined): number[] {
  if (typeof value === "number") return [value];
  return Array.isArray(value) ? value.filter(item => typeof item === "number") : [];
}

function isDynamic(recording: Recording): boolean {
  return recording.spec.layout !== "zookeeper"
    && recording.steps.some(step => settingsTexts(step).some(text => text.includes("controller.quorum.bootstrap.servers=")));
}

/** Texts of settings files that a step shows or writes. */
export function settingsTexts(step: RecordedStep): string[] {
  const texts: string[] = [];
  if (typeof step.fields["text"] === "string" && typeof step.does["file"] === "string" && step.does["file"].endsWith(".properties")) texts.push(step.fields["text"]);
  if (isObject(step.does["files"])) for (const text of Object.values(step.does["files"])) if (typeof text === "string") texts.push(text);
  return texts;
}

/** The scenario that opens all words says so in its title; those that follow on the same servers have them open too. */
function zooKeeperSettings(recording: Recording): Settings {
  const isOpen = recording.title.includes("4lw.commands.whitelist=*") || recording.spec.ranBefore.some(id => id.includes("whitelisted-words"));
  // The recorder's zoo.cfg.
  const common = { maxClientCnxns: 0 };
  return isOpen ? { ...common, "4lw.commands.whitelist": "*" } : common;
}
