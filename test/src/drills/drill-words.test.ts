import { describe, expect, it } from 'vitest';
import { initialView } from '#engine/cluster/fold-facts.ts';
import { PRESETS } from '#engine/cluster/presets.ts';
import type { Verdict } from '#engine/grading/grade.ts';
import { SEEDS, answerWords, faultButton, goalLines, predictionAnswer, questionsBefore, seedsSummary, stoppedParties } from '#src/drills/drill-words.ts';
import oneCopyLeft from '../../../lessons/03-replication/40-in-sync-replicas/drill.ts';
import uncleanHands from '../../../lessons/03-replication/60-the-leader-dies/unclean-hands/drill.ts';
import drill from '../../../lessons/01-the-post-office/20-the-sorting-office/drill.ts';

const [question] = drill.predictions;
const [fault] = drill.faults;
if (question === undefined || fault === undefined) throw new Error('the drill has lost its question or its fault');

function verdict(broken: readonly string[]): Verdict {
  return {
    drill: drill.id, passed: broken.length === 0, until: 0,
    goals: drill.goals.map((goal) => ({
      goal: goal.id, text: goal.text, state: broken.includes(goal.id) ? 'broken' : 'met', detail: broken.includes(goal.id) ? 'nobody leads user-events-1' : '', evidence: [],
    })),
  };
}

describe('twenty seeds', () => {
  it('pass only when all of them held', () => {
    const all = SEEDS.map((seed) => ({ seed, verdict: verdict([]) }));
    expect(seedsSummary(all)).toMatchObject({ held: 20, isPassed: true, replay: null });
    expect(seedsSummary(all.slice(0, 19)).isPassed).toBe(false);
  });

  it('name the first seed that broke, its goal, and why', () => {
    const graded = SEEDS.map((seed) => ({ seed, verdict: verdict(seed === 13 || seed === 17 ? ['nobody-else-cut-off'] : []) }));
    const summary = seedsSummary(graded);
    expect(summary).toMatchObject({ held: 18, isPassed: false, replay: 13 });
    expect(summary.sentence).toContain('2 seeds did not hold. Seed 13: “partition 1 has a leader');
    expect(summary.sentence).toContain('Nobody leads user-events-1.');
  });
});

describe('goals', () => {
  it('are open until something has been graded', () => {
    expect(goalLines(drill, null).map((line) => line.word)).toEqual(['Open', 'Open', 'Open']);
  });

  it('say what kind they are and what became of them', () => {
    expect(goalLines(drill, verdict(['everybody-home'])).map((line) => `${line.word}: ${line.kind}`)).toEqual(['Met: Said first', 'Met: Always', 'Broken: At the end']);
  });
});

describe('the button of a fault', () => {
  const words = (of: typeof drill, said: readonly string[], happened: readonly string[]): readonly string[] =>
    of.faults.map((it) => { const { isReady, words: text } = faultButton(of, it, { said: new Set(said), happened: new Set(happened) }); return isReady ? `${text}!` : text; });

  it('waits for what has to be said first', () => {
    expect(words(drill, [], [])).toEqual(['Say first']);
    expect(words(drill, ['after-the-crash'], [])).toEqual(['Let it happen!']);
    expect(words(drill, ['after-the-crash'], ['crash'])).toEqual(['It has happened']);
  });

  it('waits for what happens earlier in the story', () => {
    expect(words(oneCopyLeft, [], [])).toEqual(['Let it happen!', 'Not yet']);
    expect(words(oneCopyLeft, [], ['first'])).toEqual(['It has happened', 'Let it happen!']);
  });

  it('is an order when the fault is the learner’s own', () => {
    expect(words(uncleanHands, ['what-is-left'], [])).toEqual(['Give the order!']);
    expect(words(uncleanHands, ['what-is-left'], ['order'])).toEqual(['The order is given']);
  });
});

describe('a prediction', () => {
  it('is complete when every field is said', () => {
    expect(predictionAnswer(question, { leader: '2', leaderEpoch: '1', logEnd: null, isr: ['2', '3'] })).toEqual({ leader: 2, leaderEpoch: 1, isr: [2, 3] });
    expect(predictionAnswer(question, { leader: '2', leaderEpoch: '', logEnd: null, isr: ['2'] })).toBeNull();
    expect(predictionAnswer(question, { leader: null, leaderEpoch: '1', logEnd: null, isr: ['2'] })).toBeNull();
    expect(predictionAnswer(question, { leader: '2', leaderEpoch: '1', logEnd: null, isr: [] })).toBeNull();
    expect(predictionAnswer(question, { leader: '2', leaderEpoch: '1e3', logEnd: null, isr: ['2'] })).toBeNull();
  });

  it('is repeated in words', () => {
    expect(answerWords({ leader: 2, leaderEpoch: 1, isr: [2, 3] })).toBe('broker 2 leads, epoch 1, ISR 2, 3');
    expect(answerWords({ leader: -1 })).toBe('nobody leads');
  });

  it('may ask where a log ends', () => {
    const ask = { ...question, fields: ['leader', 'logEnd'] } as const;
    expect(predictionAnswer(ask, { leader: '3', leaderEpoch: null, logEnd: '57', isr: [] })).toEqual({ leader: 3, logEnd: 57 });
    expect(predictionAnswer(ask, { leader: '3', leaderEpoch: null, logEnd: '', isr: [] })).toBeNull();
    expect(answerWords({ leader: 3, logEnd: 57 })).toBe('broker 3 leads, its log ends at 57');
  });

  it('comes before the fault it speaks of', () => {
    expect(questionsBefore(drill, fault).map((it) => it.id)).toEqual(['after-the-crash']);
  });
});

it('whoever is stopped can be started: brokers, controllers, ZooKeeper servers', () => {
  const words = (name: string): readonly string[] => {
    const spec = PRESETS[name];
    return spec === undefined ? [] : stoppedParties(initialView(spec)).map((it) => `${it.party}: ${it.words}`);
  };
  expect(words('guides/three-brokers-three-controllers')).toEqual(
    ['1: broker 1', '2: broker 2', '3: broker 3', '101: controller 101', '102: controller 102', '103: controller 103']);
  expect(words('guides/three-nodes-zookeeper').slice(2, 4)).toEqual(['3: broker 3', 'zookeeper-1: ZooKeeper server 1']);
});
