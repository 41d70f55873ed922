// Runs one plan: opens the cluster, gives the faults (safety phase), lets one broker stay dead while all else is whole (availability phase),
// makes everything whole (liveness phase), and says what was found. Every fact goes through the invariants as it is recorded.
// Deterministic in the plan.
import { type Fault, type FuzzPlan, TOPIC } from "./fuzz-plan.ts";
import { resolveFault } from "./resolve-fault.ts";
import { evaluateCheck } from "#engine/checks/check.ts";
import { type ClientAnomaly, ClientHistory } from "#engine/checks/client-history.ts";
import { type AnomalyName, RunHistory } from "#engine/checks/run-history.ts";
import { Cluster } from "#engine/cluster/cluster.ts";
import type { ZooKeeperNodeState } from "#engine/broker/zookeeper-node-state.ts";
import type { Command, Input, Outcome, Party } from "#engine/cluster/commands.ts";
import { observe } from "#engine/cluster/observe.ts";
import type { ClusterView } from "#engine/cluster/view.ts";
import { InvariantError } from "#engine/core/invariant-error.ts";
import { factFeed } from "#engine/grading/replay-run.ts";

const SECOND = 1_000_000;
const OPENING_MAX_US = 90 * SECOND;
/** How often operators and readers ask in between. */
const QUESTION_EVERY_US = 700_000;

/** @property what is wrong, with the name of the check first. */
export interface Finding { readonly what: string; readonly phase: "opening" | "safety" | "availability" | "liveness" }

export interface FuzzResult {
  readonly plan: FuzzPlan;
  readonly findings: readonly Finding[];
  readonly inputs: readonly Input[];
  readonly until: number;
  readonly anomalies: readonly ClientAnomaly[];
  /** What Kafka itself loses or cannot repair, by name, in order of appearance. */
  readonly excuses: readonly AnomalyName[];
  readonly operations: number;
  /** Faults that were carried out, by the command's name; refused ones under "refused". */
  readonly did: Readonly<Record<string, number>>;
  readonly events: number;
}

class FuzzRun {
  readonly plan: FuzzPlan;
  readonly cluster: Cluster;
  readonly history = new RunHistory();
  readonly clients = new ClientHistory();
  readonly inputs: Input[] = [];
  readonly findings: Finding[] = [];
  readonly did: Record<string, number> = {};
  phase: Finding["phase"] = "opening";
  readonly #feed: () => void;
  readonly #violationsSeen = { count: 0 };
  /** Whose disk has been full: a log directory that is given up for it stays so until the next start. */
  readonly filled = new Set<Party>();
  /** A follower of a leader that has lost what was not committed yet, and has written other batches in the same epoch. */
  someoneGaveUp = false;
  #nextCall = 1;
  #outcomesSeen = 0;
  readonly #obeyed = new Map<string, { readonly incarnation: number; readonly controllerEpoch: number }>();
  readonly #asked = new Map<number, { readonly acknowledged: ReadonlyMap<number, number> }>();

