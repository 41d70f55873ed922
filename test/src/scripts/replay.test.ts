import { expect, test } from "vitest";
import { PRESETS } from "#engine/cluster/presets.ts";
import { writeRunFile } from "#engine/cluster/run-file.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { createEngine } from "#engine/host/in-process.ts";
import { newRun } from "#engine/host/run-file.ts";
import { type Printed, replay } from "#src/scripts/replay.ts";

const spec: ClusterSpec = { ...PRESETS["guides/three-nodes"] as ClusterSpec, topics: [{ name: "user-events", partitions: 3 }] };
const run = {
  ...newRun(spec, 7), until: 20_000_000,
  inputs: [{ at: 6_000_000, command: { do: "kill" as const, node: 1 } }, { at: 7_000_000, command: { do: "describe-quorum" as const, call: 1 } }],
};

function play(text: string, ...args: readonly string[]): Printed {
  return replay(args, file => {
    if (file === "run.json") return text;
    throw new Error(`ENOENT: no such file or directory, open '${file}'`);
  });
}

test("a run file is played to its end, and the document says what became of the cluster", () => {
  const { exitCode, out, error } = play(writeRunFile(run), "run.json");
  expect({ exitCode, error }).toEqual({ exitCode: 0, error: "" });
  const document = JSON.parse(out) as Record<string, unknown>;
  expect(document).toMatchObject({
    profile: "3.9 kraft", seed: 7, atMs: 20_000, outcomes: [{ call: 1, ok: true, value: { voters: [{ replicaId: 1 }, { replicaId: 2 }, { replicaId: 3 }] } }],
    nodes: [{ name: "broker-1", status: "stopped" }, { name: "broker-2" }, { name: "broker-3" }], topics: [{ name: "user-events" }],
  });
  const engine = createEngine();
  expect(document["digest"]).toBe(engine.digest(engine.open(run).session));
});

test("it stops earlier or goes on beyond the end when it is told to", () => {
  expect(JSON.parse(play(writeRunFile(run), "run.json", "--until", "5000").out)).toMatchObject({ atMs: 5_000, nodes: [{ status: "running" }, {}, {}], outcomes: [] });
  expect(JSON.parse(play(writeRunFile(run), "--until", "25000", "run.json", "--observe", "nodes").out)).toMatchObject({ atMs: 25_000 });
  expect(JSON.parse(play(writeRunFile(run), "run.json", "--until", "end", "--observe", "topics").out)).toMatchObject({ atMs: 20_000 });
});

test("what is observed is what was asked for", () => {
  const document = JSON.parse(play(writeRunFile(run), "run.json", "--observe", "replicas,metadata-log,files,znodes,facts").out) as {
    readonly replicas: readonly unknown[]; readonly metadataLog: readonly { readonly offset: number; readonly batch: number; readonly record: { readonly type: string } }[];
    readonly files: Readonly<Record<string, Readonly<Record<string, readonly { readonly name: string }[]>>>>; readonly znodes: readonly unknown[]; readonly facts: readonly unknown[];
  };
  expect(document).not.toHaveProperty("nodes");
  expect(document.replicas).toContainEqual(expect.objectContaining({ topic: "user-events", partition: 0, broker: 2, logEndOffset: 0, highWatermark: 0 }));
  const types = document.metadataLog.map(({ record }) => record.type);
  expect(types.filter(type => type === "PARTITION_RECORD")).toHaveLength(3);
  expect(types).not.toContain("NO_OP_RECORD");
  for (const { offset, batch } of document.metadataLog) expect(offset).toBeGreaterThanOrEqual(batch);
  expect(Object.keys(document.files["broker-2"] ?? {})).toContain("__cluster_metadata-0");
  expect(document.znodes).toEqual([]);
  expect(document.facts.length).toBeGreaterThan(50);
});

test.each([
  ["no file", [], "no run file is named"],
  ["two files", ["run.json", "other.json"], "one run file at a time"],
  ["an unknown option", ["run.json", "--untl", "5"], "Did you mean \"--until\"?"],
  ["an end that is no number", ["run.json", "--until", "soon"], "--until takes \"end\" or whole milliseconds"],
  ["a negative end", ["run.json", "--until", "-1"], "--until takes"],
  ["an end without a number", ["run.json", "--until"], "not nothing"],
  ["an end after a year", ["run.json", "--until", "31536000000"], "--until takes"],
  ["an unknown part", ["run.json", "--observe", "nodes,znods"], "Did you mean \"znodes\"?"],
  ["no part", ["run.json", "--observe"], "--observe does not know \"\""],
  ["a file that is not there", ["gone.json"], "gone.json cannot be read"],
])("%s: exit code 2, and the usage", (_what, args, text) => {
  const printed = play(writeRunFile(run), ...args);
  expect(printed).toMatchObject({ exitCode: 2, out: "" });
  expect(printed.error).toContain(text);
  expect(printed.error).toContain("usage: npm run -s replay");
});

test.each([
  ["that is cut off", writeRunFile(run).slice(0, 200), "the file ends in the middle"],
  ["that is something else", "{}", "this is not a run"],
  ["with a wrong spec", JSON.stringify({ ...run, spec: { ...spec, nodes: [] } }), "run.json.spec.nodes"],
  ["with a wrong command", JSON.stringify({ ...run, inputs: [{ at: 0, command: { do: "explode" } }] }), "run.json.inputs[0].command.do"],
  ["of another engine", JSON.stringify({ ...run, engine: "9.9.9" }), "Open it with Sorting Office 9.9.9"],
])("a file %s is refused with its place and a cure: exit code 1", (_what, text, message) => {
  const printed = play(text, "run.json");
  expect(printed).toMatchObject({ exitCode: 1, out: "" });
  expect(printed.error).toContain(message);
  expect(printed.error).toContain("cure");
});
