// Two cells as the build writes them, on a live session with the real engine in its worker: what a lesson page does, without the lesson.
import '#src/styles/tokens.css';
import '#src/styles/base.css';
import '#src/styles/blocks.css';
import '#src/styles/notebook.css';
import { mountCells } from '#src/notebook/mount-cells.ts';
import { startEngineWorker } from '#src/session/engine-client.ts';
import { LiveSession } from '#src/session/live-session.ts';
import { newRun } from '#engine/cluster/run-file.ts';
import { NOTEBOOK_SPEC } from './notebook-spec.ts';

const { engine } = startEngineWorker();
const session = new LiveSession(engine);
await session.open(newRun(NOTEBOOK_SPEC, 7, await engine.engineVersion));
mountCells(document, { session });
(window as unknown as { session: LiveSession }).session = session;
