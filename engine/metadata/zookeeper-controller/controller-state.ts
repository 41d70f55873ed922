// The memory of a broker's controller part: whether it is the controller, what it knows, what it has to do. Plain data.
// Source: KafkaController.scala, ControllerEventManager.scala (3.9).
import { createJavaRandom, type JavaRandom } from "#engine/metadata/java-random.ts";
import { booleanSetting, numberSetting } from "#engine/metadata/kraft-settings.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { type BrokerChannels, createBrokerChannels } from "./broker-channels.ts";
import { createRequestBatch, type RequestBatch } from "./broker-request-batch.ts";
import { type ControllerContext, createContext, type TopicPartition } from "./controller-context.ts";
import type { Step } from "./controller-steps.ts";
import { CONTROLLER_TASK, createTask, type Task } from "./controller-task.ts";

export interface ControllerSettings {
  readonly autoLeaderRebalance: boolean;
  readonly imbalanceCheckIntervalMs: number;
  readonly imbalancePercentage: number;
  readonly isUncleanElectionEnabled: boolean;
  readonly isTopicDeletionEnabled: boolean;
  readonly defaultPartitions: number;
  readonly defaultReplicationFactor: number;
}

/** What the last change to "online" came to: PartitionStateMachine.handleStateChanges's result. */
export interface ElectionResults { readonly elected: TopicPartition[]; readonly failed: (TopicPartition & { readonly message: string })[] }

/** @property cause trace entry that led to it. */
export interface QueuedEvent { readonly step: Step; readonly cause: number }

export interface ZooKeeperController {
  readonly brokerId: number;
  readonly settings: ControllerSettings;
  /** The broker in `/controller` as this one knows it; -1 for nobody. This broker: it is the controller. */
  activeController: number;
  context: ControllerContext;
  /** Events that wait for the controller's thread, oldest first. */
  events: QueuedEvent[];
  readonly tasks: Map<number, Task>;
  nextTask: number;
  asks: number;
  /** Who waits for the answer to the event in work; null when nobody does. */
  replyTo: ReplyTo | null;
  batch: RequestBatch;
  readonly channels: BrokerChannels;
  election: ElectionResults;
  /** Sequence number of the armed timer of the automatic balance; 0 for none. */
  balanceTimer: number;
  /** Requests of operators that wait for this broker's metadata cache: task ids. */
  readonly waitingForCache: Map<number, CacheWait>;
  /** AdminUtils' generator: one for the life of the process, unseeded. */
  readonly placement: JavaRandom;
  /** Whether this controller has just been elected: its code runs for the first time. */
  isFailingOver: boolean;
  /** Topics whose creation this broker has told; the controller tells the others. */
  readonly announcedTopics: Set<string>;
}

/** @property timer sequence number; the task goes on when all is there or the time is over. */
export interface CacheWait {
  readonly expect: "leaders" | "absence" | "leader-ids";
  readonly partitions: readonly (TopicPartition & { readonly leader?: number })[];
  readonly timer: number;
}

export function controllerSettings(overrides: Readonly<Record<string, string | number | boolean>>): ControllerSettings {
  return {
    autoLeaderRebalance: booleanSetting(overrides, "auto.leader.rebalance.enable", true),
    imbalanceCheckIntervalMs: numberSetting(overrides, "leader.imbalance.check.interval.seconds", 300) * 1_000,
    imbalancePercentage: numberSetting(overrides, "leader.imbalance.per.broker.percentage", 10),
    isUncleanElectionEnabled: booleanSetting(overrides, "unclean.leader.election.enable", false),
    isTopicDeletionEnabled: booleanSetting(overrides, "delete.topic.enable", true),
    defaultPartitions: numberSetting(overrides, "num.partitions", 1),
    defaultReplicationFactor: numberSetting(overrides, "default.replication.factor", 1),
  };
}

/** `seed`: of the generator for placements. */
export function createController(brokerId: number, settings: ControllerSettings, seed: number): ZooKeeperController {
  return {
    brokerId, settings, activeController: -1, context: createContext(), events: [], tasks: new Map([[CONTROLLER_TASK, createTask(CONTROLLER_TASK)]]),
    nextTask: CONTROLLER_TASK + 1, asks: 0, replyTo: null, batch: createRequestBatch(), channels: createBrokerChannels(brokerId),
    election: { elected: [], failed: [] }, balanceTimer: 0, waitingForCache: new Map(), placement: createJavaRandom(seed), isFailingOver: false,
    announcedTopics: new Set(),
  };
}

export function isActive(controller: ZooKeeperController): boolean {
  return controller.activeController === controller.brokerId;
}