  constructor(plan: FuzzPlan) {
    this.plan = plan;
    this.cluster = Cluster.build(plan.spec, plan.seed);
    this.#feed = factFeed(this.cluster, entry => {
      this.history.add(entry);
      this.clients.add(entry);
      if (entry.fact.kind === "node-log" && entry.fact.text.endsWith("marked as failed")) this.someoneGaveUp = true;
    });
  }

  found(what: string): void {
    if (this.findings.length < 20) this.findings.push({ what, phase: this.phase });
  }

  runTo(at: number): void {
    this.cluster.runUntil(at);
    this.#feed();
    for (; this.#violationsSeen.count < this.history.violations.length; this.#violationsSeen.count += 1) {
      const violation = this.history.violations[this.#violationsSeen.count];
      if (violation !== undefined) this.found(`${violation.check}: ${violation.detail} (fact ${violation.factId}, ${(violation.at / SECOND).toFixed(3)} s)`);
    }
    this.#readOutcomes();
    if (this.plan.spec.mode === "zookeeper") this.#whoIsObeyed();
  }

  /** A broker that has heard of a controller's epoch takes no orders from an earlier one, in one life. No fact tells of an order that is taken. */
  #whoIsObeyed(): void {
    for (const { name, state, incarnation } of this.cluster.simulation.world.processes) {
      const node = state as ZooKeeperNodeState | null;
      if (!name.startsWith("broker-") || node === null || node.mode !== "zookeeper") continue;
      const known = this.#obeyed.get(name);
      if (known !== undefined && known.incarnation === incarnation && node.controllerEpoch < known.controllerEpoch) {
        this.found(`former-controller-is-fenced: ${name} obeys the controller of epoch ${node.controllerEpoch} after that of epoch ${known.controllerEpoch}`);
      }
      this.#obeyed.set(name, { incarnation, controllerEpoch: node.controllerEpoch });
    }
  }

  give(command: Command): boolean {
    this.cluster.runUntil(this.cluster.now);
    const refusal = this.cluster.apply(this.inputs.length, command);
    const name = refusal === null ? command.do : "refused";
    this.did[name] = (this.did[name] ?? 0) + 1;
    this.inputs.push({ at: this.cluster.now, command });
    if (command.do === "limit-disk" && command.capacityBytes !== null) this.filled.add(command.node);
    return refusal === null;
  }

  nextCall(): number {
    return this.#nextCall++;
  }

  /** Where the partitions end, asked as any client may; the answer is held against what had been acknowledged when it was asked. */
  askForEnd(): void {
    const acknowledged = new Map<number, number>();
    for (const partition of this.history.partitions.values()) {
      let end = 0;
      for (const batch of partition.acknowledged) if (batch.acks === -1) end = Math.max(end, batch.baseOffset + batch.count);
      acknowledged.set(partition.partition, end);
    }
    const call = this.nextCall();
    this.#asked.set(call, { acknowledged });
    this.give({ do: "list-offsets", topic: TOPIC, timestampMs: -1, call });
  }

  #readOutcomes(): void {
    const { outcomes } = this.cluster;
    for (; this.#outcomesSeen < outcomes.length; this.#outcomesSeen += 1) {
      const outcome = outcomes.at(this.#outcomesSeen) as Outcome;
      const asked = this.#asked.get(outcome.call);
      if (asked === undefined) continue;
      this.#asked.delete(outcome.call);
      if (!outcome.ok || !Array.isArray(outcome.value)) continue;
      for (const { partition, offset } of outcome.value as { readonly partition: number; readonly offset: number }[]) {
        this.clients.endTold(TOPIC, partition, offset, asked.acknowledged.get(partition) ?? 0);
      }
    }
  }

  view(): ClusterView {
    return observe(this.cluster);
  }

  expectCheck(check: Parameters<typeof evaluateCheck>[0], view: ClusterView): void {
    const result = evaluateCheck(check, view, this.history);
    if (!result.holds) this.found(`${check.check}: ${result.detail}`);
  }
}

/** `atEnd` sees the cluster as the run leaves it. */
export function fuzzRun(plan: FuzzPlan, atEnd?: (cluster: Cluster) => void): FuzzResult {
  const run = new FuzzRun(plan);
  let anomalies: readonly ClientAnomaly[] = [];
  try {
    anomalies = play(run);
  } catch (error) {
    // A broken promise of our own code is a finding like any other; a mistake of the harness is not.
    if (!(error instanceof InvariantError)) throw error;
    run.found(`invariant: ${error.message}`);
  }
  const { cluster } = run;
  atEnd?.(cluster);
  return {
    plan, findings: run.findings, inputs: run.inputs, until: cluster.now, anomalies, excuses: [...new Set(run.history.anomalies.map(({ name }) => name))], operations: run.clients.operations, did: run.did,
    events: cluster.eventsHandled,
  };
}

function play(run: FuzzRun): readonly ClientAnomaly[] {
  if (!open(run)) return [];
  run.phase = "safety";
  beUnsafe(run);
  run.phase = "availability";
  const absent = stayAvailable(run);
  run.phase = "liveness";
  return live(run, absent);
}

