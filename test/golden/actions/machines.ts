// Disks and files: bytes damaged by hand while a broker is down, a file system that grows, files that are shown.
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { isObject, type Json } from "../read-recording.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import type { Command } from "#engine/cluster/commands.ts";
import { listFiles } from "#engine/log/log-files.ts";
import { logDirectory } from "#engine/log/unified-log.ts";
import { batchesAt } from "../observe/log-records.ts";

type Damage = Pick<Extract<Command, { readonly do: "damage-log" }>, "how" | "bytes">;

/** @property sizes of the batches in the file, @property bytes of the file. */
interface DamagedFile { readonly sizes: readonly number[]; readonly bytes: number }

/** How far from the end of the file a byte of its batch number `batch` lies. */
function fromEnd({ sizes, bytes }: DamagedFile, batch: number, inBatch: (size: number) => number): number {
  const start = sizes.slice(0, batch).reduce((sum, size) => sum + size, 0);
  return bytes - start - inBatch(sizes[batch] ?? 0);
}

const DAMAGES: readonly (readonly [RegExp, (match: RegExpExecArray, file: DamagedFile) => Damage | null])[] = [
  [/^nothing is changed$/, () => null],
  [/^the last (\d+) bytes are cut off/, ([, bytes]) => ({ how: "cut-bytes", bytes: Number(bytes) })],
  [/^(\d+) zero bytes are appended$/, ([, bytes]) => ({ how: "append-zeros", bytes: Number(bytes) })],
  [/^(\d+) (?:random|garbage) bytes are appended/, ([, bytes]) => ({ how: "append-garbage", bytes: Number(bytes) })],
  [/^one byte of the value of the third batch is inverted$/, (_match, file) => ({ how: "flip-byte", bytes: fromEnd(file, 2, size => size - 2) })],
  [/^one byte of the base offset of the second batch is inverted$/, (_match, file) => ({ how: "flip-byte", bytes: fromEnd(file, 1, () => 2) })],
  // The recorder changes only base offsets twice.
  [/^the same change again/, (_match, file) => ({ how: "flip-byte", bytes: fromEnd(file, 1, () => 2) })],
  [/^the whole file is emptied$/, () => ({ how: "cut-bytes", bytes: Number.MAX_SAFE_INTEGER })],
];

export const damage: ActionPlayer = (world, step): Played => {
  const text = String(step.does["damage"]);
  const broker = Number(step.does["ofBroker"]);
  const files = isObject(step.does["files"]) ? step.does["files"] : {};
  const known = DAMAGES.map(([pattern, read]) => ({ match: pattern.exec(text), read })).find(({ match }) => match !== null);
  const match = known?.match ?? null;
  if (known === undefined || match === null) throw new CannotPlay(`"${text}" is a damage that no command can do`);
  const sizes: Record<string, Json> = {};
  for (const [topic, path] of Object.entries(files)) {
    const partition = Number(/-(\d+)\//.exec(String(path))?.[1] ?? 0);
    const before = sizeOf(world, broker, topic, partition);
    const how = known.read(match, { sizes: batchesAt(world, broker, topic, partition).map(batch => batch.sizeBytes), bytes: before });
    if (how !== null) world.apply({ do: "damage-log", node: world.processName(broker), topic, partition, how: how.how, bytes: Math.min(how.bytes, before) });
    sizes[topic] = [before, sizeOf(world, broker, topic, partition)];
  }
  return step.fields["result"] === undefined ? {} : { fields: { result: { sizeBeforeAndAfter: sizes } } };
};

function sizeOf(world: GoldenWorld, broker: number, topic: string, partition: number): number {
  const { disk } = world.process(world.processName(broker));
  return listFiles(disk, logDirectory(topic, partition)).findLast(file => file.name.endsWith(".log"))?.sizeBytes ?? 0;
}

export const enlargeDisk: ActionPlayer = (world, step): Played => {
  world.apply({ do: "limit-disk", node: world.processName(Number(step.does["ofBroker"])), capacityBytes: null });
  return {};
};
