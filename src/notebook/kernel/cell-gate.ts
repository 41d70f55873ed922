// One cell's code at a time. Cells that are due wait here; the kernel lets the first of them in, in the order of the page, once
// nothing else can happen at this instant. So two cells that both act on the cluster never mix.
import type { CellProblem } from '../cell-problem.ts';

/** Ends a cell from outside: nobody can make its code stop, but nothing it does from here on has an effect. */
export class StoppedCellError extends Error {
  override readonly name = 'StoppedCellError';
  readonly problem: Omit<CellProblem, 'cell'>;

  constructor(problem: Omit<CellProblem, 'cell'>) {
    super(problem.what);
    this.problem = problem;
  }
}

/** What was thrown belongs to the cell: even to ask what it is may throw. */
export function isStopped(error: unknown): error is StoppedCellError {
  try {
    return error instanceof StoppedCellError;
  } catch {
    return false;
  }
}

interface Waiting {
  readonly cell: string;
  readonly admit: () => void;
  readonly refuse: (reason: Error) => void;
}

export class CellGate {
  private readonly waiting: Waiting[] = [];
  private stop: ((reason: Error) => void) | null = null;
  running: string | null = null;

  /** Settles when it is this cell's turn. */
  enter(cell: string): Promise<void> {
    return new Promise((admit, refuse) => { this.waiting.push({ cell, admit, refuse }); });
  }

  /** Runs `work` as the cell that is in; rejects early when the cell is stopped. */
  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    const stopped = new Promise<never>((_, reject) => { this.stop = reject; });
    stopped.catch(() => undefined);
    try {
      return await Promise.race([work(), stopped]);
    } finally {
      this.running = null;
      this.stop = null;
    }
  }

  /** @param order the cells as they stand on the page. @returns false when nobody waits. */
  admitFirst(order: readonly string[]): boolean {
    const [first] = [...this.waiting].sort((a, b) => order.indexOf(a.cell) - order.indexOf(b.cell));
    if (first === undefined) return false;
    this.waiting.splice(this.waiting.indexOf(first), 1);
    this.running = first.cell;
    first.admit();
    return true;
  }

  stopRunning(reason: Error): void {
    this.stop?.(reason);
  }

  /** Turns away everybody who waits. */
  close(reason: Error): void {
    for (const { refuse } of this.waiting.splice(0)) refuse(reason);
  }
}
