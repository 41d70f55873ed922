// Two cells as the build writes them, on a live session with the real engine in its worker: what a lesson page does, without the lesson.
import '#src/styles/tokens.css';
import '#src/styles/base.css';
import '#src/styles/blocks.css';
import '#src/styles/notebook.css';
import { mountCells } from '#src/notebook/mount-cells.ts';
import { startEngineWorker } from '#src/session/engine-client.ts';
import { LiveSession } from '#src/session/live-session.ts';
import { newRun } from '#src/session/run-file.ts';

const { engine } = startEngineWorker();
const session = new LiveSession(engine);
await session.open(newRun(await engine.engineVersion, {
  kafka: '3.9', mode: 'kraft',
  nodes: [{ id: 1, host: 'cpu-node1' }, { id: 2, host: 'worker-node2' }, { id: 3, host: 'worker-node3' }],
  topics: [{ name: 'user-events', assignment: [[1, 2, 3], [2, 3, 1], [3, 1, 2]] }],
  startMs: 12_000,
}, 7));
mountCells(document, { session });
(window as unknown as { session: LiveSession }).session = session;
