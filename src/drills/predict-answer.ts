/** What a prediction is held against: one measurement of the run, never a value that an author typed. Pure. */
import type { ClusterView, PartitionView, ViewFact } from '#engine/cluster/view.ts';
import type { Measure } from '#src/lesson/lesson-blocks.ts';
import type { PredictAnswer, PredictOption } from '#src/lesson/predict-block.ts';
import { listText } from '#src/stage/shown-text.ts';
import { lostAcknowledged } from './lost-records.ts';
import { measureRun } from './measure-run.ts';
import { readMeasure } from './measure-words.ts';

/** The run at the moment of the answer. `facts` end there. */
export interface AnsweringRun {
  readonly facts: readonly ViewFact[];
  readonly view: ClusterView;
  readonly openingUs: number;
  readonly measures: readonly Measure[];
  /** The lesson's file, for errors. */
  readonly file: string;
}

export interface MeasuredAnswer {
  /** What options are compared with. */
  readonly value: string;
  /** As a sentence says it: "broker 3", "8.914 s". */
  readonly text: string;
  /** The event that shows it; null when there is none. */
  readonly factId: number | null;
}

/** Null when the run does not have the answer (yet): the partition is not there, the moment has not come. */
export function measuredAnswer(answer: PredictAnswer, run: AnsweringRun): MeasuredAnswer | null {
  switch (answer.measure) {
    case 'leader':
    case 'leaderEpoch':
    case 'isr':
    case 'highWatermark':
    case 'logEnd': {
      const partition = partitionOf(run.view, answer);
      return partition === null ? null : { ...stateOf(answer.measure, partition), factId: lastChange(run.facts, answer) };
    }
    case 'partitionOf':
      return placeOfKey(run.facts, answer);
    case 'lostAcknowledged': {
      const { count, factId } = lostAcknowledged(run.facts, answer.topic);
      return { value: String(count), text: count === 0 ? 'none' : String(count), factId };
    }
    case 'named': {
      const measure = run.measures.find((it) => it.name === answer.name);
      const measured = measure === undefined ? null : measureRun(readMeasure(measure, run.file), run.facts, run.openingUs);
      return measured === null ? null : { value: String(measured.value), text: measured.text, factId: measured.factId };
    }
  }
}

/** An option is right when it names the value, or a range of numbers that holds it ("7000..9500"). */
export function isRight(option: PredictOption, value: string): boolean {
  if (option.value === null) return false;
  const range = /^(-?[\d.]+?)\.\.(-?[\d.]+)$/.exec(option.value);
  if (range === null) return option.value.replaceAll(/\s*,\s*/g, ',') === value;
  const measured = Number(value);
  return value !== '' && measured >= Number(range[1]) && measured <= Number(range[2]);
}

function partitionOf(view: ClusterView, of: { readonly topic: string; readonly partition: number }): PartitionView | null {
  const topic = view.topics.find((it) => it.name === of.topic);
  return topic?.partitions.find((it) => it.partition === of.partition) ?? null;
}

function stateOf(measure: 'leader' | 'leaderEpoch' | 'isr' | 'highWatermark' | 'logEnd', partition: PartitionView): { readonly value: string; readonly text: string } {
  switch (measure) {
    case 'leader':
      return { value: String(partition.leader), text: partition.leader < 0 ? 'nobody' : `broker ${partition.leader}` };
    case 'leaderEpoch':
      return { value: String(partition.leaderEpoch), text: `epoch ${partition.leaderEpoch}` };
    case 'isr':
      return { value: partition.isr.join(','), text: listText(partition.isr) };
    case 'highWatermark':
      return { value: String(partition.highWatermark), text: `offset ${partition.highWatermark}` };
    case 'logEnd': {
      const end = partition.logs.find((log) => log.broker === partition.leader)?.logEnd ?? partition.highWatermark;
      return { value: String(end), text: `offset ${end}` };
    }
  }
}

function lastChange(facts: readonly ViewFact[], of: { readonly topic: string; readonly partition: number }): number | null {
  const entry = facts.findLast(({ fact }) => fact.kind === 'partition-changed' && fact.topic === of.topic && fact.partition === of.partition);
  return entry?.id ?? null;
}

/** Where the newest record with this key was appended. */
function placeOfKey(facts: readonly ViewFact[], of: { readonly topic: string; readonly key: string }): MeasuredAnswer | null {
  for (const { id, fact } of facts.toReversed()) {
    if (fact.kind !== 'log-appended' || !fact.asLeader || fact.topic !== of.topic) continue;
    if (fact.batch.records.some((record) => record.key === of.key)) {
      return { value: String(fact.partition), text: `partition ${fact.partition}`, factId: id };
    }
  }
  return null;
}
