// The migration of a cluster from ZooKeeper to KRaft, as the active controller drives it: it waits for all controllers and all brokers, claims
// /controller, copies ZooKeeper's metadata into its log in one transaction, and from then on writes to both and leads the brokers that are left in
// ZooKeeper mode. The other controllers follow the log and wait. Where a write to ZooKeeper fails, the driver claims the office again and compares both
// sides anew. Source: KRaftMigrationDriver.java (3.9), KIP-866. FIDELITY: MIG-DRIVER, MIG-COPY.
import { fromMs, toMs } from "#engine/core/time.ts";
import { logLine } from "#engine/log/log-lines.ts";
import { applyRecord, createImage } from "#engine/metadata/apply-record.ts";
import { type MetadataRecord, ZK_MIGRATION, ZK_PRE_MIGRATION } from "#engine/metadata/records.ts";
import {
  BROKER_IDS_PATH, CONTROLLER_EPOCH_PATH, CONTROLLER_PATH, createNode, parsed, topicIn, topicPath, TOPICS_PATH,
} from "#engine/metadata/zookeeper-controller/znode-data.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import { restartZooKeeperSession, type ZooKeeperEvent, zooKeeperIsConnected } from "#engine/zookeeper/zookeeper-client.ts";
import type { ZooKeeperAnswer, ZooKeeperWrite } from "#engine/zookeeper/zookeeper-protocol.ts";
import { forgetZooKeeperBrokers, tellZooKeeperBrokers } from "./broker-propagation.ts";
import { differences, type ImageChanges, noChanges, noteChange } from "./image-changes.ts";
import {
  askForMigration, type DriverState, type MigrationDriver, type MigrationRun, type MigrationStep, resendForMigration, takeMigrationAnswer,
} from "./migration-state.ts";
import { beginReading, continueReading } from "./read-zookeeper.ts";
import { guarded, kraftControllerNode, MIGRATION_PATH, migrationNode, writesFor } from "./write-zookeeper.ts";

export const MIGRATION_TIMER = "migration poll";
/** MigrationDriver polls while it waits: once a second. */
const POLL_MS = 1_000;
/** The first controller of a ZooKeeper cluster finds it like this. */
const INITIAL_CONTROLLER_EPOCH = 0;

function log({ process, driver }: MigrationRun, level: "INFO" | "WARN" | "ERROR", text: string): void {
  logLine(process, driver.nodeId, level, `[KRaftMigrationDriver id=${driver.nodeId}] ${text}`, "org.apache.kafka.metadata.migration.KRaftMigrationDriver");
}

function become(run: MigrationRun, state: DriverState): void {
  const { driver } = run;
  log(run, "INFO", `${driver.nodeId} transitioning from ${driver.state} to ${state} state`);
  driver.state = state;
  driver.pollAtUs = 0;
}

/** Committed batches, each once and in order. */
export function migrationCommitted(driver: MigrationDriver, batches: readonly RaftBatch[]): void {
  for (const { control, records, lastOffset, epoch } of batches) {
    if (!control) {
      for (const record of records as readonly MetadataRecord[]) {
        noteChange(driver.changes, driver.image, record);
        applyRecord(driver.image, record);
      }
    }
    driver.image.offset = lastOffset;
    driver.image.epoch = epoch;
  }
}

// ---- one step after the other

/** Goes on as far as it can without waiting. Called after everything that happens at the node. */
export function driveMigration(run: MigrationRun): void {
  const { driver, host, process } = run;
  if (driver.epoch !== host.activeEpoch) leadershipChanged(run);
  if (driver.round !== null || driver.pollAtUs > process.now || !zooKeeperIsConnected(driver.zooKeeper)) return;
  let before: DriverState;
  do {
    before = driver.state;
    step(run);
  } while (driver.state !== before && driver.round === null);
}

function leadershipChanged(run: MigrationRun): void {
  const { driver, host } = run;
  driver.epoch = host.activeEpoch;
  if (driver.state === "UNINITIALIZED") return;
  driver.round = null;
  driver.pollAtUs = 0;
  if (host.activeEpoch !== -1) forgetZooKeeperBrokers(run);
  else if (driver.state !== "INACTIVE") {
    forgetZooKeeperBrokers(run);
    become(run, "INACTIVE");
  }
}

