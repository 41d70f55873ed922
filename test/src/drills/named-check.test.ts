import { expect, it } from 'vitest';
import { createEngine } from '#engine/host/in-process.ts';
import { CHECK_NAMES, checkSession } from '#src/drills/named-check.ts';

it('judges a session by the name of a check, and knows no others', async () => {
  const engine = createEngine();
  const { session } = engine.open({
    format: 'sorting-office-run', engine: engine.engineVersion, seed: 3, inputs: [], until: 8_000_000,
    spec: { kafka: '3.9', mode: 'kraft', nodes: [1, 2, 3].map((id) => ({ id, host: `h${id}` })), topics: [{ name: 't', partitions: 3, replicationFactor: 3 }] },
  });
  for (const name of CHECK_NAMES.filter((it) => it !== 'ensemble-serves')) expect(await checkSession(name, engine, session)).toMatchObject({ check: name, verdict: 'met' });
  engine.command(session, { do: 'kill', node: 2 }, 8_000_000);
  expect(await checkSession('all-nodes-running', engine, session)).toMatchObject({ verdict: 'broken', detail: 'node 2 is stopped' });
  expect(await checkSession('everything-is-fine', engine, session)).toBeNull();
});

it('asks the ensemble where there is one', async () => {
  const engine = createEngine();
  const machines = [1, 2, 3].map((id) => ({ id, host: `h${id}` }));
  const { session } = engine.open({
    format: 'sorting-office-run', engine: engine.engineVersion, seed: 3, inputs: [], until: 8_000_000,
    spec: { kafka: '3.9', mode: 'zookeeper', nodes: machines, zookeeper: machines },
  });
  expect(await checkSession('ensemble-serves', engine, session)).toMatchObject({ verdict: 'met' });
});
