// Steps in which the controller changes: until the next one is there, and what the recording shows of it. Who it is, is chance: a controller of its own
// takes over the recorded one's part; a broker has to be the recorded one, because it leads partitions too, so another one means another try.
import { FIRST_CONTROLLER } from "./cluster-of-recording.ts";
import type { GoldenWorld } from "./golden-world.ts";
import { controllerIdAt, controllerZnodes } from "./observe/controllers.ts";
import type { Played } from "./played-step.ts";
import { isObject, type Json, type RecordedStep } from "./read-recording.ts";
import { givePart } from "./recorded-roles.ts";
import { observe } from "#engine/cluster/observe.ts";

const LIMIT_MS = 60_000;
const REST_MS = 1_000;

interface Before { readonly epochVersion: Json; readonly quorumEpoch: number }

export function controllerBefore(world: GoldenWorld): Before {
  return { epochVersion: world.isZooKeeper ? controllerZnodes(world)["/controller_epoch version"] ?? null : null, quorumEpoch: observe(world.cluster).quorumEpoch };
}

export function afterControllerChange(world: GoldenWorld, step: RecordedStep, before: Before, played: Played): Played {
  const timeline = Array.isArray(step.fields["timeline"]) ? (step.fields["timeline"] as readonly Json[]).filter(isObject) : [];
  const last = timeline.at(-1);
  if (last !== undefined && "LeaderId" in last) return afterElection(world, Number(last["LeaderId"]), before, played);
  const isShown = last !== undefined && "/controller" in last || isObject(step.fields["result"]) && "/controller" in step.fields["result"];
  return isShown ? afterRace(world, step, before, played) : played;
}

/** KRaft: another voter leads, under a later epoch. */
function afterElection(world: GoldenWorld, recorded: number, before: Before, played: Played): Played {
  const limit = world.nowMs + LIMIT_MS;
  const leader = (): number => {
    const { activeController, quorumEpoch } = observe(world.cluster);
    return quorumEpoch > before.quorumEpoch ? activeController : -1;
  };
  while (leader() === -1 && world.nowMs < limit) world.advance(20);
  const found = leader();
  if (recorded >= FIRST_CONTROLLER && found !== -1) givePart(world, recorded, found);
  const isRecorded = world.node(recorded).id === found;
  world.advance(REST_MS);
  return {
    ...played, unlucky: played.unlucky === true || !isRecorded,
    fields: { ...played.fields, timeline: [{ LeaderId: isRecorded ? recorded : found, LeaderEpoch: observe(world.cluster).quorumEpoch }] },
  };
}

/** ZooKeeper: somebody holds /controller again, under a later epoch. */
function afterRace(world: GoldenWorld, step: RecordedStep, before: Before, played: Played): Played {
  const limit = world.nowMs + LIMIT_MS;
  const isOver = (): boolean => {
    const now = controllerZnodes(world);
    return now["/controller"] !== null && now["/controller_epoch version"] !== before.epochVersion;
  };
  while (!isOver() && world.nowMs < limit) world.advance(20);
  world.advance(REST_MS);
  const now = controllerZnodes(world);
  const fields: Record<string, Json> = {};
  if (Array.isArray(step.fields["timeline"])) fields["timeline"] = [{ "/controller": brokerOf(now["/controller"] ?? null), "/controller_epoch": now["/controller_epoch"] ?? null }];
  if (step.fields["result"] !== undefined) fields["result"] = now;
  if (isObject(step.fields["metadataControllerId"])) {
    fields["metadataControllerId"] = Object.fromEntries(world.liveBrokers().map(broker => [String(broker), controllerIdAt(world, broker)]));
  }
  const recorded = isObject(step.fields["result"]) ? brokerOf(step.fields["result"]["/controller"] ?? null) : null;
  return { ...played, unlucky: played.unlucky === true || recorded !== null && recorded !== brokerOf(now["/controller"] ?? null), fields: { ...played.fields, ...fields } };
}

function brokerOf(text: Json): number | null {
  return typeof text === "string" ? (JSON.parse(text) as { readonly brokerid: number }).brokerid : null;
}
