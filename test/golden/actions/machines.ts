// Disks and files: bytes damaged by hand while a broker is down, a file system that grows, files that are shown.
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { isObject, type Json } from "../read-recording.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import type { Command } from "#engine/cluster/commands.ts";
import { batchesAt } from "../observe/log-records.ts";

type Damage = Pick<Extract<Command, { readonly do: "damage-log" }>, "how" | "bytes">;

const DAMAGES: readonly (readonly [RegExp, (match: RegExpExecArray) => Damage | null])[] = [
  [/^nothing is changed$/, () => null],
  [/^the last (\d+) bytes are cut off/, ([, bytes]) => ({ how: "cut-bytes", bytes: Number(bytes) })],
  [/^(\d+) zero bytes are appended$/, ([, bytes]) => ({ how: "append-zeros", bytes: Number(bytes) })],
  [/^(\d+) (?:random|garbage) bytes are appended/, ([, bytes]) => ({ how: "append-garbage", bytes: Number(bytes) })],
  [/^the whole file is emptied$/, () => ({ how: "cut-bytes", bytes: Number.MAX_SAFE_INTEGER })],
];

export const damage: ActionPlayer = (world, step): Played => {
  const text = String(step.does["damage"]);
  const broker = Number(step.does["ofBroker"]);
  const files = isObject(step.does["files"]) ? step.does["files"] : {};
  const known = DAMAGES.map(([pattern, read]) => ({ match: pattern.exec(text), read })).find(({ match }) => match !== null);
  if (known?.match === undefined || known.match === null) throw new CannotPlay(`"${text}" is a damage that no command can do`);
  const how = known.read(known.match);
  const sizes: Record<string, Json> = {};
  for (const [topic, path] of Object.entries(files)) {
    const partition = Number(/-(\d+)\//.exec(String(path))?.[1] ?? 0);
    const before = sizeOf(world, broker, topic, partition);
    if (how !== null) world.apply({ do: "damage-log", node: world.processName(broker), topic, partition, how: how.how, bytes: Math.min(how.bytes, before) });
    sizes[topic] = [before, sizeOf(world, broker, topic, partition)];
  }
  return step.fields["result"] === undefined ? {} : { fields: { result: { sizeBeforeAndAfter: sizes } } };
};

function sizeOf(world: GoldenWorld, broker: number, topic: string, partition: number): number {
  return batchesAt(world, broker, topic, partition).reduce((sum, batch) => sum + batch.sizeBytes, 0);
}

export const enlargeDisk: ActionPlayer = (world, step): Played => {
  world.apply({ do: "limit-disk", node: world.processName(Number(step.does["ofBroker"])), capacityBytes: null });
  return {};
};
