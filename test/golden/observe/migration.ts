// What a migration is watched by: some znodes, children of some, the brokers' own znodes, meta.properties of every node.
import type { GoldenWorld } from "../golden-world.ts";
import { isObject, type Json, type JsonObject } from "../read-recording.ts";
import { nodeName } from "#engine/cluster/node-names.ts";
import { observeZnodes } from "#engine/cluster/observe-znodes.ts";
import { readTextFile } from "#engine/log/log-files.ts";

/** Paths as recorded -> data, version, ephemeral; or the error of a znode that is not there. */
export function znodesAt(world: GoldenWorld, recorded: JsonObject): JsonObject {
  const found = new Map(observeZnodes(world.cluster).map(znode => [znode.path, znode]));
  return Object.fromEntries(Object.keys(recorded).map(path => {
    const znode = found.get(path);
    return [path, znode === undefined ? { error: "NoNodeError" } : { data: znode.data, version: znode.version, ephemeral: znode.ephemeral }];
  }));
}

export function childrenAt(world: GoldenWorld, recorded: JsonObject): JsonObject {
  const found = new Map(observeZnodes(world.cluster).map(znode => [znode.path, znode.children]));
  return Object.fromEntries(Object.keys(recorded).map(path => [path, [...found.get(path) ?? []]]));
}

/** Node -> sorted lines of meta.properties; a node whose folder has none is left out. */
export function metaProperties(world: GoldenWorld, recorded: JsonObject): JsonObject {
  const shown: Record<string, Json> = {};
  for (const node of world.spec.nodes) {
    const text = readTextFile(world.process(nodeName(world.spec, node)).disk, "meta.properties");
    if (text !== null) shown[String(node.id)] = text.split("\n").filter(line => line.includes("=")).sort();
  }
  return Object.fromEntries(Object.entries(shown).filter(([id]) => id in recorded || isObject(recorded)));
}
