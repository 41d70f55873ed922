// How a server comes back: what it lacks, what it has too much, a log of no use, a torn end. Source: LearnerHandler.syncFollower, FileTxnLog.java.
import { expect, test } from "vitest";
import { TornEntry } from "#engine/core/disk.ts";
import { lastLoggedZxid, storedImage, transactionLog } from "#engine/zookeeper/transaction-log.ts";
import type { Transaction } from "#engine/zookeeper/transactions.ts";
import { create, EnsembleWorld, hostOf } from "./ensemble-world.ts";

function tags(world: EnsembleWorld, pattern: RegExp): string[] {
  return [...world.simulation.world.trace].flatMap(({ fact }) => fact.kind === "message" && "tag" in fact && pattern.test(String(fact.tag)) ? [String(fact.tag)] : []);
}

function treesAgree(world: EnsembleWorld): void {
  const texts = world.ids.map(id => JSON.stringify([...world.server(id).database.tree.nodes].sort(([one], [other]) => one < other ? -1 : 1)));
  expect(new Set(texts).size).toBe(1);
}

function three(): EnsembleWorld {
  const world = new EnsembleWorld({ servers: 3 });
  world.addClient("a", [hostOf(2), hostOf(3)]);
  world.run(3);
  return world;
}

test("a server that was away gets what it lacks, and keeps what it had through kill and loss of power", () => {
  const world = three();
  world.ask("a", create("/before", "1"));
  world.simulation.losePower("zookeeper-1");
  world.ask("a", create("/meanwhile", "2"), { op: "setData", path: "/before", data: "3", version: 0 });
  world.simulation.start("zookeeper-1");
  world.run(3);
  expect(world.server(1).serving).toBe(true);
  treesAgree(world);
  expect(tags(world, /SNAP|TRUNC/)).toEqual([]);
});

test("a leader alone logs what nobody acknowledges; it is cut away when it comes back under a new leader", () => {
  const world = three();
  world.addClient("b", [hostOf(3)]);
  world.run(2);
  world.ask("b", create("/agreed"));
  world.isolate(3);
  world.send("b", [create("/alone")]);
  world.run(0.5);
  expect(world.server(3).database.tree.nodes.has("/alone")).toBe(false);
  expect(lastLoggedZxid(world.simulation.process("zookeeper-3").disk)).toBeGreaterThan(lastLoggedZxid(world.simulation.process("zookeeper-2").disk));
  world.run(15);
  expect(world.ask("a", create("/after"))).toEqual([{ error: "OK", path: "/after" }]);
  world.heal(3);
  world.run(70);
  expect(world.server(3)).toMatchObject({ role: "following", serving: true });
  expect(tags(world, /TRUNC/)).toEqual(["zookeeper TRUNC"]);
  expect(world.server(3).database.tree.nodes.has("/alone")).toBe(false);
  treesAgree(world);
});

test("a server too far behind gets an image, after which its log begins again", () => {
  const world = three();
  world.simulation.crash("zookeeper-1");
  world.ask("a", create("/counter", "x".repeat(200)));
  for (let version = 0; version < 700; version += 1) world.send("a", [{ op: "setData", path: "/counter", data: "y".repeat(200), version }]);
  world.run(10);
  world.simulation.start("zookeeper-1");
  world.run(3);
  expect(tags(world, /SNAP/)).toEqual(["zookeeper SNAP"]);
  treesAgree(world);
  world.ask("a", create("/later"));
  const { disk } = world.simulation.process("zookeeper-1");
  expect(storedImage(disk)?.zxid).toBe((transactionLog(disk).entries.at(0) as Transaction).zxid - 1);
  // It starts again from image and log alone.
  world.simulation.losePower("zookeeper-1");
  world.simulation.start("zookeeper-1");
  world.run(3);
  treesAgree(world);
});

test("the whole ensemble without power: everything acknowledged is there again", () => {
  const world = three();
  const acknowledged = world.ask("a", ...Array.from({ length: 50 }, (_, index) => create(`/n${index}`))).filter(({ error }) => error === "OK").length;
  expect(acknowledged).toBe(50);
  for (const id of world.ids) world.simulation.losePower(`zookeeper-${id}`);
  for (const id of world.ids) world.simulation.start(`zookeeper-${id}`);
  world.run(3);
  for (const id of world.ids) expect([...world.server(id).database.tree.nodes.keys()].filter(path => path.startsWith("/n"))).toHaveLength(50);
});

test("a torn transaction at the end of the log is not read, and is cut away", () => {
  const world = three();
  world.ask("a", create("/whole"));
  world.simulation.crash("zookeeper-1");
  const { disk } = world.simulation.process("zookeeper-1");
  const log = transactionLog(disk);
  const length = log.entries.length;
  log.entries.push(new TornEntry(log.entries.last, 7));
  world.simulation.start("zookeeper-1");
  world.run(3);
  expect(log.entries.length).toBe(length);
  expect(world.server(1).serving).toBe(true);
  treesAgree(world);
});

test("a server whose disk is full ends, and the others go on", () => {
  const world = three();
  world.simulation.process("zookeeper-1").device.capacityBytes = 0;
  expect(world.ask("a", create("/x"))).toEqual([{ error: "OK", path: "/x" }]);
  expect(world.simulation.process("zookeeper-1").status).toBe("stopped");
});

test("a client never goes back in time: a server that has seen less than the client sends it away", () => {
  const world = new EnsembleWorld({ servers: 3 });
  world.addClient("a", [hostOf(1), hostOf(2)]);
  world.run(3);
  const at = world.client("a").servers[world.client("a").serverIndex]?.host === hostOf(1) ? 1 : 2;
  const other = at === 1 ? 2 : 1;
  // The other server hears nothing of the leader for a while, and has not noticed yet.
  world.isolate(other, [hostOf(3)]);
  world.ask("a", create("/new"));
  world.simulation.crash(`zookeeper-${at}`);
  world.run(4);
  const refused = [...world.simulation.world.trace].filter(({ fact, process }) => fact.kind === "connection-closed" && process === `zookeeper-${other}`
    && "why" in fact && String(fact.why).startsWith("the client has seen more"));
  expect(refused.length).toBeGreaterThan(0);
});
