// The memory of a broker in ZooKeeper mode, and how its parts ask ZooKeeper: requests that a broken connection has swallowed are sent again when
// there is a new one. Source: KafkaServer.scala, KafkaZkClient.retryRequestsUntilConnected (3.9). FIDELITY: ZKC-CLIENT.
import type { ProcessContext } from "#engine/core/process.ts";
import { longMapOrder } from "#engine/metadata/zookeeper-controller/scala-map-order.ts";
import type { ControllerHost, Run, TaskContext } from "#engine/metadata/zookeeper-controller/controller-task.ts";
import { controllerSettings, createController, type ZooKeeperController } from "#engine/metadata/zookeeper-controller/controller-state.ts";
import { numberSetting } from "#engine/metadata/kraft-settings.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import { createNetworkClient, type NetworkClient } from "#engine/protocol/network-client.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { ZooKeeperAnswer, ZooKeeperOperation } from "#engine/zookeeper/zookeeper-protocol.ts";
import { createZooKeeperClient, type ZooKeeperClient, zooKeeperSend } from "#engine/zookeeper/zookeeper-client.ts";
import { metadataTopicsCreated } from "./apis/03-metadata.ts";
import { type BrokerState, createBroker, reply, type ZooKeeperCreation } from "./broker-state.ts";
import type { KafkaNodeSettings } from "./node-settings.ts";
import type { ConfigStep } from "./zookeeper-configs.ts";
import type { BrokerMigration } from "./zookeeper-migration.ts";
import type { StartStep } from "./zookeeper-startup.ts";

/** What the node goes on with when all its questions of one round are answered. */
export type NodeStep =
  | StartStep | ConfigStep
  /** The settings of topics whose replicas this broker gets for the first time. */
  | { readonly step: "leader-and-isr"; readonly topics: readonly string[]; readonly body: RequestOf<"LeaderAndIsr">; readonly replyTo: ReplyTo<"LeaderAndIsr"> };

interface Round { readonly answers: (ZooKeeperAnswer | null)[]; outstanding: number; readonly next: NodeStep }
interface RoundContext { readonly for: "round"; readonly round: number; readonly index: number }
export type ZooKeeperContext = TaskContext | RoundContext;

/** "starting": until the broker is registered. "stopped": it has said why, and ends. */
export type NodePhase = "starting" | "running" | "shutting-down" | "stopped";

export interface ZooKeeperNodeState {
  readonly mode: "zookeeper";
  readonly settings: KafkaNodeSettings;
  readonly broker: BrokerState;
  readonly zooKeeper: ZooKeeperClient;
  readonly controller: ZooKeeperController;
  readonly rounds: Map<number, Round>;
  nextRound: number;
  /** Waiting for a connection. */
  lost: { readonly operation: ZooKeeperOperation; readonly context: ZooKeeperContext }[];
  phase: NodePhase;
  /** The highest epoch of a controller that this broker has heard of (ReplicaManager.controllerEpoch). */
  controllerEpoch: number;
  /** The newest notification of a changed setting that was seen: its number; -1 none. */
  lastConfigChange: number;
  /** Metadata requests for which topics are being created, by number. */
  readonly creations: Map<number, ZooKeeperCreation>;
  nextCreation: number;
  readonly shutdown: ShutdownState;
  /** Its part in a migration to KRaft; null outside one, and before it is registered. */
  migration: BrokerMigration | null;
  /** The KRaft controller has let the broker go. */
  mayExit: boolean;
}

/** @property attemptsLeft of controlled.shutdown.max.retries. @property begunUs when the signal came. */
export interface ShutdownState { readonly network: NetworkClient; attemptsLeft: number; begunUs: number }

