// How segments travel: opening, sending, holding back behind a cut, resetting. See network.ts for the model.
import { Event } from "./event-queue.ts";
import { invariant } from "./invariant-error.ts";
import {
  type Connection, DEFAULT_LINK, type HeldSegment, type Link, linkKey, LOOPBACK_LINK, nextRetransmissionUs,
} from "./network.ts";
import type { ProcessRecord } from "./process.ts";
import { createStream, drawBelow } from "./random.ts";
import type { Simulation } from "./simulation.ts";
import { SECOND } from "./time.ts";
import type { MessageFact } from "./trace.ts";
import type { World } from "./world.ts";

/** Headers of Ethernet, IP and TCP in each segment of 1,448 bytes are small against the payload; opening and closing cost this much. */
const BARE_SEGMENT_BYTES = 60;

export function linkBetween(world: World, from: string, to: string): Link {
  const hosts = world.network.hosts;
  const key = linkKey(hosts.indexOf(from), hosts.indexOf(to));
  let link = world.network.links.get(key);
  if (link === undefined) {
    link = {
      settings: from === to ? LOOPBACK_LINK : DEFAULT_LINK, busyUntilUs: 0, cut: false,
      stream: createStream(world.seed, `link ${from}>${to}`),
    };
    world.network.links.set(key, link);
  }
  return link;
}

/**
 * Each end knows its connection by a number of its own, so that a process may talk to itself: even at the end that opened it,
 * odd at the end that accepted it.
 */
function handleOf(connection: number, end: 0 | 1): number {
  return 2 * connection + end;
}

export function connectionOf(world: World, handle: number): Connection | undefined {
  return world.network.connections.get(handle >> 1);
}

export function endOf(handle: number): 0 | 1 {
  return (handle & 1) as 0 | 1;
}

export function openConnection(simulation: Simulation, from: ProcessRecord, host: string, port: number): number {
  const { network, processes } = simulation.world;
  const to = processes.find(process => process.host === host && process.ports.includes(port));
  const id = network.nextConnection;
  network.nextConnection += 1;
  if (to === undefined) {
    const handle = handleOf(id, 0);
    simulation.push(simulation.world.now + 2 * DEFAULT_LINK.latencyUs, "refused", from, "", 0, handle);
    return handle;
  }
  const connection: Connection = {
    id, ends: [from.index, to.index], incarnations: [from.incarnation, to.incarnation], port,
    open: [true, true], lastArrivalUs: [0, 0], held: [[], []],
  };
  network.connections.set(id, connection);
  transmit(simulation, connection, 1, "accepted", port, BARE_SEGMENT_BYTES);
  return handleOf(id, 0);
}

export function sendMessage(
  simulation: Simulation, from: ProcessRecord, handle: number, tag: string, message: unknown, bytes: number,
): void {
  const connection = connectionOf(simulation.world, handle);
  const end = endOf(handle);
  if (connection === undefined || !connection.open[end]) return;
  const to = simulation.world.processes[connection.ends[end === 0 ? 1 : 0]] as ProcessRecord;
  if (simulation.world.network.drops.length !== 0 && dropMatches(simulation, from, to, tag)) {
    simulation.trace("", { kind: "message-dropped", connection: connection.id, tag, from: from.name, to: to.name });
    resetBoth(simulation, connection);
    return;
  }
  transmit(simulation, connection, end === 0 ? 1 : 0, "message", message, bytes, tag);
}

function dropMatches(simulation: Simulation, from: ProcessRecord, to: ProcessRecord, tag: string): boolean {
  const drops = simulation.world.network.drops;
  const index = drops.findIndex(drop => drop.tag === tag
    && (drop.from === "" || drop.from === from.name) && (drop.to === "" || drop.to === to.name));
  const drop = drops[index];
  if (drop === undefined) return false;
  drop.remaining -= 1;
  if (drop.remaining === 0) drops.splice(index, 1);
  return true;
}

