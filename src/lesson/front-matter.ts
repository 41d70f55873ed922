/** The head of a lesson: what it asks, how long it takes, which Kafka it runs, where its facts come from. */
import type { ClusterMode, KafkaVersion } from '#engine/protocol/version-profile.ts';
import { AuthorError } from './author-error.ts';
import { integer, listOf, optional, readYaml, record, required, text, textLike } from './strict-yaml.ts';

/** Lessons and parts are named in links and in saved progress: these names are frozen once published. */
export const NAME_PATTERN = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const NAME_RULE = 'a name in small letters with hyphens, such as who-leads-now';
export const name = textLike(NAME_PATTERN, NAME_RULE);

/** A row of engine/FIDELITY.md. */
export const fidelityId = textLike(/^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$/, 'the id of a row in engine/FIDELITY.md, such as KRAFT-FENCE');

/** The three profiles of the engine. */
export const profileText = textLike(/^(3\.9 kraft|3\.9 zookeeper|4\.3 kraft)$/, 'a version and mode that the engine has: 3.9 zookeeper, 3.9 kraft or 4.3 kraft');

export interface Profile { readonly kafka: KafkaVersion; readonly mode: ClusterMode }

export function profileOfText(written: string): Profile {
  const [kafka, mode] = written.split(' ');
  return { kafka: kafka === '4.3' ? '4.3' : '3.9', mode: mode === 'zookeeper' ? 'zookeeper' : 'kraft' };
}

const frontMatter = record({
  title: required(text),
  question: required(text),
  minutes: required(integer(1, 60)),
  kafka: required(profileText),
  needs: optional(listOf(name)),
  fidelity: required(listOf(fidelityId)),
  sources: required(listOf(text)),
  summary: optional(text),
});

export interface FrontMatter {
  readonly title: string;
  readonly question: string;
  readonly minutes: number;
  readonly kafka: KafkaVersion;
  readonly mode: ClusterMode;
  /** Ids of lessons that this one builds on. */
  readonly needs: readonly string[];
  /** Ids of rows in engine/FIDELITY.md that this lesson touches. */
  readonly fidelity: readonly string[];
  readonly sources: readonly string[];
  readonly summary: string | null;
}

export interface SplitLesson {
  readonly frontMatter: FrontMatter;
  readonly body: string;
  /** One-based line of the file on which the body begins. */
  readonly bodyLine: number;
}

const DELIMITER = '---';

export function splitFrontMatter(source: string, file: string): SplitLesson {
  const lines = source.split('\n');
  const end = lines.indexOf(DELIMITER, 1);
  if (lines[0] !== DELIMITER || end === -1) {
    throw new AuthorError({
      code: 'front-matter-missing',
      file,
      line: 1,
      what: 'the lesson has no front matter',
      expected: 'a first line "---", the keys title, question, minutes, kafka, fidelity, sources, and a closing "---"',
      found: lines[0] === DELIMITER ? 'an opening "---" that is never closed' : `"${(lines[0] ?? '').slice(0, 60)}"`,
      cure: 'Copy the head of another lesson and change it.',
    });
  }
  const read = readYaml(lines.slice(1, end).join('\n'), { file, block: 'the front matter', firstLine: 2 }, frontMatter);
  return {
    frontMatter: {
      title: read.title,
      question: read.question,
      minutes: read.minutes,
      ...profileOfText(read.kafka),
      needs: read.needs ?? [],
      fidelity: read.fidelity,
      sources: read.sources,
      summary: read.summary ?? null,
    },
    body: lines.slice(end + 1).join('\n'),
    bodyLine: end + 2,
  };
}
