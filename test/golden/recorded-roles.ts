// Which controller is active is chance. A recording that kills "the active controller" names the one of that run; here the part is played by the one
// that is active now, and it keeps the part: when the recording starts that controller again, ours is started. Brokers keep their own numbers, because
// they lead partitions.
import { FIRST_CONTROLLER } from "./cluster-of-recording.ts";
import type { GoldenWorld } from "./golden-world.ts";
import type { RecordedStep } from "./read-recording.ts";
import { observe } from "#engine/cluster/observe.ts";

export function nodesOnTheRecord(world: GoldenWorld, step: RecordedStep, ids: readonly number[]): readonly number[] {
  const role = step.does["role"];
  const [first] = ids;
  if (typeof role === "string" && role.includes("active controller") && !role.includes("not ") && first !== undefined && first >= FIRST_CONTROLLER) {
    givePart(world, first, observe(world.cluster).activeController);
  }
  return ids;
}

export function givePart(world: GoldenWorld, recorded: number, simulated: number): void {
  if (simulated < FIRST_CONTROLLER) return;
  const { roles } = world.memory;
  const before = roles.get(recorded) ?? recorded;
  if (before === simulated) return;
  const other = world.spec.nodes.map(node => node.id).find(id => (roles.get(id) ?? id) === simulated) ?? simulated;
  roles.set(other, before);
  roles.set(recorded, simulated);
}
