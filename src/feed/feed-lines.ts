/** Which sentences the feed shows at an instant: the news, and of the traffic only what came last. Pure. */
import type { FactStore } from '#src/session/fact-store.ts';
import type { ViewFact } from '#engine/cluster/view.ts';
import { type Mark, markOf, type Weight, weightOf } from './fact-marks.ts';
import type { RunStory } from '#src/session/run-story.ts';
import { type Knowledge, KNOWS_NOTHING, sentenceOf } from './fact-sentences.ts';

export interface FeedLine { readonly id: number; readonly atUs: number; readonly sentence: string; readonly mark: Mark | null; readonly weight: Weight; readonly isNews: boolean }

/** Traffic lines that are shown; news is not pushed away by letters. */
export const TRAFFIC_LINES_MAX = 5;
/** How far back the feed looks: enough for a screen, however long the run is. */
const FACTS_LOOKED_AT_MAX = 4_000;

export interface FeedRequest {
  readonly facts: FactStore;
  readonly story: RunStory | null;
  readonly us: number;
  readonly count: number;
  /** In slow motion every step is told; otherwise only those of the shown instant itself. */
  readonly tellsDetails: boolean;
}

/** At most `count` lines up to and at `us`, oldest first. */
export function feedLinesAt({ facts, story, us, count, tellsDetails }: FeedRequest): readonly FeedLine[] {
  const lines: FeedLine[] = [];
  let traffic = 0;
  const end = facts.countAt(us);
  for (let index = end - 1; index >= 0 && end - index < FACTS_LOOKED_AT_MAX && lines.length < count; index -= 1) {
    const fact = facts.all[index];
    const line = fact === undefined ? null : lineOf(fact, story);
    if (line === null || (line.weight === 'detail' && !tellsDetails && line.atUs !== us)) continue;
    if (!line.isNews && (traffic += 1) > TRAFFIC_LINES_MAX) continue;
    if (lines.at(-1)?.sentence === line.sentence) continue;
    lines.push(line);
  }
  return lines.reverse();
}

/** What the story knows of a fact that the fact does not say. */
export function knowledgeOf({ id, at, fact }: ViewFact, story: RunStory | null): Knowledge {
  if (story === null || (fact.kind !== 'partition-changed' && fact.kind !== 'high-watermark')) return KNOWS_NOTHING;
  const led = story.changeAt(`leader ${fact.topic}/${fact.partition}`, at);
  return {
    isNewLeader: led?.id === id,
    isOfLeader: fact.kind === 'high-watermark' && Number(String(led?.value ?? '').split(' ')[0]) === fact.broker,
  };
}

export function lineOf(fact: ViewFact, story: RunStory | null): FeedLine | null {
  const knowledge = knowledgeOf(fact, story);
  const sentence = sentenceOf(fact, knowledge);
  const weight = weightOf(fact, knowledge);
  return sentence === null ? null : { id: fact.id, atUs: fact.at, sentence, mark: markOf(fact, knowledge), weight, isNews: weight === 'news' };
}

/** A moment worth stepping to. */
export function isEvent(fact: ViewFact): boolean {
  return !fact.quiet && sentenceOf(fact) !== null;
}

export function isNews(fact: ViewFact): boolean {
  return isEvent(fact) && weightOf(fact) === 'news';
}
