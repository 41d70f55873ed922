// One change of a partition: a reassignment that completes, who is eligible to lead, an election if the leader cannot stay, and the record
// that says what became different. Follows PartitionChangeBuilder.java (3.9 and 4.3, in the order of `build()`).
// FIDELITY: META-ELR, META-REASSIGNMENT, META-EPOCHS.
import { type PartitionRegistration, UNASSIGNED_DIRECTORY } from "./image.ts";
import { hashMapOrder } from "./java-random.ts";
import { completedReassignment } from "./reassignment-replicas.ts";
import type { LeaderRecoveryState, PartitionChange } from "./records.ts";

export type Election = "online" | "preferred" | "unclean";

/** What is wanted of a partition. What is left out stays as it is. */
export interface ChangeWish {
  readonly topicId: string;
  readonly election: Election;
  /** Whether a broker may lead now. */
  readonly isAcceptable: (broker: number) => boolean;
  readonly targetIsr?: readonly number[];
  readonly targetReplicas?: readonly number[];
  readonly targetRemoving?: readonly number[];
  readonly targetAdding?: readonly number[];
  readonly leaderRecoveryState?: LeaderRecoveryState;
  /** KIP-966: whether eligible leader replicas are kept, below which size of the ISR, and who has lost what it had not written to disk. */
  readonly elr?: { readonly minIsr: number; readonly uncleanShutdown: number };
  /** While a cluster migrates: brokers in ZooKeeper mode learn of a smaller ISR only with a new leader epoch. */
  readonly bumpsEpochOnShrink?: boolean;
  /** The log directory that a broker is said to use, for a replica that is new or has moved. */
  readonly directoryOf?: (broker: number) => string;
  readonly movedTo?: { readonly broker: number; readonly directory: string };
}

/** A wish while it is worked on. */
interface Draft {
  isr: readonly number[];
  replicas: readonly number[];
  removing: readonly number[];
  adding: readonly number[];
  elr: readonly number[];
}

type Change = { -readonly [K in keyof PartitionChange]: PartitionChange[K] };
const NOBODY: readonly number[] = [];

/** The record that makes the wish true, or null when nothing changes. */
export function buildPartitionChange(partition: PartitionRegistration, wish: ChangeWish): PartitionChange | null {
  const change: Change = { type: "PartitionChangeRecord", partitionId: partition.partition, topicId: wish.topicId };
  const draft: Draft = {
    isr: wish.targetIsr ?? partition.isr, replicas: wish.targetReplicas ?? partition.replicas, removing: wish.targetRemoving ?? partition.removingReplicas,
    adding: wish.targetAdding ?? partition.addingReplicas, elr: partition.elr,
  };
  completeReassignment(draft);
  keepEligible(partition, wish, draft);
  tryElection(partition, wish, draft, change);
  // Who is taken out of the replicas must find out that it is not one any more: the leader's epoch grows.
  if (change.leader === undefined && !partition.replicas.every(broker => draft.replicas.includes(broker))) change.leader = partition.leader;
  writeEligible(partition, wish, draft, change);
  const mayBeEmpty = wish.elr !== undefined;
  if (change.isr === undefined && (draft.isr.length > 0 || mayBeEmpty) && !sameList(draft.isr, partition.isr)) change.isr = draft.isr;
  if (wish.bumpsEpochOnShrink === true && change.leader === undefined && change.isr !== undefined && !partition.isr.every(broker => draft.isr.includes(broker))) {
    change.leader = partition.leader;
  }
  if (wish.elr !== undefined) writeLastKnownLeader(partition, change);
  writeAssignment(partition, wish, draft, change);
  const recovery = wish.leaderRecoveryState ?? partition.leaderRecoveryState;
  if (recovery !== partition.leaderRecoveryState) change.leaderRecoveryState = recovery;
  return Object.keys(change).length === 3 ? null : change;
}

function completeReassignment(draft: Draft): void {
  const completed = completedReassignment(draft.replicas, draft.removing, draft.adding, draft.isr);
  if (completed === null) return;
  draft.isr = completed.isr;
  draft.replicas = completed.replicas;
  draft.removing = NOBODY;
  draft.adding = NOBODY;
}

// ---- eligible leader replicas (KIP-966)

/** Who leaves an ISR that is smaller than min.insync.replicas is still known to have all that is committed. */
function keepEligible(partition: PartitionRegistration, { elr }: ChangeWish, draft: Draft): void {
  if (elr === undefined) return;
  if (draft.isr.length >= elr.minIsr) {
    draft.elr = NOBODY;
    return;
  }
  const candidates = new Set([...draft.elr, ...partition.isr]);
  // A HashSet of Java: small ids come in ascending order.
  draft.elr = hashMapOrder([...candidates], broker => broker).filter(broker => !draft.isr.includes(broker) && broker !== elr.uncleanShutdown);
}

