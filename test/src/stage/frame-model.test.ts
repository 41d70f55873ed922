import { expect, test } from "vitest";
import { firstShownOffset, frameModel, frameSentence, keyAt } from "#src/stage/frame-model.ts";
import { networkCutOf } from "#src/stage/network-cut.ts";
import { RunStory } from "#src/session/run-story.ts";
import { cellX, layoutOf, pointOn, shelfTop } from "#src/stage/stage-layout.ts";
import { brokerOf, clockText, durationText, listText, shortKey } from "#src/stage/shown-text.ts";
import { slipModel } from "#src/stage/stage-actions.ts";
import { placeSentence } from "#src/stage/stage-places.ts";
import { textTwinMarkup } from "#src/stage/text-twin.ts";
import type { ClusterView } from "#engine/cluster/view.ts";
import { batch, crashStory, SPEC } from "../session/written-facts.ts";

const FACTS = crashStory().facts;
const STORY = (() => { const story = new RunStory(SPEC); for (const fact of FACTS) story.add(fact); return story; })();
const at = (ms: number) => frameModel(STORY.viewAt(ms * 1_000), null);

test("between the crash and the fence the postmark stays on the dead shelf", () => {
  const model = at(10_000);
  expect(model.shelves[1]).toMatchObject({ word: "stopped", isStopped: true, stamp: null });
  expect(model.columns[1]).toMatchObject({ leader: 2, leaderEpoch: 0, below: null });
  expect(model.columns[1]?.trays[0]).toMatchObject({ broker: 2, standing: "leader", isStopped: true });
});

test("after the fence: stamp, a new postmark, a struck plate and two of three", () => {
  const model = at(15_000);
  expect(model.shelves[1]?.stamp).toBe("FENCED");
  expect(model.columns[1]).toMatchObject({ leader: 3, leaderEpoch: 1, below: "2 of 3" });
  expect(model.columns[1]?.replicas).toEqual([{ broker: 2, isInSync: false }, { broker: 3, isInSync: true }, { broker: 1, isInSync: true }]);
  expect(model.columns.map(column => column.trays.find(tray => tray.broker === 2)?.standing)).toEqual(["out", "out", "out"]);
});

test("a letter shows the short form of its key", () => {
  expect([shortKey("customer-123"), shortKey("user-1"), shortKey(null), shortKey("paris"), shortKey("k-123456")]).toEqual(["123", "u-1", "", "pari", "3456"]);
  expect(keyAt([batch(0, "customer-789"), batch(1, null)], 0)).toBe("789");
  expect(keyAt([batch(0, "customer-789")], 4)).toBe("");
});

test("letters of another epoch than the leader's are marked from the first of them", () => {
  const view: ClusterView = STORY.viewAt(15_000_000);
  const partition = view.topics[0]?.partitions[1];
  if (partition === undefined) throw new Error("the story has partition 1");
  const logs = partition.logs.map(log => log.broker === 3
    ? { ...log, leaderEpoch: 1, logEnd: 4, batches: [...log.batches, batch(3, "customer-1", 1)] }
    : log.broker === 2 ? { ...log, logEnd: 4, batches: [...log.batches, batch(3, "customer-9", 0)] } : log);
  const changed: ClusterView = { ...view, topics: view.topics.map(topic => ({ ...topic, partitions: topic.partitions.map(it => it === partition ? { ...it, logs } : it) })) };
  const trays = frameModel(changed, null).columns[1]?.trays ?? [];
  expect(trays.map(tray => [tray.broker, tray.divergesFrom])).toEqual([[2, 3], [3, null], [1, null]]);
});

test("a column shows the newest letters that fit, and moves its window in steps", () => {
  const column = at(15_000).columns[0];
  if (column === undefined) throw new Error("the story has partition 0");
  const first = (longestEnd: number): number => firstShownOffset({ ...column, longestEnd }, 9);
  expect([0, 8, 9, 11, 12, 100].map(first)).toEqual([0, 0, 3, 3, 6, 93]);
});

test("the same offset of a partition has the same x on every shelf, at every width", () => {
  for (const widthPx of [358, 736, 1_100]) {
    const layout = layoutOf({ widthPx, brokers: [1, 2, 3], partitions: 3, firstPartition: 0, producers: ["web-1"], consumers: [], tearsBelow: [] });
    expect(layout.columns).toEqual([0, 1, 2]);
    expect(layout.cells).toBeGreaterThanOrEqual(5);
    expect(cellX(layout, 2, layout.cells)).toBeLessThanOrEqual(widthPx);
    expect(shelfTop(layout, 2)).toBeGreaterThan(shelfTop(layout, 1));
  }
});