function step(run: MigrationRun): void {
  const { driver } = run;
  switch (driver.state) {
    case "UNINITIALIZED": return askForMigration(run, [{ op: "getData", path: MIGRATION_PATH, watch: false }], { step: "recovered" });
    case "INACTIVE":
      // A migration that was finished, or never begun, needs no driver.
      if (driver.epoch !== -1 && isUnderWay(driver)) become(run, "WAIT_FOR_CONTROLLER_QUORUM");
      return;
    case "WAIT_FOR_CONTROLLER_QUORUM": return waitForControllers(run);
    case "WAIT_FOR_BROKERS": return waitForBrokers(run);
    case "BECOME_CONTROLLER":
      return askForMigration(run, [
        { op: "getData", path: CONTROLLER_PATH, watch: false }, { op: "getData", path: CONTROLLER_EPOCH_PATH, watch: false },
        { op: "getData", path: MIGRATION_PATH, watch: false },
      ], { step: "claim-read" });
    case "ZK_MIGRATION":
      if (driver.image.zkMigrationState !== ZK_MIGRATION) return beginReading(run);
      return write(run, []);
    case "SYNC_KRAFT_TO_ZK":
      driver.known.clear();
      return beginReading(run);
    case "KRAFT_CONTROLLER_TO_BROKER_COMM":
      tellZooKeeperBrokers(run, null);
      return become(run, "DUAL_WRITE");
    case "DUAL_WRITE":
      if (driver.image.offset > driver.zooKeeperLeadership.metadataOffset) writeChanges(run);
  }
}

function isUnderWay({ image }: MigrationDriver): boolean {
  return image.zkMigrationState === ZK_PRE_MIGRATION || image.zkMigrationState === ZK_MIGRATION;
}

function lookAgainLater({ process, driver }: MigrationRun): void {
  driver.pollAtUs = process.now + fromMs(POLL_MS);
  driver.pollTimer = process.schedule(fromMs(POLL_MS), MIGRATION_TIMER);
}

// ---- waiting

function waitForControllers(run: MigrationRun): void {
  const { driver, host } = run;
  const missing = host.voters.find(id => driver.image.controllers.get(id)?.zkMigrationReady !== true);
  if (missing !== undefined) {
    const why = driver.image.controllers.has(missing) ? `Controller ${missing} has not enabled 'zookeeper.metadata.migration.enable'` : `No registration found for controller ${missing}`;
    log(run, "WARN", `Still waiting for all controller nodes ready to begin the migration. Not ready due to:${why}`);
    return lookAgainLater(run);
  }
  if (driver.image.zkMigrationState === ZK_MIGRATION) {
    log(run, "INFO", "Migration is in already progress, not waiting on ZK brokers.");
    return become(run, "BECOME_CONTROLLER");
  }
  log(run, "INFO", "Controller Quorum is ready for Zk to KRaft migration. Now waiting for ZK brokers.");
  become(run, "WAIT_FOR_BROKERS");
}

function waitForBrokers(run: MigrationRun): void {
  if (run.driver.image.brokers.size > 0) {
    return askForMigration(run, [{ op: "getChildren", path: BROKER_IDS_PATH, watch: false }, { op: "getChildren", path: TOPICS_PATH, watch: false }], { step: "brokers-listed" });
  }
  log(run, "INFO", "No brokers are known to KRaft, waiting for brokers to register.");
  lookAgainLater(run);
}

/** Brokers that are alive in ZooKeeper, and those that have replicas. */
function brokersNamed(run: MigrationRun, named: Iterable<number>): void {
  const { brokers } = run.driver.image;
  const missing = [...new Set(named)].filter(id => brokers.get(id)?.isMigratingZkBroker !== true).sort((a, b) => a - b);
  if (missing.length > 0) {
    log(run, "INFO", `Still waiting for ZK brokers [${missing.join(", ")}] to register with KRaft.`);
    return lookAgainLater(run);
  }
  log(run, "INFO", "Zk brokers are registered and ready for migration");
  become(run, "BECOME_CONTROLLER");
}

// ---- answers of ZooKeeper

export function migrationEvents(run: MigrationRun, events: readonly ZooKeeperEvent[]): void {
  const { driver, process } = run;
  for (const event of events) {
    if (event.is === "answer") {
      const done = takeMigrationAnswer(driver, event.operation, event.context, event.answer);
      if (done !== null) roundOver(run, done.next, done.answers);
    } else if (event.is === "session" && event.state === "connected") resendForMigration(run);
    else if (event.is === "session" && event.state === "expired") {
      driver.round = null;
      driver.lost = [];
      restartZooKeeperSession(process, driver.zooKeeper);
    }
  }
}