function writeEligible(partition: PartitionRegistration, wish: ChangeWish, draft: Draft, change: Change): void {
  // An unclean election has set the ISR already: nobody else is known to have what was committed.
  if (change.isr !== undefined || wish.elr === undefined) draft.elr = NOBODY;
  if (!sameList(draft.elr, partition.elr)) change.eligibleLeaderReplicas = draft.elr;
}

/** Remembered when the ISR becomes empty, forgotten when somebody leads. */
function writeLastKnownLeader(partition: PartitionRegistration, change: Change): void {
  const isKnown = partition.lastKnownElr.length === 1 && partition.lastKnownElr[0] === partition.leader;
  if (change.isr !== undefined && change.isr.length === 0 && !isKnown) change.lastKnownElr = [partition.leader];
  else if (partition.lastKnownElr.length > 0 && hasLeaderAfter(partition, change)) change.lastKnownElr = NOBODY;
}

function hasLeaderAfter(partition: PartitionRegistration, change: Change): boolean {
  return (change.leader ?? partition.leader) >= 0;
}

// ---- election

interface Elected { readonly leader: number; readonly unclean: boolean }

function tryElection(partition: PartitionRegistration, wish: ChangeWish, draft: Draft, change: Change): void {
  const elected = elect(partition, wish, draft);
  if (elected.leader === partition.leader) return;
  if (draft.elr.includes(elected.leader)) {
    draft.isr = [elected.leader];
    draft.elr = draft.elr.filter(broker => broker !== elected.leader);
  }
  change.leader = elected.leader;
  if (!elected.unclean) return;
  change.isr = [elected.leader];
  if (partition.leaderRecoveryState !== "RECOVERING") change.leaderRecoveryState = "RECOVERING";
}

function elect(partition: PartitionRegistration, wish: ChangeWish, draft: Draft): Elected {
  const isValid = (broker: number): boolean =>
    (draft.isr.includes(broker) || draft.isr.length === 0 && draft.elr.includes(broker)) && wish.isAcceptable(broker);
  const preferred = draft.replicas[0] ?? -1;
  if (wish.election === "preferred" && isValid(preferred)) return { leader: preferred, unclean: false };
  if (isValid(partition.leader)) return { leader: partition.leader, unclean: false };
  const online = draft.replicas.find(isValid);
  if (online !== undefined) return { leader: online, unclean: false };
  const lastKnown = lastKnownLeader(partition, wish, draft);
  if (lastKnown !== -1) return { leader: lastKnown, unclean: true };
  const unclean = wish.election === "unclean" ? draft.replicas.find(wish.isAcceptable) : undefined;
  return unclean === undefined ? { leader: -1, unclean: false } : { leader: unclean, unclean: true };
}

/** With nobody in the ISR and the ELR, the last leader is the best guess: it had the most. -1: there is none to take. */
function lastKnownLeader(partition: PartitionRegistration, wish: ChangeWish, draft: Draft): number {
  const [leader] = partition.lastKnownElr;
  const isLast = wish.elr !== undefined && draft.elr.length === 0 && draft.isr.length === 0 && partition.lastKnownElr.length === 1;
  return isLast && leader !== undefined && wish.isAcceptable(leader) ? leader : -1;
}

// ---- replicas and their log directories

function writeAssignment(partition: PartitionRegistration, wish: ChangeWish, draft: Draft, change: Change): void {
  const directories = draft.replicas.map(broker => directoryFor(partition, wish, broker));
  if (!sameList(directories, partition.directories)) change.directories = directories;
  if (!sameList(draft.replicas, partition.replicas)) change.replicas = draft.replicas;
  if (!sameList(draft.removing, partition.removingReplicas)) change.removingReplicas = draft.removing;
  if (!sameList(draft.adding, partition.addingReplicas)) change.addingReplicas = draft.adding;
}

function directoryFor(partition: PartitionRegistration, wish: ChangeWish, broker: number): string {
  if (wish.movedTo?.broker === broker) return wish.movedTo.directory;
  const index = partition.replicas.indexOf(broker);
  return partition.directories[index] ?? wish.directoryOf?.(broker) ?? UNASSIGNED_DIRECTORY;
}

export function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a === b || a.length === b.length && a.every((value, index) => value === b[index]);
}