export function createZooKeeperNode(process: ProcessContext, settings: KafkaNodeSettings): ZooKeeperNodeState {
  const { nodeId, overrides } = settings;
  const sessionTimeoutMs = numberSetting(overrides, "zookeeper.session.timeout.ms", 18_000);
  return {
    mode: "zookeeper", settings, broker: createBroker(settings),
    zooKeeper: createZooKeeperClient("kafka", {
      servers: settings.zookeeperConnect, sessionTimeoutMs,
      connectionTimeoutMs: numberSetting(overrides, "zookeeper.connection.timeout.ms", sessionTimeoutMs),
      maxInFlightRequests: numberSetting(overrides, "zookeeper.max.in.flight.requests", 10),
    }),
    controller: createController(nodeId, controllerSettings(overrides), process.random("AdminUtils", 0x100000000)), rounds: new Map(), nextRound: 1, lost: [], phase: "starting", controllerEpoch: 0,
    lastConfigChange: -1, creations: new Map(), nextCreation: 1,
    shutdown: {
      network: createNetworkClient("controlled-shutdown", { clientId: String(nodeId), reconnectBackoffMs: 0, reconnectBackoffMaxMs: 0, connectionSetupTimeoutMs: 10_000 }),
      attemptsLeft: numberSetting(overrides, "controlled.shutdown.max.retries", 3), begunUs: 0,
    },
    migration: null, mayExit: false,
  };
}

// ---- ZooKeeper

/** Asks all at once; `step` follows with the answers in the same order. */
export function askZooKeeper(process: ProcessContext, node: ZooKeeperNodeState, operations: readonly ZooKeeperOperation[], next: NodeStep): void {
  const round = node.nextRound;
  node.nextRound += 1;
  node.rounds.set(round, { answers: operations.map(() => null), outstanding: operations.length, next });
  operations.forEach((operation, index) => zooKeeperSend(process, node.zooKeeper, operation, { for: "round", round, index } satisfies RoundContext));
}

export interface FinishedRound { readonly next: NodeStep; readonly answers: readonly ZooKeeperAnswer[] }

/** The round that this answer has finished; null when others are still out or nobody waits. */
export function takeRoundAnswer(node: ZooKeeperNodeState, context: RoundContext, answer: ZooKeeperAnswer): FinishedRound | null {
  const round = node.rounds.get(context.round);
  if (round === undefined || round.answers[context.index] !== null) return null;
  round.answers[context.index] = answer;
  round.outstanding -= 1;
  if (round.outstanding > 0) return null;
  node.rounds.delete(context.round);
  return { next: round.next, answers: round.answers as readonly ZooKeeperAnswer[] };
}

export function resendLost(process: ProcessContext, node: ZooKeeperNodeState): void {
  const { lost } = node;
  node.lost = [];
  for (const { operation, context } of lost) zooKeeperSend(process, node.zooKeeper, operation, context);
}

// ---- the controller

/** Built for each dispatch. */
export function controllerRun(process: ProcessContext, node: ZooKeeperNodeState): Run {
  return { process, host: controllerHost(process, node), controller: node.controller, cause: process.cause };
}

function controllerHost(process: ProcessContext, node: ZooKeeperNodeState): ControllerHost {
  const { broker, zooKeeper } = node;
  const { image } = broker;
  return {
    zooKeeper: (operation, context) => zooKeeperSend(process, zooKeeper, operation, context),
    reply: (to, body) => reply(process, broker, to, body),
    leaderInCache: (topic, partition) => image.topics.get(topic)?.partitions[partition]?.leader ?? -1,
    isTopicInCache: topic => image.topics.has(topic),
    aliveBrokers: () => longMapOrder([...image.brokers.keys()]).map(brokerId => ({ brokerId, rack: image.brokers.get(brokerId)?.rack ?? null })),
    autoCreated: (number, results) => {
      const creation = node.creations.get(number);
      if (creation === undefined) return;
      node.creations.delete(number);
      // Nobody waits for the leaders: a time-out of 0 says that the topic is made.
      metadataTopicsCreated(process, broker, creation, new Map(results.map(({ name, error }) => [name, error === "REQUEST_TIMED_OUT" ? "NONE" : error])));
    },
  };
}
