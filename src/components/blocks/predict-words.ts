/** What the button of a prediction says, and what will happen: exact verbs, made from its steps. */
import type { BrokerRole, PredictStep } from '#src/lesson/predict-block.ts';
import type { PredictForm } from '#src/lesson/predict-block.ts';

/** "Unplug broker 2": the words of the author, else of the first step that is not a waiting. */
export function buttonWords(form: Pick<PredictForm, 'button' | 'then'>): string {
  if (form.button !== null) return form.button;
  const act = form.then.find((step) => step.verb !== 'advance');
  if (act !== undefined) return stepWords(act);
  return form.then.length === 0 ? 'Measure it' : 'Let it run';
}

/** "The cluster runs 15 virtual seconds and then answers." */
export function runWords(form: Pick<PredictForm, 'then'>): string {
  const waits = form.then.flatMap((step) => (step.verb === 'advance' ? [durationWords(step.duration)] : []));
  const [first, ...more] = waits;
  if (first === undefined) return 'Choose one, then it is measured.';
  return more.length === 0
    ? `Choose one; the cluster then runs ${first} of virtual time and answers.`
    : 'Choose one; the cluster then runs and answers.';
}

export function stepWords(step: PredictStep): string {
  switch (step.verb) {
    case 'kill':
      return `Unplug ${brokerWords(step.broker)}`;
    case 'power-loss':
      return `Cut the power of ${brokerWords(step.broker)}`;
    case 'shut-down':
      return `Shut down ${brokerWords(step.broker)}`;
    case 'pause':
      return `Pause ${brokerWords(step.broker)}`;
    case 'resume':
      return `Resume ${brokerWords(step.broker)}`;
    case 'restart':
      return `Restart ${brokerWords(step.broker)}`;
    case 'cut':
      return `Cut ${step.from.join(', ')} from ${step.to.join(', ')}`;
    case 'heal':
      return 'Heal the network';
    case 'elect-leaders':
      return 'Elect the preferred leaders';
    case 'send':
      return step.key === null ? 'Send a record without a key' : `Send ${step.key}`;
    case 'advance':
      return `Run ${durationWords(step.duration)}`;
  }
}

const ROLE_WORDS = { controller: 'the controller', stopped: 'the stopped broker', other: 'another broker' } as const;

function brokerWords(broker: number | BrokerRole): string {
  return typeof broker === 'number' ? `broker ${broker}` : ROLE_WORDS[broker];
}

const UNIT_WORDS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  us: ['microsecond', 'microseconds'],
  ms: ['millisecond', 'milliseconds'],
  s: ['second', 'seconds'],
  m: ['minute', 'minutes'],
};

function durationWords(duration: string): string {
  const [, number = '', unit = ''] = /^([\d.]+)([a-z]+)$/.exec(duration) ?? [];
  const [one, many] = UNIT_WORDS[unit] ?? [unit, unit];
  return `${number} ${number === '1' ? one : many}`;
}