/** Puts a segment on the wire: it leaves when the link is free and arrives in order. */
function transmit(
  simulation: Simulation, connection: Connection, toEnd: 0 | 1,
  kind: HeldSegment["kind"], payload: unknown, bytes: number, tag = "",
): void {
  const world = simulation.world;
  const from = world.processes[connection.ends[toEnd === 0 ? 1 : 0]] as ProcessRecord;
  const to = world.processes[connection.ends[toEnd]] as ProcessRecord;
  const link = linkBetween(world, from.host, to.host);
  const { latencyUs, jitterUs, bytesPerSecond } = link.settings;
  const departsAt = Math.max(world.now, link.busyUntilUs)
    + Math.ceil(bytes * SECOND / bytesPerSecond);
  link.busyUntilUs = departsAt;
  const jitter = jitterUs === 0 ? 0 : drawBelow(link.stream, jitterUs + 1);
  const arrivesAt = Math.max(departsAt + latencyUs + jitter, connection.lastArrivalUs[toEnd]);
  connection.lastArrivalUs[toEnd] = arrivesAt;
  if (kind === "message") {
    const fact: MessageFact = {
      kind: "message", connection: connection.id, from: from.name, to: to.name, tag, bytes, arrivesAt, message: payload,
    };
    // What arrives is caused by the message; what the sender does next in the same handler is not.
    const { cause } = simulation;
    simulation.trace(from.name, fact);
    simulation.push(arrivesAt, kind, to, "", handleOf(connection.id, toEnd), payload);
    simulation.because(cause);
    return;
  }
  simulation.push(arrivesAt, kind, to, "", handleOf(connection.id, toEnd), payload);
}

/** Decides what becomes of a segment that has arrived at its host: true when the process is to see it. */
export function acceptSegment(simulation: Simulation, event: Event, process: ProcessRecord): boolean {
  const world = simulation.world;
  const connection = connectionOf(world, event.connection);
  if (connection === undefined) return false;
  const end = endOf(event.connection);
  const from = world.processes[connection.ends[end === 0 ? 1 : 0]] as ProcessRecord;
  if (connection.held[end].length > 0 || !process.powered || linkBetween(world, from.host, process.host).cut) {
    hold(simulation, connection, end, event, from.name, process.name);
    return false;
  }
  return receive(simulation, connection, end, event, process);
}

function hold(
  simulation: Simulation, connection: Connection, end: 0 | 1, event: Event, from: string, to: string,
): void {
  const held = connection.held[end];
  if (held.length === 0) simulation.trace("", { kind: "message-held", connection: connection.id, from, to });
  held.push({ sentAt: event.at, kind: event.kind as HeldSegment["kind"], payload: event.payload, cause: event.cause });
}

function receive(
  simulation: Simulation, connection: Connection, end: 0 | 1, event: Event, process: ProcessRecord,
): boolean {
  const other = end === 0 ? 1 : 0;
  const alive = process.status !== "stopped" && connection.incarnations[end] === process.incarnation;
  if (!alive || !connection.open[end]) {
    connection.open[end] = false;
    if (event.kind !== "closed" && connection.open[other]) transmit(simulation, connection, other, "closed", null, BARE_SEGMENT_BYTES);
    forgetWhenClosed(simulation, connection);
    return false;
  }
  if (event.kind === "accepted") transmit(simulation, connection, 0, "connected", null, BARE_SEGMENT_BYTES);
  if (event.kind === "closed") {
    connection.open[end] = false;
    forgetWhenClosed(simulation, connection);
  }
  return true;
}

export function closeConnection(simulation: Simulation, process: ProcessRecord, handle: number, why: string): void {
  const connection = connectionOf(simulation.world, handle);
  const end = endOf(handle);
  if (connection === undefined || !connection.open[end]) return;
  connection.open[end] = false;
  simulation.trace(process.name, { kind: "connection-closed", connection: connection.id, process: process.name, why });
  const other = end === 0 ? 1 : 0;
  if (connection.open[other]) transmit(simulation, connection, other, "closed", null, BARE_SEGMENT_BYTES);
  forgetWhenClosed(simulation, connection);
}

