// The cleaner's thread: it cleans the dirtiest log that deserves it, again and again, and pauses for log.cleaner.backoff.ms when there is none. It also
// applies retention to compacted logs. It does not run before there is a compacted topic.
// Source: LogCleaner.CleanerThread, LogCleanerManager.grabFilthiestCompactedLog (3.9). FIDELITY: LOG-COMPACTION.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs, toMs } from "#engine/core/time.ts";
import { cleanLog, examineLog, isCleanable, type LogToClean } from "#engine/log/log-cleaner.ts";
import type { LogConfig } from "#engine/log/log-config.ts";
import { deleteOldSegments } from "#engine/log/log-start.ts";
import type { UnifiedLog } from "#engine/log/unified-log.ts";
import type { BrokerState } from "./broker-state.ts";
import { openInSessions } from "./fetch-sessions.ts";
import type { Partition } from "./partition.ts";

export const CLEANER_TIMER = "kafka-log-cleaner";
const BACKOFF_MS = 15_000;

/** The thread has run since the start; its next look comes at a whole number of pauses after it. */
export function armCleaner(process: ProcessContext, broker: BrokerState): void {
  const { logs } = broker;
  const isEnabled = String(broker.node.overrides["log.cleaner.enable"] ?? true) === "true";
  if (logs.isCleanerArmed || !isEnabled) return;
  logs.isCleanerArmed = true;
  const backoffUs = Math.max(fromMs(Number(broker.node.overrides["log.cleaner.backoff.ms"] ?? BACKOFF_MS)), 1);
  process.schedule(backoffUs - (process.now - logs.startedUs) % backoffUs, CLEANER_TIMER);
}

/** The timer CLEANER_TIMER. Whether the cleaner's checkpoint has changed. */
export function cleanLogs(process: ProcessContext, broker: BrokerState): boolean {
  broker.logs.isCleanerArmed = false;
  const compacted = compactedLogs(broker);
  if (compacted.length === 0) return false;
  const nowMs = toMs(process.now);
  let hasCleaned = false;
  for (let next = dirtiest(broker, compacted, nowMs); next !== null; next = dirtiest(broker, compacted, nowMs)) {
    const { log, config } = next.partition;
    const before = broker.logs.cleanedTo.get(log.directory) ?? -1;
    const cleanedTo = cleanLog(process, log, config, next.candidate);
    broker.logs.cleanedTo.set(log.directory, cleanedTo);
    hasCleaned = true;
    if (cleanedTo <= before) break;
  }
  for (const { log, config } of compacted) applyRetention(process, broker, log, config);
  armCleaner(process, broker);
  return hasCleaned;
}

/** Old segments go; a follower hears of the new start with its next fetch. */
export function applyRetention(process: ProcessContext, broker: BrokerState, log: UnifiedLog, config: LogConfig): void {
  const before = log.logStartOffset;
  deleteOldSegments(process, log, config);
  if (log.logStartOffset !== before) openInSessions(broker.fetchSessions, log.topic, log.partition);
}

function compactedLogs(broker: BrokerState): Partition[] {
  const found: Partition[] = [];
  for (const partitions of broker.partitions.values()) {
    for (const partition of partitions) if (partition !== null && partition.config.compacts && !partition.log.isOffline) found.push(partition);
  }
  return found;
}

interface Candidate { readonly partition: Partition; readonly candidate: LogToClean }

function dirtiest(broker: BrokerState, compacted: readonly Partition[], nowMs: number): Candidate | null {
  let best: Candidate | null = null;
  for (const partition of compacted) {
    const candidate = examineLog(partition.log, partition.config, broker.logs.cleanedTo.get(partition.log.directory), nowMs);
    if (candidate === null || !isCleanable(candidate, partition.config)) continue;
    if (best === null || candidate.dirtyMillionths > best.candidate.dirtyMillionths) best = { partition, candidate };
  }
  return best;
}
