// The metadata log as a column: voters, observers, dedicated controllers, brokers that come later; and partitions that move, on runs of the engine.
import { expect, test } from "vitest";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { Command } from "#engine/cluster/commands.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { createEngine } from "#engine/host/in-process.ts";
import { newRun } from "#engine/host/run-file.ts";
import { type FrameModel, frameModel, frameSentence, moveSentence } from "#src/stage/frame-model.ts";
import { frameMarkup } from "#src/stage/frame-markup.ts";
import { layoutOf, shelfTop } from "#src/stage/stage-layout.ts";

const topics = [{ name: "user-events", assignment: [[1, 2, 3]], configs: { "min.insync.replicas": 2 } }];
const dedicated = (kafka: "3.9" | "4.3"): ClusterSpec =>
  ({ ...PRESETS[kafka === "3.9" ? "guides/three-brokers-three-controllers" : "guides/three-brokers-three-controllers-4.3"] as ClusterSpec, topics });

/** The frame after commands, each at its moment in seconds. */
function after(spec: ClusterSpec, deeds: readonly (readonly [number, Command])[], seconds: number, started: (node: number) => boolean = () => true): FrameModel {
  const engine = createEngine();
  const { session } = engine.open({ ...newRun(spec, 7), until: 1_000_000 });
  for (const [at, command] of deeds) engine.command(session, command, at * 1_000_000);
  engine.advance(session, seconds * 1_000_000);
  return frameModel(engine.observe(session, seconds * 1_000_000), null, { serverOf: () => null, hasStarted: started });
}

test("controllers that are no brokers stand above and vote; brokers only observe the metadata log", () => {
  const model = after(dedicated("3.9"), [], 8);
  expect(model.shelves.map(it => [it.broker, it.isBroker])).toEqual([[101, false], [102, false], [103, false], [1, true], [2, true], [3, true]]);
  expect(model.shelves.map(it => it.quorum.standing).sort()).toEqual(["leader", "observer", "observer", "observer", "voter", "voter"]);
  expect(model.metadata?.leader).toBe(model.activeController);
  expect(model.metadata?.highWatermark).toBeLessThanOrEqual(model.metadata?.longestEnd ?? 0);
  expect(frameSentence(model)).toMatch(/^3 brokers and 3 controllers\./);
});

test("their shelves are lower, an aisle parts them from the brokers, and they have no partitions", () => {
  const model = after(dedicated("3.9"), [], 8);
  const brokers = model.shelves.map(it => it.broker);
  const layout = layoutOf({ widthPx: 736, brokers, partitions: 1, firstPartition: 0, producers: [], consumers: [], tearsBelow: [], controllers: [101, 102, 103], aislesAbove: [1] });
  expect(shelfTop(layout, 1) - shelfTop(layout, 103)).toBe(layout.controllerShelf + layout.shelfGap + 14);
  expect(layout.metadataCells).toBeGreaterThanOrEqual(5);
  const markup = frameMarkup({ layout, model, hasPostOfficeWords: false });
  expect(markup).toContain("__cluster_metadata");
  expect(markup).toContain('data-part="tray 0 1"');
  expect(markup).not.toContain('data-part="tray 0 101"');
});

test("without a majority of the voters nobody has the quorum's postmark, and the partition goes on", () => {
  const model = after(dedicated("3.9"), [[9, { do: "kill", node: 101 }], [9, { do: "kill", node: 102 }]], 30);
  expect(model.activeController).toBe(-1);
  expect(model.shelves.filter(it => it.quorum.standing === "leader")).toEqual([]);
  expect(model.columns[0]?.leader).toBe(1);
});

test("in 4.3 a replica that left at the end of the ISR may be elected, and below min ISR is said", () => {
  const model = after(dedicated("4.3"), [[9, { do: "kill", node: 3 }], [25, { do: "kill", node: 2 }]], 45);
  expect(model.columns[0]).toMatchObject({ leader: 1, below: "1 of 3", fault: "below min ISR 2" });
  expect(model.columns[0]?.replicas.filter(it => it.isEligible).map(it => it.broker)).toEqual([2]);
  expect(model.columns[0]?.trays.find(it => it.broker === 2)?.note).toBe("may be elected (ELR)");
});

test("a broker that nobody has started has a shelf, without waves and without a place in the quorum's story", () => {
  const spec: ClusterSpec = { ...dedicated("4.3"), nodes: [...dedicated("4.3").nodes, { id: 4, host: "worker-node4", roles: ["broker"], startsLater: true }] };
  const model = after(spec, [], 8, node => node !== 4);
  expect(model.shelves.at(-1)).toMatchObject({ broker: 4, word: "not started", isStopped: false, isToCome: true, stamp: null });
  expect(frameSentence(model)).toContain("not started: 4");
});

test("while a partition moves, all replicas of the running list are drawn, target order first", () => {
  const spec: ClusterSpec = { ...dedicated("3.9"), nodes: [...dedicated("3.9").nodes, { id: 4, host: "worker-node4", roles: ["broker"] }] };
  const reassign: Command = { do: "reassign", call: 1, partitions: [{ topic: "user-events", partition: 0, replicas: [4, 2, 3] }] };
  const [column] = after(spec, [[8, { do: "kill", node: 4 }], [10, reassign]], 14).columns;
  expect(column?.replicas.map(it => it.broker)).toEqual([4, 2, 3, 1]);
  expect(column?.trays.map(it => [it.broker, it.standing, it.isLeaving])).toEqual([[4, "adding", false], [2, "in-sync", false], [3, "in-sync", false], [1, "leader", true]]);
  expect(column?.below).toBeNull();
  expect(column?.move === null || column?.move === undefined ? "" : moveSentence(column.move)).toBe("Partition 0 moves. 0 of 0 offsets are on 4; 1 leaves when it is in sync.");
});
