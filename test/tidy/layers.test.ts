// The law of the layers: who may import whom. A new need gets a row here, with a reason; never an exception in code.
import { expect, test } from "vitest";
import { importsOf, repositoryFiles } from "./source-files.ts";

/** `may`: prefixes of what the layer may import at run time. `types`: what it may import as types only. */
interface Layer { readonly layer: string; readonly may: readonly string[]; readonly types?: readonly string[] }

/** The first row whose prefix fits a file rules it. */
const LAYERS: readonly Layer[] = [
  { layer: "engine/core/", may: ["engine/core/"] },
  { layer: "engine/protocol/", may: ["engine/core/", "engine/protocol/"] },
  { layer: "engine/log/", may: ["engine/core/", "engine/protocol/", "engine/log/"] },
  // A quorum replicates a log of its own; it knows no topics.
  { layer: "engine/raft/", may: ["engine/core/", "engine/protocol/", "engine/log/", "engine/raft/"], types: ["engine/cluster/spec.ts"] },
  // An ensemble knows nothing of Kafka; its client library is what brokers and tools build on.
  { layer: "engine/zookeeper/", may: ["engine/core/", "engine/protocol/", "engine/zookeeper/"], types: ["engine/cluster/spec.ts"] },
  { layer: "engine/metadata/", may: ["engine/core/", "engine/protocol/", "engine/zookeeper/", "engine/log/", "engine/raft/", "engine/metadata/"], types: ["engine/cluster/spec.ts", "engine/broker/node-settings.ts"] },
  { layer: "engine/broker/", may: ["engine/core/", "engine/protocol/", "engine/zookeeper/", "engine/log/", "engine/raft/", "engine/metadata/", "engine/broker/"], types: ["engine/cluster/spec.ts"] },
  // A client learns only what a response tells it: so a real client can take its place.
  { layer: "engine/clients/", may: ["engine/core/", "engine/protocol/", "engine/zookeeper/", "engine/clients/"], types: ["engine/cluster/"] },
  // The read model's vocabulary and folding serve pages too: they may not drag the engine along.
  { layer: "engine/cluster/fold", may: ["engine/cluster/"], types: ["engine/"] },
  { layer: "engine/cluster/view.ts", may: [], types: ["engine/core/", "engine/protocol/"] },
  { layer: "engine/cluster/", may: ["engine/core/", "engine/protocol/", "engine/zookeeper/", "engine/log/", "engine/raft/", "engine/metadata/", "engine/broker/", "engine/clients/", "engine/cluster/"] },
  // Checks and grades see the read model only, so that the same check guards the fuzzer and grades a learner.
  { layer: "engine/checks/", may: ["engine/core/", "engine/cluster/", "engine/checks/"], types: ["engine/protocol/facts.ts"] },
  { layer: "engine/grading/", may: ["engine/core/", "engine/cluster/", "engine/checks/", "engine/grading/"], types: ["engine/host/api.ts", "engine/protocol/facts.ts"] },
  { layer: "engine/host/worker.ts", may: ["engine/host/", "comlink"] },
  // The host lends the engine what only a host has.
  { layer: "engine/host/text-encoder.ts", may: ["engine/protocol/utf8.ts"] },
  { layer: "engine/host/", may: ["engine/core/", "engine/cluster/", "engine/checks/", "engine/grading/", "engine/host/", "lessons/"] },
  { layer: "lessons/_kit/", may: ["engine/grading/", "engine/cluster/", "engine/checks/", "lessons/_kit/"] },
  { layer: "lessons/", may: ["lessons/_kit/"] },
  { layer: "src/scripts/", may: ["node:", "src/scripts/"] },
];

/** What runs while the site is built, never in a page: it may open runs, to measure the numbers of a lesson. */
const BUILD_TIME = ["src/lesson/"];

/** Layers of the page: they meet the engine as types, through the session's worker, or through the read model. */
// Whom a drill's fault hits is read off the view: the page asks the same function as the grader.
const READ_MODEL = ["engine/cluster/fold", "engine/cluster/view.ts", "engine/checks/", "engine/core/time.ts", "engine/grading/fault-command.ts", "engine/grading/drill-inputs.ts",
  // A file that is no run is refused before the worker is asked.
  "engine/cluster/run-file.ts", "engine/cluster/author-error.ts"];

test("every import in engine and lessons goes down the layers", () => {
  const broken: string[] = [];
  for (const file of repositoryFiles().filter(name => /^(engine|lessons)\/.*\.ts$/.test(name))) {
    const layer = LAYERS.find(row => file.startsWith(row.layer));
    if (layer === undefined) { broken.push(`${file}: no row in the layer table; add one with its reason`); continue; }
    for (const { target, typeOnly, where } of importsOf(file)) {
      const allowed = layer.may.some(prefix => target.startsWith(prefix))
        || typeOnly && (layer.types ?? []).some(prefix => target.startsWith(prefix));
      if (!allowed) broken.push(`${where}: ${layer.layer} may not import ${target}${typeOnly ? " (types)" : ""}`);
    }
  }
  expect(broken).toEqual([]);
});

test("broker and client never import each other", () => {
  const broken = repositoryFiles().filter(name => /^engine\/(broker|clients)\/.*\.ts$/.test(name)).flatMap(file =>
    importsOf(file).filter(({ target }) => file.startsWith("engine/broker/") ? target.startsWith("engine/clients/") : target.startsWith("engine/broker/"))
      .map(({ where, target }) => `${where}: ${target}`));
  expect(broken).toEqual([]);
});

test("the page sees of the engine only types, the read model and the worker's address", () => {
  const broken: string[] = [];
  for (const file of repositoryFiles().filter(name => /^src\/.*\.ts$/.test(name) && !name.startsWith("src/scripts/"))) {
    if (BUILD_TIME.some(prefix => file.startsWith(prefix))) continue;
    for (const { target, typeOnly, where } of importsOf(file)) {
      if (!target.startsWith("engine/") || typeOnly) continue;
      if (!READ_MODEL.some(prefix => target.startsWith(prefix))) broken.push(`${where}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

test("the layer table is not idle: it rules files of every layer that exists", () => {
  const files = repositoryFiles();
  for (const layer of ["engine/core/", "engine/protocol/", "engine/broker/", "engine/clients/", "engine/cluster/"]) {
    expect(files.some(file => file.startsWith(layer)), layer).toBe(true);
  }
});
