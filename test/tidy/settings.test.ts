// A setting that is accepted is honoured: somewhere in the engine its name is read.
import { expect, test } from "vitest";
import { CONSUMER_SETTINGS, NODE_SETTINGS, PRODUCER_SETTINGS, TOPIC_SETTINGS, ZOOKEEPER_SETTINGS } from "#engine/cluster/known-settings.ts";
import { read, repositoryFiles } from "./source-files.ts";

const engine = repositoryFiles().filter(file => /^engine\/.*\.ts$/.test(file) && file !== "engine/cluster/known-settings.ts").map(read).join("\n");

test.each([["node", NODE_SETTINGS], ["topic", TOPIC_SETTINGS], ["producer", PRODUCER_SETTINGS], ["consumer", CONSUMER_SETTINGS],
  ["ZooKeeper", ZOOKEEPER_SETTINGS]] as const)(
  "every %s setting that a spec may name is read by the engine", (_, table) => {
    expect(Object.keys(table).filter(name => !engine.includes(`"${name}"`))).toEqual([]);
  });
