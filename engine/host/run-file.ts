// Run files: everything a cluster did follows from them. Reading checks every part and says where, what was expected, what was found and
// the cure; writing gives readable JSON.
import type { RunFile } from "./api.ts";
import { ENGINE_VERSION } from "./engine-version.ts";
import { AuthorError, shown } from "#engine/cluster/author-error.ts";
import type { Input } from "#engine/cluster/commands.ts";
import { readInteger, readList, readObject, readText } from "#engine/cluster/read-input.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { validateCommand } from "#engine/cluster/validate-command.ts";
import { RUN_MS_MAX, validateSpec } from "#engine/cluster/validate-spec.ts";

/** A file of 64 million characters is no run. */
export const RUN_TEXT_MAX = 67_108_864;
export const INPUTS_MAX = 100_000;
const SEED_MAX = 4_294_967_295;
const UNTIL_MAX = RUN_MS_MAX * 1000;
const KEYS = ["format", "engine", "spec", "seed", "inputs", "until"];

/** A new run of a spec. */
export function newRun(spec: ClusterSpec, seed: number): RunFile {
  return { format: "sorting-office-run", engine: ENGINE_VERSION, spec, seed, inputs: [], until: (spec.startMs ?? 0) * 1000 };
}

export function writeRunFile(run: RunFile): string {
  return `${JSON.stringify(run, null, 1)}\n`;
}

/** Reads the text of a run file. Throws AuthorError. */
export function readRunFile(text: string, where = "run file"): RunFile {
  if (text.length > RUN_TEXT_MAX) {
    throw new AuthorError({
      code: "too-large", where, what: `the file has ${text.length} characters`, expected: `at most ${RUN_TEXT_MAX}`, found: String(text.length),
      cure: "Open a run that was saved here; a recording of a million records is too large to share.",
    });
  }
  return validateRun(parse(text, where), where);
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const end = text.trimEnd();
    const truncated = end !== "" && !end.endsWith("}");
    throw new AuthorError({
      code: "not-json", where, what: truncated ? "the file ends in the middle" : "the file is not JSON",
      expected: "a complete JSON document", found: truncated ? `its last characters are ${shown(end.slice(-20))}` : why,
      cure: truncated ? "Save the run again and copy the whole file." : "Open a file that was saved with \"Save this run\".",
    });
  }
}

/** Checks a run that was read or handed over. Throws AuthorError. */
export function validateRun(value: unknown, where = "run"): RunFile {
  const fields = readObject(where, value, KEYS);
  if (fields["format"] !== "sorting-office-run") {
    throw new AuthorError({
      code: "wrong-format", where: `${where}.format`, what: "this is not a run", expected: "\"sorting-office-run\"", found: shown(fields["format"]),
      cure: "Open a file that was saved with \"Save this run\".",
    });
  }
  const version = readText(`${where}.engine`, fields["engine"], 50);
  if (version !== ENGINE_VERSION) {
    throw new AuthorError({
      code: "other-version", where: `${where}.engine`, what: `the run was made with engine ${version}`, expected: `engine ${ENGINE_VERSION}`,
      found: shown(version), cure: `Open it with Sorting Office ${version}: another engine may take another course.`,
    });
  }
  validateSpec(fields["spec"], `${where}.spec`);
  readInteger(`${where}.seed`, fields["seed"], 0, SEED_MAX);
  readInteger(`${where}.until`, fields["until"], 0, UNTIL_MAX);
  validateInputs(`${where}.inputs`, fields["inputs"]);
  return value as RunFile;
}

function validateInputs(where: string, value: unknown): readonly Input[] {
  let lastAt = 0;
  const inputs = readList(where, value, 0, INPUTS_MAX);
  for (let index = 0; index < inputs.length; index += 1) {
    const at = `${where}[${index}]`;
    const fields = readObject(at, inputs[index], ["at", "command"]);
    const moment = readInteger(`${at}.at`, fields["at"], 0, UNTIL_MAX);
    if (moment < lastAt) {
      throw new AuthorError({
        code: "out-of-order", where: `${at}.at`, what: "this input lies before the one above it", expected: `a moment from ${lastAt} on`,
        found: String(moment), cure: "Keep the inputs in the order of their moments.",
      });
    }
    lastAt = moment;
    validateCommand(fields["command"], `${at}.command`);
  }
  return inputs as readonly Input[];
}
