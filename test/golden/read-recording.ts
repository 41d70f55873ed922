// A recording of a real Kafka: one JSON file, one scenario. Reads and checks the frame; what a step holds is read by the action that plays it.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject { readonly [key: string]: Json }

export type Layout = "zookeeper" | "kraft" | "kraft-combined";
export const LAYOUTS: readonly Layout[] = ["zookeeper", "kraft", "kraft-combined"];

export interface RecordedSpec {
  readonly layout: Layout;
  readonly brokers: readonly number[];
  readonly controllers: readonly number[];
  readonly zookeeperServers: readonly number[];
  /** Broker id -> host:port. */
  readonly listeners: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, string>>;
  readonly nodeOverrides: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly ranBefore: readonly string[];
}

/** @property action the first key of `do`. @property fields everything the step recorded, `do` too. */
export interface RecordedStep {
  readonly number: number;
  readonly action: string;
  readonly does: JsonObject;
  readonly fields: JsonObject;
}

export interface Recording {
  readonly path: string;
  /** Folder and file without ending, as reports name it. */
  readonly name: string;
  readonly id: string;
  readonly family: string;
  readonly title: string;
  readonly kafka: string;
  readonly spec: RecordedSpec;
  readonly steps: readonly RecordedStep[];
  /** What differs between two runs of the real one, in words. */
  readonly random: readonly string[];
  readonly notes: readonly string[];
}

/** A person's mistake: where, what is wrong, what to do. */
export class GoldenError extends Error {
  override readonly name = "GoldenError";

  constructor(where: string, what: string, cure: string) {
    super(`${where}: ${what}\n  cure  ${cure}`);
  }
}

/** All recordings below the given files and folders, in order of their paths. */
export function findRecordings(places: readonly string[]): string[] {
  const found = places.flatMap(place => {
    let stat;
    try {
      stat = statSync(place);
    } catch {
      throw new GoldenError(place, "there is no such file or folder", "Give a recording (*.json) or a folder that holds recordings.");
    }
    if (!stat.isDirectory()) return [place];
    const files = recordingsBelow(place);
    if (files.length === 0) throw new GoldenError(place, "this folder holds no *.json file", "Give a folder with recordings, such as test/golden/recordings/3.9.1-kraft.");
    return files;
  });
  return [...new Set(found)].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
}

/** Folders with a format of their own: wire captures, Connect, the recorder. */
const OTHER_FORMATS = /^(wire|record|connect-.*)$/;

function recordingsBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap(entry => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return OTHER_FORMATS.test(entry.name) ? [] : recordingsBelow(path);
    return entry.name.endsWith(".json") ? [path] : [];
  });
}

export function readRecording(path: string): Recording {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new GoldenError(path, `this is not JSON: ${error instanceof Error ? error.message : String(error)}`, "Give a recording as the recorder wrote it.");
  }
  return checkRecording(path, value);
}

export function checkRecording(path: string, value: unknown): Recording {
  const root = objectAt(path, value);
  const spec = objectAt(`${path}: spec`, root["spec"]);
  const steps = listAt(`${path}: steps`, root["steps"]);
  const id = textAt(`${path}: id`, root["id"]);
  const layout = LAYOUTS.find(known => known === spec["layout"]);
  if (layout === undefined) throw new GoldenError(`${path}: spec.layout`, `unknown layout ${JSON.stringify(spec["layout"])}`, `Expected one of ${LAYOUTS.join(", ")}.`);
  const folder = path.split(/[\\/]/).at(-2) ?? "";
  return {
    path, id, family: /^\d+/.exec(id)?.[0] ?? id, title: textAt(`${path}: title`, root["title"]), kafka: textAt(`${path}: kafka`, root["kafka"]),
    name: `${folder}/${basename(path, ".json")}`,
    spec: {
      layout, brokers: numbersAt(`${path}: spec.brokers`, spec["brokers"]), controllers: numbersAt(`${path}: spec.controllers`, spec["controllers"] ?? []),
      zookeeperServers: numbersAt(`${path}: spec.zookeeperServers`, spec["zookeeperServers"] ?? []),
      listeners: textsByName(`${path}: spec.listeners`, spec["listeners"] ?? {}), overrides: textsByName(`${path}: spec.overrides`, spec["overrides"] ?? {}),
      nodeOverrides: Object.fromEntries(Object.entries(objectAt(`${path}: spec.nodeOverrides`, spec["nodeOverrides"] ?? {}))
        .map(([node, settings]) => [node, textsByName(`${path}: spec.nodeOverrides.${node}`, settings)])),
      ranBefore: listAt(`${path}: spec.ranBefore`, spec["ranBefore"] ?? []).map(String),
    },
    steps: steps.map((step, index) => readStep(`${path}: steps[${index}]`, step, index + 1)),
    random: listAt(`${path}: random`, root["random"] ?? []).map(String),
    notes: listAt(`${path}: notes`, root["notes"] ?? []).map(String),
  };
}

function readStep(where: string, value: unknown, number: number): RecordedStep {
  const fields = objectAt(where, value);
  const does = objectAt(`${where}.do`, fields["do"]);
  const action = Object.keys(does)[0];
  if (action === undefined) throw new GoldenError(`${where}.do`, "a step does nothing", "Every step has one action, the first key of `do`.");
  return { number, action, does, fields };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectAt(where: string, value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw new GoldenError(where, `expected an object, found ${shown(value)}`, "This is no recording of this format; see test/golden/README.md.");
}

export function listAt(where: string, value: unknown): readonly Json[] {
  if (Array.isArray(value)) return value as readonly Json[];
  throw new GoldenError(where, `expected a list, found ${shown(value)}`, "This is no recording of this format; see test/golden/README.md.");
}

function textAt(where: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new GoldenError(where, `expected a text, found ${shown(value)}`, "This is no recording of this format; see test/golden/README.md.");
}

function numbersAt(where: string, value: unknown): number[] {
  return listAt(where, value).map(item => {
    if (typeof item === "number" && Number.isSafeInteger(item)) return item;
    throw new GoldenError(where, `expected whole numbers, found ${shown(item)}`, "This is no recording of this format; see test/golden/README.md.");
  });
}

function textsByName(where: string, value: unknown): Record<string, string> {
  return Object.fromEntries(Object.entries(objectAt(where, value)).map(([name, text]) => [name, String(text)]));
}

export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= 200 ? text : `${text.slice(0, 199)}…`;
}
