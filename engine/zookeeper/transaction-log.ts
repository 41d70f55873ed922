// What a server keeps on its disk: the transaction log, the newest image, and the two epoch files. Forced to disk before it is acknowledged.
// Source: FileTxnSnapLog.java, FileTxnLog.java, SyncRequestProcessor.java, QuorumPeer.setAcceptedEpoch (3.8.4). FIDELITY: ZK-LOG, ZK-FSYNC.
import { appendToFile, deviceDelayUs, type Disk, type LogFile, openLogFile, readRecordFile, syncFile, TornEntry, truncateLogFile, writeError, writeRecordFile } from "#engine/core/disk.ts";
import type { ProcessContext } from "#engine/core/process.ts";
import { countWrites, type Metrics } from "./metrics.ts";
import { Transaction } from "./transactions.ts";
import { applyTransaction, createDatabase, databaseOf, DatabaseImage, type ZnodeDatabase } from "./znode-database.ts";
import type { ServerConfig } from "./zookeeper-settings.ts";

export const DATA_DIRECTORY = "/var/lib/zookeeper/version-2";
const LOG_PATH = `${DATA_DIRECTORY}/log`;
const IMAGE_PATH = `${DATA_DIRECTORY}/snapshot`;

/** fdatasync of a small write on a disk of today; the recorded servers needed 0 to 3 ms (zk_fsynctime). */
const FORCE_US = 1_000;

export function transactionLog(disk: Disk): LogFile {
  return openLogFile(disk, LOG_PATH);
}

export function logEntry(log: LogFile, index: number): Transaction {
  return log.entries.at(index) as Transaction;
}

/** The image the log begins after; null: it begins at the beginning. */
export function storedImage(disk: Disk): DatabaseImage | null {
  const content = readRecordFile(disk, IMAGE_PATH);
  return content instanceof DatabaseImage ? content : null;
}

/** The zxid that the log's first transaction follows. */
export function logStartZxid(disk: Disk): number {
  return storedImage(disk)?.zxid ?? 0;
}

/** Last transaction in the log, forced to disk or not. */
export function lastLoggedZxid(disk: Disk): number {
  const { last } = transactionLog(disk).entries;
  return last instanceof Transaction ? last.zxid : logStartZxid(disk);
}

/** What a server votes with: a leader has processed the start of its epoch, which no log holds. */
export function lastZxid(disk: Disk, database: ZnodeDatabase): number {
  return Math.max(lastLoggedZxid(disk), database.lastProcessedZxid);
}

