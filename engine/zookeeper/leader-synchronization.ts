// Bringing one follower to the leader's history: what it lacks, after cutting what it has too much, or a whole image when its log is of no use.
// Source: LearnerHandler.syncFollower, Leader.startForwarding (3.8.4). FIDELITY: ZK-SYNC.
import { countMetric } from "./metrics.ts";
import { sendToServer } from "./quorum-messages.ts";
import type { Leading, Learner, Server } from "./server-state.ts";
import { indexAfter, logEntry, logStartZxid, transactionLog, untoldTransactions } from "./transaction-log.ts";
import { type Transaction, transactionsBytes } from "./transactions.ts";
import { DatabaseImage } from "./znode-database.ts";
import { zxidEpoch } from "./zxid.ts";

/** ZKDatabase.commitLogCount: so many transactions are sent one by one in any case. */
const COMMIT_LOG_COUNT = 500;
/** zookeeper.snapshotSizeFactor, 0.33: more than this part of an image is not sent one by one. */
const IMAGE_PARTS = 3;

/** Sends the follower's part of the history, NEWLEADER, and what is proposed and not committed yet; from now on it hears of every proposal. */
export function synchronize(server: Server, leading: Leading, learner: Learner): void {
  const { process, state } = server;
  learner.phase = "synchronizing";
  learner.tickOfNextAckDeadline = leading.tick + state.config.initLimit + state.config.syncLimit;
  learner.lastAckedZxid = leading.lastCommitted;
  sendHistory(server, leading, learner);
  sendToServer(process, learner.connection, { type: "newLeader", epoch: leading.epoch });
  for (const { transaction } of leading.proposals) sendToServer(process, learner.connection, { type: "proposal", transaction });
}

function sendHistory(server: Server, leading: Leading, learner: Learner): void {
  const { process, state } = server;
  const log = transactionLog(process.disk);
  const committed = committedLength(server, leading);
  const from = indexAfter(log, learner.loggedZxid);
  const before = from === 0 ? logStartZxid(process.disk) : logEntry(log, from - 1).zxid;
  const missing: Transaction[] = [];
  for (let index = from; index < committed; index += 1) missing.push(logEntry(log, index));
  const knows = before === learner.loggedZxid && from <= committed;
  // Two logs that have met in an epoch agree up to where they part; across epochs nothing is sure but an image.
  const cutIsSure = learner.loggedZxid > before && before > logStartZxid(process.disk) && zxidEpoch(before) === zxidEpoch(learner.loggedZxid);
  if ((knows || cutIsSure) && isWorthIt(server, missing)) {
    countMetric(state.metrics, "diff_count");
    sendToServer(process, learner.connection, knows ? { type: "diff", transactions: missing } : { type: "trunc", zxid: before, transactions: missing });
  } else {
    countMetric(state.metrics, "snap_count");
    sendToServer(process, learner.connection, { type: "snap", image: new DatabaseImage(state.database), untold: untoldTransactions(process.disk) });
  }
}

/** Length of the log up to which it is committed: all of what this leader has inherited. */
function committedLength(server: Server, leading: Leading): number {
  const log = transactionLog(server.process.disk);
  const first = leading.proposals[0];
  return first === undefined ? log.entries.length : indexAfter(log, first.transaction.zxid - 1);
}

function isWorthIt(server: Server, missing: readonly Transaction[]): boolean {
  if (missing.length <= COMMIT_LOG_COUNT) return true;
  return transactionsBytes(missing) * IMAGE_PARTS <= new DatabaseImage(server.state.database).sizeBytes;
}
