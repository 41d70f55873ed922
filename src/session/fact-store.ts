/** The facts of the run that the page shows, in order. Grows at the end; a rewind cuts the end off. Facts are sorted by id and by time. */
import type { FactsDelta } from '#engine/host/api.ts';
import type { ViewFact } from '#engine/cluster/view.ts';

/** What keeps something of its own about the facts: told of each once, and of each that is taken back. */
export interface FactFollower {
  add(fact: ViewFact): void;
  /** Forgets every fact with id >= `firstId`. */
  dropFrom(firstId: number): void;
}

export class FactStore {
  readonly #facts: ViewFact[] = [];
  readonly #followers: FactFollower[] = [];
  #version = 0;

  /** Grows with every change. */
  get version(): number {
    return this.#version;
  }

  get all(): readonly ViewFact[] {
    return this.#facts;
  }

  /** The id to ask the engine from. */
  get nextId(): number {
    const last = this.#facts.at(-1);
    return last === undefined ? 0 : last.id + 1;
  }

  /** Catches the follower up with what is there. */
  follow(follower: FactFollower): void {
    this.#followers.push(follower);
    for (const fact of this.#facts) follower.add(fact);
  }

  /** True when something changed. */
  apply(delta: Omit<FactsDelta, 'history'>): boolean {
    const dropped = delta.reset && this.#dropFrom(delta.firstId);
    const from = this.nextId;
    const fresh = delta.facts.filter((fact) => fact.id >= from);
    for (const fact of fresh) {
      this.#facts.push(fact);
      for (const follower of this.#followers) follower.add(fact);
    }
    if (!dropped && fresh.length === 0) return false;
    this.#version += 1;
    return true;
  }

  byId(id: number): ViewFact | undefined {
    const fact = this.#facts[firstIndex(this.#facts, (it) => it.id >= id)];
    return fact?.id === id ? fact : undefined;
  }

  /** How many facts are true at `us`: those that happened up to and at it. */
  countAt(us: number): number {
    return firstIndex(this.#facts, (fact) => fact.at > us);
  }

  /** The first moment after `us` with a fact that is accepted; null when none is known yet. */
  momentAfter(us: number, accepts: (fact: ViewFact) => boolean): number | null {
    for (let index = this.countAt(us); index < this.#facts.length; index += 1) {
      const fact = this.#facts[index];
      if (fact !== undefined && accepts(fact)) return fact.at;
    }
    return null;
  }

  momentBefore(us: number, accepts: (fact: ViewFact) => boolean): number | null {
    for (let index = firstIndex(this.#facts, (fact) => fact.at >= us) - 1; index >= 0; index -= 1) {
      const fact = this.#facts[index];
      if (fact !== undefined && accepts(fact)) return fact.at;
    }
    return null;
  }

  #dropFrom(firstId: number): boolean {
    const keep = firstIndex(this.#facts, (fact) => fact.id >= firstId);
    if (keep === this.#facts.length) return false;
    this.#facts.length = keep;
    for (const follower of this.#followers) follower.dropFrom(firstId);
    return true;
  }
}

/** Index of the first element that `holds`, in a list where it holds from some place on; the length when nowhere. */
export function firstIndex<Item>(list: readonly Item[], holds: (item: Item) => boolean): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = list[middle];
    if (item !== undefined && holds(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}