function open(run: FuzzRun): boolean {
  while (!run.cluster.isOpen && run.cluster.now < OPENING_MAX_US) run.runTo(run.cluster.now + SECOND / 4);
  if (!run.cluster.isOpen) run.found("the cluster did not open");
  run.runTo(run.cluster.now + 2 * SECOND);
  return run.cluster.isOpen;
}

/** Faults at their moments; what each of them undoes later is put into the same list. */
function beUnsafe(run: FuzzRun): void {
  const began = run.cluster.now;
  const agenda: { at: number; act: () => void }[] = run.plan.faults.map(fault => ({ at: began + fault.at, act: () => { carryOut(run, fault, later); } }));
  const later = (at: number, command: Command): void => {
    const index = agenda.findIndex(other => other.at > at);
    agenda.splice(index === -1 ? agenda.length : index, 0, { at, act: () => { run.give(command); } });
  };
  let question = began + QUESTION_EVERY_US;
  const end = began + run.plan.safetyUs;
  for (let next = agenda[0]; next !== undefined && next.at <= end; next = agenda[0]) {
    for (; question < next.at; question += QUESTION_EVERY_US) {
      run.runTo(question);
      run.askForEnd();
    }
    run.runTo(Math.max(next.at, run.cluster.now));
    agenda.shift();
    next.act();
  }
  run.runTo(end);
}

function carryOut(run: FuzzRun, fault: Fault, later: (at: number, command: Command) => void): void {
  const resolved = resolveFault(fault, run.plan.spec, run.view(), () => run.nextCall());
  let at = run.cluster.now;
  for (const step of resolved) {
    at += step.afterMs * 1000;
    if (at === run.cluster.now) run.give(step.command);
    else later(at, step.command);
  }
}

function parties(run: FuzzRun): (number | string)[] {
  return [...(run.plan.spec.zookeeper ?? []).map(server => `zookeeper-${server.id}`), ...run.plan.spec.nodes.map(node => node.id)];
}

function processName(run: FuzzRun, party: number | string): string {
  if (typeof party === "string") return party;
  const node = run.plan.spec.nodes.find(known => known.id === party);
  return node?.roles !== undefined && !node.roles.includes("broker") ? `controller-${party}` : `broker-${party}`;
}

function statusOf(run: FuzzRun, party: number | string): string {
  return run.cluster.simulation.process(processName(run, party)).status;
}

const ROUNDS_MIN = 3;
const ROUNDS_MAX = 12;

/**
 * Networks and disks are whole, everybody runs. Several rounds, as of somebody who starts what has ended: a shutdown that was under way may end later, and a
 * broker whose former ZooKeeper session still lives ends at its start (NodeExists at /brokers/ids) until that session has expired.
 */
function makeWhole(run: FuzzRun): void {
  run.give({ do: "heal", from: [], to: [] });
  for (const party of run.filled) {
    run.give({ do: "limit-disk", node: party, capacityBytes: null });
    if (statusOf(run, party) !== "stopped") run.give({ do: "kill", node: party });
  }
  run.filled.clear();
  const someoneIsStopped = (): boolean => parties(run).some(party => statusOf(run, party) === "stopped");
  for (let round = 0, restarted = true; round < ROUNDS_MIN || (restarted || someoneIsStopped()) && round < ROUNDS_MAX; round += 1) {
    restarted = false;
    for (const party of parties(run)) {
      if (statusOf(run, party) === "paused") run.give({ do: "resume", node: party });
      if (statusOf(run, party) === "stopped") restarted = run.give({ do: "restart", node: party }) || restarted;
    }
    run.runTo(run.cluster.now + 3 * SECOND);
  }
}

