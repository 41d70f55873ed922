/** The table under two runs: the same questions put to the facts of both. Pure; no number in it was typed. */
import type { ClusterSpec } from '#engine/cluster/spec.ts';
import type { ClusterView, ViewFact } from '#engine/cluster/view.ts';
import { lostAcknowledged } from '#src/drills/lost-records.ts';
import { knowledgeOf } from '#src/feed/feed-lines.ts';
import type { DifferenceRow } from '#src/lesson/compare-block.ts';
import type { RunStory } from '#src/session/run-story.ts';
import { durationText, partyText } from '#src/stage/shown-text.ts';
import { leaderlessGaps } from '#src/timeline/timeline-model.ts';

/** One of the two runs up to the shown instant. `facts`: those up to `untilUs`. */
export interface ComparedRun {
  readonly spec: ClusterSpec;
  readonly story: RunStory;
  readonly facts: readonly ViewFact[];
  readonly openingUs: number;
  readonly untilUs: number;
}

export interface Difference { readonly row: DifferenceRow; readonly name: string; readonly values: readonly [string, string]; readonly why: string | null }

type Pair = readonly [ComparedRun, ComparedRun];

export function differences(runs: Pair): readonly Difference[] {
  const fault = runs[0].facts.find((entry) => entry.at >= runs[0].openingUs && isFault(entry));
  const broker = fault?.fact.kind === 'command' && 'node' in fault.fact.command ? Number(fault.fact.command['node']) : null;
  const since = fault?.at ?? runs[0].openingUs;
  const both = (read: (run: ComparedRun) => string): readonly [string, string] => [read(runs[0]), read(runs[1])];
  const noticed = broker === null || Number.isNaN(broker) ? [] : [{ row: 'detect', name: `time until broker ${broker} was missed`, values: both((run) => detected(run, broker, since)), why: detectWhy(runs) } as const];
  return [
    ...noticed,
    { row: 'leaderless', name: 'longest time without a live leader', values: both(leaderless), why: 'first somebody must notice, then somebody must decide' },
    { row: 'decided', name: 'who named the new leaders', values: both((run) => decided(run, since)), why: decidedWhy(runs) },
    { row: 'epochs', name: 'leader epochs', values: both(epochs), why: epochsWhy(runs) },
    { row: 'messages', name: 'requests from the controller to brokers', values: both((run) => orders(run, since)), why: isMixed(runs) ? 'in KRaft mode brokers fetch the metadata log instead' : null },
    { row: 'committed', name: 'records committed since then', values: both((run) => String(committed(run, since))), why: null },
    { row: 'lost', name: 'acknowledged records lost', values: both((run) => String(lost(run))), why: null },
  ];
}

function isFault({ fact }: ViewFact): boolean {
  return fact.kind === 'command' && fact.refused === undefined && ['kill', 'power-loss', 'shut-down', 'pause', 'cut'].includes(fact.command.do);
}

function isMixed(runs: Pair): boolean {
  return runs[0].spec.mode !== runs[1].spec.mode;
}

/** By the controller in KRaft mode, by the ensemble in ZooKeeper mode. */
function detected(run: ComparedRun, broker: number, since: number): string {
  const noticed = run.facts.find(({ at, fact }) => at >= since && (
    ((fact.kind === 'broker-fenced' || fact.kind === 'broker-in-controlled-shutdown') && fact.broker === broker && run.spec.mode === 'kraft')
    || (fact.kind === 'zookeeper-session' && fact.change !== 'created' && fact.client === `broker-${broker}`)));
  return noticed === undefined ? 'not yet' : durationText(noticed.at - since);
}

const TIMEOUTS = { kraft: ['broker.session.timeout.ms', 9_000], zookeeper: ['zookeeper.session.timeout.ms', 18_000] } as const;

function detectWhy(runs: Pair): string | null {
  const [a, b] = runs.map(({ spec }) => {
    const [name, preset] = TIMEOUTS[spec.mode === 'kraft' ? 'kraft' : 'zookeeper'];
    return { name, ms: Number(spec.settings?.[name] ?? preset) };
  });
  if (a === undefined || b === undefined || (a.name === b.name && a.ms === b.ms)) return null;
  return `${a.name} is ${a.ms}, ${b.name} is ${b.ms}: settings`;
}

