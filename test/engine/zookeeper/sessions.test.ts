// Sessions: negotiated, kept by pings, moved between servers, expired by the leader's clock; ephemeral znodes go with them.
// Source: SessionTrackerImpl.java, ClientCnxn.java; golden 17, controller failover measurements.
import { expect, test } from "vitest";
import { create, EnsembleWorld, hostOf } from "./ensemble-world.ts";

test("the time-out is kept between 2 and 20 ticks", () => {
  const granted = (asked: number): number => {
    const world = new EnsembleWorld({ servers: 3, clients: ["a"], sessionTimeoutMs: asked });
    world.run(3);
    return world.client("a").timeoutMs;
  };
  expect([1_000, 18_000, 100_000].map(granted)).toEqual([4_000, 18_000, 40_000]);
});

test("a client that lives keeps its session for as long as it likes, with a ping each six seconds", () => {
  const world = new EnsembleWorld({ servers: 3, clients: ["a"] });
  world.run(600);
  expect(world.told("a")).toMatchObject([{ is: "session", state: "connected" }]);
  const pings = [...world.simulation.world.trace].filter(({ fact }) => fact.kind === "message" && "tag" in fact && fact.tag === "zookeeper ping").length;
  expect(pings).toBeGreaterThan(95);
  expect(pings).toBeLessThan(102);
});

test("a killed client's session of 18 s expires after 12 to 20 s, at a tick; its ephemeral znodes go, and their watchers hear", () => {
  const times: number[] = [];
  for (let seed = 1; seed <= 40; seed += 1) {
    const world = new EnsembleWorld({ servers: 3, clients: ["a", "b"], seed });
    world.run(3);
    world.ask("a", create("/e", "mine", "ephemeral"));
    world.ask("b", { op: "sync", path: "/" }, { op: "getData", path: "/e", watch: true });
    world.run(10 + seed * 0.37);
    const killedUs = world.nowUs;
    world.simulation.crash("a");
    world.run(25);
    const [expired] = world.facts("zookeeper-session").filter(({ fact }) => fact.change === "expired");
    expect(expired?.fact.client).toBe("a");
    expect(expired?.fact.silentForUs).toBeGreaterThan(16_000_000);
    times.push(((expired?.atUs ?? 0) - killedUs) / 1_000_000);
    expect(world.told("b").filter(event => event.is === "watch")).toMatchObject([{ event: "NodeDeleted", path: "/e" }]);
    expect(world.ask("b", { op: "exists", path: "/e", watch: false })).toEqual([{ error: "NONODE" }]);
  }
  expect(Math.min(...times)).toBeGreaterThan(12);
  expect(Math.max(...times)).toBeLessThan(20.5);
  expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(3);
});

test("a closed session ends at once", () => {
  const world = new EnsembleWorld({ servers: 3, clients: ["a", "b"] });
  world.run(3);
  world.ask("a", create("/e", "", "ephemeral"));
  world.close("a");
  world.run(0.1);
  expect(world.facts("zookeeper-session").at(-1)?.fact).toMatchObject({ change: "closed", client: "a" });
  expect(world.client("a").status).toBe("closed");
  expect(world.ask("b", { op: "sync", path: "/" }, { op: "exists", path: "/e", watch: false })[1]).toEqual({ error: "NONODE" });
});

test("a session moves to another server when its own dies, and its ephemeral znodes stay", () => {
  const world = new EnsembleWorld({ servers: 3 });
  world.addClient("a", [hostOf(1), hostOf(2)]);
  world.run(3);
  world.ask("a", create("/e", "", "ephemeral"));
  const before = world.client("a").sessionId;
  const at = world.client("a").servers[world.client("a").serverIndex]?.host === hostOf(1) ? 1 : 2;
  world.simulation.crash(`zookeeper-${at}`);
  world.run(40);
  expect(world.client("a")).toMatchObject({ status: "connected", sessionId: before });
  expect(world.ask("a", { op: "exists", path: "/e", watch: false })).toMatchObject([{ error: "OK" }]);
  expect(world.facts("zookeeper-session").filter(({ fact }) => fact.change === "expired")).toEqual([]);
});

