// What a controller knows. Every node of the quorum keeps the image; only the active controller has sessions and answers that wait.
// Follows QuorumController.java (3.9): the active controller works on an image that is ahead of what is committed. Plain data.
// FIDELITY: META-EVENT-QUEUE.
import type { ControllerFact, PartitionChangeReason } from "#engine/protocol/facts.ts";
import type { ControllerApi } from "#engine/protocol/error-response.ts";
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { BrokerSession } from "./broker-sessions.ts";
import type { MetadataImage } from "./image.ts";
import type { JavaRandom } from "./java-random.ts";
import type { ControllerConfig } from "./kraft-settings.ts";
import type { MutationBuckets, MutationQuota } from "./mutation-quota.ts";
import type { PartitionIndex } from "./partition-index.ts";
import type { MetadataRecord } from "./records.ts";

/** A request in the controller's event queue. `client`: the id of who wants it. */
export interface QueuedRequest { readonly api: ControllerApi; readonly body: RequestOf<ControllerApi>; readonly to: ReplyTo; readonly client: string }

/** An answer, and what there is to tell, that waits until everything up to `offset` is committed. `asked` null: nobody waits. */
export interface DeferredAnswer {
  readonly offset: number;
  readonly asked: QueuedRequest | null;
  readonly body: ResponseOf<Api> | null;
  readonly facts: readonly ControllerFact[];
  /** Trace entry that led to the decision: the commit is only when it becomes true. */
  readonly cause: number;
}

export interface ActiveController {
  readonly epoch: number;
  sessions: Map<number, BrokerSession>;
  /** In the order of their offsets. */
  deferred: DeferredAnswer[];
  noOpAtUs: number;
  /** When preferred leaders are elected next; -1 while every partition is led by its first replica. */
  balanceAtUs: number;
  /** When partitions without a leader are looked at next, because a setting may allow an unclean election now; -1 while all are led. */
  uncleanElectionAtUs: number;
  /** Not before this moment is another broker fenced: one a run. */
  fenceNotBeforeUs: number;
  /** The armed timer, 0 for none, and its time. */
  timer: number;
  timerAtUs: number;
}

export interface ControllerState {
  readonly config: ControllerConfig;
  /** Committed records; on the active controller also those that are not committed yet. */
  image: MetadataImage;
  index: PartitionIndex;
  readonly random: JavaRandom;
  readonly mutations: MutationBuckets;
  /** Null on all but the active controller. */
  active: ActiveController | null;
  /** Until when the single event queue is busy. */
  busyUntilUs: number;
}

/** Why the records of a decision were written: what the facts of the trace say. `partitions` null: what the change itself shows. */
/** `cause`: trace entry that led to it, where that is not what the handler was called for. */
export interface DecisionReason { readonly partitions: PartitionChangeReason | null; readonly silentForUs: number; readonly cause?: number }
export const NO_REASON: DecisionReason = { partitions: null, silentForUs: 0 };

/** Outcome of one event of the controller: records to append, in order, and the answer once they are committed. */
export interface Decision<A extends Api = Api> {
  readonly records: readonly MetadataRecord[];
  readonly reason: DecisionReason;
  readonly response: ResponseOf<A> | null;
  /** kraft.version becomes 1: the voters move into the quorum's own records (KIP-853). */
  readonly upgradesQuorum?: boolean;
}

/** MAX_RECORDS_PER_USER_OP, and what is said when an operation would write more. */
export const USER_RECORDS_MAX = 10_000;
export const TOO_MANY_RECORDS = "Unable to perform excessively large batch operation.";

export function answerOnly<A extends Api>(response: ResponseOf<A>): Decision<A> {
  return { records: [], reason: NO_REASON, response };
}

/** What an operation looks at. `nextOffset`: the offset that its first record will get. */
export interface OperationContext {
  readonly nowUs: number;
  /** Trace entry of what is being handled. */
  readonly cause: number;
  readonly config: ControllerConfig;
  readonly image: MetadataImage;
  readonly index: PartitionIndex;
  readonly active: ActiveController;
  readonly nextOffset: number;
  /** Level of the feature kraft.version, which the quorum keeps itself. */
  readonly kraftVersion: number;
  /** Of the client that has asked. */
  readonly mutations: MutationQuota;
}
