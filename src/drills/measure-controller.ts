/** Who was controller, and since when: read off the facts of a run in either mode. In KRaft the leader of the quorum is the active controller. Pure. */
import type { ViewFact } from '#engine/cluster/view.ts';
import type { Measured } from './measure-run.ts';

interface Office { readonly broker: number; readonly epoch: number; readonly factId: number }

export function controllerAt(facts: readonly ViewFact[], at: number): Measured | null {
  const office = officeAt(facts, at);
  return office === null ? null : shown(office);
}

export function controllerEpochAt(facts: readonly ViewFact[], at: number): Measured | null {
  const office = officeAt(facts, at);
  return office === null ? null : { value: office.epoch, text: String(office.epoch), factId: office.factId };
}

export function nextController(facts: readonly ViewFact[], after: number): Measured | null {
  if (after === -1) return null;
  for (const entry of facts.slice(after + 1)) {
    const office = takenOffice(entry);
    if (office !== null) return shown(office);
  }
  return null;
}

/** How many requests of a controller that is none any more were refused. */
export function refusedRequests(facts: readonly ViewFact[], after: number): Measured | null {
  if (after === -1) return null;
  const refusals = facts.slice(after).filter(({ fact }) => fact.kind === 'controller-fenced');
  return { value: refusals.length, text: String(refusals.length), factId: refusals[0]?.id ?? null };
}

/** The office as it stood at a position: who took it last, and whether its znode is still there. Null before the first. */
function officeAt(facts: readonly ViewFact[], at: number): Office | null {
  let office: Office | null = null;
  for (const entry of facts.slice(0, at + 1)) {
    office = takenOffice(entry) ?? office;
    const { fact } = entry;
    if (fact.kind === 'znode' && fact.path === '/controller' && fact.change === 'deleted' && office !== null) {
      office = { ...office, broker: -1, factId: entry.id };
    }
  }
  return office;
}

function takenOffice({ id, fact }: ViewFact): Office | null {
  if (fact.kind === 'controller-elected') return { broker: fact.broker, epoch: fact.controllerEpoch, factId: id };
  return fact.kind === 'raft-role' && fact.role === 'leader' ? { broker: fact.node, epoch: fact.epoch, factId: id } : null;
}

function shown({ broker, factId }: Office): Measured {
  return { value: broker, text: broker < 0 ? 'nobody' : `broker ${broker}`, factId };
}