test("a client cut off for longer than its session learns on its return that it has expired, and can begin a new one", () => {
  const world = new EnsembleWorld({ servers: 3, clients: ["a"], restarts: true });
  world.run(3);
  world.ask("a", create("/e", "", "ephemeral"));
  const before = world.client("a").sessionId;
  world.simulation.pause("a");
  world.run(30);
  world.simulation.resume("a");
  world.run(5);
  const states = world.told("a").flatMap(event => event.is === "session" ? [event.state] : []);
  expect(states).toEqual(["connected", "disconnected", "expired", "connected"]);
  expect(world.client("a").sessionId).not.toBe(before);
  expect(world.ask("a", { op: "exists", path: "/e", watch: false })).toEqual([{ error: "NONODE" }]);
});

test("without a restart everything asked of an expired session fails as expired", () => {
  const world = new EnsembleWorld({ servers: 3, clients: ["a"] });
  world.run(3);
  world.simulation.pause("a");
  world.run(30);
  world.simulation.resume("a");
  world.run(5);
  expect(world.client("a").status).toBe("expired");
  expect(world.ask("a", create("/x"))).toEqual([{ error: "SESSIONEXPIRED" }]);
});

test("operations in flight and operations waiting fail with CONNECTIONLOSS when the connection dies", () => {
  const world = new EnsembleWorld({ servers: 1, clients: ["a"] });
  world.run(3);
  world.send("a", Array.from({ length: 15 }, (_, index) => create(`/n${index}`)));
  world.run(0.0008);
  world.simulation.crash("zookeeper-1");
  world.run(1);
  expect(world.answers("a").map(({ error }) => error)).toEqual(Array.from({ length: 15 }, () => "CONNECTIONLOSS"));
});

test("a new leader starts all session clocks afresh: a client that died without a quorum expires a whole time-out after its return", () => {
  const world = new EnsembleWorld({ servers: 3, clients: ["a"] });
  world.run(5);
  world.simulation.crash("zookeeper-2");
  world.simulation.crash("zookeeper-3");
  world.run(5);
  world.simulation.crash("a");
  world.run(230);
  const backUs = world.nowUs;
  world.simulation.start("zookeeper-2");
  world.simulation.start("zookeeper-3");
  world.run(30);
  const [expired] = world.facts("zookeeper-session").filter(({ fact }) => fact.change === "expired");
  const tookS = ((expired?.atUs ?? 0) - backUs) / 1_000_000;
  // Recorded: all leaders had moved 20.0 and 21.6 s after the two servers were started.
  expect(tookS).toBeGreaterThan(18);
  expect(tookS).toBeLessThan(22);
});

test("the death of ZooKeeper's leader costs no session", () => {
  const world = new EnsembleWorld({ servers: 3, clients: ["a", "b", "c"] });
  world.run(5);
  for (const client of ["a", "b", "c"]) world.ask(client, create(`/${client}`, "", "ephemeral"));
  world.simulation.crash("zookeeper-3");
  world.run(60);
  expect(world.facts("zookeeper-session").filter(({ fact }) => fact.change === "expired")).toEqual([]);
  expect(world.ask("a", { op: "getChildren", path: "/", watch: false })[0]?.children).toEqual(expect.arrayContaining(["a", "b", "c"]));
});

test("what an old connection still asks of a session that has moved is refused, and the connection is closed", () => {
  const world = new EnsembleWorld({ servers: 3 });
  world.addClient("a", [hostOf(1), hostOf(2)]);
  world.run(3);
  const at = world.client("a").servers[world.client("a").serverIndex]?.host === hostOf(1) ? 1 : 2;
  const other = at === 1 ? 2 : 1;
  world.ask("a", create("/x"));
  // The way to the client is cut: its server goes on believing in the connection, the client moves on.
  world.isolate(at, ["a"]);
  world.run(20);
  expect(world.client("a").servers[world.client("a").serverIndex]?.host).toBe(hostOf(other));
  expect(world.ask("a", create("/y"))).toEqual([{ error: "OK", path: "/y" }]);
  expect(world.facts("zookeeper-session").filter(({ fact }) => fact.change === "expired")).toEqual([]);
});

test("maxClientCnxns bounds the connections of one host", () => {
  const world = new EnsembleWorld({ servers: 1, overrides: { maxClientCnxns: 1 } });
  world.addClient("a");
  world.run(3);
  world.simulation.addProcess("b", "zookeeper-test-client", "a", [], { servers: [hostOf(1)], sessionTimeoutMs: 18_000, restarts: false });
  world.simulation.start("b");
  world.run(5);
  expect(world.client("a").status).toBe("connected");
  expect(world.client("b").status).not.toBe("connected");
});
