/** Which shelves cannot reach each other, as the stage draws it: tears between shelves, and the sides by name. Pure. */
import type { ClusterView } from '#engine/cluster/view.ts';

export interface NetworkCut {
  /** Indexes of the shelves below which the network is torn, top to bottom. */
  readonly tearsBelow: readonly number[];
  /** "cut: 1 | 2, 3" beside each tear. */
  readonly label: string;
}

const WHOLE: NetworkCut = { tearsBelow: [], label: '' };

export function networkCutOf(view: ClusterView): NetworkCut {
  const cutPairs = pairsOf(view);
  if (cutPairs.length === 0) return WHOLE;
  const sides = sidesOf(view, cutPairs);
  if (sides.length > 1) {
    const sideOf = (index: number): number => sides.findIndex((side) => side.includes(index));
    const tearsBelow = view.nodes.slice(1).map((_, index) => index).filter((index) => sideOf(index) !== sideOf(index + 1));
    const names = sides.map((side) => side.map((index) => view.nodes[index]?.id).join(', '));
    return { tearsBelow, label: `cut: ${names.join(' | ')}` };
  }
  // Not two sides: a third broker still reaches both. The tear stands below the upper one of each pair, with their names.
  const tearsBelow = [...new Set(cutPairs.map((pair) => pair.upper))].sort((a, b) => a - b);
  return { tearsBelow, label: `cut: ${cutPairs.map((pair) => pair.text).join(', ')}` };
}

interface CutPair { readonly upper: number; readonly lower: number; readonly isBothWays: boolean; readonly text: string }

function pairsOf(view: ClusterView): readonly CutPair[] {
  const isCut = (from: string, to: string): boolean => view.cuts.some((cut) => cut.from === from && cut.to === to);
  const pairs: CutPair[] = [];
  for (const [upper, a] of view.nodes.entries()) {
    for (const [lower, b] of view.nodes.entries()) {
      if (lower <= upper || a.host === b.host) continue;
      const down = isCut(a.host, b.host);
      const up = isCut(b.host, a.host);
      if (!down && !up) continue;
      const text = down && up ? `${a.id} | ${b.id}` : down ? `${a.id} to ${b.id}` : `${b.id} to ${a.id}`;
      pairs.push({ upper, lower, isBothWays: down && up, text });
    }
  }
  return pairs;
}

/** Groups of shelves that still reach each other, directly or through another. */
function sidesOf(view: ClusterView, pairs: readonly CutPair[]): readonly (readonly number[])[] {
  const sides: number[][] = [];
  const seen = new Set<number>();
  for (const start of view.nodes.keys()) {
    if (seen.has(start)) continue;
    const side: number[] = [];
    const open = [start];
    seen.add(start);
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      side.push(at);
      for (const next of view.nodes.keys()) {
        const isCut = pairs.some((pair) => pair.isBothWays && pair.upper === Math.min(at, next) && pair.lower === Math.max(at, next));
        if (seen.has(next) || isCut) continue;
        seen.add(next);
        open.push(next);
      }
    }
    sides.push(side.sort((a, b) => a - b));
  }
  return sides;
}
