// Chance falls differently: every random stream of the world begins anew, and every java.util.Random that a process keeps in memory gets another seed.
import type { World } from "#engine/core/world.ts";
import { createStream, drawBelow } from "#engine/core/random.ts";

const HALF = 0x1000000;
/** Deep enough for what a controller keeps; logs and images lie deeper or in lists. */
const DEPTH_MAX = 6;

export function withOtherLuck(world: World, luck: number): World {
  return { ...world, seed: world.seed + luck * 7919, streams: new Map() };
}

/** To be called on the restored world. */
export function reseedJavaRandoms(world: World): void {
  for (const process of world.processes) {
    const stream = createStream(world.seed, `${process.name}/java.util.Random`);
    visit(process.state, DEPTH_MAX, random => {
      random.high = drawBelow(stream, HALF);
      random.low = drawBelow(stream, HALF);
    });
  }
}

/** Every controller draws next what this state gives. */
export function setJavaRandoms(world: World, state: Readonly<JavaRandom>): void {
  for (const process of world.processes) visit(process.state, DEPTH_MAX, random => Object.assign(random, state));
}

interface JavaRandom { high: number; low: number }

function visit(value: unknown, depth: number, found: (random: JavaRandom) => void): void {
  if (depth === 0 || typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return;
  const keys = Object.keys(value);
  if (keys.length === 2 && "high" in value && "low" in value && typeof value.high === "number" && typeof value.low === "number") return found(value as JavaRandom);
  for (const key of keys) visit((value as Readonly<Record<string, unknown>>)[key], depth - 1, found);
}
