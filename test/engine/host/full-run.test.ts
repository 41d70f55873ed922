import { expect, test } from "vitest";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { newRun } from "#engine/host/run-file.ts";
import { RUN_EVENTS_MAX, Session } from "#engine/host/session.ts";

const SPEC = PRESETS["guides/three-nodes"] as ClusterSpec;

test("a run that has had all the events there is room for says so, keeps what it is, and goes on from an earlier moment", () => {
  const session = new Session(1, newRun(SPEC, 7), 2_000);
  const wholeDay = (): number => session.advance(86_400_000_000);
  expect(wholeDay).toThrow(/the run is full at \d+ microseconds\n {2}expected {2}at most 2000 events in one run\n {2}found {5}one more\n {2}cure {6}Save it/);
  const { head } = session;
  expect(head).toBeGreaterThan(1_000_000);
  expect(wholeDay).toThrow("the run is full");
  expect(session.head).toBe(head);
  expect(session.run().until).toBe(head);
  session.command({ do: "kill", node: 1 }, 1_000_000);
  expect(session.advance(2_000_000)).toBe(2_000_000);
});

test("ten minutes of an idle cluster come nowhere near it", () => {
  const session = new Session(1, newRun(SPEC, 7));
  session.advance(600_000_000);
  expect(session.cluster.eventsHandled).toBeLessThan(RUN_EVENTS_MAX / 20);
});
