// Run files of this version of the engine.
import { ENGINE_VERSION } from "./engine-version.ts";
import { newRun as newRunOf, parseRunFile, type RunFile } from "#engine/cluster/run-file.ts";
import type { ClusterSpec } from "#engine/cluster/spec.ts";
import { validateRun as validateRunOf } from "#engine/cluster/validate-run.ts";

/** A new run of a spec. */
export function newRun(spec: ClusterSpec, seed: number): RunFile {
  return newRunOf(spec, seed, ENGINE_VERSION);
}

/** Reads the text of a run file and checks every part of it. Throws AuthorError. */
export function readRunFile(text: string, where = "run file"): RunFile {
  return validateRun(parseRunFile(text, where), where);
}

/** Checks a run that was read or handed over. Throws AuthorError. */
export function validateRun(value: unknown, where = "run"): RunFile {
  return validateRunOf(value, ENGINE_VERSION, where);
}