test("partitions that do not fit stand on the next page", () => {
  const request = { widthPx: 736, brokers: [1], partitions: 12, producers: [], consumers: [], tearsBelow: [] };
  const first = layoutOf({ ...request, firstPartition: 0 }).columns;
  expect(first.length).toBeLessThan(12);
  expect(layoutOf({ ...request, firstPartition: first.length }).columns[0]).toBe(first.length);
});

test("a point on an orthogonal path goes by length", () => {
  expect(pointOn([[0, 0], [10, 0], [10, 30]], 0.5)).toEqual([10, 10]);
  expect(pointOn([[0, 0], [10, 0], [10, 30]], 1)).toEqual([10, 30]);
});

test("a cut names its sides, and the shelves part between them", () => {
  const view = STORY.viewAt(1_000_000);
  const cut = (...pairs: readonly (readonly [string, string])[]) => networkCutOf({ ...view, cuts: pairs.map(([from, to]) => ({ from, to })) });
  const both = (a: string, b: string): readonly (readonly [string, string])[] => [[a, b], [b, a]];
  expect(cut()).toEqual({ tearsBelow: [], label: "" });
  expect(cut(...both("cpu-node1", "cpu-node2"), ...both("cpu-node1", "worker-node3"))).toEqual({ tearsBelow: [0], label: "cut: 1 | 2, 3" });
  expect(cut(...both("cpu-node2", "cpu-node1"), ...both("cpu-node2", "worker-node3"))).toEqual({ tearsBelow: [0, 1], label: "cut: 1, 3 | 2" });
  expect(cut(...both("cpu-node1", "worker-node3"))).toEqual({ tearsBelow: [0], label: "cut: 1 | 3" });
  expect(cut(["cpu-node2", "worker-node3"])).toEqual({ tearsBelow: [1], label: "cut: 2 to 3" });
});

test("the slip says what is true beside what is believed, and offers what can be done now", () => {
  const slip = (ms: number, broker: number, partition: number | null = null) => slipModel({
    place: { broker, partition }, topic: "user-events", view: STORY.viewAt(ms * 1_000), story: STORY, facts: FACTS, us: ms * 1_000, settings: {},
  });
  const possible = (ms: number): string => (slip(ms, 2)?.verbs ?? []).filter(verb => verb.deed !== null).map(verb => verb.letter).join("");
  expect(slip(9_100, 2)).toMatchObject({ truth: "stopped at 00:05.300", belief: "alive, for at most 5.2 s more" });
  expect(slip(15_000, 2)?.belief).toBe("fenced since 00:14.214");
  expect(possible(4_000)).toBe("UDPWC13?");
  expect(possible(9_000)).toBe("SC13?");
  expect(slip(15_000, 3, 1)).toMatchObject({ truth: "leader, epoch 1", belief: "in sync: 3, 1 (of 2, 3, 1)" });
  expect(slip(4_000, 2)?.verbs.find(verb => verb.letter === "3")).toEqual(
    { name: "Cut the link to 3", letter: "3", deed: { kind: "command", command: { do: "cut", from: [2], to: [3] } } });
  expect(slip(15_000, 3, 1)?.verbs.find(verb => verb.letter === "E")?.deed).not.toBeNull();
  expect(slip(4_000, 2, 1)?.letters[0]).toMatchObject({ key: "customer-456", value: "paid", isCommitted: true });
});

test("every place has a whole sentence for a name", () => {
  const view = STORY.viewAt(15_000_000);
  expect(placeSentence({ broker: 2, partition: null }, "user-events", view)).toBe("broker 2, cpu-node2, stopped, fenced");
  expect(placeSentence({ broker: 3, partition: 1 }, "user-events", view)).toBe("partition 1 on broker 3: leader, epoch 1, log end 3, high watermark 3");
});

test("the text twin says the same moment", () => {
  const twin = textTwinMarkup(at(15_000), 15_000_000);
  for (const text of ["00:15.000", "stopped: 2", "<td>3, 1</td>", "2: 3, 3: 3, 1: 3"]) expect(twin).toContain(text);
  expect(frameSentence(at(10_000))).toBe("3 brokers, stopped: 2. Topic user-events: 1 leads partition 0, 2 leads partition 1, 3 leads partition 2.");
});

test("times and lists are written one way", () => {
  expect([clockText(72_345_678), durationText(8_914_000), durationText(40_250), listText([1]), listText([1, 2, 3])]).toEqual(["01:12.345", "8.914 s", "40.25 ms", "1", "1, 2 and 3"]);
  expect([brokerOf("broker-12"), brokerOf("web-1")]).toEqual([12, null]);
});
