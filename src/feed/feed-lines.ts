/** The sentences of a run in order, and which of them the feed shows at an instant: the news, and of the traffic only what came last. */
import { type FactFollower, firstIndex } from '#src/session/fact-store.ts';
import type { Change, RunStory } from '#src/session/run-story.ts';
import type { ViewFact } from '#engine/cluster/view.ts';
import { type Mark, markOf, type Weight, weightOf } from './fact-marks.ts';
import { type Knowledge, KNOWS_NOTHING, sentenceOf } from './fact-sentences.ts';

export interface FeedLine {
  readonly id: number;
  readonly atUs: number;
  readonly sentence: string;
  readonly mark: Mark | null;
  readonly weight: Weight;
}

/** Traffic lines that are shown: a letter and its receipt. A short feed shows five lines, and news must not be pushed out of it by letters. */
export const TRAFFIC_LINES_MAX = 2;
/** Details of the shown instant itself, when somebody steps to it. */
const DETAIL_LINES_MAX = 5;

export interface FeedRequest {
  readonly us: number;
  readonly count: number;
  /** In slow motion every step is told; otherwise only those of the shown instant itself. */
  readonly tellsDetails: boolean;
}

export class FeedLog implements FactFollower {
  readonly #story: RunStory;
  readonly #lines: Readonly<Record<Weight, FeedLine[]>> = { news: [], traffic: [], detail: [] };

  /** The story must have been told of a fact before the log is. */
  constructor(story: RunStory) {
    this.#story = story;
  }

  add(fact: ViewFact): void {
    const line = lineOf(fact, this.#story);
    if (line !== null) this.#lines[line.weight].push(line);
  }

  dropFrom(firstId: number): void {
    for (const lines of Object.values(this.#lines)) lines.length = firstIndex(lines, (line) => line.id >= firstId);
  }

  /** At most `count` lines up to and at `us`, oldest first. */
  linesAt({ us, count, tellsDetails }: FeedRequest): readonly FeedLine[] {
    const details = before(this.#lines.detail, us, tellsDetails ? count : DETAIL_LINES_MAX);
    const chosen = [
      ...before(this.#lines.news, us, count),
      ...before(this.#lines.traffic, us, tellsDetails ? count : TRAFFIC_LINES_MAX),
      ...(tellsDetails ? details : details.filter((line) => line.atUs === us)),
    ];
    return chosen.sort((a, b) => a.id - b.id).filter(saysSomethingNew).slice(-count);
  }

  /** The last thing that was said, whatever its weight. */
  newestAt(us: number): FeedLine | null {
    return this.linesAt({ us, count: 1, tellsDetails: true }).at(-1) ?? null;
  }
}

/** Five batches that are lost with one connection are one sentence. */
function saysSomethingNew(line: FeedLine, place: number, lines: readonly FeedLine[]): boolean {
  const last = lines[place - 1];
  return last === undefined || last.atUs !== line.atUs || last.sentence !== line.sentence;
}

function before(lines: readonly FeedLine[], us: number, count: number): readonly FeedLine[] {
  const end = firstIndex(lines, (line) => line.atUs > us);
  return lines.slice(Math.max(0, end - count), end);
}

/** What the story knows of a fact that the fact does not say. */
export function knowledgeOf({ id, at, fact }: ViewFact, story: RunStory | null): Knowledge {
  if (story !== null && fact.kind === 'command') return { ...KNOWS_NOTHING, controllers: story.controllers };
  if (story === null || (fact.kind !== 'partition-changed' && fact.kind !== 'high-watermark')) return KNOWS_NOTHING;
  const led = story.changeAt(`leader ${fact.topic}/${fact.partition}`, at);
  return {
    isNewLeader: led?.id === id || (story.mode === 'zookeeper' && fact.kind === 'partition-changed' && isToldByZnode(led, fact, at)),
    isOfLeader: fact.kind === 'high-watermark' && Number(String(led?.value ?? '').split(' ')[0]) === fact.broker,
  };
}

/** In ZooKeeper mode the znode has said it already, when the controller tells why. */
const TOLD_LATER_US = 1_000_000;

function isToldByZnode(led: Change | null, fact: { readonly leader: number; readonly leaderEpoch: number }, at: number): boolean {
  if (led === null || led.value !== `${fact.leader} ${fact.leaderEpoch}` || at - led.atUs > TOLD_LATER_US) return false;
  return String(led.before ?? '').split(' ')[0] !== String(fact.leader);
}

export function lineOf(fact: ViewFact, story: RunStory | null): FeedLine | null {
  const knowledge = knowledgeOf(fact, story);
  const sentence = sentenceOf(fact, knowledge);
  return sentence === null ? null : { id: fact.id, atUs: fact.at, sentence, mark: markOf(fact, knowledge), weight: weightOf(fact) };
}

/** A moment worth stepping to. */
export function isEvent(fact: ViewFact): boolean {
  return !fact.quiet && sentenceOf(fact) !== null;
}

export function isNews(fact: ViewFact): boolean {
  return isEvent(fact) && weightOf(fact) === 'news';
}
