// Forcing the log to disk: one force at a time, which covers everything appended before it began; what comes meanwhile is covered by the next.
// Only then a proposal is acknowledged. Source: SyncRequestProcessor.java (3.8.4). FIDELITY: ZK-FSYNC.
import { toMs } from "#engine/core/time.ts";
import { addMetric } from "./metrics.ts";
import type { Server } from "./server-state.ts";
import { forceDelayUs, forceLog, markForced, transactionLog, unforcedBytes } from "./transaction-log.ts";

export const FORCE_TIMER = "zookeeper log force";

/** Begins a force unless one is under way; its end is told by `forceEnded`. */
export function beginForce(server: Server): void {
  const { state, process } = server;
  if (state.force !== null) return;
  const log = transactionLog(process.disk);
  const delayUs = state.config.forceSync ? forceDelayUs(process, unforcedBytes(log)) : 0;
  state.force = { timer: process.schedule(delayUs, FORCE_TIMER), length: log.entries.length, startedUs: process.now };
}

/** How much of the log is acknowledgeable now; 0 when the timer is an old one. */
export function forceEnded(server: Server, sequence: number): number {
  const { state, process } = server;
  if (state.force?.timer !== sequence) return 0;
  const { length, startedUs } = state.force;
  state.force = null;
  const log = transactionLog(process.disk);
  addMetric(state.metrics, "fsynctime", toMs(process.now - startedUs));
  addMetric(state.metrics, "sync_processor_batch_size", Math.max(0, length - log.syncedLength));
  if (state.config.forceSync) markForced(log, length);
  if (log.entries.length > length) beginForce(server);
  return length;
}

/** A server that gives up its role writes out what it has before it votes again. */
export function forceAtOnce(server: Server): void {
  const { state, process } = server;
  if (state.force !== null) process.cancel(state.force.timer);
  state.force = null;
  if (state.config.forceSync) forceLog(process.disk);
}
