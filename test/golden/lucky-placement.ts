// Where a topic without an assignment lies is drawn at random. The recording tells what the real controller drew; here the controller's java.util.Random
// is put into a state from which the engine's own placer draws the same. If no state leads there, the recorded placement is one that the placer cannot
// give, and the difference is told. In ZooKeeper mode the few draws are simply tried.
import type { GoldenWorld } from "./golden-world.ts";
import { setJavaRandoms } from "./other-luck.ts";
import type { Recording } from "./read-recording.ts";
import { recordedPlacement } from "./recorded-placement.ts";
import { committedImage } from "#engine/cluster/observe-processes.ts";
import { createStream, drawBelow } from "#engine/core/random.ts";
import type { JavaRandom } from "#engine/metadata/java-random.ts";
import { placeReplicas, type UsableBroker } from "#engine/metadata/striped-replica-placer.ts";

const HALF = 0x1000000;
/** Six brokers in two racks have some thousand outcomes for a dozen partitions. */
const STATES_MAX = 60_000;

/** To be called before the topic gets the partitions with numbers from `from` to below `to`. */
export function drawAsRecorded(world: GoldenWorld, recording: Recording, stepNumber: number, topic: string, from = 0, to = Number.MAX_SAFE_INTEGER): void {
  if (world.isZooKeeper) return;
  const recorded = recordedPlacement(recording, stepNumber, topic);
  if (recorded === null) return;
  const wanted = Object.keys(recorded).map(Number).filter(partition => partition >= from && partition < to).sort((a, b) => a - b).map(partition => recorded[String(partition)] ?? []);
  const factor = wanted[0]?.length ?? 0;
  if (factor === 0 || wanted.some(replicas => replicas.length !== factor)) return;
  const random = findState(usableBrokers(world), wanted, factor);
  if (random !== null) setJavaRandoms(world.cluster.simulation.world, random);
}

function usableBrokers(world: GoldenWorld): UsableBroker[] {
  const image = committedImage(world.cluster.simulation.world, world.spec);
  return [...image?.brokers.values() ?? []].filter(broker => !broker.inControlledShutdown)
    .map(({ brokerId, rack, fenced }) => ({ id: brokerId, rack, fenced })).sort((a, b) => a.id - b.id);
}

function findState(brokers: readonly UsableBroker[], wanted: readonly (readonly number[])[], factor: number): JavaRandom | null {
  const stream = createStream(1, "placement");
  const text = JSON.stringify(wanted);
  for (let attempt = 0; attempt < STATES_MAX; attempt += 1) {
    const random = { high: drawBelow(stream, HALF), low: drawBelow(stream, HALF) };
    const state = { ...random };
    const placement = placeReplicas(random, brokers, wanted.length, factor);
    if ("replicas" in placement && JSON.stringify(placement.replicas) === text) return state;
  }
  return null;
}
