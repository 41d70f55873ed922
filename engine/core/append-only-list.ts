// A list that only grows, shared by reference between the world and its checkpoints.
// Copying costs O(1): the copy shares the array and remembers its own length. Whoever pushes onto an array that another
// copy has already grown past starts an array of its own; a truncation always does, so older checkpoints stay whole.
import { InvariantError } from "./invariant-error.ts";

export class AppendOnlyList<T> {
  length: number;
  #items: T[];

  constructor(items: T[] = [], length: number = items.length) {
    this.#items = items;
    this.length = length;
  }

  push(item: T): void {
    if (this.#items.length !== this.length) this.#items = this.#items.slice(0, this.length);
    this.#items.push(item);
    this.length += 1;
  }

  /** The item at `index`; `undefined` outside [0, length). */
  at(index: number): T | undefined {
    return index < this.length ? this.#items[index] : undefined;
  }

  get last(): T | undefined {
    return this.length === 0 ? undefined : this.#items[this.length - 1];
  }

  /** Keeps the first `length` items. */
  truncate(length: number): void {
    if (length < 0 || length > this.length) {
      throw new InvariantError(`cannot truncate a list of ${this.length} to ${length}`);
    }
    if (length === this.length) return;
    this.#items = this.#items.slice(0, length);
    this.length = length;
  }

  /** Drops the first `count` items (retention): a new array, so that copies keep theirs. */
  dropFirst(count: number): void {
    if (count <= 0) return;
    this.#items = this.#items.slice(count, this.length);
    this.length = this.#items.length;
  }

  slice(from: number, to: number = this.length): T[] {
    return this.#items.slice(from, to < this.length ? to : this.length);
  }

  share(): AppendOnlyList<T> {
    return new AppendOnlyList(this.#items, this.length);
  }

  /** Whether both lists still share one array: then they agree up to the shorter length. */
  sharesArrayWith(other: AppendOnlyList<T>): boolean {
    return this.#items === other.#items;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let index = 0; index < this.length; index += 1) yield this.#items[index] as T;
  }
}
