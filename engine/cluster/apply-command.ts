// A person's command becomes what happens: the input is recorded as a fact first, then acted upon, so that "why?" ends at a person.
// A command that does not fit the moment (killing a stopped broker) is refused with a value that tells why; nothing is done then.
import type { Command, Outcome, Party } from "./commands.ts";
import { applyDiskFault, diskFaultRefusal } from "./disk-faults.ts";
import { zooKeeperServerName } from "./node-names.ts";
import { changedSettings, mergedSettings } from "./node-process-settings.ts";
import type { ConsumerSpec, ProducerSpec, Settings } from "./spec.ts";
import { CONTROLLER_PORT, type KafkaNodeSettings } from "#engine/broker/node-settings.ts";
import type { ControllerFiles } from "#engine/clients/admin-operator-requests.ts";
import { cutLink, healLink } from "#engine/core/connections.ts";
import type { ProcessRecord } from "#engine/core/process.ts";
import type { Simulation } from "#engine/core/simulation.ts";
import { readMetaProperties } from "#engine/metadata/node-storage.ts";
import type { OperatorFact } from "#engine/protocol/facts.ts";

/** @property code stable; the message is for people. */
export interface Refusal {
  readonly code: "no-such-process" | "not-running" | "not-stopped" | "not-paused" | "wrong-kind" | "name-taken" | "same-host" | "not-ready" | "no-such-file";
  readonly message: string;
}

/** What a command needs of the cluster around the simulation. */
export interface CommandHands {
  readonly simulation: Simulation;
  addClient(spec: { readonly producer: ProducerSpec } | { readonly consumer: ConsumerSpec }): void;
  /** Resumes a paused process later. */
  resumeLater(process: string, at: number): void;
}

export const ADMIN = "admin";

/** A node's id names its process, whatever its roles are; everything else has its name. */
export function processNameOf(simulation: Simulation, party: Party): string {
  return findProcess(simulation, party)?.name ?? (typeof party === "number" ? `broker-${party}` : party);
}

/** Applies one input of the run now. `input`: its number. */
export function applyCommand(hands: CommandHands, input: number, command: Command): Refusal | null {
  const { simulation } = hands;
  const refusal = refusalOf(simulation, command);
  if (refusal === null) {
    simulation.action<OperatorFact>({ kind: "command", input, command }, () => act(hands, command));
  } else if ("call" in command) {
    // Somebody waits for this answer, so the refusal is part of the run.
    const outcome: Outcome = {
      call: command.call, at: simulation.world.now, ok: false,
      error: { name: "IllegalState", message: refusal.message, retriable: false },
    };
    simulation.action<OperatorFact>({ kind: "command", input, command, refused: refusal.message }, () => {
      simulation.world.outcomes.push(outcome);
    });
  }
  return refusal;
}

function act(hands: CommandHands, command: Command): void {
  const { simulation } = hands;
  switch (command.do) {
    case "kill": return simulation.crash(processNameOf(simulation, command.node));
    case "power-loss": return simulation.losePower(processNameOf(simulation, command.node));
    case "shut-down": return simulation.input(processNameOf(simulation, command.node), command);
    case "pause": {
      const name = processNameOf(simulation, command.node);
      simulation.pause(name);
      if (command.forMs !== undefined) hands.resumeLater(name, simulation.world.now + command.forMs * 1000);
      return;
    }
    case "resume": return simulation.resume(processNameOf(simulation, command.node));
    case "restart": return restart(simulation, command);
    case "cut": return eachLink(simulation, command, command.oneWay ?? false, (from, to) => cutLink(simulation, from, to));
    case "heal":
      if (command.from.length === 0 && command.to.length === 0) return healAll(simulation);
      return eachLink(simulation, command, false, (from, to) => healLink(simulation, from, to));
    case "drop":
      simulation.world.network.drops.push({
        tag: `${command.api} ${command.direction}`, from: command.from === undefined ? "" : processNameOf(simulation, command.from),
        to: command.to === undefined ? "" : processNameOf(simulation, command.to), remaining: command.count,
      });
      return;
    case "open-producer": return hands.addClient({ producer: command.producer });
    case "open-consumer": return hands.addClient({ consumer: command.consumer });
    case "close-client": return simulation.input(command.client, command);
    case "send": return simulation.input(command.producer, command);
    case "seek": return simulation.input(command.consumer, command);
    case "slow-disk": case "limit-disk": case "fail-log-directory": case "damage-log": 
      return applyDiskFault(simulation.process(processNameOf(simulation, command.node)), command);
    case "predict": return;
    case "add-controller": case "remove-controller": return simulation.input(ADMIN, { ...command, files: controllerFiles(simulation, command.node) });
    default: return simulation.input(ADMIN, command);
  }
}

