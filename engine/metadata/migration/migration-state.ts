// What a controller remembers of a migration from ZooKeeper, and how it asks ZooKeeper: one round of requests at a time.
// Source: KRaftMigrationDriver.java, ZkMigrationLeadershipState.java (3.9), KIP-866. FIDELITY: MIG-DRIVER.
import type { ProcessContext } from "#engine/core/process.ts";
import { createImage } from "#engine/metadata/apply-record.ts";
import type { MetadataImage } from "#engine/metadata/image.ts";
import { type KraftSettings, numberSetting } from "#engine/metadata/kraft-settings.ts";
import type { MetadataRecord } from "#engine/metadata/records.ts";
import { type BrokerChannels, createBrokerChannels } from "#engine/metadata/zookeeper-controller/broker-channels.ts";
import type { Endpoint } from "#engine/protocol/network-client.ts";
import { createZooKeeperClient, type ZooKeeperClient, zooKeeperSend } from "#engine/zookeeper/zookeeper-client.ts";
import type { ZooKeeperAnswer, ZooKeeperOperation } from "#engine/zookeeper/zookeeper-protocol.ts";
import { type ImageChanges, noChanges } from "./image-changes.ts";
import type { ReadStep } from "./read-zookeeper.ts";

/** MigrationDriverState. */
export type DriverState =
  | "UNINITIALIZED" | "INACTIVE" | "WAIT_FOR_CONTROLLER_QUORUM" | "WAIT_FOR_BROKERS" | "BECOME_CONTROLLER" | "ZK_MIGRATION" | "SYNC_KRAFT_TO_ZK"
  | "KRAFT_CONTROLLER_TO_BROKER_COMM" | "DUAL_WRITE";

/** What stands in /migration and /controller_epoch. @property migrationVersion of the znode. @property controllerEpoch of ZooKeeper's count. */
export interface ZooKeeperLeadership {
  migrationVersion: number;
  /** Up to where the metadata log was written to ZooKeeper; -1: ZooKeeper's metadata was not copied yet. */
  metadataOffset: number;
  metadataEpoch: number;
  controllerEpoch: number;
  controllerEpochVersion: number;
}

/** What follows when a round is answered. */
export type MigrationStep =
  | ReadStep
  | { readonly step: "recovered" | "recovery-created" | "brokers-listed" | "claim-read" }
  | { readonly step: "claimed"; readonly controllerEpoch: number }
  /** The topics' replicas must all be on brokers that are known. */
  | { readonly step: "topics-listed"; readonly brokers: readonly number[] }
  | { readonly step: "written"; readonly written: number; readonly offset: number; readonly epoch: number };

interface Round { readonly number: number; readonly answers: (ZooKeeperAnswer | null)[]; outstanding: number; readonly next: MigrationStep }
interface RoundContext { readonly round: number; readonly index: number }

export interface MigrationDriver {
  readonly nodeId: number;
  readonly zooKeeper: ZooKeeperClient;
  /** To brokers that still run in ZooKeeper mode. */
  readonly channels: BrokerChannels;
  /** By broker: the epoch of the registration that was told everything. */
  readonly told: Map<number, number>;
  state: DriverState;
  /** Epoch in which this node's controller is active; -1 while it is not. */
  epoch: number;
  readonly zooKeeperLeadership: ZooKeeperLeadership;
  /** What is committed, and what of it has changed since it was last written to ZooKeeper. */
  image: MetadataImage;
  changes: ImageChanges;
  /** Changes on their way to ZooKeeper: the brokers hear of them afterwards. */
  writing: ImageChanges;
  /** Znodes of topics, partitions and settings that exist. */
  readonly known: Set<string>;
  round: Round | null;
  nextRound: number;
  /** Waiting for a connection. */
  lost: { readonly operation: ZooKeeperOperation; readonly context: RoundContext }[];
  /** Not before this moment does the driver look again. */
  pollAtUs: number;
  pollTimer: number;
  copyBegunUs: number;
}

/** What the driver may do with its node. Built for each dispatch. */
export interface MigrationHost {
  /** Epoch in which this node's controller is active; -1 when it is not. */
  readonly activeEpoch: number;
  readonly voters: readonly number[];
  write(records: readonly MetadataRecord[]): void;
}

export interface MigrationRun { readonly process: ProcessContext; readonly host: MigrationHost; readonly driver: MigrationDriver }

export function createMigrationDriver(settings: KraftSettings & { readonly zookeeperConnect: readonly Endpoint[] }): MigrationDriver {
  const { nodeId, overrides } = settings;
  const sessionTimeoutMs = numberSetting(overrides, "zookeeper.session.timeout.ms", 18_000);
  return {
    nodeId, zooKeeper: createZooKeeperClient("KRaft Migration", {
      servers: settings.zookeeperConnect, sessionTimeoutMs, connectionTimeoutMs: numberSetting(overrides, "zookeeper.connection.timeout.ms", sessionTimeoutMs),
      maxInFlightRequests: numberSetting(overrides, "zookeeper.max.in.flight.requests", 10),
    }),
    channels: createBrokerChannels(nodeId), told: new Map(), state: "UNINITIALIZED", epoch: -1,
    zooKeeperLeadership: { migrationVersion: -1, metadataOffset: -1, metadataEpoch: -1, controllerEpoch: -1, controllerEpochVersion: -1 },
    image: createImage(), changes: noChanges(), writing: noChanges(), known: new Set(), round: null, nextRound: 1, lost: [], pollAtUs: 0, pollTimer: 0,
    copyBegunUs: 0,
  };
}

/** Asks all at once; `next` follows with the answers in the same order. */
export function askForMigration({ process, driver }: MigrationRun, operations: readonly ZooKeeperOperation[], next: MigrationStep): void {
  const number = driver.nextRound;
  driver.nextRound += 1;
  driver.round = { number, answers: operations.map(() => null), outstanding: operations.length, next };
  operations.forEach((operation, index) => zooKeeperSend(process, driver.zooKeeper, operation, { round: number, index } satisfies RoundContext));
}

/** The round is over when this was its last answer; null when it goes on, or nobody waits. */
export function takeMigrationAnswer(
  driver: MigrationDriver, operation: ZooKeeperOperation, context: unknown, answer: ZooKeeperAnswer,
): { readonly next: MigrationStep; readonly answers: readonly ZooKeeperAnswer[] } | null {
  const { round } = driver;
  const { round: number, index } = context as RoundContext;
  if (round === null || round.number !== number || round.answers[index] !== null) return null;
  if (answer.error === "CONNECTIONLOSS") {
    driver.lost.push({ operation, context: { round: number, index } });
    return null;
  }
  round.answers[index] = answer;
  round.outstanding -= 1;
  if (round.outstanding > 0) return null;
  driver.round = null;
  return { next: round.next, answers: round.answers as readonly ZooKeeperAnswer[] };
}

/** There is a connection again. */
export function resendForMigration({ process, driver }: MigrationRun): void {
  const { lost } = driver;
  driver.lost = [];
  for (const { operation, context } of lost) {
    if (driver.round?.number === context.round) zooKeeperSend(process, driver.zooKeeper, operation, context);
  }
}