/** Returns the broker that stays dead. Everything is whole first, for so long that what was overdue has been noticed. */
function stayAvailable(run: FuzzRun): number {
  const brokers = run.plan.spec.nodes.filter(node => node.roles === undefined || node.roles.includes("broker"));
  const absent = (brokers[run.plan.seed % brokers.length] as { readonly id: number }).id;
  // A controlled shutdown that finds nobody to lead in its place tries for some time before it ends.
  for (let times = 0; times === 0 || times < 3 && parties(run).some(party => statusOf(run, party) === "stopped"); times += 1) {
    makeWhole(run);
    run.runTo(run.cluster.now + run.plan.settleUs);
  }
  run.give({ do: "kill", node: absent });
  const before = run.view();
  run.runTo(run.cluster.now + run.plan.availabilityUs);
  const view = run.view();
  const votersLeft = run.plan.spec.nodes.filter(node => (node.roles === undefined || node.roles.includes("controller")) && node.id !== absent).length;
  const voters = votersLeft + (run.plan.spec.nodes.some(node => node.id === absent && node.roles === undefined) ? 1 : 0);
  if (isBeyondRepair(run) || run.plan.spec.mode === "kraft" && votersLeft <= voters >> 1) return absent;
  for (const topic of view.topics) {
    for (const partition of topic.partitions) {
      const known = before.topics.find(other => other.name === topic.name)?.partitions[partition.partition];
      const couldLead = known?.isr.some(member => member !== absent) ?? false;
      if (couldLead && (partition.leader === -1 || partition.leader === absent)) {
        run.found(`availability: ${topic.name}-${partition.partition} is led by ${partition.leader} though broker ${absent} has been dead for ${run.plan.availabilityUs / SECOND} s; its ISR was [${String(known?.isr)}]`);
      }
    }
  }
  return absent;
}

function live(run: FuzzRun, absent: number): readonly ClientAnomaly[] {
  if (statusOf(run, absent) === "stopped") run.give({ do: "restart", node: absent });
  makeWhole(run);
  run.runTo(run.cluster.now + run.plan.livenessUs);
  const view = run.view();
  if (isBeyondRepair(run)) {
    for (const check of ["all-nodes-running", "active-controller"] as const) run.expectCheck({ check }, view);
    return forbidden(run);
  }
  for (const check of ["all-nodes-running", "all-brokers-unfenced", "active-controller", "has-leader"] as const) run.expectCheck({ check }, view);
  // Whoever copies a leader that has written other batches in the same epoch gives up, until somebody starts it again: then nobody can demand whole ISRs.
  const hasLedWithoutCache = run.history.anomalies.some(anomaly => anomaly.name === "leader-without-its-page-cache");
  const mayGiveUp = hasLedWithoutCache || run.someoneGaveUp && run.did["power-loss"] !== undefined;
  if (!mayGiveUp) run.expectCheck({ check: "fully-replicated" }, view);
  if (hasLedWithoutCache && run.plan.profile === "4.3 kraft") run.found("leader-without-its-page-cache: KIP-966 takes whoever has not ended cleanly out of the ISR");
  const newest = Math.max(0, ...[...run.history.partitions.values()].map(partition => partition.acknowledged.at(-1)?.at ?? 0));
  if (run.cluster.now - newest > 8 * SECOND) run.found(`progress: nothing has been acknowledged for ${((run.cluster.now - newest) / SECOND).toFixed(1)} s`);
  // Readers have their chance: what is there now must have reached them a little later.
  return forbidden(run);
}

const BEYOND_REPAIR: ReadonlySet<AnomalyName> = new Set<AnomalyName>(["isr-left-with-a-cancelled-reassignment", "nobody-is-eligible-any-more"]);

/**
 * A directory that has failed does not come back: what stood in it is offline for good, and a partition may be without a leader. So may one whose only
 * replica in sync was taken back by an operator, or whose eligible leaders a changed setting has forgotten.
 */
function isBeyondRepair(run: FuzzRun): boolean {
  return run.did["fail-log-directory"] !== undefined || run.history.anomalies.some(({ name }) => BEYOND_REPAIR.has(name));
}

function forbidden(run: FuzzRun): readonly ClientAnomaly[] {
  const anomalies = settle(run);
  for (const anomaly of anomalies) if (anomaly.forbidden) run.found(`${anomaly.name}: ${anomaly.detail}`);
  return anomalies;
}

/** Workloads end with the run, so readers are always a little behind: they are compared with what was committed five seconds ago. */
function settle(run: FuzzRun): ClientAnomaly[] {
  for (const producer of run.plan.spec.producers ?? []) run.give({ do: "close-client", client: producer.id, call: run.nextCall() });
  run.runTo(run.cluster.now + 5 * SECOND);
  return run.clients.anomalies(run.history, true);
}
