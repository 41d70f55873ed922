// Replica lists of a reassignment (KIP-455): while it runs, when it is complete, and when it is taken back.
// Source: PartitionReassignmentReplicas.java, PartitionReassignmentRevert.java (3.9). FIDELITY: META-REASSIGNMENT.
import type { PartitionRegistration } from "./image.ts";

export interface RunningReplicas { readonly replicas: readonly number[]; readonly removing: readonly number[]; readonly adding: readonly number[] }

/** The target first, then who will be removed; both sets ascending. */
export function runningReplicas(current: readonly number[], target: readonly number[]): RunningReplicas {
  const removing = current.filter(broker => !target.includes(broker)).sort((a, b) => a - b);
  const adding = target.filter(broker => !current.includes(broker)).sort((a, b) => a - b);
  return { replicas: [...target, ...removing], removing, adding };
}

/** Null until everybody that shall stay is in the ISR. */
export function completedReassignment(
  replicas: readonly number[], removing: readonly number[], adding: readonly number[], isr: readonly number[],
): { readonly replicas: readonly number[]; readonly isr: readonly number[] } | null {
  if (removing.length === 0 && adding.length === 0) return null;
  const staying = removing.length === 0 ? replicas : replicas.filter(broker => !removing.includes(broker));
  const stayingInSync = removing.length === 0 ? isr : isr.filter(broker => !removing.includes(broker));
  if (staying.length === 0 || stayingInSync.length === 0 && removing.length > 0) return null;
  return staying.every(broker => stayingInSync.includes(broker)) ? { replicas: staying, isr: stayingInSync } : null;
}

/** The running list without who was being added: the old set, though not its old order. `unclean`: nobody of it is in sync. */
export function revertedReassignment(partition: PartitionRegistration): { readonly replicas: readonly number[]; readonly isr: readonly number[]; readonly unclean: boolean } {
  const isOld = (broker: number): boolean => !partition.addingReplicas.includes(broker);
  const replicas = partition.replicas.filter(isOld);
  const isr = partition.isr.filter(isOld);
  const [first] = replicas;
  return isr.length > 0 || first === undefined ? { replicas, isr, unclean: false } : { replicas, isr: [first], unclean: true };
}

export function isReassignmentInProgress(partition: PartitionRegistration): boolean {
  return partition.addingReplicas.length > 0 || partition.removingReplicas.length > 0;
}
