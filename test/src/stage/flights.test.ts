import { expect, test } from "vitest";
import { type AirNow, FlightLog, LETTERS_PER_SECOND_MAX } from "#src/stage/flights.ts";
import type { Pace } from "#src/stage/motion-curves.ts";
import { FactStore } from "#src/session/fact-store.ts";
import type { ViewFact } from "#engine/cluster/view.ts";
import { batch, crashStory, WrittenFacts } from "../session/written-facts.ts";

const MOVING: Pace = { speed: 1, leadSpeed: 1, isStill: false };
const TOPIC = "user-events";

function logOf(facts: readonly ViewFact[]): { log: FlightLog; store: FactStore } {
  const log = new FlightLog();
  const store = new FactStore();
  store.follow(log);
  store.apply({ head: 0, firstId: 0, reset: false, facts });
  return { log, store };
}

function oneLetter(hopMs: number): readonly ViewFact[] {
  const story = new WrittenFacts();
  story.letter(1_000, 1, 2, [3, 1], 4, "customer-456", hopMs);
  return story.facts.sort((a, b) => a.at - b.at || a.id - b.id).map((fact, id) => ({ ...fact, id }));
}

const kinds = (air: AirNow): string[] => air.flights.map(now => now.flight.kind).sort();
const airOf = (facts: readonly ViewFact[], ms: number, pace = MOVING): AirNow => logOf(facts).log.airAt(ms * 1_000, TOPIC, pace);

test("a letter's hop ends exactly when the leader's log has it, at the offset that the log gave it", () => {
  const { log } = logOf(oneLetter(300));
  const letter = log.all.find(flight => flight.kind === "letter");
  expect(letter).toMatchObject({ endUs: 1_300_000, offset: 4, label: "456", from: "web-1", to: "broker-2" });
  expect(kinds(log.airAt(1_299_000, TOPIC, MOVING))).toEqual(["letter"]);
  expect(kinds(log.airAt(1_300_000, TOPIC, MOVING))).toEqual(["copy", "copy"]);
});

test("every step of a letter is in the air in its turn", () => {
  const facts = oneLetter(300);
  expect([1_150, 1_450, 1_750, 2_050, 2_300].map(ms => kinds(airOf(facts, ms)))).toEqual([
    ["letter"], ["copy", "copy"], ["fetch", "fetch"], ["receipt"], [],
  ]);
});

test("a letter from outside may start its hop early; what answers it may not", () => {
  const facts = oneLetter(1);
  expect(kinds(airOf(facts, 600))).toEqual(["letter"]);
  expect(kinds(airOf(facts, 580))).toEqual([]);
  expect(kinds(airOf(facts, 1_001.5))).toEqual(["copy", "copy"]);
  expect(kinds(airOf(facts, 999))).not.toContain("copy");
});

test("in slow motion the early start is as long on the clock of the wall", () => {
  const facts = oneLetter(1);
  expect(kinds(airOf(facts, 950, { speed: 0.1, leadSpeed: 0.1, isStill: false }))).toEqual([]);
  expect(kinds(airOf(facts, 965, { speed: 0.1, leadSpeed: 0.1, isStill: false }))).toEqual(["letter"]);
});

test("with reduced motion a letter stands on the middle of its path", () => {
  expect(airOf(oneLetter(300), 1_010, { speed: 1, leadSpeed: 1, isStill: true }).flights[0]?.part).toBe(0.5);
});

test("what was on its way to a broker that stops is crossed, and so is what cannot reach it", () => {
  const story = new WrittenFacts();
  story.message(1_000, "web-1", "broker-2", 1_300, { about: "produce", acks: -1, partitions: [{ topic: TOPIC, partition: 1, batches: [batch(0, "k")] }] });
  story.at(1_100, "", { kind: "process-stopped", process: "broker-2", how: "crash" });
  story.at(1_500, "web-1", { kind: "peer-unreachable", client: "web-1", broker: 2 });
  const crossed = (ms: number): boolean[] => airOf(story.facts, ms).flights.map(now => now.isCrossed);
  expect(crossed(1_050)).toEqual([false]);
  expect(crossed(1_200)).toContain(true);
  expect(crossed(1_700)).toContain(true);
  expect(crossed(2_600)).toEqual([]);
});

test("a refusal says Kafka's error name", () => {
  const story = new WrittenFacts();
  story.message(1_000, "broker-1", "web-1", 1_200, { about: "produce-response", partitions: [{ topic: TOPIC, partition: 1, error: "NOT_LEADER_OR_FOLLOWER", baseOffset: -1 }] });
  expect(airOf(story.facts, 1_100).flights[0]).toMatchObject({ isCrossed: true, flight: { kind: "refusal", error: "NOT_LEADER_OR_FOLLOWER" } });
});

test("a follower's question is drawn only when it asks from a new offset", () => {
  const story = new WrittenFacts();
  for (const [index, offset] of [5, 5, 6].entries()) {
    story.message(1_000 * index, "broker-3", "broker-2", 1_000 * index + 100, { about: "fetch", replica: 3, partitions: [{ topic: TOPIC, partition: 1, fetchOffset: offset, leaderEpoch: 0 }] });
  }
  expect(logOf(story.facts).log.all.map(flight => flight.offset)).toEqual([5, 6]);
});

test("too many letters for one path become one dense line", () => {
  const story = new WrittenFacts();
  for (let n = 0; n <= LETTERS_PER_SECOND_MAX + 5; n += 1) {
    story.message(1_000 + n * 10, "web-1", "broker-2", 1_001 + n * 10, { about: "produce", acks: -1, partitions: [{ topic: TOPIC, partition: 1, batches: [batch(n, "k")] }] });
  }
  const air = airOf(story.facts, 1_100);
  expect(air.flights).toEqual([]);
  expect(air.dense).toMatchObject([{ perSecond: LETTERS_PER_SECOND_MAX + 6 }]);
  expect(airOf(story.facts, 1_100, { speed: 0.1, leadSpeed: 0.1, isStill: false }).dense).toEqual([]);
});

test("the air at an instant is the same forwards and backwards, and after a rewind", () => {
  const { facts } = crashStory(200);
  const { log, store } = logOf(facts);
  const moments = Array.from({ length: 60 }, (_, index) => index * 250);
  const airText = (ms: number): string => JSON.stringify(log.airAt(ms * 1_000, TOPIC, MOVING));
  const forwards = moments.map(airText);
  expect(moments.toReversed().map(airText).reverse()).toEqual(forwards);
  const cut = facts.findIndex(fact => fact.at > 2_000_000);
  store.apply({ head: 0, firstId: cut, reset: true, facts: facts.slice(cut) });
  expect(moments.map(airText)).toEqual(forwards);
});
