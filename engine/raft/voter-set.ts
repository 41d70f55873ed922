// The voters of the quorum: whom they are known as and where they listen. With kraft.version 0 the settings name them and the id alone counts; with
// kraft.version 1 they stand in the log, as id and directory id, and a record takes effect when it is appended (KIP-853).
// Follows VoterSet.java, VoterSetHistory.java, ReplicaKey.java. FIDELITY: RAFT-VOTER-KEY.
import type { KRaftVersionRecord, RaftBatch, Voter, VotersRecord } from "./raft-batch.ts";

/** Uuid.ZERO_UUID: a directory id that is not known. */
export const NO_DIRECTORY = "AAAAAAAAAAAAAAAAAAAAAA";
export const CONTROLLER_LISTENER = "CONTROLLER";

/** Who votes from `offset` of the log on; -1: before the log, from the settings or a snapshot. */
export interface VotersEntry { readonly offset: number; readonly kraftVersion: 0 | 1; readonly voters: readonly Voter[] }

/** Whether a node of that id and directory is this voter: an unknown directory matches any. */
export function isSameVoter(voter: Voter, nodeId: number, directoryId: string): boolean {
  return voter.nodeId === nodeId && (voter.directoryId === NO_DIRECTORY || voter.directoryId === directoryId);
}

export function findVoter(voters: readonly Voter[], nodeId: number): Voter | undefined {
  return voters.find(voter => voter.nodeId === nodeId);
}

export function hasVoter(voters: readonly Voter[], nodeId: number, directoryId: string): boolean {
  for (const voter of voters) if (isSameVoter(voter, nodeId, directoryId)) return true;
  return false;
}

export function majorityOf(voters: readonly Voter[]): number {
  return (voters.length >> 1) + 1;
}

/** What the control records of a batch say of the voters, on top of what held before; null when nothing. */
export function votersAfter(batch: RaftBatch, before: VotersEntry): VotersEntry | null {
  if (!batch.control) return null;
  let entry: VotersEntry | null = null;
  for (const [index, record] of batch.records.entries()) {
    const base: VotersEntry = entry ?? before;
    const offset = batch.baseOffset + index;
    if (record.type === "KRaftVersionRecord") entry = { ...base, offset, kraftVersion: (record as KRaftVersionRecord).kRaftVersion };
    else if (record.type === "VotersRecord") entry = { ...base, offset, voters: (record as VotersRecord).voters };
  }
  return entry;
}

/** A voter as Kafka's messages print it: 3.9 shows the Optional. */
export function voterText(nodeId: number, directoryId: string, printsOptional: boolean): string {
  return `ReplicaKey(id=${nodeId}, directoryId=${printsOptional ? `Optional[${directoryId}]` : directoryId})`;
}

export function votersText(voters: readonly Voter[], printsOptional: boolean): string {
  return `[${voters.map(voter => voterText(voter.nodeId, voter.directoryId, printsOptional)).join(", ")}]`;
}
