// One recording's cluster while it is replayed: the simulated cluster, the probe that asks it, and what the two sides have in common so far.
// What changes is in the cluster and in `memory`, so that a step can be tried again from a snapshot.
import { addProbe, PROBE, type ProbeAnswer, type ProbeInput, probeKind, type ProbeOutcome } from "./probe-process.ts";
import { Pairs } from "./compare/compare-json.ts";
import type { RecordedNames } from "./compare/metadata-records.ts";
import { reseedJavaRandoms, withOtherLuck } from "./other-luck.ts";
import { fullRequest } from "./request-defaults.ts";
import { clusterOfRecording } from "./cluster-of-recording.ts";
import { metadataRecords } from "./observe/metadata-log.ts";
import { isObject, type Json, type JsonObject, type RecordedStep, type Recording } from "./read-recording.ts";
import { BROKER_PORT, CONTROLLER_PORT } from "#engine/broker/node-settings.ts";
import { Cluster, type ClusterSnapshot, type RunLimits } from "#engine/cluster/cluster.ts";
import type { Command, Outcome } from "#engine/cluster/commands.ts";
import { isBroker, nodeName } from "#engine/cluster/node-names.ts";
import { PROCESS_KINDS } from "#engine/cluster/process-kinds.ts";
import type { ClusterSpec, NodeSpec } from "#engine/cluster/spec.ts";
import type { ProcessRecord } from "#engine/core/process.ts";
import type { Api } from "#engine/protocol/messages.ts";

const MS = 1000;
/** About when the recordings were made, so that records with times of their own are as old here as they were there. */
const WORLD_BEGINS_MS = 1_795_214_000_000;
const BOOT_LIMIT_MS = 120_000;
/** After the start everything comes to rest, as while the recorder set itself up. */
const REST_MS = 4_000;
/** Shorter than the heartbeat interval of 2 s, so nobody is missed. */
const JOSTLE_MS = 1_700;
/** Shorter than the third of a session after which a client pings. */
const ZOOKEEPER_JOSTLE_MS = 5_900;

/** What has been learnt about both sides. Plain data and pairs. */
interface Memory {
  pairs: Pairs;
  /** Recorded id of a controller -> the one that plays its part here. */
  roles: Map<number, number>;
  /** Offset of the first metadata record that no observation has shown. */
  metadataNext: number;
  nextCall: number;
  /** Call -> how many outcomes there were when it began. */
  outcomesAtCall: Map<number, number>;
  nextInput: number;
  nextClient: number;
  /** For actions that go on over several steps. */
  notes: Map<string, Json>;
}

export interface Saved { readonly cluster: ClusterSnapshot; readonly memory: Memory }

/** Something that the engine cannot do, or not yet: the step fails with these words. @property part names the missing part, for a row that excuses it. */
export class CannotPlay extends Error {
  override readonly name = "CannotPlay";
  readonly part: string;

  constructor(message: string, part = "") {
    super(message);
    this.part = part;
  }
}

export class GoldenWorld {
  recording: Recording;
  readonly spec: ClusterSpec;
  readonly cluster: Cluster;
  memory: Memory;
  /** Length of the trace when the step that is played began. */
  stepBegan = 0;
  /** Which attempt at the step this is; 0: the first. */
  luck = 0;
  #held: { readonly atUs: number; readonly brokers: readonly number[]; readonly forMs: number } | null = null;
  #ownTopicIds: ReadonlyMap<string, string>;

  constructor(recording: Recording, seed: number) {
    this.recording = recording;
    this.#ownTopicIds = topicIdsOf(recording);
    this.spec = clusterOfRecording(recording);
    this.cluster = Cluster.build(this.spec, seed, new Map([...PROCESS_KINDS, [PROBE, probeKind]]), WORLD_BEGINS_MS * MS);
    addProbe(this.cluster.simulation);
    this.memory = { pairs: new Pairs(), roles: new Map(), metadataNext: 0, nextCall: 1, outcomesAtCall: new Map(), nextInput: 1, nextClient: 1, notes: new Map() };
  }

  /** Lets the cluster come up. */
  boot(): void {
    if (this.spec.nodes.every(node => node.startsLater === true)) return;
    const limit = this.nowMs + BOOT_LIMIT_MS;
    while (!this.cluster.isOpen && this.nowMs < limit) this.advance(100);
    if (!this.cluster.isOpen) throw new CannotPlay(`the cluster was not up within ${BOOT_LIMIT_MS / 1000} virtual seconds`);
    this.advance(REST_MS);
    for (const note of this.recording.notes) this.#prepare(note);
  }