/** Position of the first transaction after `zxid`. */
export function indexAfter(log: LogFile, zxid: number): number {
  let low = 0;
  let high = log.entries.length;
  while (low < high) {
    const middle = low + high >> 1;
    if (logEntry(log, middle).zxid <= zxid) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function readEpoch(disk: Disk, which: "acceptedEpoch" | "currentEpoch"): number {
  const content = readRecordFile(disk, `${DATA_DIRECTORY}/${which}`);
  return typeof content === "number" ? content : 0;
}

/** AtomicFileOutputStream: forced to disk before it takes the place of the old one. */
export function writeEpoch(disk: Disk, which: "acceptedEpoch" | "currentEpoch", epoch: number): void {
  writeRecordFile(disk, `${DATA_DIRECTORY}/${which}`, epoch, true);
}

/** Appends to the page cache; false when the disk refuses, which ends a server. */
export function appendTransaction(process: ProcessContext, transaction: Transaction): boolean {
  if (writeError(process.disk, process.device, LOG_PATH, transaction.sizeBytes) !== null) return false;
  const log = transactionLog(process.disk);
  appendToFile(log, transaction, transaction.sizeBytes);
  process.touch(LOG_PATH, log);
  return true;
}

/** How long forcing the log takes, with `bytes` not yet on the disk. */
export function forceDelayUs(process: ProcessContext, bytes: number): number {
  return FORCE_US + deviceDelayUs(process.device, process.now, bytes);
}

/** Bytes of the log that are only in the page cache. */
export function unforcedBytes(log: LogFile): number {
  let bytes = 0;
  for (let index = log.syncedLength; index < log.entries.length; index += 1) bytes += logEntry(log, index).sizeBytes;
  return bytes;
}

/** The end of a force that covered the first `length` transactions. */
export function markForced(log: LogFile, length: number): void {
  log.syncedLength = Math.max(log.syncedLength, Math.min(length, log.entries.length));
}

export function forceLog(disk: Disk): void {
  syncFile(transactionLog(disk));
}

/** Keeps the transactions up to `zxid`. */
export function cutLog(disk: Disk, zxid: number): void {
  const log = transactionLog(disk);
  const length = indexAfter(log, zxid);
  let bytes = 0;
  for (let index = 0; index < length; index += 1) bytes += logEntry(log, index).sizeBytes;
  truncateLogFile(log, length, bytes);
  forceLog(disk);
}

/** FilePadding: a new log file is 64 MiB at once, with its header. */
const PREALLOCATED_BYTES = 64 * 1024 * 1024 + 16;

/** What `conf` and `dirs` count: the image, and the preallocated log. */
export function dataDirectoryBytes(disk: Disk): number {
  const log = transactionLog(disk);
  const files = Math.max(1, Math.ceil(log.sizeBytes / PREALLOCATED_BYTES));
  return (storedImage(disk)?.sizeBytes ?? 0) + (log.entries.length === 0 ? 0 : files * PREALLOCATED_BYTES);
}

/** Writes an image, after which the log begins again. */
export function storeImage(disk: Disk, image: DatabaseImage): void {
  writeRecordFile(disk, IMAGE_PATH, image, true);
  truncateLogFile(transactionLog(disk), 0);
}

/** Image and log, as a starting server reads them. A torn end of the log (its checksum is wrong) is not read, and is cut away. */
export function loadDatabase(disk: Disk, config: ServerConfig, metrics: Metrics): ZnodeDatabase {
  const log = transactionLog(disk);
  if (log.entries.last instanceof TornEntry) truncateLogFile(log, log.entries.length - 1, log.sizeBytes - log.entries.last.sizeBytes);
  forceLog(disk);
  const image = storedImage(disk);
  const database = image === null ? createDatabase(config) : databaseOf(image);
  for (let index = indexAfter(log, database.lastProcessedZxid); index < log.entries.length; index += 1) {
    countWrites(metrics, applyTransaction(database, logEntry(log, index)));
  }
  return database;
}

// ---- bookkeeping of the simulation

const TOLD_PATH = "/simulation/zookeeper-committed";
const UNTOLD_PATH = "/simulation/zookeeper-untold";

/** The last transaction this server knows to be committed: real servers do not keep it; facts are told once with its help. */
export function committedZxid(disk: Disk): number {
  const content = readRecordFile(disk, TOLD_PATH);
  return typeof content === "number" ? content : 0;
}

export function rememberCommitted(disk: Disk, zxid: number): void {
  writeRecordFile(disk, TOLD_PATH, zxid, true);
}

/** What has come within an image and was not known to be committed by the server that sent it. */
export function rememberUntold(disk: Disk, transactions: readonly Transaction[]): void {
  writeRecordFile(disk, UNTOLD_PATH, transactions, true);
}

/** What this server has and does not know to be committed, in order: in an image or in the log. */
export function untoldTransactions(disk: Disk): Transaction[] {
  const committed = committedZxid(disk);
  const inImage = (readRecordFile(disk, UNTOLD_PATH) as readonly Transaction[] | undefined) ?? [];
  const log = transactionLog(disk);
  const start = logStartZxid(disk);
  const untold = inImage.filter(({ zxid }) => zxid > committed && zxid <= start);
  for (let index = indexAfter(log, committed); index < log.entries.length; index += 1) untold.push(logEntry(log, index));
  return untold;
}
