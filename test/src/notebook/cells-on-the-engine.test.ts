// Cells on the real engine: what a lesson's cells do, as a learner would run them.
import { beforeEach, expect, test } from 'vitest';
import { createEngine } from '#engine/host/in-process.ts';
import type { ClusterSpec } from '#engine/cluster/spec.ts';
import type { EngineApi } from '#engine/host/api.ts';
import { problemText } from '#src/notebook/cell-problem.ts';
import { createHeadlessNotebook, runCellsHeadless } from '#src/notebook/run-cells-headless.ts';
import type { HeadlessCell } from '#src/notebook/run-cells-headless.ts';

const SPEC: ClusterSpec = {
  kafka: '3.9', mode: 'kraft',
  nodes: [{ id: 1, host: 'cpu-node1' }, { id: 2, host: 'worker-node2' }, { id: 3, host: 'worker-node3' }],
  topics: [{ name: 'user-events', assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]], configs: { 'min.insync.replicas': 2 } }],
  producers: [{ id: 'web-1', settings: { acks: 'all' }, workload: { topic: 'user-events', everyMs: 500, keys: ['customer-123', 'customer-456', 'user-1'] } }],
  startMs: 12_000,
};

let engine: EngineApi;
let session: number;

beforeEach(() => {
  engine = createEngine();
  ({ session } = engine.open({ format: 'sorting-office-run', engine: engine.engineVersion, spec: SPEC, seed: 7, inputs: [], until: 12_000_000 }));
});

async function run(...codes: readonly string[]): Promise<readonly HeadlessCell[]> {
  return runCellsHeadless(codes.map((code, index) => ({ id: `c${index + 1}`, code })), engine, session);
}

async function resultOf(code: string): Promise<unknown> {
  const [cell] = await run(code);
  if (cell?.problem) throw new Error(problemText(cell.problem));
  return cell?.result;
}

test('messages with the guides\' keys land where Kafka puts them, are acknowledged, and can be read', async () => {
  const [sent, read] = await run(
    `const producer = kafka.producer()
     await producer.connect()
     await producer.send({ topic: "user-events", messages: ["customer-123", "customer-456", "customer-789"].map(key => ({ key, value: "paid" })) })`,
    'producer; await Promise.all([0, 1].map(p => cluster.read("user-events", p, { from: 0 })))',
  );
  expect(sent?.problem).toBeNull();
  expect(sent?.result).toMatchObject([{ partition: 0 }, { partition: 1 }]);
  const [first, second] = read?.result as { key: string | null; value: string | null }[][];
  expect(first?.filter(({ value }) => value === 'paid').map(({ key }) => key)).toEqual(['customer-123']);
  expect(second?.filter(({ value }) => value === 'paid').map(({ key }) => key)).toEqual(['customer-456', 'customer-789']);
});

test('the leader dies, and the next one is the first in-sync replica in assignment order', async () => {
  const result = (await resultOf(`
    await cluster.kill(2)
    await cluster.advance("15s")
    const view = cluster.observe()
    ;({ row: view.partition("user-events", 1), leaderless: await cluster.measure("leaderless", "user-events", 1), loss: await cluster.check("no-acknowledged-loss") })
  `)) as { row: { leader: number; leaderEpoch: number; isr: number[] }; leaderless: number; loss: { verdict: string } };
  expect(result.row).toMatchObject({ leader: 3, leaderEpoch: 1 });
  expect(result.row.isr).not.toContain(2);
  expect(result.leaderless).toBeGreaterThanOrEqual(7_000);
  expect(result.leaderless).toBeLessThanOrEqual(9_100);
  expect(result.loss.verdict).toBe('met');
});

test('a fork with other settings has the same past and its own future', async () => {
  const result = (await resultOf(`
    const quick = await cluster.fork({ "broker.session.timeout.ms": 1_000, "broker.heartbeat.interval.ms": 200 })
    await quick.kill(2)
    await quick.advance("5s")
    ;({ leaderless: await quick.measure("leaderless", "user-events", 1), here: cluster.observe().partition("user-events", 1).leader, now: [cluster.now, quick.now] })
  `)) as { leaderless: number; here: number; now: number[] };
  expect(result.leaderless).toBeLessThan(3_000);
  expect(result.here).toBe(2);
  expect(result.now).toEqual([12_000, 17_000]);
});

