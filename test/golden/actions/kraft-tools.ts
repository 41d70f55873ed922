// Tools that only KRaft has: what `kafka-storage.sh format` and a deleted folder mean for a node's next start (which voters its disk is formatted with,
// KIP-853, or that it is formatted anew), and `kafka-features.sh`.
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import type { CommandLine } from "./command-lines.ts";
import { CONTROLLER_PORT, type KafkaNodeSettings, type QuorumVoter } from "#engine/broker/node-settings.ts";
import { nodeName } from "#engine/cluster/node-names.ts";

/** `--standalone` and `--initial-controllers` name the first voters, for everybody; without them a node has bootstrap servers only. */
export function formatStorage(world: GoldenWorld, line: CommandLine): undefined {
  if (world.spec.quorum !== "dynamic") return;
  const node = Number(/controller(\d+)\//.exec(line.options.get("-c")?.[0] ?? "")?.[1]);
  const named = line.options.get("--initial-controllers")?.[0]?.split(",").map(Number.parseFloat);
  const voters = (named ?? (line.options.has("--standalone") ? [node] : [])).filter(id => world.spec.nodes.some(known => known.id === id));
  if (voters.length === 0) return;
  const quorum = world.spec.nodes.filter(({ roles }) => roles?.includes("controller") === true).map(({ id, host }): QuorumVoter => ({
    nodeId: id, host, port: CONTROLLER_PORT, ...voters.includes(id) ? { directoryId: `Controller${String(id).padStart(11, "0")}A` } : {},
  }));
  for (const spec of world.spec.nodes) {
    const process = world.process(nodeName(world.spec, spec));
    process.settings = { ...process.settings as KafkaNodeSettings, quorum };
  }
}

/** `upgrade --feature kraft.version=1` and the like; descriptions change nothing. */
export function features(world: GoldenWorld, line: CommandLine): undefined {
  const upgradeType = line.words.includes("upgrade") ? 1 : line.words.includes("downgrade") ? 2 : 0;
  const [feature, level] = (line.options.get("--feature")?.[0] ?? "").split("=");
  const broker = world.liveBrokers()[0];
  if (upgradeType === 0 || feature === undefined || level === undefined || broker === undefined) return;
  world.ask(broker, "UpdateFeatures", { timeoutMs: 30_000, featureUpdates: [{ feature, maxVersionLevel: Number(level), upgradeType }], validateOnly: false });
}

/** By hand, while the node is down. */
export const deleteFolder: ActionPlayer = (world, step): Played => {
  const recorded = Number(step.does["ofController"] ?? step.does["ofBroker"]);
  if (step.does["deleteFolder"] !== "data" || !Number.isSafeInteger(recorded)) throw new CannotPlay("a folder that is deleted by hand");
  world.process(nodeName(world.spec, world.node(recorded))).disk.clear();
  return {};
};
