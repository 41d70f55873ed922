// What one seed of the fuzzer does: a cluster of a random shape and profile, a workload, and a list of faults with their moments. Swarm testing: each
// seed switches on a part of the kinds of faults only, so that rare combinations come up often. Faults name roles ("the active
// controller") and are resolved when their moment has come; the list alone is what shrinking works on.
import type { ClusterSpec, ConsumerSpec, NodeSpec, ProducerSpec, Settings, TopicSpec } from "#engine/cluster/spec.ts";
import { createStream, drawBelow, type RandomStream } from "#engine/core/random.ts";

export type FaultKind =
  | "kill" | "power-loss" | "shut-down" | "pause" | "cut" | "one-way-cut" | "isolate" | "heal" | "drop" | "controller-killed" | "controller-paused" | "zombie-controller"
  | "rolling-restart" | "preferred-election" | "reassign" | "grow" | "slow-disk" | "ensemble-killed" | "ensemble-paused" | "quorum-lost" | "fail-log-directory"
  | "full-disk" | "torn-tail" | "create-topic" | "delete-topic" | "configure" | "unclean-election";

/** @property at microseconds after the opening. `a`, `b`, `forMs`: dice that the kind reads in its own way. */
export interface Fault { readonly at: number; readonly kind: FaultKind; readonly a: number; readonly b: number; readonly forMs: number }

export interface FuzzPlan {
  readonly seed: number;
  readonly profile: Profile;
  readonly spec: ClusterSpec;
  readonly faults: readonly Fault[];
  readonly safetyUs: number;
  /** Between the last fault and the availability phase. */
  readonly settleUs: number;
  /** One broker stays dead for so long while everything else is whole. */
  readonly availabilityUs: number;
  readonly livenessUs: number;
}

export type Profile = "3.9 zookeeper" | "3.9 kraft" | "4.3 kraft";
export const PROFILES: readonly Profile[] = ["3.9 zookeeper", "3.9 kraft", "4.3 kraft"];
export const TOPIC = "user-events";
/** Some nodes have a second log directory: the one that may fail, for the first holds the metadata of a KRaft node. */
export const SECOND_DIRECTORY = "/data/kafka-logs";
const SECOND = 1_000_000;
const FAULTS_MIN = 6;

/** Kinds and how often they come when they are switched on. */
const WEIGHTS: Readonly<Record<FaultKind, number>> = {
  "kill": 14, "power-loss": 8, "shut-down": 8, "pause": 8, "cut": 8, "one-way-cut": 6, "isolate": 6, "heal": 0, "drop": 8, "controller-killed": 7,
  "controller-paused": 7, "zombie-controller": 14, "rolling-restart": 2, "preferred-election": 3, "reassign": 5, "grow": 2, "slow-disk": 3, "ensemble-killed": 6,
  "ensemble-paused": 4, "quorum-lost": 3, "fail-log-directory": 2,
  "full-disk": 3, "torn-tail": 5, "create-topic": 3, "delete-topic": 3, "configure": 4, "unclean-election": 2,
};
/** ZKC-START-FAILED-DIRECTORY: a broker that starts with a failed directory makes its replicas anew in the other one, where Kafka refuses (LogManager.getOrCreateLog). */
const NOT_WITH_ZOOKEEPER: readonly FaultKind[] = ["fail-log-directory"];
const ENSEMBLE_ONLY: readonly FaultKind[] = ["ensemble-killed", "ensemble-paused", "zombie-controller"];

type Draw = <T>(list: readonly T[]) => T;

export function fuzzPlan(seed: number, only?: Profile): FuzzPlan {
  const stream = createStream(seed, "fuzz plan");
  const pick: Draw = list => list[drawBelow(stream, list.length)] as never;
  const drawn = pick(PROFILES);
  const profile = only ?? drawn;
  const spec = randomSpec(pick, stream, profile);
  const safetyUs = (32 + drawBelow(stream, 12)) * SECOND;
  return {
    seed, profile, spec, faults: randomFaults(stream, pick, profile, safetyUs), safetyUs, settleUs: (profile === "3.9 zookeeper" ? 15 : 8) * SECOND,
    availabilityUs: (profile === "3.9 zookeeper" ? 34 : 20) * SECOND, livenessUs: 25 * SECOND,
  };
}

