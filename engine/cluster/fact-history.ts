// The facts of a run as a page keeps them, and the view at any moment of them: folded forwards from the nearest kept view, so that
// scrubbing in either direction costs at most one stretch of facts.
import { foldChange, initialView } from "./fold-facts.ts";
import type { ClusterSpec } from "./spec.ts";
import type { ClusterView, ViewFact } from "./view.ts";

/** A view is kept after each so many facts; folding a stretch takes well under a millisecond. */
const STRETCH = 256;

export class FactHistory {
  readonly #facts: ViewFact[] = [];
  /** #kept[n] is the view after the first n * STRETCH facts. */
  readonly #kept: ClusterView[];
  #cursor: { count: number; view: ClusterView };

  constructor(spec: ClusterSpec) {
    const first = initialView(spec);
    this.#kept = [first];
    this.#cursor = { count: 0, view: first };
  }

  get facts(): readonly ViewFact[] {
    return this.#facts;
  }

  /** Takes a delta of the engine: a reset drops what came after the point where the past changed. */
  apply(delta: { readonly firstId: number; readonly reset: boolean; readonly facts: readonly ViewFact[] }): void {
    if (delta.reset) this.truncate(delta.firstId);
    for (const fact of delta.facts) this.#facts.push(fact);
  }

  /** Forgets the facts with id >= `firstId`. */
  truncate(firstId: number): void {
    const count = countBefore(this.#facts, fact => fact.id < firstId);
    this.#facts.length = count;
    this.#kept.length = Math.min(this.#kept.length, Math.floor(count / STRETCH) + 1);
    if (this.#cursor.count > count) this.#cursor = this.#nearest(count);
  }

  /** The view at a moment: after every fact with `at` <= that moment. */
  viewAt(at: number): ClusterView {
    const count = this.countAt(at);
    if (this.#cursor.count > count || count - this.#cursor.count > STRETCH) this.#cursor = this.#nearest(count);
    let { view } = this.#cursor;
    for (let index = this.#cursor.count; index < count; index += 1) {
      view = foldChange(view, this.#facts[index] as ViewFact);
      if ((index + 1) % STRETCH === 0) this.#kept[(index + 1) / STRETCH] = view;
    }
    this.#cursor = { count, view };
    return { ...view, at };
  }

  /** How many facts are not later than `at`. */
  countAt(at: number): number {
    return countBefore(this.#facts, fact => fact.at <= at);
  }

  #nearest(count: number): { count: number; view: ClusterView } {
    const index = Math.min(Math.floor(count / STRETCH), this.#kept.length - 1);
    return { count: index * STRETCH, view: this.#kept[index] as ClusterView };
  }
}

/** Facts are in order, so the first that does not pass ends the count: binary search. */
function countBefore(facts: readonly ViewFact[], passes: (fact: ViewFact) => boolean): number {
  let low = 0;
  let high = facts.length;
  while (low < high) {
    const middle = low + high >> 1;
    if (passes(facts[middle] as ViewFact)) low = middle + 1;
    else high = middle;
  }
  return low;
}
