// A further node, started alone with the settings that the recording shows, until it ends or the recorder loses patience: its exit code and the lines of
// its log that matter. The settings are judged as every node of the engine judges its own at its start.
import { CannotPlay } from "../golden-world.ts";
import { isObject, type Json, type Recording, type RecordedStep } from "../read-recording.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import { findStartFailure, portInUse } from "#engine/broker/node-start-failures.ts";

const TIME = "[2000-01-01 00:00:00,000] ";

export const startNode: ActionPlayer = (world, step, recording): Played => {
  const settings = settingsOf(step);
  const properties = new Map(Object.entries(settings));
  const failure = findStartFailure(properties, world.spec.kafka, storageOf(recording, step, settings["log.dirs"] ?? settings["log.dir"] ?? ""))
    ?? (isPortTaken(recording, step, settings) ? portInUse(properties, world.spec.kafka) : null);
  if (step.fields["result"] === undefined) return {};
  const lines = (failure?.lines ?? []).map(line => /^(INFO|WARN|ERROR|FATAL) /.test(line) ? `${TIME}${line}` : line);
  return { fields: { result: { exit: failure?.exitCode ?? null, endedAfterMs: null, stillRunning: failure === null, log: lines } } };
};

/** All nodes of a recording ran on one machine: a port is taken by another broker, or by another program that the note names. */
function isPortTaken(recording: Recording, step: RecordedStep, settings: Readonly<Record<string, string>>): boolean {
  if (!("process.roles" in settings)) return false;
  const listeners = (settings["listeners"] ?? "").split(",").map(listener => listener.split("://")[1] ?? "");
  const isBroker = Object.values(recording.spec.listeners).some(address => listeners.includes(address));
  return isBroker || /port .*in use/.test(String(step.fields["note"] ?? ""));
}

function settingsOf(step: RecordedStep): Record<string, string> {
  const value = isObject(step.does["startNode"]) ? step.does["startNode"] : step.does["settings"];
  if (!isObject(value)) throw new CannotPlay("startNode without settings");
  return Object.fromEntries(Object.entries(value).map(([name, setting]) => [name, String(setting)]));
}

interface Storage { readonly clusterId: string; readonly nodeId: number; readonly directoryId: string }

/** How the folder was formatted before, if it was: by the commands of the earlier steps, which name the configuration file of their node. */
function storageOf(recording: Recording, step: RecordedStep, folder: string): Storage | null {
  let storage: Storage | null = null;
  for (const { does, fields, number } of recording.steps) {
    if (number >= step.number || typeof does["cli"] !== "string") continue;
    const match = /^kafka-storage\.sh format -t (\S+)/.exec(does["cli"]);
    if (match === null || fields["exit"] !== 0 || !isFor(fields["stdout"], folder)) continue;
    storage = { clusterId: match[1] ?? "", nodeId: Number(does["node.id"] ?? 0), directoryId: "DIRECT-------------000" };
  }
  return storage;
}

function isFor(stdout: Json | undefined, folder: string): boolean {
  return typeof stdout === "string" && stdout.includes(` ${folder} `);
}

