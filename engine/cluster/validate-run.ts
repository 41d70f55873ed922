// Checks a run that was read or handed over before a cluster is built from it: every part, with where, what was expected, what was found and the
// cure. Throws an AuthorError.
import { AuthorError, shown } from "./author-error.ts";
import type { Input } from "./commands.ts";
import { readInteger, readList, readObject, readText } from "./read-input.ts";
import { RUN_FORMAT, type RunFile, wrongFormat } from "./run-file.ts";
import { validateCommand } from "./validate-command.ts";
import { RUN_MS_MAX, validateSpec } from "./validate-spec.ts";

export const INPUTS_MAX = 100_000;
const SEED_MAX = 4_294_967_295;
const UNTIL_MAX = RUN_MS_MAX * 1000;
const KEYS = ["format", "engine", "spec", "seed", "inputs", "until"];

/** @param engine the version of the engine that is to run it. */
export function validateRun(value: unknown, engine: string, where = "run"): RunFile {
  const fields = readObject(where, value, KEYS);
  if (fields["format"] !== RUN_FORMAT) throw wrongFormat(where, value);
  const version = readText(`${where}.engine`, fields["engine"], 50);
  if (version !== engine) {
    throw new AuthorError({
      code: "other-version", where: `${where}.engine`, what: `the run was made with engine ${version}`, expected: `engine ${engine}`,
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
