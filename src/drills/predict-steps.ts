/** The steps of a prediction as commands of the run. Pure. */
import type { Command } from '#engine/cluster/commands.ts';
import { milliseconds } from '#src/lesson/cluster-spec-of.ts';
import type { ClusterView } from '#engine/cluster/view.ts';
import type { BrokerRole, PredictStep } from '#src/lesson/predict-block.ts';

/** Either time passes, or something is done; a command that is answered later gets its number when it is given. */
export type RunStep =
  | { readonly kind: 'advance'; readonly us: number }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'call'; readonly make: (call: number) => Command };

/** The broker that has each role; null: none has it. */
export type RoleHolders = Readonly<Record<BrokerRole, number | null>>;

/** Who is who at this moment: the controller, the first broker that does not run, and the last one that runs and is not the controller. */
export function roleHolders(view: ClusterView): RoleHolders {
  const brokers = view.nodes.filter((node) => node.roles?.includes('broker') !== false);
  const controller = view.activeController < 0 ? null : view.activeController;
  return {
    controller,
    stopped: brokers.find((node) => node.status === 'stopped')?.id ?? null,
    other: brokers.findLast((node) => node.status === 'running' && node.id !== controller)?.id ?? null,
  };
}

export function runStepOf(step: PredictStep, holders: RoleHolders | null = null): RunStep {
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
      return { kind: 'command', command: { do: step.verb, node: brokerOf(step.broker, holders) } };
  }
}

function brokerOf(broker: number | BrokerRole, holders: RoleHolders | null): number {
  if (typeof broker === 'number') return broker;
  const holder = holders?.[broker] ?? null;
  if (holder === null) throw new Error(`no broker is "${broker}" at this moment: the cluster is not as the question has it. Go on with the lesson from its beginning`);
  return holder;
}
