// Brings the static cells of a page to life. This file is all that a page loads for its cells; the editor, the kernel and the drawing of
// output come when a learner first touches one.
import type { CellBlock } from '#src/lesson/lesson-blocks.ts';
import type { CellHost } from './cell-host.ts';
import { CellPart } from './cell-part.ts';
import type { CellEvent, CellSource } from './cell-protocol.ts';
import type { Notebook } from './notebook.ts';

export interface MountCells {
  readonly session: CellHost;
  /** The cluster that `session` runs, when a lesson has several; cells that name none belong to the first. */
  readonly of?: string;
}

export function mountCells(root: ParentNode, { session, of }: MountCells): void {
  const blocks = [...root.querySelectorAll<HTMLElement>('[data-block="cell"]')].flatMap((element) => {
    const data = element.querySelector(':scope > script[type="application/json"]')?.textContent ?? null;
    const block = data === null ? null : (JSON.parse(data) as CellBlock);
    return block === null || block.of !== null && of !== undefined && block.of !== of ? [] : [{ element, block }];
  });
  if (blocks.length === 0) return;
  const page = new CellsOfPage(session);
  for (const { element, block } of blocks) page.add(element, block);
}

class CellsOfPage {
  private readonly session: CellHost;
  private readonly parts = new Map<string, CellPart>();
  private notebook: Promise<Notebook> | null = null;
  private running: CellPart | null = null;
  private readonly queued = new Set<CellPart>();

  constructor(session: CellHost) {
    this.session = session;
  }

  add(element: HTMLElement, block: CellBlock): void {
    const part: CellPart = new CellPart(element, block, {
      run: () => this.run(part, block.id),
      stop: () => { void this.notebook?.then((notebook) => notebook.stop()); },
    });
    this.parts.set(block.id, part);
  }

  private async run(part: CellPart, id: string): Promise<void> {
    const cells: readonly CellSource[] = [...this.parts].map(([cell, { code }]) => ({ id: cell, code }));
    part.waits();
    this.queued.add(part);
    try {
      const notebook = await this.loaded();
      await notebook.run(cells, id);
    } catch (error) {
      // The chunk did not load: the learner is offline, or the site has been built anew.
      this.notebook = null;
      part.take({ event: 'failed', cell: id, at: this.session.shownUs, problem: loadProblem(id, error) });
    } finally {
      this.queued.delete(part);
      for (const each of this.parts.values()) if (!this.queued.has(each)) each.rest();
      this.running = null;
    }
  }

  private loaded(): Promise<Notebook> {
    this.notebook ??= import('./notebook.ts').then(({ Notebook: Loaded }) => new Loaded({
      host: this.session,
      kernelSource: async () => (await import('virtual:kernel-source')).default,
      needsPolicy: import.meta.env.PROD,
      check: async (name, engine, session) => (await import('#src/drills/named-check.ts')).checkSession(name, engine, session),
      onClock: (now) => this.running?.clock(now),
      onEvents: (events) => this.take(events),
    }));
    return this.notebook;
  }

  private take(events: readonly CellEvent[]): void {
    for (const event of events) {
      const part = this.parts.get(event.cell);
      if (event.event === 'started') this.running = part ?? null;
      part?.take(event);
    }
  }
}

function loadProblem(cell: string, error: unknown): Extract<CellEvent, { readonly event: 'failed' }>['problem'] {
  return {
    code: 'cell-kernel', cell, line: null, column: null, what: 'the part of the page that runs cells did not load', expected: 'a file of this site',
    found: error instanceof Error ? error.message : String(error), cure: 'Reload the page.', edit: null,
  };
}
