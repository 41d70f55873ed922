// Znodes: creates, versions, sequences, multi, watches, Stat; the answers of the real one. Source: DataTree.java, PrepRequestProcessor.java; golden 18.
import { expect, test } from "vitest";
import { committedTree } from "#engine/zookeeper/committed-tree.ts";
import { create, EnsembleWorld, hostOf } from "./ensemble-world.ts";

function served(clients: readonly string[] = ["a"]): EnsembleWorld {
  const world = new EnsembleWorld({ servers: 3, clients });
  world.run(3);
  return world;
}

test("create, read, change and delete, with versions and the errors of wrong ones", () => {
  const world = served();
  expect(world.ask("a", create("/hello", "world"), create("/hello", "again"), create("/no/parent"))).toEqual([
    { error: "OK", path: "/hello" }, { error: "NODEEXISTS" }, { error: "NONODE" },
  ]);
  expect(world.ask("a", { op: "setData", path: "/hello", data: "again", version: 3 })).toEqual([{ error: "BADVERSION" }]);
  const [changed] = world.ask("a", { op: "setData", path: "/hello", data: "again", version: 0 });
  expect(changed).toMatchObject({ error: "OK", stat: { version: 1, dataLength: 5, ephemeralOwner: 0 } });
  expect(world.ask("a", { op: "getData", path: "/hello", watch: false })).toMatchObject([{ error: "OK", data: "again", stat: { version: 1 } }]);
  expect(world.ask("a", create("/hello/child"), { op: "delete", path: "/hello", version: -1 }).map(({ error }) => error)).toEqual(["OK", "NOTEMPTY"]);
  expect(world.ask("a", { op: "delete", path: "/hello/child", version: 1 }, { op: "delete", path: "/hello/child", version: 0 }, { op: "delete", path: "/hello", version: -1 })
    .map(({ error }) => error)).toEqual(["BADVERSION", "OK", "OK"]);
  expect(world.ask("a", { op: "exists", path: "/hello", watch: false }, { op: "getChildren", path: "/hello", watch: false })).toEqual([{ error: "NONODE" }, { error: "NONODE" }]);
});

test("paths that are none, and znodes that cannot go, are bad arguments", () => {
  const world = served();
  const paths = ["", "x", "/x/", "//x", "/x/../y"];
  expect(world.ask("a", ...paths.map(path => create(path))).map(({ error }) => error)).toEqual(paths.map(() => "BADARGUMENTS"));
  expect(world.ask("a", { op: "delete", path: "/zookeeper", version: -1 }, { op: "delete", path: "/", version: -1 }).map(({ error }) => error))
    .toEqual(["BADARGUMENTS", "BADARGUMENTS"]);
});

test("sequence numbers count the creates below the parent, ten digits, whatever was deleted meanwhile", () => {
  const world = served();
  const names = world.ask("a", create("/q"), create("/q/n-", "", "persistent-sequential"), create("/q/other"), { op: "delete", path: "/q/other", version: -1 },
    create("/q/n-", "", "ephemeral-sequential"), create("/q/", "", "persistent-sequential")).map(({ path }) => path);
  expect(names).toEqual(["/q", "/q/n-0000000000", "/q/other", undefined, "/q/n-0000000002", "/q/0000000003"]);
  // cversion counts creates and deletes: 4 + 1.
  expect(world.ask("a", { op: "exists", path: "/q", watch: false })).toMatchObject([{ stat: { cversion: 5, numChildren: 3 } }]);
});

test("the root of a new ensemble has cversion -1 and the child zookeeper with config and quota", () => {
  const world = served();
  expect(world.ask("a", { op: "getChildren", path: "/", watch: false })).toMatchObject([{ children: ["zookeeper"], stat: { cversion: -1, version: 0 } }]);
  expect(world.ask("a", { op: "getChildren", path: "/zookeeper", watch: false })).toMatchObject([{ children: ["config", "quota"] }]);
});