function leaderless({ story, untilUs, openingUs }: ComparedRun): string {
  const gaps = leaderlessGaps(story, story.viewAt(untilUs), untilUs).filter((gap) => gap.toUs > openingUs);
  const longest = gaps.reduce((most, gap) => (gap.toUs - gap.fromUs > most.toUs - most.fromUs ? gap : most), { fromUs: 0, toUs: 0, isOver: true });
  if (longest.toUs === longest.fromUs) return 'none';
  return `${durationText(longest.toUs - longest.fromUs)}${longest.isOver ? '' : ' so far'}`;
}

/** The processes that told of new leaders, with the epoch in which they were controller. */
function decided({ facts, story, spec }: ComparedRun, since: number): string {
  const told = new Set(facts.flatMap((entry) => {
    const { at, process, fact } = entry;
    if (at < since || fact.kind !== 'partition-changed' || fact.reason === 'created' || fact.leader < 0) return [];
    return knowledgeOf(entry, story).isNewLeader ? [`${partyText(process)} ${epochText(story.viewAt(at), spec)}`] : [];
  }));
  return told.size === 0 ? 'nobody yet' : [...told].join('; ');
}

function epochText(view: ClusterView, spec: ClusterSpec): string {
  return spec.mode === 'kraft' ? `(epoch ${view.quorumEpoch} of the quorum)` : `(controller epoch ${view.controllerEpoch ?? 0})`;
}

function decidedWhy(runs: Pair): string | null {
  return isMixed(runs) ? 'the first to create /controller, against the leader that the quorum has elected' : null;
}

function epochs({ story, openingUs, untilUs }: ComparedRun): string {
  const before = partitionsOf(story.viewAt(openingUs));
  const after = partitionsOf(story.viewAt(untilUs));
  return after.map(({ topic, partition, leaderEpoch }) => {
    const was = before.find((it) => it.topic === topic && it.partition === partition)?.leaderEpoch ?? 0;
    return was === leaderEpoch ? `${partition}: ${was}` : `${partition}: ${was} to ${leaderEpoch}`;
  }).join(', ');
}

/** Where a leader has stayed, and its epoch has not. */
function epochsWhy(runs: Pair): string | null {
  const raised = runs.map(({ story, openingUs, untilUs }) => {
    const before = partitionsOf(story.viewAt(openingUs));
    return partitionsOf(story.viewAt(untilUs)).some((it) => before.some((was) =>
      was.topic === it.topic && was.partition === it.partition && was.leader === it.leader && was.leaderEpoch < it.leaderEpoch));
  });
  return isMixed(runs) && raised[0] !== raised[1] ? 'the ZooKeeper controller raises the epoch also when only a follower leaves' : null;
}

const ORDERS = ['LeaderAndIsr', 'UpdateMetadata', 'StopReplica'] as const;

function orders({ facts }: ComparedRun, since: number): string {
  const counts = ORDERS.map((api) => [api, facts.filter(({ at, fact }) => at >= since && fact.kind === 'message' && fact.tag === `${api} request`).length] as const);
  const told = counts.filter(([, count]) => count > 0).map(([api, count]) => `${api} ${count}`);
  return told.length === 0 ? 'none' : told.join(', ');
}

function committed({ story, untilUs }: ComparedRun, since: number): number {
  const sum = (us: number): number => partitionsOf(story.viewAt(us)).reduce((all, it) => all + it.highWatermark, 0);
  return sum(untilUs) - sum(since);
}

function lost({ facts, spec }: ComparedRun): number {
  return (spec.topics ?? []).reduce((sum, topic) => sum + lostAcknowledged(facts, topic.name).count, 0);
}

function partitionsOf(view: ClusterView): readonly ClusterView['topics'][number]['partitions'][number][] {
  return view.topics.flatMap((topic) => topic.partitions);
}

/** The first moment after the opening at which a partition has a leader in one run that it has not in the other. Null: none yet. */
export function firstDifferenceUs(runs: Pair): number | null {
  const { openingUs } = runs[0];
  const untilUs = Math.min(runs[0].untilUs, runs[1].untilUs);
  const names = partitionsOf(runs[0].story.viewAt(untilUs)).map((it) => `leader ${it.topic}/${it.partition}` as const);
  const moments = runs.flatMap(({ story }) => names.flatMap((name) => story.changesOf(name).map((change) => change.atUs)))
    .filter((at) => at > openingUs && at <= untilUs).sort((a, b) => a - b);
  const leaders = (run: ComparedRun, us: number): string => names.map((name) => String(run.story.changeAt(name, us)?.value ?? '').split(' ')[0]).join();
  return moments.find((at) => leaders(runs[0], at) !== leaders(runs[1], at)) ?? null;
}
