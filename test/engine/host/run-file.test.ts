import { describe, expect, test } from "vitest";
import { AuthorError } from "#engine/cluster/author-error.ts";
import { PRESETS } from "#engine/cluster/presets.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { writeRunFile } from "#engine/cluster/run-file.ts";
import { newRun, readRunFile, validateRun } from "#engine/host/run-file.ts";

const spec = PRESETS["guides/three-nodes"] as ClusterSpec;
const run = { ...newRun(spec, 7), inputs: [{ at: 5_000_000, command: { do: "kill" as const, node: 1 } }], until: 10_000_000 };

function errorOf(text: string): AuthorError {
  try {
    readRunFile(text, "saved.json");
  } catch (error) {
    if (error instanceof AuthorError) return error;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a run file", () => {
  test("that was written is read back as it was", () => {
    expect(readRunFile(writeRunFile(run))).toEqual(run);
  });

  test("that is truncated says so, wherever it was cut", () => {
    const text = writeRunFile(run).trimEnd();
    for (let length = 1; length < text.length; length += 7) {
      const error = errorOf(text.slice(0, length));
      expect(error.code).toBe("not-json");
      expect(error.where).toMatch(/^saved\.json:\d+$/);
    }
    expect(errorOf(text.slice(0, 200)).message).toMatchInlineSnapshot(`
      "saved.json:14: the file ends in the middle
        expected  JSON from its first to its last brace
        found     its last characters are ",\\n    \\"host\\": \\"cpu-n"
        cure      Save the run again and copy the whole file."
    `);
  });

  test("of another version says which version opens it", () => {
    expect(errorOf(writeRunFile({ ...run, engine: "9.9.9" })).message).toMatchInlineSnapshot(`
      "saved.json.engine: the run was made with engine 9.9.9
        expected  engine 0.2.0
        found     "9.9.9"
        cure      Open it with Sorting Office 9.9.9: another engine may take another course."
    `);
  });

  test("that is no run says what is expected", () => {
    expect(errorOf("{}").message).toMatchInlineSnapshot(`
      "saved.json.format: this is not a run
        expected  "sorting-office-run"
        found     no format
        cure      Open a file that was saved with "Save run"."
    `);
    expect(errorOf("").code).toBe("not-json");
    expect(errorOf("null").code).toBe("wrong-format");
    expect(errorOf(JSON.stringify({ ...run, format: "gpx" })).code).toBe("wrong-format");
  });

  test.each([
    ["a seed that is no seed", { seed: -1 }, "saved.json.seed"],
    ["an end in a thousand years", { until: 31_536_000_000_000_000_000 }, "saved.json.until"],
    ["an absurd number of nodes", { spec: { ...spec, nodes: Array.from({ length: 1000 }, (_, id) => ({ id: id + 1, host: `h${id}` })) } }, "saved.json.spec.nodes"],
    ["an absurd number of partitions", { spec: { ...spec, topics: [{ name: "t", partitions: 10_000_000 }] } }, "saved.json.spec.topics[0].partitions"],
    ["inputs out of order", { inputs: [{ at: 5, command: { do: "kill", node: 1 } }, { at: 4, command: { do: "kill", node: 2 } }] }, "saved.json.inputs[1].at"],
    ["an input that is no command", { inputs: [{ at: 5, command: { do: "explode" } }] }, "saved.json.inputs[0].command.do"],
    ["an unknown key", { note: "hello" }, "saved.json"],
    ["too many inputs", { inputs: Array.from({ length: 100_001 }, () => ({ at: 0, command: { do: "kill", node: 1 } })) }, "saved.json.inputs"],
  ])("with %s is refused at its place", (_what, changes, where) => {
    const error = errorOf(JSON.stringify({ ...run, ...changes }));
    expect(error.where).toBe(where);
    for (const part of [error.expected, error.found, error.cure]) expect(part).not.toBe("");
  });

  test("that is too large is not even parsed", () => {
    expect(errorOf(" ".repeat(67_108_865)).code).toBe("too-large");
  });

  test("handed over as data is checked alike", () => {
    expect(validateRun(run)).toBe(run);
    expect(() => validateRun({ ...run, inputs: null })).toThrow("run.inputs");
  });
});
