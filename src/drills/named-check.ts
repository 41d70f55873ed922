/** `cluster.check("no-acknowledged-loss")` of a cell: a named check over everything that has happened. The same checks guard the engine's tests and grade drills. */
import { evaluateCheck } from '#engine/checks/check.ts';
import type { Check } from '#engine/checks/check.ts';
import { RunHistory } from '#engine/checks/run-history.ts';
import type { ClusterView, ViewFact } from '#engine/cluster/view.ts';

/** Checks that need nothing but their name. */
const CHECKS = {
  'no-acknowledged-loss': { check: 'no-acknowledged-loss' },
  'one-leader-per-epoch': { check: 'one-leader-per-epoch' },
  'logs-agree-below-high-watermark': { check: 'logs-agree-below-high-watermark' },
  'has-leader': { check: 'has-leader' },
  'fully-replicated': { check: 'fully-replicated' },
  'writable': { check: 'writable' },
  'leader-balance': { check: 'leader-balance' },
  'replicas-agree': { check: 'replicas-agree' },
  'all-nodes-running': { check: 'all-nodes-running' },
  'all-brokers-unfenced': { check: 'all-brokers-unfenced' },
  'active-controller': { check: 'active-controller' },
  'no-reassignment': { check: 'no-reassignment' },
  'ensemble-serves': { check: 'ensemble-serves' },
} as const satisfies Readonly<Record<string, Check>>;

export const CHECK_NAMES: readonly string[] = Object.keys(CHECKS);

/** What a cell shows of a check. */
export interface CheckVerdict { readonly check: string; readonly verdict: 'met' | 'broken'; readonly detail: string }

/** Null when there is no check of that name. */
export function namedCheck(name: string, view: ClusterView, facts: readonly ViewFact[]): CheckVerdict | null {
  const check = Object.hasOwn(CHECKS, name) ? CHECKS[name as keyof typeof CHECKS] : undefined;
  if (check === undefined) return null;
  const history = new RunHistory();
  for (const fact of facts) history.add(fact);
  const { holds, detail } = evaluateCheck(check, view, history);
  return { check: name, verdict: holds ? 'met' : 'broken', detail };
}

/** What a check asks of an engine, in process or behind a worker. */
interface LookedAt {
  facts(session: number, sinceId: number): { readonly facts: readonly ViewFact[] } | Promise<{ readonly facts: readonly ViewFact[] }>;
  observe(session: number, at: number): ClusterView | Promise<ClusterView>;
  advance(session: number, until: number): number | Promise<number>;
}

/** The checks as the notebook calls them: on a session as it stands. */
export async function checkSession(name: string, engine: LookedAt, session: number): Promise<CheckVerdict | null> {
  const now = await engine.advance(session, 0);
  const { facts } = await engine.facts(session, 0);
  return namedCheck(name, await engine.observe(session, now), facts);
}
