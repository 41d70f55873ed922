/**
 * The facts of a run added up: the view at any moment, and when each thing that moves on the stage last changed. Both are functions of the
 * facts and the clock alone, so playing, scrubbing back and jumping need no second path.
 */
import { foldChange, initialView } from '#engine/cluster/fold-facts.ts';
import type { ClusterSpec } from '#engine/cluster/spec.ts';
import type { ClusterView, NodeView, PartitionView, ViewFact } from '#engine/cluster/view.ts';
import { type FactFollower, firstIndex } from './fact-store.ts';

/** A view is kept after each so many facts; folding a stretch takes well under a millisecond. */
const STRETCH = 128;

export interface Change { readonly id: number; readonly atUs: number; readonly value: string | number; readonly before: string | number | null }

/** What is followed: one number or word each. */
export type Changing =
  | `watermark ${string}/${number}`
  | `leader ${string}/${number}`
  | `end ${string}/${number}/${number}`
  /** The log was cut back to this offset; `before` is where it had ended. */
  | `cut-back ${string}/${number}/${number}`
  | `status ${number}`
  | `belief ${number}`
  /** Status and state of a ZooKeeper server. */
  | `server ${number}`
  | `controller`
  | `cuts`
  /** Any log was cut back: how many letters. */
  | `cut-backs`;

export class RunStory implements FactFollower {
  readonly mode: ClusterSpec['mode'];
  readonly #facts: ViewFact[] = [];
  /** #kept[n] is the view after the first n * STRETCH facts. */
  readonly #kept: ClusterView[];
  #latest: ClusterView;
  #cursor: { count: number; view: ClusterView };
  readonly #changes = new Map<Changing, Change[]>();

  constructor(spec: ClusterSpec) {
    this.mode = spec.mode;
    const first = initialView(spec);
    this.#kept = [first];
    this.#latest = first;
    this.#cursor = { count: 0, view: first };
  }

  add(fact: ViewFact): void {
    const before = this.#latest;
    this.#facts.push(fact);
    this.#latest = foldChange(before, fact);
    if (this.#facts.length % STRETCH === 0) this.#kept.push(this.#latest);
    if (this.#latest !== before) this.#noteChanges(before, this.#latest, fact);
  }

  dropFrom(firstId: number): void {
    const count = firstIndex(this.#facts, (fact) => fact.id >= firstId);
    this.#facts.length = count;
    this.#kept.length = Math.floor(count / STRETCH) + 1;
    for (const [key, list] of this.#changes) {
      list.length = firstIndex(list, (change) => change.id >= firstId);
      if (list.length === 0) this.#changes.delete(key);
    }
    if (this.#cursor.count > count) this.#cursor = this.#nearest(count);
    this.#latest = this.#viewAfter(count);
  }

  /** Ids of nodes that are controllers alone. */
  get controllers(): readonly number[] {
    return this.#latest.nodes.filter((node) => node.roles?.includes('broker') === false).map((node) => node.id);
  }

  /** How many facts are true at `us`. The same number is the same view. */
  countAt(us: number): number {
    return firstIndex(this.#facts, (fact) => fact.at > us);
  }

  /** The cluster after every fact up to and at `us`. */
  viewAt(us: number): ClusterView {
    return this.#viewAfter(this.countAt(us));
  }

  /** The last change up to and at `us`; null when it is as it was at first. */
  changeAt(key: Changing, us: number): Change | null {
    const list = this.#changes.get(key);
    return list?.[firstIndex(list, (change) => change.atUs > us) - 1] ?? null;
  }

  changesOf(key: Changing): readonly Change[] {
    return this.#changes.get(key) ?? [];
  }

  #viewAfter(count: number): ClusterView {
    if (count === this.#facts.length && this.#cursor.count <= count && count - this.#cursor.count > STRETCH) {
      this.#cursor = this.#nearest(count);
    } else if (this.#cursor.count > count || count - this.#cursor.count > STRETCH) this.#cursor = this.#nearest(count);
    let view = this.#cursor.view;
    for (const fact of this.#facts.slice(this.#cursor.count, count)) view = foldChange(view, fact);
    this.#cursor = { count, view };
    return view;
  }

  #nearest(count: number): { count: number; view: ClusterView } {
    const index = Math.min(Math.floor(count / STRETCH), this.#kept.length - 1);
    const view = this.#kept[index];
    if (view === undefined) throw new Error('a story keeps its first view');
    return { count: index * STRETCH, view };
  }

  /** Views share what did not change, so a comparison of references finds what did. */
  #noteChanges(before: ClusterView, after: ClusterView, fact: ViewFact): void {
    const note = (key: Changing, was: string | number | null, is: string | number): void => {
      if (was === is) return;
      const list = this.#changes.get(key);
      const change: Change = { id: fact.id, atUs: fact.at, value: is, before: was };
      if (list === undefined) this.#changes.set(key, [change]);
      else list.push(change);
    };
    note('controller', before.activeController, after.activeController);
    if (before.cuts !== after.cuts) note('cuts', before.cuts.length, after.cuts.length);
    if (before.nodes !== after.nodes) {
      for (const [index, node] of after.nodes.entries()) noteNode(before.nodes[index], node, note);
    }
    if (before.ensemble?.servers !== after.ensemble?.servers) {
      for (const [index, server] of (after.ensemble?.servers ?? []).entries()) {
        const was = before.ensemble?.servers[index];
        if (was !== server) note(`server ${server.id}`, was === undefined ? null : `${was.status} ${was.state}`, `${server.status} ${server.state}`);
      }
    }
    if (before.topics === after.topics) return;
    for (const [index, topic] of after.topics.entries()) {
      const was = before.topics[index];
      if (was === topic) continue;
      for (const [number, partition] of topic.partitions.entries()) {
        const old = was?.partitions[number];
        if (old !== partition) notePartition(old, partition, note);
      }
    }
  }
}

type Note = (key: Changing, was: string | number | null, is: string | number) => void;

function noteNode(before: NodeView | undefined, after: NodeView, note: Note): void {
  if (before === after) return;
  note(`status ${after.id}`, before?.status ?? null, after.status);
  note(`belief ${after.id}`, before?.belief ?? null, after.belief);
}

function notePartition(before: PartitionView | undefined, after: PartitionView, note: Note): void {
  const name = `${after.topic}/${after.partition}` as const;
  note(`watermark ${name}`, before?.highWatermark ?? null, after.highWatermark);
  note(`leader ${name}`, leadership(before), leadership(after));
  for (const log of after.logs) {
    const old = before?.logs.find((it) => it.broker === log.broker);
    if (old === log) continue;
    note(`end ${name}/${log.broker}`, old?.logEnd ?? null, log.logEnd);
    if (old === undefined || log.logEnd >= old.logEnd) continue;
    note(`cut-back ${name}/${log.broker}`, old.logEnd, log.logEnd);
    note('cut-backs', 0, old.logEnd - log.logEnd);
  }
}

function leadership(partition: PartitionView | undefined): string {
  return partition === undefined ? 'none' : `${partition.leader} ${partition.leaderEpoch}`;
}
