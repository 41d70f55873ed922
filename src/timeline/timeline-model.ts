/** What lies on the track: how far it reaches, marks, traffic, time without a leader. Pure; x is a share of the track from 0 to 1. */
import type { FactStore } from '#src/session/fact-store.ts';
import type { RunStory } from '#src/session/run-story.ts';
import type { ClusterView } from '#engine/cluster/view.ts';
import { type Mark, markOf } from '#src/feed/fact-marks.ts';
import { knowledgeOf } from '#src/feed/feed-lines.ts';

/** The track reaches to the next of these, in seconds. */
const SPANS_S = [20, 40, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

export function spanUs(reachedUs: number): number {
  const seconds = (reachedUs * 1.04) / 1_000_000;
  return (SPANS_S.find((span) => span >= seconds) ?? Math.ceil(seconds)) * 1_000_000;
}

/** Moments with a label: about one for each `pxEach` pixels, at round numbers. */
export function gridUs(span: number, widthPx: number, pxEach = 90): readonly number[] {
  const least = (span / Math.max(1, widthPx)) * pxEach;
  const step = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600].map((it) => it * 1_000_000).find((it) => it >= least) ?? span;
  return Array.from({ length: Math.floor(span / step) + 1 }, (_, index) => index * step);
}

export interface TrackMark { readonly atUs: number; readonly x: number; readonly mark: Mark; readonly count: number }

/** Marks closer than this merge into the first of them, with a count. */
export const MARK_PX = 17;
export const MARKS_MAX = 400;

export interface TrackPlace { readonly spanUs: number; readonly widthPx: number; readonly untilUs: number }

export function trackMarks(facts: FactStore, story: RunStory, track: TrackPlace): readonly TrackMark[] {
  const merged: { atUs: number; x: number; mark: Mark; count: number }[] = [];
  for (const fact of facts.all) {
    if (fact.at > track.untilUs || merged.length >= MARKS_MAX) break;
    if (fact.fact.kind === 'partition-changed' && fact.fact.reason === 'created') continue;
    const mark = markOf(fact, knowledgeOf(fact, story));
    if (mark === null) continue;
    const x = (fact.at / track.spanUs) * track.widthPx;
    const last = merged.at(-1);
    if (last !== undefined && x - last.x < MARK_PX) {
      last.count += 1;
      // An election says more than what came with it.
      if (rank(mark) > rank(last.mark)) last.mark = mark;
    } else merged.push({ atUs: fact.at, x, mark, count: 1 });
  }
  return merged;
}

function rank(mark: Mark): number {
  switch (mark.kind) {
    case 'fault': return 4;
    case 'election': return 3;
    case 'error': return 2;
    case 'in-sync': return 1;
    case 'healed': return 0;
  }
}

/** One tick for each pixel in which a letter was sent. */
export function trafficTicks(facts: FactStore, track: TrackPlace): readonly number[] {
  const ticks: number[] = [];
  for (const fact of facts.all) {
    if (fact.at > track.untilUs) break;
    if (fact.fact.kind !== 'message' || fact.fact.summary.about !== 'produce') continue;
    const x = Math.round((fact.at / track.spanUs) * track.widthPx);
    if (x - (ticks.at(-1) ?? -9) >= 3) ticks.push(x);
  }
  return ticks;
}

export interface Gap { readonly fromUs: number; readonly toUs: number; readonly isOver: boolean }

/** When some partition that had a leader had none that lives: nobody committed, or its process was gone. */
export function leaderlessGaps(story: RunStory, view: ClusterView, untilUs: number): readonly Gap[] {
  const gaps = view.topics.flatMap((topic) => topic.partitions.flatMap((partition) => gapsOf(story, view, `${topic.name}/${partition.partition}`, untilUs)));
  gaps.sort((a, b) => a.fromUs - b.fromUs);
  const merged: Gap[] = [];
  for (const gap of gaps) {
    const last = merged.at(-1);
    if (last === undefined || gap.fromUs > last.toUs) merged.push(gap);
    else if (gap.toUs > last.toUs) merged[merged.length - 1] = { fromUs: last.fromUs, toUs: gap.toUs, isOver: gap.isOver };
  }
  return merged;
}

function gapsOf(story: RunStory, view: ClusterView, name: `${string}/${number}`, untilUs: number): readonly Gap[] {
  const leaders = story.changesOf(`leader ${name}`);
  const moments = [...leaders, ...view.nodes.flatMap((node) => story.changesOf(`status ${node.id}`))]
    .map((change) => change.atUs).filter((at) => at <= untilUs).sort((a, b) => a - b);
  const gaps: Gap[] = [];
  let since: number | null = null;
  let hadLeader = false;
  for (const at of moments) {
    const leader = Number(String(story.changeAt(`leader ${name}`, at)?.value ?? '-1').split(' ')[0]);
    const lives = leader >= 0 && story.changeAt(`status ${leader}`, at)?.value !== 'stopped';
    if (lives && since !== null) gaps.push({ fromUs: since, toUs: at, isOver: true });
    if (lives) since = null;
    else if (hadLeader) since ??= at;
    hadLeader ||= lives;
  }
  if (since !== null && untilUs > since) gaps.push({ fromUs: since, toUs: untilUs, isOver: false });
  return gaps;
}
