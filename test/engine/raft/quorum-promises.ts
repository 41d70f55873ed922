// What Raft promises, looked at from outside: one leader an epoch, and what one node has known as committed no other node knows differently.
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import type { QuorumWorld } from "./quorum-world.ts";

export class QuorumPromises {
  /** What was committed, by base offset. */
  readonly committed = new Map<number, string>();
  readonly leaders = new Map<number, number>();
  /** Trace entries looked at. */
  #seen = 0;

  /** Throws at the first broken promise. */
  check(world: QuorumWorld): void {
    this.#leaders(world);
    for (const id of world.ids) if (world.isUp(id)) this.#node(world, id);
  }

  #leaders(world: QuorumWorld): void {
    const { trace } = world.simulation.world;
    for (; this.#seen < trace.length; this.#seen += 1) {
      const fact = trace.at(this.#seen)?.fact as { readonly kind: string; readonly role?: string; readonly node: number; readonly epoch: number } | undefined;
      if (fact?.kind !== "raft-role" || fact.role !== "leader") continue;
      const other = this.leaders.get(fact.epoch);
      if (other !== undefined && other !== fact.node) throw new Error(`${other} and ${fact.node} both lead epoch ${fact.epoch}`);
      this.leaders.set(fact.epoch, fact.node);
    }
  }

  #node(world: QuorumWorld, id: number): void {
    const { committedBatches } = world.node(id).kraft.raft;
    const log = world.logOf(id);
    for (let index = 0; index < committedBatches; index += 1) {
      const batch = log[index] as RaftBatch;
      // The mark where a log begins says nothing of what was there.
      if (batch.records.length === 0) continue;
      const text = batch.digestParts().join(" ");
      const known = this.committed.get(batch.baseOffset);
      if (known === undefined) this.committed.set(batch.baseOffset, text);
      else if (known !== text) throw new Error(`node ${id}: the batch at ${batch.baseOffset} is "${text}", was committed as "${known}"`);
    }
  }
}
