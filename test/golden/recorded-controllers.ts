// Where a broker is controller (ZooKeeper mode, combined nodes), it matters which one it is, and it is chance. A recording tells it in three ways: by the
// role of a killed broker, by /controller, and by controller_epoch in the state znodes, which rises when the controller has died. From these follows who
// can have been controller after each step.
import { numbersOf } from "./cluster-of-recording.ts";
import { isObject, type Json, type RecordedStep, type Recording } from "./read-recording.ts";

/** @property among null: any broker. */
export interface Expected { readonly among: ReadonlySet<number> | null; readonly not: ReadonlySet<number> }

export function isExpected({ among, not }: Expected, controller: number): boolean {
  return (among === null || among.has(controller)) && !not.has(controller);
}

/** Who can be controller when the first `played` steps are over. */
export function expectedController(recording: Recording, played: number): Expected {
  const not = new Set<number>();
  for (const step of recording.steps.slice(Math.max(0, played - 1))) {
    const isLater = step.number > played;
    const named = namedAfter(step);
    if (named !== null && (!isLater || endings(step).length === 0)) return { among: new Set([named]), not };
    if (!isLater) continue;
    const ended = endings(step);
    if (ended.length === 0) continue;
    if (step.does["role"] === "controller" || String(step.does["role"] ?? "").startsWith("active controller")) return { among: new Set(ended), not };
    const rose = epochRose(recording, step.number) ?? (showsFailover(step) ? true : null);
    if (rose === true) return { among: new Set(ended.filter(id => !not.has(id))), not };
    // Killed, and nobody had to follow it.
    if (rose === false && "kill" in step.does) for (const id of ended) not.add(id);
  }
  return { among: null, not };
}

function endings(step: RecordedStep): number[] {
  return [...numbersOf(step.does["kill"]), ...numbersOf(step.does["stop"])];
}

/** The broker that a step's /controller names, or the node that its timeline ends with as leader of the quorum. */
function namedAfter(step: RecordedStep): number | null {
  const { result, timeline } = step.fields;
  const text = isObject(result) ? result["/controller"] : null;
  if (typeof text === "string") return (JSON.parse(text) as { readonly brokerid: number }).brokerid;
  const last = Array.isArray(timeline) ? timeline.at(-1) as Json | undefined : undefined;
  return isObject(last) && typeof last["LeaderId"] === "number" ? last["LeaderId"] : null;
}

/** Whether the epoch in the znodes is higher after the step than before; null when the recording does not tell, or several faults lie between. */
function epochRose(recording: Recording, number: number): boolean | null {
  let before: number | null = null;
  let after: number | null = null;
  for (const step of recording.steps) {
    const seen = highestEpoch(step.fields["observe"]);
    if (step.number < number) {
      if (seen !== null) before = seen;
      else if (endings(step).length > 0) before = null;
    } else {
      if (step.number > number && endings(step).length > 0 && after === null) return null;
      after = seen;
      if (after !== null) break;
    }
  }
  return before === null || after === null ? null : after > before;
}

/** A partition without a leader gets one while nobody is started: a new controller has found it so. */
function showsFailover(step: RecordedStep): boolean {
  const timeline = step.fields["timeline"];
  if (!("kill" in step.does) || !Array.isArray(timeline) || recordedLayoutHasVoters(timeline as readonly Json[])) return false;
  const leaderless = new Set<string>();
  for (const entry of timeline as readonly Json[]) {
    const topics = isObject(entry) && isObject(entry["leaderEpochIsr"]) ? entry["leaderEpochIsr"] : {};
    for (const [topic, partitions] of Object.entries(topics)) {
      if (!isObject(partitions)) continue;
      for (const [partition, state] of Object.entries(partitions)) {
        const leader = Array.isArray(state) ? Number(state[0]) : -1;
        if (leader === -1) leaderless.add(`${topic}-${partition}`);
        else if (leaderless.has(`${topic}-${partition}`)) return true;
      }
    }
  }
  return false;
}

function recordedLayoutHasVoters(timeline: readonly Json[]): boolean {
  return timeline.some(entry => isObject(entry) && "LeaderId" in entry);
}

function highestEpoch(observed: Json | undefined): number | null {
  if (!isObject(observed) || !isObject(observed["zookeeper"])) return null;
  const epochs = [...JSON.stringify(observed["zookeeper"]).matchAll(/controller_epoch\\":(\d+)/g)].map(match => Number(match[1]));
  return epochs.length === 0 ? null : Math.max(...epochs);
}
