/** What lies on the track: how far it reaches, marks, traffic, time without a leader. Pure; x is a share of the track from 0 to 1. */
import { type FactFollower, firstIndex } from '#src/session/fact-store.ts';
import type { RunStory } from '#src/session/run-story.ts';
import type { ClusterView, ViewFact } from '#engine/cluster/view.ts';
import { type Mark, markOf } from '#src/feed/fact-marks.ts';
import { knowledgeOf } from '#src/feed/feed-lines.ts';

/** The track reaches to the next of these, in seconds. */
const SPANS_S = [20, 40, 60, 90, 120, 180, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 43_200, 86_400];

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

/** What has its place on the track, as the facts come. */
export class TrackLog implements FactFollower {
  readonly #story: RunStory;
  readonly #marks: { readonly id: number; readonly atUs: number; readonly mark: Mark }[] = [];
  readonly #letters: { readonly id: number; readonly atUs: number }[] = [];

  constructor(story: RunStory) {
    this.#story = story;
  }

  add(entry: ViewFact): void {
    const { id, at: atUs, fact } = entry;
    if (fact.kind === 'message' && fact.summary.about === 'produce') this.#letters.push({ id, atUs });
    if (fact.kind === 'partition-changed' && fact.reason === 'created') return;
    const mark = markOf(entry, knowledgeOf(entry, this.#story));
    if (mark !== null) this.#marks.push({ id, atUs, mark });
  }

  dropFrom(firstId: number): void {
    this.#marks.length = firstIndex(this.#marks, (it) => it.id >= firstId);
    this.#letters.length = firstIndex(this.#letters, (it) => it.id >= firstId);
  }

  /** How many marks and letters lie up to a moment: the same numbers are the same drawing. */
  countsAt(us: number): readonly [marks: number, letters: number] {
    return [firstIndex(this.#marks, (it) => it.atUs > us), firstIndex(this.#letters, (it) => it.atUs > us)];
  }

  /** Marks that would touch merge into the first of them, which then shows the weightiest. */
  marksAt(track: TrackPlace): readonly TrackMark[] {
    const merged: { atUs: number; x: number; mark: Mark; count: number }[] = [];
    for (const { atUs, mark } of this.#marks) {
      if (atUs > track.untilUs || merged.length >= MARKS_MAX) break;
      const x = (atUs / track.spanUs) * track.widthPx;
      const last = merged.at(-1);
      if (last === undefined || x - last.x >= MARK_PX + countPx(last.count)) merged.push({ atUs, x, mark, count: 1 });
      else {
        last.count += 1;
        if (rank(mark) > rank(last.mark)) last.mark = mark;
      }
    }
    return merged;
  }

  /** One tick for each three pixels in which a letter was sent. */
  ticksAt(track: TrackPlace): readonly number[] {
    const ticks: number[] = [];
    for (const { atUs } of this.#letters) {
      if (atUs > track.untilUs) break;
      const x = Math.round((atUs / track.spanUs) * track.widthPx);
      if (x - (ticks.at(-1) ?? -9) >= 3) ticks.push(x);
    }
    return ticks;
  }
}

export interface TrackPlace { readonly spanUs: number; readonly widthPx: number; readonly untilUs: number }
export interface TrackMark { readonly atUs: number; readonly x: number; readonly mark: Mark; readonly count: number }

/** Marks closer than this merge into the first of them, with a count. */
export const MARK_PX = 17;
/** Room for the count beside a mark. */
const countPx = (count: number): number => (count > 1 ? 3 + 6 * String(count).length : 0);
export const MARKS_MAX = 400;

/** An election says more than what came with it, a fault more than that. */
function rank(mark: Mark): number {
  switch (mark.kind) {
    case 'fault': return 4;
    case 'election': return 3;
    case 'error': return 2;
    case 'in-sync': return 1;
    case 'healed': return 0;
  }
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