function roundOver(run: MigrationRun, next: MigrationStep, answers: readonly ZooKeeperAnswer[]): void {
  const [first, second] = answers;
  switch (next.step) {
    case "recovered": return recovered(run, first);
    case "recovery-created": return;
    case "brokers-listed": return brokersListed(run, first, second?.children ?? []);
    case "topics-listed":
      return brokersNamed(run, [...next.brokers, ...answers.flatMap(answer => topicIn(answer.data)?.partitions.flatMap(({ replicas }) => replicas) ?? [])]);
    case "claim-read": return claim(run, answers);
    case "claimed": return claimed(run, next.controllerEpoch, first);
    case "written": return written(run, next, answers);
    default: {
      const records = continueReading(run, next, answers);
      if (records !== null) readAll(run, records);
    }
  }
}

/** What an earlier driver has left in /migration; the first one makes it. */
function recovered(run: MigrationRun, answer: ZooKeeperAnswer | undefined): void {
  if (answer?.error !== "OK") return askForMigration(run, [createNode(MIGRATION_PATH, migrationNode(-1, -1, -1, -1))], { step: "recovery-created" });
  takeMigrationNode(run.driver, answer);
  if (run.driver.zooKeeperLeadership.metadataOffset < 0) log(run, "INFO", "Initial migration of ZK metadata is not done.");
  become(run, "INACTIVE");
}

function takeMigrationNode({ zooKeeperLeadership }: MigrationDriver, answer: ZooKeeperAnswer | undefined): void {
  const node = parsed(answer?.data);
  zooKeeperLeadership.metadataOffset = Number(node?.["kraft_metadata_offset"] ?? -1);
  zooKeeperLeadership.metadataEpoch = Number(node?.["kraft_metadata_epoch"] ?? -1);
  zooKeeperLeadership.migrationVersion = answer?.stat?.version ?? -1;
}

function brokersListed(run: MigrationRun, ids: ZooKeeperAnswer | undefined, topics: readonly string[]): void {
  const brokers = (ids?.children ?? []).map(Number);
  if (topics.length === 0) return brokersNamed(run, brokers);
  askForMigration(run, topics.map(topic => ({ op: "getData", path: topicPath(topic), watch: false })), { step: "topics-listed", brokers });
}

/** KafkaZkClient.tryRegisterKRaftControllerAsActiveController: the znode is no ephemeral one, so that no broker can take the office. */
function claim(run: MigrationRun, [controller, epoch, migration]: readonly ZooKeeperAnswer[]): void {
  const { driver, process } = run;
  // Somebody has removed it: the operator goes back, or begins anew.
  if (migration?.error !== "OK") return void become(run, "UNINITIALIZED");
  takeMigrationNode(driver, migration);
  const current = epoch?.error === "OK" ? Number(epoch.data) : INITIAL_CONTROLLER_EPOCH;
  const controllerEpoch = current + 1;
  const operations: ZooKeeperWrite[] = [
    epoch?.error === "OK" ? { op: "setData", path: CONTROLLER_EPOCH_PATH, data: String(controllerEpoch), version: epoch.stat?.version ?? 0 }
      : createNode(CONTROLLER_EPOCH_PATH, String(controllerEpoch)),
    ...controller?.error === "OK" ? [{ op: "delete", path: CONTROLLER_PATH, version: controller.stat?.version ?? 0 } as const] : [],
    createNode(CONTROLLER_PATH, kraftControllerNode(driver.nodeId, toMs(process.now), driver.epoch)),
  ];
  askForMigration(run, [{ op: "multi", operations }], { step: "claimed", controllerEpoch });
}

function claimed(run: MigrationRun, controllerEpoch: number, answer: ZooKeeperAnswer | undefined): void {
  const { driver } = run;
  if (answer?.error !== "OK") return lookAgainLater(run);
  driver.zooKeeperLeadership.controllerEpoch = controllerEpoch;
  driver.zooKeeperLeadership.controllerEpochVersion = answer.results?.[0]?.stat?.version ?? 0;
  log(run, "INFO", "Claimed ZK controller leadership.");
  if (driver.zooKeeperLeadership.metadataOffset >= 0) return become(run, "SYNC_KRAFT_TO_ZK");
  become(run, "ZK_MIGRATION");
  log(run, "INFO", "Starting ZK migration");
  driver.copyBegunUs = run.process.now;
}

