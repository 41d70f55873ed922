// The log of one replica, as the broker uses it: opened, appended to, read, cut, rolled. Each part is a file of its own.
// Source: UnifiedLog.scala (3.9). FIDELITY: LOG-FILE.
export { appendAsFollower, appendAsLeader, appendBatchesAsFollower, flushLog, type LeaderAppend, roll } from "./log-append.ts";
export { deleteLog, deleteLogFiles } from "./log-deletion.ts";
export { type LoadedFrom, openLog } from "./log-loader.ts";
export { batchesOf, bytesBetween, type ReadBatches, readLog, type ReadLimits } from "./log-reading.ts";
export { indexOfOffset, type LogSegment } from "./log-segment.ts";
export { logSizeBytes, maybeIncrementLogStartOffset } from "./log-start.ts";
export { assignEpoch, logDirectory, logEndOffsetForEpoch, type UnifiedLog, updateHighWatermark } from "./log-state.ts";
export { truncateFullyAndStartAt, truncateTo } from "./log-truncation.ts";