/** `tellPeers`: the operating system lives on and resets the connections; without power nobody hears anything. */
export function closeAllConnections(simulation: Simulation, process: ProcessRecord, tellPeers: boolean): void {
  for (const connection of [...simulation.world.network.connections.values()]) {
    const end = connection.ends[0] === process.index ? 0 : connection.ends[1] === process.index ? 1 : -1;
    if (end === -1) continue;
    connection.open[end as 0 | 1] = false;
    const other = end === 0 ? 1 : 0;
    if (connection.ends[other] === process.index) connection.open[other] = false;
    if (tellPeers && connection.open[other]) transmit(simulation, connection, other, "closed", null, BARE_SEGMENT_BYTES);
    forgetWhenClosed(simulation, connection);
  }
}

function resetBoth(simulation: Simulation, connection: Connection): void {
  for (const end of [0, 1] as const) {
    if (connection.open[end]) transmit(simulation, connection, end, "closed", null, BARE_SEGMENT_BYTES);
  }
}

function forgetWhenClosed(simulation: Simulation, connection: Connection): void {
  if (!connection.open[0] && !connection.open[1]) simulation.world.network.connections.delete(connection.id);
}

export function cutLink(simulation: Simulation, from: string, to: string): void {
  const link = linkBetween(simulation.world, from, to);
  if (link.cut) return;
  link.cut = true;
  simulation.keepCause(() => simulation.trace("", { kind: "link-cut", from, to }));
}

export function healLink(simulation: Simulation, from: string, to: string): void {
  const link = linkBetween(simulation.world, from, to);
  if (!link.cut) return;
  link.cut = false;
  simulation.keepCause(() => {
    simulation.trace("", { kind: "link-healed", from, to });
    releaseHeld(simulation);
  });
}

/**
 * Sends again what was held back on connections whose way is free now, on TCP's schedule. Until then the connection goes on holding back,
 * so that nothing overtakes it.
 */
export function releaseHeld(simulation: Simulation): void {
  const world = simulation.world;
  for (const connection of world.network.connections.values()) {
    for (const end of [0, 1] as const) {
      const first = connection.held[end][0];
      if (first === undefined) continue;
      const to = world.processes[connection.ends[end]] as ProcessRecord;
      if (!isFree(world, connection, end)) continue;
      const from = world.processes[connection.ends[end === 0 ? 1 : 0]] as ProcessRecord;
      const at = nextRetransmissionUs(first.sentAt, world.now) + linkBetween(world, from.host, to.host).settings.latencyUs;
      simulation.push(at, "released", to, "", handleOf(connection.id, end), null);
    }
  }
  invariant(world.network.connections.size < 1_000_000, "a million connections are open");
}

function isFree(world: World, connection: Connection, end: 0 | 1): boolean {
  const from = world.processes[connection.ends[end === 0 ? 1 : 0]] as ProcessRecord;
  const to = world.processes[connection.ends[end]] as ProcessRecord;
  return to.powered && !linkBetween(world, from.host, to.host).cut;
}

/** The segments that a release lets through, as events of this instant; none when the way is closed again. */
export function takeReleased(simulation: Simulation, released: Event, process: ProcessRecord): Event[] {
  const world = simulation.world;
  const connection = connectionOf(world, released.connection);
  const end = endOf(released.connection);
  if (connection === undefined || !isFree(world, connection, end)) return [];
  const held = connection.held[end];
  connection.held[end] = [];
  return held.map(segment => new Event(
    world.now, released.sequence, segment.kind, process.index, process.incarnation, "", released.connection, segment.payload, segment.cause));
}
