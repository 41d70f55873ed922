// Which leader epoch began at which offset: the cache behind `leader-epoch-checkpoint`, with which a follower that returns finds
// where its log and the leader's part (KIP-101, KIP-279). Source: LeaderEpochFileCache.java (3.9). FIDELITY: LOG-EPOCHS.
import { invariant } from "#engine/core/invariant-error.ts";

export interface EpochEntry { readonly epoch: number; readonly startOffset: number }
export interface EpochEndOffset { readonly epoch: number; readonly endOffset: number }

export const UNDEFINED_EPOCH = -1;
export const UNDEFINED_OFFSET = -1;

const UNDEFINED_END: EpochEndOffset = { epoch: UNDEFINED_EPOCH, endOffset: UNDEFINED_OFFSET };

export function latestEpoch(epochs: readonly EpochEntry[]): number {
  return epochs[epochs.length - 1]?.epoch ?? UNDEFINED_EPOCH;
}

/**
 * Notes that `epoch` begins at `startOffset`. Entries that would contradict it (an equal or newer epoch, or one that begins no earlier)
 * go. True when the cache has changed.
 */
export function assignEpochStart(epochs: EpochEntry[], epoch: number, startOffset: number): boolean {
  invariant(epoch >= 0 && startOffset >= 0, `epoch ${epoch} at offset ${startOffset}`);
  const last = epochs[epochs.length - 1];
  if (last !== undefined && last.epoch === epoch && startOffset >= last.startOffset) return false;
  while (epochs.length > 0) {
    const entry = epochs[epochs.length - 1] as EpochEntry;
    if (entry.epoch < epoch && entry.startOffset < startOffset) break;
    epochs.pop();
  }
  epochs.push({ epoch, startOffset });
  return true;
}

/** Forgets epochs that begin at or after `endOffset`. True when the cache has changed. */
export function truncateEpochsFromEnd(epochs: EpochEntry[], endOffset: number): boolean {
  const before = epochs.length;
  while (epochs.length > 0 && (epochs[epochs.length - 1] as EpochEntry).startOffset >= endOffset) epochs.pop();
  return epochs.length !== before;
}

/**
 * The log begins at `startOffset` now: epochs that end at or before it go, and the one that holds it begins there. True when the cache has changed.
 */
export function truncateEpochsFromStart(epochs: EpochEntry[], startOffset: number): boolean {
  let holding: EpochEntry | undefined;
  let count = 0;
  for (const entry of epochs) {
    if (entry.startOffset > startOffset) break;
    holding = entry;
    count += 1;
  }
  if (holding === undefined || count === 1 && holding.startOffset === startOffset) return false;
  epochs.splice(0, count, { epoch: holding.epoch, startOffset });
  return true;
}

/**
 * The largest epoch at or below `requested`, and where it ends: at the start of the next one, or at the log's end when it is the newest.
 * Undefined when the cache knows nothing at or above it; an epoch older than all known ones ends where the first known begins.
 */
export function endOffsetForEpoch(epochs: readonly EpochEntry[], requested: number, logEndOffset: number): EpochEndOffset {
  if (requested === UNDEFINED_EPOCH || epochs.length === 0) return UNDEFINED_END;
  if (latestEpoch(epochs) === requested) return { epoch: requested, endOffset: logEndOffset };
  const higher = epochs.findIndex(entry => entry.epoch > requested);
  if (higher === -1) return UNDEFINED_END;
  const endOffset = (epochs[higher] as EpochEntry).startOffset;
  return { epoch: epochs[higher - 1]?.epoch ?? requested, endOffset };
}
