// Appending to the metadata log and cutting it, with what its control records say of the voters: they hold from the moment they are in the log and
// not any more when they are cut off. Follows KRaftControlRecordStateMachine.java (KIP-853). FIDELITY: RAFT-VOTER-KEY.
import type { ProcessContext } from "#engine/core/process.ts";
import { appendAndSync, metadataLog, type OffsetAndEpoch, truncateToDivergence } from "./metadata-log.ts";
import type { RaftBatch } from "./raft-batch.ts";
import { latestVoters, type RaftState, roleName, traceRole } from "./raft-state.ts";
import { votersAfter } from "./voter-set.ts";

export function appendBatches(process: ProcessContext, state: RaftState, batches: readonly RaftBatch[]): void {
  appendAndSync(process, batches);
  if (batches.some(batch => batch.control)) changingVoters(process, state, () => { for (const batch of batches) noteVoters(state, batch); });
}

export function noteVoters(state: RaftState, batch: RaftBatch): void {
  const entry = votersAfter(batch, latestVoters(state));
  if (entry !== null) state.voterHistory.push(entry);
}

/** Returns the new end of the log. */
export function cutLog(process: ProcessContext, state: RaftState, divergence: OffsetAndEpoch): number {
  const end = truncateToDivergence(metadataLog(process), divergence);
  changingVoters(process, state, () => {
    while (state.voterHistory.length > 1 && latestVoters(state).offset >= end) state.voterHistory.pop();
  });
  return end;
}

/** Who has become a voter by it, or is none any more, is seen in another role. */
export function changingVoters(process: ProcessContext, state: RaftState, change: () => void): void {
  const before = roleName(state);
  change();
  if (roleName(state) !== before) traceRole(process, state);
}