function randomSpec(pick: Draw, stream: RandomStream, profile: Profile): ClusterSpec {
  const [kafka, mode] = profile.split(" ") as ["3.9" | "4.3", "zookeeper" | "kraft"];
  const brokers = pick([3, 3, 3, 4, 5]);
  const settings: Record<string, string | number | boolean> = {
    "replica.lag.time.max.ms": pick([3_000, 10_000, 30_000]), "auto.leader.rebalance.enable": pick([true, false]),
    "leader.imbalance.check.interval.seconds": 20, ...pick<Settings>([{}, {}, { "log.dirs": `/tmp/kafka-logs,${SECOND_DIRECTORY}` }]),
  };
  return {
    kafka, mode, settings: { ...settings, ...mode === "kraft" ? kraftSettings(pick) : zooKeeperSettings(pick) },
    ...mode === "kraft" ? { nodes: kraftNodes(pick, brokers) } : { nodes: brokerNodes(brokers), zookeeper: ensemble(pick([3, 3, 5])) },
    topics: topics(pick, stream, brokers), producers: producers(pick), consumers: consumers(pick),
  };
}

function kraftSettings(pick: Draw): Settings {
  return pick<Settings>([{}, { "broker.session.timeout.ms": 4_000, "broker.heartbeat.interval.ms": 1_000 }]);
}

function zooKeeperSettings(pick: Draw): Settings {
  return pick<Settings>([{}, { "zookeeper.session.timeout.ms": 6_000 }]);
}

function brokerNodes(count: number): NodeSpec[] {
  return Array.from({ length: count }, (_, index) => ({ id: index + 1, host: `node-${index + 1}` }));
}

/** Combined nodes, or brokers with controllers of their own. */
function kraftNodes(pick: Draw, brokers: number): NodeSpec[] {
  const controllers = pick([0, 0, 1, 3, 3, 5]);
  if (controllers === 0) return brokerNodes(brokers);
  return [
    ...brokerNodes(brokers).map((node): NodeSpec => ({ ...node, roles: ["broker"] })),
    ...Array.from({ length: controllers }, (_, index): NodeSpec => ({ id: 101 + index, host: `controller-${index + 1}`, roles: ["controller"] })),
  ];
}

function ensemble(count: number): { id: number; host: string }[] {
  return Array.from({ length: count }, (_, index) => ({ id: index + 1, host: `zookeeper-${index + 1}` }));
}

function topics(pick: Draw, stream: RandomStream, brokers: number): TopicSpec[] {
  const partitions = pick([1, 2, 3]);
  const first = drawBelow(stream, brokers);
  const assignment = Array.from({ length: partitions }, (_, partition) =>
    Array.from({ length: 3 }, (_, replica) => (first + partition + replica) % brokers + 1));
  return [{ name: TOPIC, assignment, configs: { "min.insync.replicas": pick([1, 2, 2]) } }];
}

/** The careful one is promised everything that Kafka promises; the hasty one is not. */
function producers(pick: Draw): ProducerSpec[] {
  const patience: Settings = { "delivery.timeout.ms": 30_000, "request.timeout.ms": 8_000 };
  return [
    { id: "careful", settings: { ...patience, "linger.ms": pick([0, 5]) },
      workload: { topic: TOPIC, everyMs: pick([150, 250, 400]), keys: ["customer-123", "customer-456", "customer-789", null], value: "careful {n}" } },
    ...pick([true, false]) ? [{ id: "hasty", settings: { ...patience, "acks": 1, "enable.idempotence": false },
      workload: { topic: TOPIC, everyMs: pick([400, 700]), keys: ["a", null], value: "hasty {n}" } }] : [],
  ];
}

function consumers(pick: Draw): ConsumerSpec[] {
  const reader: ConsumerSpec = { id: "reader", topic: TOPIC, from: "beginning" };
  return pick([true, false]) ? [reader] : [reader, { id: "second-reader", topic: TOPIC, from: "beginning", settings: { "fetch.max.wait.ms": 250 } }];
}

function randomFaults(stream: RandomStream, pick: Draw, profile: Profile, safetyUs: number): Fault[] {
  const kinds = (Object.keys(WEIGHTS) as FaultKind[]).filter(kind =>
    WEIGHTS[kind] > 0 && !(profile === "3.9 zookeeper" ? NOT_WITH_ZOOKEEPER : ENSEMBLE_ONLY).includes(kind) && drawBelow(stream, 100) < 60);
  if (kinds.length === 0) kinds.push("kill");
  const total = kinds.reduce((sum, kind) => sum + WEIGHTS[kind], 0);
  const gapUs = pick([2, 4, 6]) * SECOND;
  const faults: Fault[] = [];
  let at = 0;
  while (at < safetyUs || faults.length < FAULTS_MIN) {
    let dice = drawBelow(stream, total);
    const kind = kinds.find(candidate => (dice -= WEIGHTS[candidate]) < 0) as FaultKind;
    faults.push({ at: Math.min(at, safetyUs), kind, a: drawBelow(stream, 1_000), b: drawBelow(stream, 1_000), forMs: pick([300, 2_000, 7_000, 12_000, 25_000]) });
    at += drawBelow(stream, gapUs);
  }
  return faults;
}
