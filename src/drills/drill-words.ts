/** A drill's goals, verdicts and answers in the words of its panel. Pure: texts and states, no page. */
import type { Party } from '#engine/cluster/commands.ts';
import type { ClusterView } from '#engine/cluster/view.ts';
import type { Drill, DrillFault, PredictionQuestion } from '#engine/grading/define-drill.ts';
import type { GoalVerdict, Verdict } from '#engine/grading/grade.ts';

export const SEEDS: readonly number[] = Array.from({ length: 20 }, (_, index) => index + 1);

export interface SeedVerdict { readonly seed: number; readonly verdict: Verdict }

export interface SeedsSummary {
  readonly held: number;
  readonly isPassed: boolean;
  readonly sentence: string;
  /** The seed worth looking at: the one that broke in the shortest run; null when none did. */
  readonly replay: number | null;
}

/** What twenty seeds say together. `graded` may still be growing. */
export function seedsSummary(graded: readonly SeedVerdict[]): SeedsSummary {
  const broken = graded.filter(({ verdict }) => !verdict.passed);
  const held = graded.length - broken.length;
  const [first] = broken;
  if (first === undefined) {
    const isPassed = graded.length === SEEDS.length;
    return { held, isPassed, sentence: isPassed ? 'Every goal was met on every seed: it was not luck.' : 'So far every goal was met.', replay: null };
  }
  const goal = first.verdict.goals.find((it) => it.state !== 'met');
  const count = broken.length === 1 ? '1 seed' : `${broken.length} seeds`;
  const why = goal === undefined ? '' : `: “${goal.text}” ${capitalised(goal.detail)}.`;
  return { held, isPassed: false, sentence: `${count} did not hold. Seed ${first.seed}${why}`, replay: first.seed };
}

export interface GoalLine {
  readonly id: string;
  readonly state: 'met' | 'broken' | 'open';
  readonly word: 'Met' | 'Broken' | 'Open';
  readonly kind: string;
  readonly text: string;
  readonly detail: string;
  readonly evidence: GoalVerdict['evidence'];
}

const WORDS = { met: 'Met', broken: 'Broken', open: 'Open' } as const;

/** One line for each goal; without a verdict all are open. */
export function goalLines(drill: Drill, verdict: Verdict | null): readonly GoalLine[] {
  return drill.goals.map((goal) => {
    const graded = verdict?.goals.find((it) => it.goal === goal.id);
    const state = graded?.state ?? 'open';
    return {
      id: goal.id, state, word: WORDS[state], kind: kindWords(goal), text: goal.text,
      detail: graded === undefined ? '' : capitalised(graded.detail), evidence: graded?.evidence ?? [],
    };
  });
}

function kindWords(goal: Drill['goals'][number]): string {
  switch (goal.goal) {
    case 'always': return 'Always';
    case 'never': return 'Never';
    case 'within': return `Within ${goal.withinMs / 1_000} s`;
    case 'at-end': return 'At the end';
    case 'prediction': return 'Said first';
  }
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** The fields of a prediction as a form gives them: numbers as text. Null while one is missing. */
export function predictionAnswer(
  question: PredictionQuestion,
  form: { readonly leader: string | null; readonly leaderEpoch: string | null; readonly logEnd: string | null; readonly isr: readonly string[] },
): Readonly<Record<string, number | readonly number[]>> | null {
  const answer: Record<string, number | readonly number[]> = {};
  for (const field of question.fields) {
    if (field === 'isr') {
      if (form.isr.length === 0) return null;
      answer[field] = form.isr.map(Number);
      continue;
    }
    const text = form[field];
    if (text === null || !/^-?\d{1,6}$/.test(text)) return null;
    answer[field] = Number(text);
  }
  return answer;
}

/** "broker 2 leads, epoch 1, its log ends at 57, ISR 2, 3" */
export function answerWords(answer: Readonly<Record<string, number | readonly number[]>>): string {
  const { leader, leaderEpoch, logEnd, isr } = answer;
  return [
    ...(typeof leader === 'number' ? [leader < 0 ? 'nobody leads' : `broker ${leader} leads`] : []),
    ...(typeof leaderEpoch === 'number' ? [`epoch ${leaderEpoch}`] : []),
    ...(typeof logEnd === 'number' ? [`its log ends at ${logEnd}`] : []),
    ...(Array.isArray(isr) ? [`ISR ${isr.join(', ')}`] : []),
  ].join(', ');
}

/** Who can be started: every process of a node or of the ensemble that is stopped, in the words of its button. */
export function stoppedParties(view: ClusterView): readonly { readonly party: Party; readonly words: string }[] {
  const nodes = view.nodes.filter(({ status }) => status === 'stopped').map(({ id, roles }) =>
    ({ party: id, words: `${roles?.includes('broker') ?? true ? 'broker' : 'controller'} ${id}` }));
  const servers = (view.ensemble?.servers ?? []).filter(({ status }) => status === 'stopped').map(({ id, name }) => ({ party: name, words: `ZooKeeper server ${id}` }));
  return [...nodes, ...servers];
}

/** What stands on a fault's button, and whether it may be pressed. Faults come in the order of the story, each after its questions. */
export function faultButton(
  drill: Drill, fault: DrillFault, { said, happened }: { readonly said: ReadonlySet<string>; readonly happened: ReadonlySet<string> },
): { readonly isReady: boolean; readonly words: string } {
  const isOrder = 'command' in fault;
  if (happened.has(fault.id)) return { isReady: false, words: isOrder ? 'The order is given' : 'It has happened' };
  const earlier = drill.faults.slice(0, drill.faults.indexOf(fault));
  if (!earlier.every(({ id }) => happened.has(id))) return { isReady: false, words: 'Not yet' };
  if (!questionsBefore(drill, fault).every(({ id }) => said.has(id))) return { isReady: false, words: 'Say first' };
  return { isReady: true, words: isOrder ? 'Give the order' : 'Let it happen' };
}

/** Questions that have to be answered before this fault may happen. */
export function questionsBefore(drill: Drill, fault: DrillFault): readonly PredictionQuestion[] {
  return drill.predictions.filter((question) => question.fault === fault.id);
}