/** Starts a process with the settings that it had, and those that the command changes: null takes one away. */
function restart(simulation: Simulation, command: Command & { readonly do: "restart" }): void {
  const process = simulation.process(processNameOf(simulation, command.node));
  if (command.settings !== undefined) {
    const settings = process.settings as { readonly overrides: Settings };
    process.settings = process.kind === "kafka-node" ? changedSettings(settings as KafkaNodeSettings, command.settings)
      : { ...settings, overrides: mergedSettings(settings.overrides, command.settings) };
  }
  simulation.start(process.name);
}

/** What kafka-metadata-quorum reads on the controller's machine before it asks the cluster: meta.properties and the listener. */
function controllerFiles(simulation: Simulation, node: number): ControllerFiles | undefined {
  const process = findProcess(simulation, node);
  const properties = process === undefined ? null : readMetaProperties(process.disk);
  return process === undefined || properties === null ? undefined : { directoryId: properties.directoryId, host: process.host, port: CONTROLLER_PORT };
}

/** Links lie between hosts: processes of one host share them. */
function eachLink(
  simulation: Simulation, sides: { readonly from: readonly Party[]; readonly to: readonly Party[] }, oneWay: boolean,
  change: (from: string, to: string) => void,
): void {
  for (const from of sides.from) {
    for (const to of sides.to) {
      const fromHost = simulation.process(processNameOf(simulation, from)).host;
      const toHost = simulation.process(processNameOf(simulation, to)).host;
      if (fromHost === toHost) continue;
      change(fromHost, toHost);
      if (!oneWay) change(toHost, fromHost);
    }
  }
}

function healAll(simulation: Simulation): void {
  const { hosts } = simulation.world.network;
  for (const from of hosts) for (const to of hosts) if (from !== to) healLink(simulation, from, to);
}

/** Why a command does not fit the moment; null when it does. */
export function refusalOf(simulation: Simulation, command: Command): Refusal | null {
  switch (command.do) {
    case "kill": case "power-loss": return needs(simulation, command.node, "alive");
    case "shut-down": return needs(simulation, command.node, "alive", findProcess(simulation, command.node)?.kind === "zookeeper-server" ? undefined : "kafka-node");
    case "pause": return needs(simulation, command.node, "running");
    case "resume": return needs(simulation, command.node, "paused");
    case "restart": return needs(simulation, command.node, "stopped");
    case "cut": case "heal": return linkRefusal(simulation, command);
    case "drop": return unknownParty(simulation, [command.from, command.to]);
    case "open-producer": return nameRefusal(simulation, command.producer.id);
    case "open-consumer": return nameRefusal(simulation, command.consumer.id);
    case "close-client": return needs(simulation, command.client, "alive");
    case "send": return needs(simulation, command.producer, "alive", "producer");
    case "seek": return needs(simulation, command.consumer, "alive", "consumer");
    case "slow-disk": case "limit-disk": case "fail-log-directory": case "damage-log": 
      return unknownParty(simulation, [command.node]) ?? diskFaultRefusal(simulation.process(processNameOf(simulation, command.node)), command);
    case "zookeeper": case "four-letter-word": return ensembleRefusal(simulation, command.server);
    case "request": return unknownParty(simulation, [command.to]) ?? needs(simulation, ADMIN, "alive", "admin");
    case "predict": return null;
    default: return needs(simulation, ADMIN, "alive", "admin");
  }
}

