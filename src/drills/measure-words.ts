/** What a lesson measures, in words with a fixed grammar: "time without a leader, user-events 1, after kill 2". */
import { AuthorError } from '#src/lesson/author-error.ts';
import type { Measure } from '#src/lesson/lesson-blocks.ts';
import { MOMENT_WORDS, readMoment } from '#src/diagrams/moment.ts';
import type { Moment } from '#src/diagrams/moment.ts';

export type Measurement =
  | { readonly of: 'leaderless'; readonly topic: string; readonly partition: number; readonly after: Moment }
  | { readonly of: 'heartbeat-age'; readonly node: number | 'controller'; readonly at: Moment }
  | { readonly of: 'span'; readonly from: Moment; readonly to: Moment; readonly after: Moment }
  | { readonly of: 'lost'; readonly topic: string }
  | { readonly of: 'doors'; readonly partition: number; readonly after: Moment }
  | { readonly of: 'offset'; readonly key: string }
  /** Who holds the office at a moment, or takes it next; and the epoch of that office. */
  | { readonly of: 'controller' | 'controller-epoch'; readonly at: Moment }
  | { readonly of: 'next-controller' | 'old-controller-refused'; readonly after: Moment }
  | { readonly of: 'first-answer'; readonly partition: number; readonly after: Moment };

const OPENING: Moment = { kind: 'opening' };

interface Form {
  readonly pattern: RegExp;
  readonly example: string;
  /** Null when a moment in it cannot be read. */
  readonly read: (parts: readonly string[]) => Measurement | null;
}

const FORMS: readonly Form[] = [
  {
    pattern: /^time without a leader, (\S+) (\d+), after (.+)$/,
    example: 'time without a leader, user-events 1, after kill 2',
    read: ([topic = '', partition, after = '']) => withMoments([after], ([start]) => ({ of: 'leaderless', topic, partition: Number(partition), after: start })),
  },
  {
    pattern: /^time from the last heartbeat of (\d+|controller) to (.+)$/,
    example: 'time from the last heartbeat of 2 to kill 2',
    read: ([node, at = '']) => withMoments([at], ([moment]) => ({ of: 'heartbeat-age', node: node === 'controller' ? node : Number(node), at: moment })),
  },
  {
    pattern: /^time from (.+?) to (.+?)(?:, after (.+))?$/,
    example: 'time from send customer-123 to ack of partition 0',
    read: ([from = '', to = '', after]) => withMoments([from, to, after ?? 'opening'], ([start, end, since = OPENING]) => (end === undefined ? null : { of: 'span', from: start, to: end, after: since })),
  },
  { pattern: /^acknowledged records lost, (\S+)$/, example: 'acknowledged records lost, user-events', read: ([topic = '']) => ({ of: 'lost', topic }) },
  {
    pattern: /^brokers that got records of partition (\d+) from a producer, after (.+)$/,
    example: 'brokers that got records of partition 1 from a producer, after send customer-456',
    read: ([partition, after = '']) => withMoments([after], ([start]) => ({ of: 'doors', partition: Number(partition), after: start })),
  },
  { pattern: /^offset of (\S+)$/, example: 'offset of customer-456', read: ([key = '']) => ({ of: 'offset', key }) },
  {
    pattern: /^first answer to a produce request of partition (\d+), after (.+)$/,
    example: 'first answer to a produce request of partition 1, after resume 2',
    read: ([partition, after = '']) => withMoments([after], ([start]) => ({ of: 'first-answer', partition: Number(partition), after: start })),
  },
  {
    pattern: /^controller( epoch)? at (.+)$/,
    example: 'controller at now',
    // A group that matched nothing has been left out of the parts.
    read: (parts) => withMoments([parts.at(-1) ?? ''], ([at]) => ({ of: parts.length > 1 ? 'controller-epoch' : 'controller', at })),
  },
  { pattern: /^next controller, after (.+)$/, example: 'next controller, after kill 2', read: ([after = '']) => withMoments([after], ([start]) => ({ of: 'next-controller', after: start })) },
  {
    pattern: /^requests of an old controller refused, after (.+)$/,
    example: 'requests of an old controller refused, after pause 2',
    read: ([after = '']) => withMoments([after], ([start]) => ({ of: 'old-controller-refused', after: start })),
  },
];

/** Throws AuthorError for words that measure nothing. */
export function readMeasure(measure: Measure, file: string): Measurement {
  for (const { pattern, read } of FORMS) {
    const match = pattern.exec(measure.what.trim());
    if (match === null) continue;
    const measurement = read(match.slice(1).filter((part) => part !== undefined));
    if (measurement !== null) return measurement;
  }
  throw new AuthorError({
    code: 'unknown-reference',
    file,
    line: measure.line,
    what: `nobody can measure "${measure.what}"`,
    expected: `one of: ${FORMS.map((form) => `"${form.example}"`).join(', ')}; with moments such as ${MOMENT_WORDS}`,
    found: measure.what,
    cure: 'Use the words of one of the examples.',
  });
}

function withMoments(words: readonly string[], build: (moments: readonly [Moment, ...Moment[]]) => Measurement | null): Measurement | null {
  const moments = words.map(readMoment);
  const [first, ...others] = moments;
  if (first === undefined || first === null) return null;
  const known = others.filter((moment) => moment !== null);
  return known.length === others.length ? build([first, ...known]) : null;
}
