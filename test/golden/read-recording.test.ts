// What a person can do wrong with `npm run golden` is told with its place and its cure.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseArguments } from "./golden-arguments.ts";
import { checkRecording, findRecordings, readRecording } from "./read-recording.ts";

const folder = mkdtempSync(join(tmpdir(), "golden-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("arguments that make no sense are refused with the usage", () => {
  expect(() => parseArguments([])).toThrow(/no recording was named[\s\S]*cure {2}Usage/);
  expect(() => parseArguments(["--familys", "01"])).toThrow(/--familys: there is no such option/);
  expect(() => parseArguments(["x", "--families", "one"])).toThrow(/expected two-digit numbers/);
  expect(parseArguments(["x", "--families", "01,03", "--json"])).toEqual({ places: ["x"], families: new Set(["01", "03"]), isJson: true });
});

test("a place that is not there, an empty folder, and a file that is no recording are told by their path", () => {
  expect(() => findRecordings([join(folder, "missing")])).toThrow(/missing: there is no such file or folder/);
  expect(() => findRecordings([folder])).toThrow(/holds no \*\.json file/);
  const path = join(folder, "broken.json");
  writeFileSync(path, "{ not json");
  expect(() => readRecording(path)).toThrow(/broken\.json: this is not JSON/);
  expect(() => checkRecording("a.json", { spec: { layout: "cloud" }, steps: [], id: "01" })).toThrow(/a\.json: spec\.layout: unknown layout "cloud"[\s\S]*cure/);
  expect(() => checkRecording("a.json", { spec: { layout: "kraft", brokers: [1] }, steps: [{ do: {} }], id: "01", title: "", kafka: "3.9.1" })).toThrow(/steps\[0\]\.do: a step does nothing/);
  expect(() => checkRecording("a.json", [])).toThrow(/expected an object, found \[\]/);
});