  /** "the data folder of broker 1 is a file system of 40 MB; the other brokers have enough" */
  #prepare(note: string): void {
    const small = /data folder of broker (\d+) is a file system of (\d+) MB/.exec(note);
    if (small !== null) this.apply({ do: "limit-disk", node: this.processName(Number(small[1])), capacityBytes: Number(small[2]) * 1024 * 1024 });
  }

  /** The same cluster, played on with another recording. */
  goOnWith(recording: Recording): void {
    this.recording = recording;
    this.#ownTopicIds = topicIdsOf(recording);
    // A recording begins to look at the metadata log where it begins itself, unless it shows the boot.
    if (firstRecordedOffset(recording) !== 0) this.memory.metadataNext = metadataRecords(this, this.memory.metadataNext).next;
  }

  /** Topics that another scenario has left on the recorded cluster do not exist here; __consumer_offsets does when a group has made it. */
  recordedNames(): RecordedNames {
    const { ranBefore } = this.recording.spec;
    return {
      isForeign: id => id !== "" && ranBefore.length > 0 && !this.#ownTopicIds.has(id),
      isMissing: id => this.#ownTopicIds.get(id) === "__consumer_offsets" && this.memory.pairs.simulatedOf("topic id", id) === null,
      controller: id => this.memory.roles.get(id) ?? id,
    };
  }

  /** Topics that a producer writes to all the time. */
  get loadTopics(): readonly string[] {
    return this.recording.steps.flatMap(({ does }) => isObject(does["startLoad"]) ? [String(does["startLoad"]["topic"])] : []);
  }

  get nowMs(): number { return Math.floor(this.cluster.now / MS); }
  /** As the machines' clocks show it. */
  get clockMs(): number { return this.nowMs; }
  get isZooKeeper(): boolean { return this.spec.mode === "zookeeper"; }

  /** Brokers hang for a moment, each as long as chance will: their heartbeats and fetches come in another order afterwards. */
  jostle(luck: number): void {
    const longest = this.isZooKeeper ? ZOOKEEPER_JOSTLE_MS : JOSTLE_MS;
    for (const broker of this.liveBrokers()) {
      const name = nodeName(this.spec, this.node(broker));
      if (this.process(name).status !== "running") continue;
      const forMs = 1 + (luck * 7919 + broker * luck * 104_729) % longest;
      this.apply({ do: "pause", node: name, forMs });
    }
    this.advance(longest + 500);
  }

  advance(ms: number): void {
    this.#runUntil(this.cluster.now + Math.round(ms * MS));
  }

  /** At that moment these brokers hang for `forMs`, so that others win a race. Holds until the next `restore`. */
  holdBack(atUs: number, brokers: readonly number[], forMs: number): void {
    this.#held = { atUs, brokers, forMs };
  }

  #runUntil(until: number, limits?: RunLimits): void {
    const held = this.#held;
    if (held !== null && held.atUs > this.cluster.now && held.atUs <= until) {
      this.#held = null;
      if (!this.cluster.runUntil(held.atUs, limits)) {
        this.#held = held;
        return;
      }
      for (const broker of held.brokers) {
        const name = nodeName(this.spec, this.node(broker));
        if (this.process(name).status === "running") this.apply({ do: "pause", node: name, forMs: held.forMs });
      }
    }
    this.cluster.runUntil(until, limits);
  }

  // ---- nodes

  node(recorded: number): NodeSpec {
    const id = this.memory.roles.get(recorded) ?? recorded;
    const node = this.spec.nodes.find(candidate => candidate.id === id);
    if (node === undefined) throw new CannotPlay(`there is no node ${recorded} in this cluster`);
    return node;
  }

  processName(recorded: number): string { return nodeName(this.spec, this.node(recorded)); }

  process(name: string): ProcessRecord {
    const found = this.cluster.simulation.world.processes.find(process => process.name === name);
    if (found === undefined) throw new CannotPlay(`there is no process "${name}"`);
    return found;
  }

  /** Brokers whose process lives, also when it is paused, in the order of their ids. */
  liveBrokers(): number[] {
    return this.spec.nodes.filter(node => isBroker(this.spec, node) && this.process(nodeName(this.spec, node)).status !== "stopped")
      .map(node => node.id).sort((a, b) => a - b);
  }

  // ---- commands

  apply(command: Command): void {
    const input = this.memory.nextInput;
    this.memory.nextInput += 1;
    const refusal = this.cluster.apply(input, command);
    if (refusal !== null) throw new CannotPlay(refusal.message);
  }

  /** Gives a command that answers and waits for the answer; null when there is none within `limitMs`. */
  call(build: (call: number) => Command, limitMs = 130_000): Outcome | null {
    const call = this.begin(build);
    return this.waitFor(call, limitMs);
  }

  /** Gives the command; the answer is waited for by its number. */
  begin(build: (call: number) => Command): number {
    const call = this.takeCall();
    this.apply(build(call));
    return call;
  }

  waitFor(call: number, limitMs: number): Outcome | null {
    return this.#find(call, limitMs) as Outcome | null;
  }

  /** One raw request to one node. */
  ask(recorded: number, api: Api, body: unknown, options: { readonly clientId?: string; readonly timeoutMs?: number; readonly answers?: boolean } = {}): ProbeAnswer {
    const node = this.node(recorded);
    const timeoutMs = options.timeoutMs ?? 30_000;
    const call = this.takeCall();
    const input: ProbeInput = {
      call, host: node.host, port: isBroker(this.spec, node) ? BROKER_PORT : CONTROLLER_PORT, api, body: fullRequest(api, body), clientId: options.clientId ?? "golden",
      timeoutUs: timeoutMs * MS, answers: options.answers ?? true,
    };
    this.cluster.simulation.input(PROBE, input);
    const found = this.#find(call, timeoutMs + 1_000) as ProbeOutcome | null;
    return found?.probe ?? { is: "silence" };
  }

  takeCall(): number {
    const call = this.memory.nextCall;
    this.memory.nextCall += 1;
    this.memory.outcomesAtCall.set(call, this.cluster.outcomes.length);
    return call;
  }

  #find(call: number, limitMs: number): unknown {
    const { outcomes } = this.cluster;
    const limit = this.cluster.now + limitMs * MS;
    let seen = this.memory.outcomesAtCall.get(call) ?? 0;
    this.memory.outcomesAtCall.delete(call);
    for (;;) {
      for (; seen < outcomes.length; seen += 1) if ((outcomes.at(seen) as { readonly call: number }).call === call) return outcomes.at(seen);
      if (this.cluster.now >= limit) return null;
      this.#runUntil(limit, { events: Number.MAX_SAFE_INTEGER, outcomes: outcomes.length + 1 });
    }
  }

  // ---- trying again

  save(): Saved {
    const { memory } = this;
    return {
      cluster: this.cluster.snapshot(),
      memory: { ...memory, pairs: memory.pairs.copy(), roles: new Map(memory.roles), outcomesAtCall: new Map(memory.outcomesAtCall), notes: new Map(memory.notes) },
    };
  }

  /**
   * Goes back. With `luck` above 0 chance falls differently from there on. The recorded run is one of many that the real system can have, so a step is
   * compared with several of ours.
   */
  restore(saved: Saved, luck: number): void {
    const { memory } = saved;
    const { world } = saved.cluster;
    this.#held = null;
    this.luck = luck;
    this.cluster.restore(luck === 0 ? saved.cluster : { ...saved.cluster, world: withOtherLuck(world, luck) });
    if (luck > 0) reseedJavaRandoms(this.cluster.simulation.world);
    this.memory = { ...memory, pairs: memory.pairs.copy(), roles: new Map(memory.roles), outcomesAtCall: new Map(memory.outcomesAtCall), notes: new Map(memory.notes) };
  }
}

/** Ids and names of topics that the recording itself sees being made. */
function topicIdsOf(recording: Recording): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  for (const record of recording.steps.flatMap(recordsOf)) {
    if (record["type"] === "TOPIC_RECORD" && isObject(record["data"])) ids.set(String(record["data"]["topicId"]), String(record["data"]["name"]));
  }
  return ids;
}

function recordsOf(step: RecordedStep): JsonObject[] {
  const observed = step.fields["observe"];
  const records = isObject(observed) ? observed["metadataRecords"] : step.fields["metadataRecords"];
  return Array.isArray(records) ? (records as readonly Json[]).filter(isObject) : [];
}

function firstRecordedOffset(recording: Recording): number {
  for (const step of recording.steps) for (const record of recordsOf(step)) return Number(record["offset"]);
  return -1;
}
