// An engine for tests of the page: its facts are written beforehand, it knows time, rewinding and lanes, and nothing of Kafka.
import type { Command, Input } from "#engine/cluster/commands.ts";
import type { ViewFact } from "#engine/cluster/view.ts";
import type { Lane, RunFile, SessionInfo } from "#engine/host/api.ts";
import type { AsyncEngine } from "#src/session/engine-client.ts";

interface Run { readonly run: RunFile; head: number; facts: ViewFact[]; changedFrom: number; inputs: Input[]; lane: number; lanes: Lane[] }

export interface WrittenEngine { readonly engine: AsyncEngine; readonly calls: string[]; run(session: number): Run }

/** `future` are the facts of a run to which nothing is done; a command takes away those after it and adds its own. */
export function writtenEngine(future: readonly ViewFact[]): WrittenEngine {
  const runs = new Map<number, Run>();
  const calls: string[] = [];
  let next = 1;
  let nextCall = 1;
  const of = (session: number): Run => {
    const run = runs.get(session);
    if (run === undefined) throw new Error(`there is no session ${session}`);
    return run;
  };
  const info = (session: number): SessionInfo => {
    const { head, lane, lanes, run } = of(session);
    return { session, head, lane, lanes, seed: run.seed };
  };
  const open = (run: RunFile, facts: readonly ViewFact[]): SessionInfo => {
    const session = next;
    next += 1;
    runs.set(session, {
      run, head: run.until, facts: [...facts], changedFrom: Number.MAX_SAFE_INTEGER, inputs: [...run.inputs], lane: 0,
      lanes: [{ id: 0, parent: -1, forkedAt: 0, label: "first", until: 0 }],
    });
    return info(session);
  };
  const command = (session: number, given: Command, at: number): SessionInfo => {
    const run = of(session);
    if (given.do === "resume") return { ...info(session), refused: { code: "not-paused", message: "broker 2 is not paused" } };
    const kept = run.facts.filter(fact => fact.at <= at);
    const id = (kept.at(-1)?.id ?? -1) + 1;
    if (run.inputs.some(input => input.at > at)) {
      run.lane = run.lanes.length;
      run.lanes = [...run.lanes, { id: run.lane, parent: 0, forkedAt: at, label: "", until: at }];
      run.inputs = run.inputs.filter(input => input.at <= at);
    }
    run.inputs.push({ at, command: given });
    run.facts = [...kept, { id, at, process: "", cause: -1, quiet: false, fact: { kind: "command", input: run.inputs.length - 1, command: given } }];
    run.changedFrom = Math.min(run.changedFrom, id);
    run.head = at;
    return info(session);
  };
  const answers = {
    open: (run: RunFile) => open(run, future),
    fork: (session: number, at: number) => open({ ...of(session).run, until: at, inputs: of(session).inputs.filter(input => input.at <= at) }, of(session).facts),
    advance: (session: number, until: number) => (of(session).head = Math.max(of(session).head, until)),
    advanceToOutcome: (session: number, until: number) => ({ now: (of(session).head = until), outcomes: [] }),
    command,
    nextCall: () => { nextCall += 1; return nextCall - 1; },
    facts: (session: number, sinceId: number) => {
      const run = of(session);
      const reset = run.changedFrom < sinceId;
      const firstId = reset ? run.changedFrom : sinceId;
      run.changedFrom = Number.MAX_SAFE_INTEGER;
      return { head: run.head, firstId, reset, facts: run.facts.filter(fact => fact.id >= firstId && fact.at <= run.head) };
    },
    why: (session: number, id: number) => of(session).facts.filter(fact => fact.id === id),
    observe: () => { throw new Error("the page folds its facts"); },
    openLane: (session: number, lane: number) => { of(session).lane = lane; return info(session); },
    run: (session: number) => ({ ...of(session).run, inputs: of(session).inputs, until: of(session).head }),
    digest: () => "",
    close: (session: number) => { runs.delete(session); },
  };
  const engine = Object.fromEntries(Object.entries(answers).map(([name, answer]) => [name, async (...args: never[]) => {
    calls.push(`${name} ${JSON.stringify(args)}`);
    return (answer as (...args: never[]) => unknown)(...args);
  }]));
  return { engine: { ...engine, engineVersion: Promise.resolve("1") } as unknown as AsyncEngine, calls, run: of };
}