test('the admin client creates, describes and lists as KafkaJS does', async () => {
  const result = await resultOf(`
    const admin = kafka.admin()
    await admin.connect()
    const created = await admin.createTopics({ topics: [{ topic: "orders", numPartitions: 2, replicationFactor: 3 }] })
    const again = await admin.createTopics({ topics: [{ topic: "orders", numPartitions: 2, replicationFactor: 3 }] })
    await cluster.advance("1s")
    const { topics } = await admin.fetchTopicMetadata({ topics: ["orders"] })
    ;({ created, again, names: (await admin.listTopics()).toSorted(), partitions: topics[0].partitions.length, offsets: await admin.fetchTopicOffsets("orders"), brokers: (await admin.describeCluster()).brokers.length })
  `);
  expect(result).toEqual({
    created: true, again: false, names: ['orders', 'user-events'], partitions: 2, brokers: 3,
    offsets: [{ partition: 0, offset: '0', high: '0', low: '0' }, { partition: 1, offset: '0', high: '0', low: '0' }],
  });
});

test('too few replicas are Kafka\'s own error, with the line that asked', async () => {
  const [cell] = await run('const admin = kafka.admin()\nawait admin.createTopics({ topics: [{ topic: "orders", numPartitions: 1, replicationFactor: 9 }] })');
  expect(cell?.problem === null || cell === undefined ? '' : problemText(cell.problem)).toMatch(/^cell c1:2: KafkaJSProtocolError: INVALID_REPLICATION_FACTOR/);
});

test('wrong arguments are refused by the engine in words for the learner', async () => {
  const problems = await Promise.all(['await cluster.kill(9)', 'await cluster.restart(1)', 'await cluster.pause(2, "0s")', 'await cluster.fork({ "brokr.session.timeout.ms": 1 })', 'await cluster.dropNext("Produc")'].map(async (code) => {
    const [cell] = await run(code);
    return cell?.problem === null || cell === undefined ? 'no problem' : problemText(cell.problem);
  }));
  expect(problems[0]).toMatch(/^cell c1:1: there is no "broker-9"/);
  expect(problems[1]).toMatch(/^cell c1:1: .*running/);
  expect(problems[3]).toMatch(/broker\.session\.timeout\.ms/);
  expect(problems[4]).toMatch(/Did you mean "Produce"/);
  for (const problem of problems) expect(problem).toMatch(/expected {2}.+\n {2}found {5}.+\n {2}cure {6}.+/);
});

test('a producer of another past says which cell to run', async () => {
  const notebook = createHeadlessNotebook(engine, session);
  const cells = [{ id: 'c1', code: 'await cluster.advance("1s")\nconst producer = kafka.producer()\nawait producer.connect()' }, { id: 'c2', code: 'await producer.send({ topic: "user-events", messages: [{ value: "x" }] })' }];
  const after = await notebook.run(cells, 'c1', 12_000_000);
  await notebook.run(cells, 'c2', after - 500_000);
  expect(notebook.cell('c2')?.problem).toMatchObject({ code: 'cell-argument', what: expect.stringContaining('there is no "cell-c1"') as string, cure: expect.stringContaining('Run the cell that makes the client again') as string });
});

test('the same cells give the same run: the digest is equal', async () => {
  const code = 'const p = kafka.producer()\nawait p.connect()\nfor (let i = 0; i < 20; i += 1) await p.send({ topic: "user-events", messages: [{ key: String(Math.random()), value: String(i) }] })\nawait cluster.advance(Math.round(Math.random() * 1000))';
  await run(code);
  const first = engine.digest(session);
  const other = engine.open({ format: 'sorting-office-run', engine: engine.engineVersion, spec: SPEC, seed: 7, inputs: [], until: 12_000_000 }).session;
  await runCellsHeadless([{ id: 'c1', code }], engine, other);
  expect(engine.digest(other)).toBe(first);
});
