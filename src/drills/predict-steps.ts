/** The steps of a prediction as commands of the run. Pure. */
import type { Command } from '#engine/cluster/commands.ts';
import { milliseconds } from '#src/lesson/cluster-spec-of.ts';
import type { PredictStep } from '#src/lesson/predict-block.ts';

/** Either time passes, or something is done; a command that is answered later gets its number when it is given. */
export type RunStep =
  | { readonly kind: 'advance'; readonly us: number }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'call'; readonly make: (call: number) => Command };

export function runStepOf(step: PredictStep): RunStep {
  switch (step.verb) {
    case 'advance':
      return { kind: 'advance', us: Math.round(milliseconds(step.duration) * 1_000) };
    case 'cut':
    case 'heal':
      return { kind: 'command', command: { do: step.verb, from: step.from, to: step.to } };
    case 'elect-leaders':
      return { kind: 'call', make: (call) => ({ do: 'elect-leaders', type: 'preferred', partitions: null, call }) };
    case 'send': {
      const { producer, topic, key, value } = step;
      return { kind: 'call', make: (call) => ({ do: 'send', producer, topic, records: [{ key, value }], call }) };
    }
    default:
      return { kind: 'command', command: { do: step.verb, node: step.broker } };
  }
}