/** The copy, or what it is compared with. */
function readAll(run: MigrationRun, records: readonly MetadataRecord[]): void {
  const { driver, host } = run;
  if (driver.state === "ZK_MIGRATION") {
    log(run, "INFO", `Waiting for the metadata layer to commit ${records.length} migration records`);
    host.write([
      { type: "BeginTransactionRecord", name: "ZK Migration" }, ...records, { type: "ZkMigrationStateRecord", zkMigrationState: ZK_MIGRATION }, { type: "EndTransactionRecord" },
    ]);
    if (driver.image.zkMigrationState !== ZK_MIGRATION) driver.pollAtUs = Number.MAX_SAFE_INTEGER;
    return;
  }
  const before = createImage();
  for (const record of records) applyRecord(before, record);
  log(run, "INFO", "Performing a full metadata sync from KRaft to ZK.");
  driver.changes = noChanges();
  write(run, writesFor(driver.image, differences(before, driver.image), driver.known, driver.epoch));
}

/** The transaction is committed: the driver may go on. */
export function migrationCopied(run: MigrationRun): void {
  const { driver, process } = run;
  if (driver.state !== "ZK_MIGRATION" || driver.pollAtUs !== Number.MAX_SAFE_INTEGER || driver.image.zkMigrationState !== ZK_MIGRATION) return;
  driver.pollAtUs = 0;
  log(run, "INFO", `Completed migration of metadata from ZooKeeper to KRaft in ${toMs(process.now - driver.copyBegunUs)} ms.`);
}

// ---- writing

function writeChanges(run: MigrationRun): void {
  const { driver } = run;
  driver.writing = driver.changes;
  driver.changes = noChanges();
  write(run, writesFor(driver.image, driver.writing, driver.known, driver.epoch));
}

function write(run: MigrationRun, writes: readonly ZooKeeperWrite[]): void {
  const { driver } = run;
  const { offset, epoch } = driver.image;
  const node = migrationNode(offset, driver.nodeId, epoch, driver.epoch);
  askForMigration(run, guarded(writes, driver.zooKeeperLeadership, node), { step: "written", written: writes.length, offset, epoch });
}

function written(run: MigrationRun, { offset, epoch, written: count }: Extract<MigrationStep, { readonly step: "written" }>, answers: readonly ZooKeeperAnswer[]): void {
  const { driver } = run;
  const failed = answers.find(answer => answer.error !== "OK");
  if (failed !== undefined) return writeFailed(run, failed);
  const { zooKeeperLeadership } = driver;
  zooKeeperLeadership.metadataOffset = offset;
  zooKeeperLeadership.metadataEpoch = epoch;
  zooKeeperLeadership.migrationVersion += 1;
  switch (driver.state) {
    case "ZK_MIGRATION": return become(run, "SYNC_KRAFT_TO_ZK");
    case "SYNC_KRAFT_TO_ZK":
      log(run, "INFO", count === 0 ? "Did not make any ZK writes when reconciling with KRaft state." : `Made ${count} ZK writes when reconciling with KRaft state.`);
      become(run, "KRAFT_CONTROLLER_TO_BROKER_COMM");
      log(run, "INFO", `Sending RPCs to broker before moving to dual-write mode using at offset and epoch OffsetAndEpoch(offset=${offset}, epoch=${epoch})`);
      return;
    case "DUAL_WRITE": return told(run, driver.writing);
    default: return;
  }
}

function told(run: MigrationRun, changes: ImageChanges): void {
  run.driver.writing = noChanges();
  if (changes.brokers || changes.partitions.size > 0 || changes.removed.size > 0) tellZooKeeperBrokers(run, changes);
}

/** Somebody else has written, or a write came through although its answer was lost: both sides are compared once more. */
function writeFailed(run: MigrationRun, { error }: ZooKeeperAnswer): void {
  log(run, "ERROR", `Encountered an error (${error}) while writing to ZooKeeper`);
  become(run, "BECOME_CONTROLLER");
  lookAgainLater(run);
}
