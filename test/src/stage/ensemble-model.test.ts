// What the stage shows of ZooKeeper mode, held against a run of the engine: who owns what, whose session hangs where, and what a session's end looks like.
import { beforeAll, expect, test } from "vitest";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import type { ViewFact } from "#engine/cluster/view.ts";
import { createEngine } from "#engine/host/in-process.ts";
import { newRun } from "#engine/host/run-file.ts";
import { FactStore } from "#src/session/fact-store.ts";
import { RunStory } from "#src/session/run-story.ts";
import { ConnectionLog, ensembleModel, type EnsembleModel } from "#src/stage/ensemble-model.ts";
import { ensembleLayout, sessionPath } from "#src/stage/ensemble-layout.ts";
import { FlightLog } from "#src/stage/flights.ts";
import { frameModel } from "#src/stage/frame-model.ts";
import { slipModel } from "#src/stage/stage-actions.ts";
import { textTwinMarkup } from "#src/stage/text-twin.ts";

const SPEC: ClusterSpec = { ...PRESETS["guides/three-nodes-zookeeper"] as ClusterSpec, topics: [{ name: "user-events", assignment: [[1, 2, 3]] }] };
const KILL_US = 12_000_000;
const END_US = 34_000_000;
const story = new RunStory(SPEC);
const connections = new ConnectionLog();
const flights = new FlightLog();
let facts: readonly ViewFact[] = [];

beforeAll(() => {
  const engine = createEngine();
  const { session } = engine.open({ ...newRun(SPEC, 7), until: KILL_US });
  engine.command(session, { do: "kill", node: engine.observe(session, KILL_US).activeController }, KILL_US);
  engine.advance(session, END_US);
  facts = engine.facts(session, 0).facts;
  const store = new FactStore();
  for (const follower of [story, connections, flights]) store.follow(follower);
  store.apply({ head: END_US, firstId: 0, reset: false, facts });
});

function at(us: number): EnsembleModel {
  const model = ensembleModel(story.viewAt(us), client => connections.serverAt(client, us));
  if (model === null) throw new Error("this cluster has an ensemble");
  return model;
}

test("one server leads, the others follow, and each broker's session hangs on one of them", () => {
  const model = at(10_000_000);
  expect(model.servers.map(it => it.word).sort()).toEqual(["following", "following", "leading"]);
  expect(model.epoch).toBe(1);
  expect(model.sessions.map(it => [it.broker, it.state])).toEqual([[1, "alive"], [2, "alive"], [3, "alive"]]);
  for (const { server } of model.sessions) expect(model.servers.map(it => it.id)).toContain(server);
  expect(model.brokerIds).toEqual([1, 2, 3]);
  expect(model.controllerEpoch).toBe("1");
});

test("a dead controller keeps its session and its znodes until the session ends; then another one owns /controller", () => {
  const dead = at(10_000_000).owner ?? -1;
  const silent = at(KILL_US + 10_000_000);
  expect(silent.owner).toBe(dead);
  expect(silent.sessions.find(it => it.broker === dead)?.state).toBe("silent");
  const after = at(END_US);
  expect(after.owner).not.toBe(dead);
  expect(after.owner).not.toBeNull();
  expect(after.controllerEpoch).toBe("2");
  expect(after.brokerIds).not.toContain(dead);
  expect(after.sessions.map(it => it.broker)).not.toContain(dead);
});

test("the watch that fires comes down, and creates go up, on the paths of the sessions", () => {
  const kinds = new Set(flights.all.filter(it => it.sentUs > KILL_US).map(it => it.kind));
  expect(kinds).toContain("watch");
  expect(kinds).toContain("create");
  expect(kinds).toContain("order");
  const refused = flights.all.filter(it => it.kind === "refusal" && it.sentUs > KILL_US && it.error === "NODEEXISTS");
  expect(refused.length).toBeLessThanOrEqual(1);
});

test("no metadata quorum is shown, and the text says the same as the picture", () => {
  const model = frameModel(story.viewAt(10_000_000), null, { serverOf: client => connections.serverAt(client, 10_000_000), hasStarted: () => true });
  expect(model.metadata).toBeNull();
  expect(model.profile).toBe("Kafka 3.9, ZooKeeper");
  const twin = textTwinMarkup(model, 10_000_000);
  for (const text of ["Kafka 3.9, ZooKeeper", "/controller_epoch", "leading", "on server"]) expect(twin).toContain(text);
  expect(twin).not.toContain("metadata log end");
});

test("a server can be poked, and its slip says whom the ensemble follows", () => {
  const slip = slipModel({ place: { server: 2 }, topic: null, view: story.viewAt(10_000_000), story, facts, us: 10_000_000, settings: {} });
  expect(slip?.title).toBe("ZooKeeper server 2, cpu-node2");
  expect(slip?.verbs.filter(it => it.deed !== null).map(it => it.letter).join("")).toBe("UPWC");
  expect(slip?.verbs[0]?.deed).toEqual({ kind: "command", command: { do: "kill", node: "zookeeper-2" } });
  expect(slip?.belief).toContain("epoch 1");
});

test("every session's line leads from its server to its shelf, and none runs in the lane of another", () => {
  const layout = ensembleLayout({ name: "middle", servers: [1, 2, 3], brokers: [1, 2, 3], label: 100, width: 736 });
  const paths = [1, 2, 3].map(broker => sessionPath(layout, { broker, server: 1, place: broker - 1 }, 300 + broker * 70));
  expect(paths.map(path => path?.at(-1)?.[1])).toEqual([370, 440, 510]);
  expect(new Set(paths.map(path => path?.[1]?.[1])).size).toBe(3);
  expect(new Set(paths.map(path => path?.[2]?.[0])).size).toBe(3);
  expect(sessionPath(ensembleLayout({ name: "narrow", servers: [1], brokers: [1], label: 40, width: 358 }), { broker: 1, server: 1, place: 0 }, 100)).toBeNull();
});
