/** The form of a drill's prediction: who leads, in which epoch, who is in sync. What is said becomes an input of the run, at the shown moment. */
import type { Drill, PredictionQuestion } from '#engine/grading/define-drill.ts';
import { element } from './dom-element.ts';
import { answerWords, predictionAnswer } from './drill-words.ts';

type Answer = Readonly<Record<string, number | readonly number[]>>;

export function drillForm(drill: Drill, question: PredictionQuestion, say: (answer: Answer) => void): HTMLElement {
  const submit = element('button', { type: 'submit', class: 'primary', disabled: '' }, 'Say it');
  const said = element('span', { role: 'status' }, 'Say it before it happens; you may say it again until then.');
  const form = element('form', { class: 'predict drill-question' },
    element('header', {}, 'Say first, then run', element('span', {}, `partition ${question.about.partition} of ${question.about.topic}`)),
    element('p', { class: 'drill-ask' }, question.text),
    ...question.fields.map((field) => fieldOf(drill, field)),
    element('footer', {}, submit, said));
  const answer = (): Answer | null => {
    const data = new FormData(form);
    const text = (name: string): string | null => { const value = data.get(name); return typeof value === 'string' ? value.trim() : null; };
    return predictionAnswer(question, { leader: text('leader'), leaderEpoch: text('leaderEpoch'), logEnd: text('logEnd'), isr: data.getAll('isr').filter((it) => typeof it === 'string') });
  };
  form.addEventListener('input', () => { submit.disabled = answer() === null; });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const given = answer();
    if (given === null) return;
    say(given);
    said.textContent = `You said: ${answerWords(given)}.`;
  });
  return form;
}

function fieldOf(drill: Drill, field: PredictionQuestion['fields'][number]): HTMLElement {
  const nodes = drill.cluster.nodes.filter((node) => node.roles?.includes('broker') ?? true).map((node) => String(node.id));
  switch (field) {
    case 'leader':
      return group('Who leads?', [...nodes, '-1'].map((id) => tick('radio', 'leader', id, id === '-1' ? 'nobody' : `broker ${id}`)));
    case 'isr':
      return group('Who is in sync?', nodes.map((id) => tick('checkbox', 'isr', id, `broker ${id}`)));
    case 'leaderEpoch': return group('Which leader epoch?', [numberInput('leaderEpoch', 'epoch')]);
    case 'logEnd': return group('Where does the log of that leader end?', [numberInput('logEnd', 'the first offset that is free')]);
  }
}

function group(legend: string, ticks: readonly HTMLElement[]): HTMLElement {
  return element('fieldset', {}, element('legend', {}, legend), element('div', { class: 'ticks' }, ...ticks));
}

function numberInput(name: string, label: string): HTMLElement {
  const input = element('input', { type: 'number', name, min: '0', max: '999999', inputmode: 'numeric', class: 'drill-number' });
  return element('label', {}, input, element('span', {}, label));
}

function tick(type: 'radio' | 'checkbox', name: string, value: string, label: string): HTMLElement {
  return element('label', {}, element('input', { type, name, value }), element('span', {}, label));
}
