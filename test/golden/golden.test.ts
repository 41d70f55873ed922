// Every recording that the project relies on, replayed against the engine. A step either comes out as recorded, or a row of engine/FIDELITY.md excuses
// it, or it stands in open-differences.json: the list of what is still wrong, which may only shrink.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { playRecording } from "./play-recording.ts";
import { findRecordings, readRecording } from "./read-recording.ts";

const here = dirname(fileURLToPath(import.meta.url));
/** Recording -> steps that fail. */
const open = JSON.parse(readFileSync(join(here, "open-differences.json"), "utf8")) as Readonly<Record<string, readonly number[]>>;
const recordings = findRecordings([join(here, "recordings")]).map(readRecording);

/** A replay is minutes of virtual time, tried again and again where chance decides. */
const REPLAY_LIMIT_MS = 240_000;

describe("a real Kafka and the engine, given the same actions, show the same", () => {
  test.each(recordings.map(recording => [recording.name, recording] as const))("%s", (name, recording) => {
    const failed = playRecording(recording).filter(({ verdict }) => verdict === "failed");
    const known = open[name] ?? [];
    const unknown = failed.filter(({ step }) => !known.includes(step));
    expect(unknown.map(({ step, action, differences }) => ({ step, action, differences: differences.filter(({ excuse }) => excuse === null).slice(0, 3) }))).toEqual([]);
    // What has been put right leaves the list.
    expect(known.filter(step => !failed.some(report => report.step === step)), `steps of ${name} that pass by now: remove them from test/golden/open-differences.json`).toEqual([]);
  }, REPLAY_LIMIT_MS);
});

test("open differences name recordings that exist", () => {
  expect(Object.keys(open).filter(name => !recordings.some(recording => recording.name === name))).toEqual([]);
});