test("an ephemeral znode has no children", () => {
  const world = served();
  expect(world.ask("a", create("/e", "", "ephemeral"), create("/e/child")).map(({ error }) => error)).toEqual(["OK", "NOCHILDRENFOREPHEMERALS"]);
});

test("a multi is carried out as a whole: later parts see earlier ones, all with one zxid", () => {
  const world = served();
  const [answer] = world.ask("a", { op: "multi", operations: [
    { op: "create", path: "/m", data: "", mode: "persistent" }, { op: "create", path: "/m/x", data: "1", mode: "persistent" },
    { op: "setData", path: "/m/x", data: "22", version: 0 }, { op: "check", path: "/m/x", version: 1 }] });
  expect(answer).toMatchObject({ error: "OK", results: [{ path: "/m" }, { path: "/m/x" }, { stat: { version: 1, dataLength: 2 } }, { error: "OK" }] });
  const [stat] = world.ask("a", { op: "exists", path: "/m/x", watch: false });
  expect(stat?.stat?.czxid).toBe(stat?.stat?.mzxid);
});

test("a multi of which one part fails changes nothing, and says which", () => {
  const world = served(["a", "b"]);
  world.ask("a", create("/m"));
  const failing = { op: "multi", operations: [
    { op: "create", path: "/m/x", data: "", mode: "persistent" }, { op: "check", path: "/m", version: 7 }, { op: "delete", path: "/m", version: -1 }] } as const;
  // Requests behind it do not see what it would have made.
  expect(world.ask("a", failing, create("/m/x"))).toEqual([
    { error: "BADVERSION", results: [{ error: "OK" }, { error: "BADVERSION" }, { error: "RUNTIMEINCONSISTENCY" }] }, { error: "OK", path: "/m/x" },
  ]);
  expect(world.ask("b", { op: "sync", path: "/" }, { op: "getChildren", path: "/m", watch: false })[1]?.children).toEqual(["x"]);
});

test("requests that follow each other without waiting see each other: the leader checks against what is proposed", () => {
  const world = served();
  const answers = world.ask("a", create("/p"), create("/p/q"), { op: "setData", path: "/p/q", data: "z", version: 0 }, { op: "getData", path: "/p/q", watch: false },
    { op: "delete", path: "/p/q", version: 1 }, { op: "delete", path: "/p", version: 0 }, { op: "exists", path: "/p", watch: false });
  expect(answers.map(({ error }) => error)).toEqual(["OK", "OK", "OK", "OK", "OK", "OK", "NONODE"]);
  expect(answers[3]?.data).toBe("z");
});

test("watches fire once, on the server the client is at, before the client can read what they announce", () => {
  const world = served(["a", "b"]);
  world.ask("a", create("/w", "1"));
  world.ask("b", { op: "sync", path: "/" }, { op: "getData", path: "/w", watch: true }, { op: "getChildren", path: "/w", watch: true }, { op: "exists", path: "/later", watch: true });
  world.ask("a", { op: "setData", path: "/w", data: "2", version: 0 }, { op: "setData", path: "/w", data: "3", version: 1 }, create("/w/c"), create("/w/d"), create("/later"));
  expect(world.told("b").flatMap(event => event.is === "watch" ? [[event.event, event.path]] : [])).toEqual([
    ["NodeDataChanged", "/w"], ["NodeChildrenChanged", "/w"], ["NodeCreated", "/later"],
  ]);
});

test("a deleted znode tells its data and child watchers once, and its parent's child watchers", () => {
  const world = served(["a", "b"]);
  world.ask("a", create("/w"), create("/w/c"));
  world.ask("b", { op: "sync", path: "/" }, { op: "getData", path: "/w/c", watch: true }, { op: "getChildren", path: "/w/c", watch: true }, { op: "getChildren", path: "/w", watch: true });
  world.ask("a", { op: "delete", path: "/w/c", version: -1 });
  expect(world.told("b").flatMap(event => event.is === "watch" ? [[event.event, event.path]] : [])).toEqual([["NodeDeleted", "/w/c"], ["NodeChildrenChanged", "/w"]]);
});

