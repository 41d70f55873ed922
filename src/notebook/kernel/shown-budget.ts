// What one cell may show in one run: beyond it a sentence, once, and then nothing.
import { CELL_LIMITS } from '../cell-protocol.ts';
import { sizeOf } from '../inspected-value.ts';
import type { Shown } from './cell-scope.ts';

export class ShownBudget {
  private lines = 0;
  private nodes = 0;
  private characters = 0;
  private isSpent = false;

  /** What may be sent of `shown`: itself, the sentence, or null. */
  take(shown: Shown): Shown | null {
    if (this.isSpent) return null;
    this.lines += 1;
    for (const size of shown.values.map(sizeOf)) {
      this.nodes += size.nodes;
      this.characters += size.characters;
    }
    const isWithin = this.lines <= CELL_LIMITS.shownPerCellMax && this.nodes <= CELL_LIMITS.shownNodesPerCellMax && this.characters <= CELL_LIMITS.shownCharactersPerCellMax;
    if (isWithin) return shown;
    this.isSpent = true;
    const text = `… a cell shows at most ${CELL_LIMITS.shownPerCellMax} values, and ${CELL_LIMITS.shownNodesPerCellMax} parts of them; the rest is left out`;
    return { from: 'console', level: 'warn', values: [{ kind: 'text', text }] };
  }
}
