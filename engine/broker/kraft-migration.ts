// A controller's part in a migration from ZooKeeper, as its node carries it: the session with the ensemble, the channels to brokers in ZooKeeper mode,
// and the driver, which goes on after everything that happens. Source: ControllerServer.startup (3.9), KIP-866. FIDELITY: MIG-DRIVER.
import type { ProcessContext } from "#engine/core/process.ts";
import { channelResult, channelTimer, CONTROLLER_CHANNEL_TIMER } from "#engine/metadata/zookeeper-controller/broker-channels.ts";
import { driveMigration, MIGRATION_TIMER, migrationCommitted, migrationCopied, migrationEvents } from "#engine/metadata/migration/migration-driver.ts";
import { createMigrationDriver, type MigrationDriver, type MigrationHost } from "#engine/metadata/migration/migration-state.ts";
import { isMigrationEnabled } from "#engine/metadata/kraft-settings.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import type { RaftBatch } from "#engine/raft/raft-batch.ts";
import { openZooKeeperSession, zooKeeperClosed, zooKeeperConnected, zooKeeperReceived, zooKeeperTimer } from "#engine/zookeeper/zookeeper-client.ts";
import type { ZooKeeperResponse } from "#engine/zookeeper/zookeeper-protocol.ts";
import type { KafkaNodeSettings } from "./node-settings.ts";

/** Null on a node that drives no migration: every other one. */
export function startMigration(process: ProcessContext, settings: KafkaNodeSettings): MigrationDriver | null {
  if (!settings.roles.includes("controller") || !isMigrationEnabled(settings)) return null;
  const driver = createMigrationDriver(settings);
  openZooKeeperSession(process, driver.zooKeeper);
  return driver;
}

/** After every event of the node, with what was committed in it. */
export function goOnMigrating(process: ProcessContext, driver: MigrationDriver, host: MigrationHost, batches: readonly RaftBatch[]): void {
  const run = { process, host, driver };
  migrationCommitted(driver, batches);
  migrationCopied(run);
  driveMigration(run);
}

/** False when the connection is not the session's. */
export function migrationConnected(process: ProcessContext, driver: MigrationDriver | null, connection: number): boolean {
  return driver !== null && zooKeeperConnected(process, driver.zooKeeper, connection);
}

export function migrationReceived(process: ProcessContext, driver: MigrationDriver | null, host: MigrationHost, connection: number, message: unknown): boolean {
  if (driver === null || connection !== driver.zooKeeper.connection) return false;
  migrationEvents({ process, host, driver }, zooKeeperReceived(process, driver.zooKeeper, connection, message as ZooKeeperResponse) ?? []);
  return true;
}

export function migrationClosed(process: ProcessContext, driver: MigrationDriver | null, host: MigrationHost, connection: number): boolean {
  const events = driver === null ? null : zooKeeperClosed(process, driver.zooKeeper, connection);
  if (driver === null || events === null) return false;
  migrationEvents({ process, host, driver }, events);
  return true;
}

export function migrationDriverTimer(
  process: ProcessContext, driver: MigrationDriver | null, host: MigrationHost, name: string, payload: unknown, sequence: number,
): boolean {
  if (driver === null) return false;
  if (name === MIGRATION_TIMER) return true;
  if (name === CONTROLLER_CHANNEL_TIMER) {
    channelTimer(process, driver.channels, payload as number, sequence);
    return true;
  }
  const events = zooKeeperTimer(process, driver.zooKeeper, name, sequence);
  if (events === null) return false;
  migrationEvents({ process, host, driver }, events);
  return true;
}

/** What brokers in ZooKeeper mode answer is of no consequence; that they have answered lets the next request go. */
export function zooKeeperBrokerAnswered(process: ProcessContext, driver: MigrationDriver, result: NetworkResult): void {
  channelResult(process, driver.channels, result);
}