test("a read that set no watch fires none, and a watch on a missing znode is set by exists alone", () => {
  const world = served(["a", "b"]);
  world.ask("b", { op: "getData", path: "/n", watch: true }, { op: "exists", path: "/n", watch: false });
  world.ask("a", create("/n"));
  expect(world.told("b").filter(event => event.is === "watch")).toEqual([]);
});

test("watches move along when the client goes to another server, and fire for what it has missed", () => {
  const world = new EnsembleWorld({ servers: 3 });
  world.addClient("b", [hostOf(1), hostOf(2)]);
  world.addClient("a", [hostOf(3)]);
  world.run(3);
  world.ask("a", create("/missed", "1"), create("/moved", "1"), create("/parent"));
  world.ask("b", { op: "sync", path: "/" }, { op: "getData", path: "/missed", watch: true }, { op: "getData", path: "/moved", watch: true },
    { op: "getChildren", path: "/parent", watch: true }, { op: "exists", path: "/new", watch: true });
  const at = world.client("b").servers[world.client("b").serverIndex]?.host === hostOf(1) ? 1 : 2;
  world.simulation.crash(`zookeeper-${at}`);
  world.send("a", [{ op: "setData", path: "/missed", data: "2", version: 0 }, create("/parent/child")]);
  world.run(5);
  const fired = (): unknown[] => world.told("b").flatMap(event => event.is === "watch" ? [[event.event, event.path]] : []);
  expect(fired()).toEqual([["NodeDataChanged", "/missed"], ["NodeChildrenChanged", "/parent"]]);
  world.ask("a", { op: "setData", path: "/moved", data: "2", version: 0 }, create("/new"));
  expect(fired().slice(2)).toEqual([["NodeDataChanged", "/moved"], ["NodeCreated", "/new"]]);
});

test("children come in the order of Java's hash set", () => {
  const world = served();
  world.ask("a", ...["brokers", "admin", "config", "cluster", "controller", "feature", "consumers", "isr_change_notification"].map(name => create(`/${name}`)));
  const [answer] = world.ask("a", { op: "getChildren", path: "/", watch: false });
  expect([...answer?.children ?? []].sort((one, other) => one < other ? -1 : 1)).toEqual(
    ["admin", "brokers", "cluster", "config", "consumers", "controller", "feature", "isr_change_notification", "zookeeper"]);
  expect(world.ask("a", create("/ids"), create("/ids/3"), create("/ids/1"), create("/ids/2"), { op: "getChildren", path: "/ids", watch: false })[4]?.children).toEqual(["1", "2", "3"]);
});

test("observers read the committed tree in order of paths, with versions, owners and sessions", () => {
  const world = served();
  world.ask("a", create("/b", "x"), create("/a", "y", "ephemeral"), { op: "setData", path: "/b", data: "z", version: 0 });
  const tree = committedTree(world.server(3));
  expect(tree?.znodes.map(({ path, data, version, ephemeral }) => [path, path.startsWith("/zookeeper") ? "" : data, version, ephemeral])).toEqual([
    ["/", "", 0, false], ["/a", "y", 0, true], ["/b", "z", 1, false], ["/zookeeper", "", 0, false], ["/zookeeper/config", "", 0, false], ["/zookeeper/quota", "", 0, false],
  ]);
  expect(tree?.sessions).toMatchObject([{ client: "a", timeoutMs: 18_000 }]);
  expect(committedTree(null)).toBeNull();
});

test("each change of a znode is told once, by the leader, with its version and data", () => {
  const world = served();
  world.ask("a", create("/f", "1"), { op: "setData", path: "/f", data: "2", version: -1 }, { op: "delete", path: "/f", version: -1 });
  expect(world.facts("znode").map(({ process, fact }) => [process, fact.change, fact.version, fact.data])).toEqual([
    ["zookeeper-3", "created", 0, "1"], ["zookeeper-3", "changed", 1, "2"], ["zookeeper-3", "deleted", 1, "2"],
  ]);
});