type Needed = "alive" | "running" | "paused" | "stopped";

function needs(simulation: Simulation, party: Party, needed: Needed, kind?: string): Refusal | null {
  const process = findProcess(simulation, party);
  if (process === undefined) return noSuchProcess(simulation, party);
  if (kind !== undefined && process.kind !== kind) {
    return { code: "wrong-kind", message: `"${process.name}" is a ${shownKind(process.kind)}, and this needs a ${shownKind(kind)}` };
  }
  // A node that starts later is started by "restart"; a client is started by the opening.
  const isServer = process.kind === "kafka-node" || process.kind === "zookeeper-server";
  if (process.incarnation === 0 && !(needed === "stopped" && isServer)) return { code: "not-ready", message: `"${process.name}" has not started yet` };
  const { status, name } = process;
  switch (needed) {
    case "alive": return status !== "stopped" ? null : { code: "not-running", message: `"${name}" is already stopped` };
    case "running": return status === "running" ? null : { code: "not-running", message: `"${name}" is ${status}, so it cannot be paused` };
    case "paused": return status === "paused" ? null : { code: "not-paused", message: `"${name}" is ${status}, not paused` };
    case "stopped": return status === "stopped" ? null : { code: "not-stopped", message: `"${name}" is ${status}; only a stopped process can be restarted` };
  }
}

function shownKind(kind: string): string {
  return kind === "kafka-node" ? "broker" : kind;
}

function findProcess(simulation: Simulation, party: Party): ProcessRecord | undefined {
  const names = typeof party === "number" ? [`broker-${party}`, `controller-${party}`] : [party];
  return simulation.world.processes.find(process => names.includes(process.name));
}

function noSuchProcess(simulation: Simulation, party: Party): Refusal {
  const known = simulation.world.processes.map(process => process.name).join(", ");
  return { code: "no-such-process", message: `there is no "${processNameOf(simulation, party)}"; there are ${known}` };
}

/** Znodes and four-letter words need an ensemble, and the named server in it. */
function ensembleRefusal(simulation: Simulation, server: number | undefined): Refusal | null {
  const servers = simulation.world.processes.filter(process => process.kind === "zookeeper-server");
  if (servers.length === 0) return { code: "wrong-kind", message: "this cluster has no ZooKeeper: it runs in KRaft mode" };
  return (server === undefined ? null : unknownParty(simulation, [zooKeeperServerName(server)])) ?? needs(simulation, ADMIN, "alive", "admin");
}

function unknownParty(simulation: Simulation, parties: readonly (Party | undefined)[]): Refusal | null {
  for (const party of parties) {
    if (party !== undefined && findProcess(simulation, party) === undefined) return noSuchProcess(simulation, party);
  }
  return null;
}

function linkRefusal(simulation: Simulation, sides: { readonly from: readonly Party[]; readonly to: readonly Party[] }): Refusal | null {
  const unknown = unknownParty(simulation, [...sides.from, ...sides.to]);
  if (unknown !== null) return unknown;
  const hostsOf = (parties: readonly Party[]): string[] => parties.map(party => simulation.process(processNameOf(simulation, party)).host);
  const from = hostsOf(sides.from);
  const to = hostsOf(sides.to);
  if (from.length === 0 && to.length === 0) return null;
  if (from.length === 0 || to.length === 0) return { code: "same-host", message: "both sides of a link have to be named" };
  if (from.some(host => to.some(other => other !== host))) return null;
  return { code: "same-host", message: `all of these run on the host "${String(from[0])}": there is no link between them` };
}

function nameRefusal(simulation: Simulation, name: string): Refusal | null {
  if (findProcess(simulation, name) === undefined) return null;
  return { code: "name-taken", message: `"${name}" exists already; choose another name` };
}
