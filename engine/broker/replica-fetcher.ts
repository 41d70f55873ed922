// How a follower copies its leaders: one loop for each source broker that asks for all its partitions at once, waits up to 500 ms for data,
// appends, and asks again, which is how the leader learns what the follower has. Cuts the log where it diverges from the leader's.
// Source: AbstractFetcherThread.scala, ReplicaFetcherThread.scala, RemoteLeaderEndPoint.scala (3.9).
// FIDELITY: BROKER-FETCHER, BROKER-FETCH-SESSIONS.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import { endOffsetForEpoch, latestEpoch, UNDEFINED_EPOCH } from "#engine/log/leader-epoch-cache.ts";
import { logLine } from "#engine/log/log-lines.ts";
import { maybeIncrementLogStartOffset, truncateFullyAndStartAt } from "#engine/log/log-start.ts";
import { appendBatchesAsFollower, truncateTo, updateHighWatermark } from "#engine/log/unified-log.ts";
import {
  createFetchSessionHandler, fetchSessionAnswered, fetchSessionFailed, type FetchSessionHandler, nextFetch, wishFor, wishNoMore, wishOf,
} from "#engine/protocol/fetch-session-handler.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { type NetworkResult, networkSend } from "#engine/protocol/network-client.ts";
import { type BrokerState, partitionAt } from "./broker-state.ts";
import { checkDelayedFetches } from "./delayed-fetch.ts";
import { openInSessions } from "./fetch-sessions.ts";
import type { Partition } from "./partition.ts";
import { isFollowerThrottling, isThrottledReplica, noteFollowerBytes } from "./replication-quota.ts";

export const FETCHER_TIMER = "fetcher";

interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  /** Not asked for before this moment, after an error. */
  delayedUntilUs: number;
  /** The leader has refused the offset: its end has to be asked for. */
  needsEndOffset: boolean;
  /** That end is known to lie beyond this log's: where the leader's log begins has to be asked for. */
  leaderEndsBeyond: boolean;
  /** Records behind the leader's high watermark, as of the last answer. */
  lag: number;
}

/**
 * @property partitions by log directory. @property unsettled those whose wish may have changed: new, grown or cut since, delayed, throttled.
 * @property backoffUntilUs after a request that failed as a whole.
 */
export interface ReplicaFetcher {
  readonly sourceBroker: number;
  readonly partitions: Map<string, FetchedPartition>;
  readonly unsettled: Set<string>;
  readonly session: FetchSessionHandler;
  isInFlight: boolean;
  backoffUntilUs: number;
  timer: number;
  timerAtUs: number;
}

/** Starts to copy a partition from the broker that leads it in this epoch. `startFetchers` sends. */
export function addToFetcher(broker: BrokerState, partition: Partition): void {
  let fetcher = broker.fetchers.get(partition.leader);
  if (fetcher === undefined) {
    fetcher = { sourceBroker: partition.leader, partitions: new Map(), unsettled: new Set(), session: createFetchSessionHandler(), isInFlight: false, backoffUntilUs: 0, timer: 0, timerAtUs: 0 };
    broker.fetchers.set(partition.leader, fetcher);
  }
  const { topic, partition: index, leaderEpoch } = partition;
  fetcher.partitions.set(partition.log.directory, { topic, partition: index, leaderEpoch, delayedUntilUs: 0, needsEndOffset: false, leaderEndsBeyond: false, lag: 1 });
  fetcher.unsettled.add(partition.log.directory);
}

export function removeFromFetchers(broker: BrokerState, directory: string): void {
  for (const fetcher of broker.fetchers.values()) removeFrom(fetcher, directory);
}

function removeFrom(fetcher: ReplicaFetcher, directory: string): void {
  const fetched = fetcher.partitions.get(directory);
  if (fetched === undefined) return;
  fetcher.partitions.delete(directory);
  fetcher.unsettled.delete(directory);
  wishNoMore(fetcher.session, fetched.topic, fetched.partition);
}

export function startFetchers(process: ProcessContext, broker: BrokerState): void {
  for (const fetcher of broker.fetchers.values()) pump(process, broker, fetcher);
}

/** The timer `FETCHER_TIMER`; its payload is the source broker. */
export function fetcherTimer(process: ProcessContext, broker: BrokerState, sourceBroker: number, sequence: number): void {
  const fetcher = broker.fetchers.get(sourceBroker);
  if (fetcher === undefined || fetcher.timer !== sequence) return;
  fetcher.timer = 0;
  pump(process, broker, fetcher);
}

/** Sends the next request, or sets a timer for the moment at which a partition may be asked for again. */
function pump(process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher): void {
  if (fetcher.isInFlight || fetcher.partitions.size === 0) return;
  if (fetcher.backoffUntilUs > process.now) return armAt(process, fetcher, fetcher.backoffUntilUs);
  let nextUs = Number.MAX_SAFE_INTEGER;
  if (fetcher.unsettled.size > 0) {
    const lost: FetchedPartition[] = [];
    for (const directory of fetcher.unsettled) {
      const fetched = fetcher.partitions.get(directory);
      const partition = fetched === undefined ? undefined : partitionAt(broker, fetched.topic, fetched.partition);
      if (fetched === undefined || partition === undefined) fetcher.unsettled.delete(directory);
      else if (fetched.delayedUntilUs > process.now) {
        wishNoMore(fetcher.session, fetched.topic, fetched.partition);
        nextUs = Math.min(nextUs, fetched.delayedUntilUs);
      } else if (fetched.needsEndOffset) lost.push(fetched);
      else settle(process, broker, fetcher, fetched, partition);
    }
    if (lost.length > 0) return askOffsets(process, broker, fetcher, lost);
  }
  if (fetcher.session.count > 0) return sendFetch(process, broker, fetcher);
  const backoffUs = fromMs(broker.settings["replica.fetch.backoff.ms"]);
  armAt(process, fetcher, nextUs === Number.MAX_SAFE_INTEGER ? process.now + backoffUs : nextUs);
}

/** A throttled partition is looked at in each round, whether it may be asked for again. */
function settle(process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher, fetched: FetchedPartition, partition: Partition): void {
  const { log } = partition;
  const isThrottled = isThrottledReplica(broker, fetched.topic, fetched.partition, "follower");
  if (isThrottled && isFollowerThrottling(process, broker, fetched.topic, fetched.partition, fetched.lag)) {
    wishNoMore(fetcher.session, fetched.topic, fetched.partition);
    return;
  }
  if (!isThrottled || fetched.lag === 0) fetcher.unsettled.delete(log.directory);
  const maxBytes = broker.settings["replica.fetch.max.bytes"];
  wishFor(fetcher.session, fetched.topic, fetched.partition, fetched.leaderEpoch, log.logEndOffset, latestEpoch(log.epochs), log.logStartOffset, maxBytes);
}

function armAt(process: ProcessContext, fetcher: ReplicaFetcher, atUs: number): void {
  if (fetcher.timer !== 0) {
    if (fetcher.timerAtUs <= atUs) return;
    process.cancel(fetcher.timer);
  }
  fetcher.timerAtUs = atUs;
  fetcher.timer = process.schedule(Math.max(0, atUs - process.now), FETCHER_TIMER, fetcher.sourceBroker);
}

function sendFetch(process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher): void {
  const { settings } = broker;
  send(process, broker, fetcher, "Fetch", {
    replicaId: broker.node.nodeId, replicaEpoch: broker.brokerEpoch, maxWaitMs: settings["replica.fetch.wait.max.ms"],
    minBytes: settings["replica.fetch.min.bytes"], maxBytes: settings["replica.fetch.response.max.bytes"], isolationLevel: 0, rackId: "",
    ...nextFetch(fetcher.session),
  });
}

/**
 * After OFFSET_OUT_OF_RANGE: where the leader's log ends, or, once it is known to end beyond this one, where it begins (fetchOffsetAndTruncate asks
 * for one after the other).
 */
function askOffsets(process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher, wanted: readonly FetchedPartition[]): void {
  const topics: { name: string; partitions: { partition: number; currentLeaderEpoch: number; timestamp: number }[] }[] = [];
  for (const { topic: name, partition, leaderEpoch, leaderEndsBeyond } of wanted) {
    const asked = { partition, currentLeaderEpoch: leaderEpoch, timestamp: leaderEndsBeyond ? EARLIEST_LOCAL_TIMESTAMP : LATEST_TIMESTAMP };
    const topic = topics.find(known => known.name === name);
    if (topic === undefined) topics.push({ name, partitions: [asked] });
    else topic.partitions.push(asked);
  }
  send(process, broker, fetcher, "ListOffsets", { replicaId: broker.node.nodeId, isolationLevel: 0, topics });
}
const LATEST_TIMESTAMP = -1;
const EARLIEST_LOCAL_TIMESTAMP = -4;

function send<A extends "Fetch" | "ListOffsets">(process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher, api: A, body: RequestOf<A>): void {
  const leader = broker.image.brokers.get(fetcher.sourceBroker);
  if (leader === undefined) return;
  fetcher.isInFlight = true;
  networkSend(process, broker.fetcherNetwork, String(fetcher.sourceBroker), { host: leader.host, port: leader.port }, {
    api, body, timeoutMs: broker.settings["replica.socket.timeout.ms"], context: fetcher.sourceBroker,
  });
}

/** What became of a request of `fetcherNetwork`. */
export function fetcherResult(process: ProcessContext, broker: BrokerState, result: NetworkResult): void {
  const fetcher = broker.fetchers.get(result.context as number);
  if (fetcher === undefined) return;
  fetcher.isInFlight = false;
  if (result.response === null) {
    fetcher.backoffUntilUs = process.now + fromMs(broker.settings["replica.fetch.backoff.ms"]);
    if (result.api === "Fetch") fetchSessionFailed(fetcher.session);
  } else if (result.api === "Fetch") {
    fetched(process, broker, fetcher, result.response as ResponseOf<"Fetch">);
  } else if (result.api === "ListOffsets") {
    offsetsFound(process, broker, fetcher, result.request as RequestOf<"ListOffsets">, result.response as ResponseOf<"ListOffsets">);
  }
  pump(process, broker, fetcher);
}

type FetchAnswer = ResponseOf<"Fetch">["topics"][number]["partitions"][number];

/** What has meanwhile changed its epoch or its end is left to the next round. */
function fetched(process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher, response: ResponseOf<"Fetch">): void {
  if (!fetchSessionAnswered(fetcher.session, response)) return;
  for (const { topic, partitions } of response.topics) {
    for (const answer of partitions) {
      const partition = partitionAt(broker, topic, answer.partition);
      const asked = wishOf(fetcher.session, topic, answer.partition);
      if (partition === undefined || asked === undefined) continue;
      const known = fetcher.partitions.get(partition.log.directory);
      if (known === undefined || known.leaderEpoch !== asked.currentLeaderEpoch || partition.log.logEndOffset !== asked.fetchOffset) continue;
      take(process, broker, fetcher, known, partition, answer);
      if (fetcher.partitions.has(partition.log.directory)) fetcher.unsettled.add(partition.log.directory);
    }
  }
}

function take(
  process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher, known: FetchedPartition, partition: Partition, answer: FetchAnswer,
): void {
  switch (answer.error) {
    case "NONE":
      if (answer.divergingEpoch.epoch !== UNDEFINED_EPOCH) truncateToCommonEpoch(process, broker, partition, answer.divergingEpoch);
      else appendFetched(process, broker, known, partition, answer);
      return;
    case "OFFSET_OUT_OF_RANGE":
      known.needsEndOffset = true;
      return;
    case "FENCED_LEADER_EPOCH":
      // There is a newer leader; the metadata that names it starts the copying again.
      removeFrom(fetcher, partition.log.directory);
      return;
    default:
      known.delayedUntilUs = process.now + fromMs(broker.settings["replica.fetch.backoff.ms"]);
  }
}

function appendFetched(process: ProcessContext, broker: BrokerState, known: FetchedPartition, partition: Partition, answer: FetchAnswer): void {
  const { log, config } = partition;
  let bytes = 0;
  for (const batch of answer.records) bytes += batch.sizeBytes;
  const [first] = answer.records;
  if (first !== undefined && first.baseOffset < log.logEndOffset) return unexpectedOffset(process, broker, partition, first.baseOffset);
  // A log that cannot be written to any more is not copied any more.
  if (bytes > 0 && !appendBatchesAsFollower(process, log, answer.records, config)) return removeFromFetchers(broker, log.directory);
  if (bytes > 0) noteFollowerBytes(process, broker, partition.topic, partition.partition, bytes);
  known.lag = Math.max(0, answer.highWatermark - log.logEndOffset);
  if (answer.logStartOffset > log.logStartOffset && maybeIncrementLogStartOffset(process, log, answer.logStartOffset, config)) {
    openInSessions(broker.fetchSessions, partition.topic, partition.partition);
  }
  if (updateHighWatermark(process, log, answer.highWatermark)) checkDelayedFetches(process, broker, partition);
}

/**
 * The leader holds a batch that begins below this log's end and reaches beyond it: it has written others at these offsets, in the same epoch, after it had
 * lost its own. The partition counts as failed and is not copied until another leader or epoch is told (UnexpectedAppendOffsetException, AbstractFetcherThread.markPartitionFailed).
 */
function unexpectedOffset(process: ProcessContext, broker: BrokerState, { log, leader }: Partition, firstOffset: number): void {
  const says = `[ReplicaFetcher replicaId=${log.broker}, leaderId=${leader}, fetcherId=0] `;
  logLine(process, log.broker, "ERROR", `${says}Unexpected error occurred while processing data for partition ${log.directory} at offset ${log.logEndOffset} `
    + `(org.apache.kafka.common.errors.UnexpectedAppendOffsetException: Unexpected offset in append to ${log.directory}. First offset ${firstOffset} is less than the next offset ${log.logEndOffset})`, "kafka.server.ReplicaFetcherThread");
  logLine(process, log.broker, "WARN", `${says}Partition ${log.directory} marked as failed`, "kafka.server.ReplicaFetcherThread");
  removeFromFetchers(broker, log.directory);
}

/** Where to cut, given the leader's (epoch, end): AbstractFetcherThread.getOffsetTruncationState. */
function truncateToCommonEpoch(
  process: ProcessContext, broker: BrokerState, partition: Partition, leader: { readonly epoch: number; readonly endOffset: number },
): void {
  const log = partition.log;
  const own = endOffsetForEpoch(log.epochs, leader.epoch, log.logEndOffset);
  let offset = Math.min(leader.endOffset, log.logEndOffset);
  // An epoch that this log does not know: cut to the end of the largest one below it, and the next fetch asks with that one.
  if (own.epoch !== UNDEFINED_EPOCH) offset = own.epoch === leader.epoch ? Math.min(own.endOffset, offset) : Math.min(own.endOffset, log.logEndOffset);
  const isCompleted = own.epoch === UNDEFINED_EPOCH || own.epoch === leader.epoch;
  const state = `TruncationState(offset=${offset}, completed=${isCompleted})`;
  const found = `EpochEndOffset(errorCode=0, partition=${partition.partition}, leaderEpoch=${leader.epoch}, endOffset=${leader.endOffset})`;
  logLine(process, log.broker, "INFO", `[ReplicaFetcher replicaId=${log.broker}, leaderId=${partition.leader}, fetcherId=0] Truncating partition ${log.directory} with ${state} `
    + `due to leader epoch and offset ${found}`, "kafka.server.ReplicaFetcherThread");
  cut(process, broker, partition, offset);
}

function cut(process: ProcessContext, broker: BrokerState, partition: Partition, offset: number): void {
  if (truncateTo(process, partition.log, offset, partition.config)) checkDelayedFetches(process, broker, partition);
}

/**
 * The leader ends before this log (after an unclean election): what is beyond is cut. Or it begins after this log's end: everything here is
 * older than anything it has, so this log starts anew there. Otherwise copying goes on where it was.
 */
function offsetsFound(
  process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher, request: RequestOf<"ListOffsets">, response: ResponseOf<"ListOffsets">,
): void {
  for (const { name, partitions } of request.topics) {
    const answers = response.topics.find(answered => answered.name === name)?.partitions;
    for (const asked of partitions) {
      const partition = partitionAt(broker, name, asked.partition);
      const answer = answers?.find(answered => answered.partition === asked.partition);
      const known = partition === undefined ? undefined : fetcher.partitions.get(partition.log.directory);
      if (partition === undefined || known === undefined || known.leaderEpoch !== asked.currentLeaderEpoch) continue;
      if (answer === undefined || answer.error !== "NONE") known.delayedUntilUs = process.now + fromMs(broker.settings["replica.fetch.backoff.ms"]);
      else if (asked.timestamp === LATEST_TIMESTAMP) endFound(process, broker, known, partition, answer.offset);
      else beginningFound(process, broker, known, partition, answer.offset);
    }
  }
}

function endFound(process: ProcessContext, broker: BrokerState, known: FetchedPartition, partition: Partition, leaderEnd: number): void {
  if (leaderEnd < partition.log.logEndOffset) {
    known.needsEndOffset = false;
    cut(process, broker, partition, leaderEnd);
  } else known.leaderEndsBeyond = true;
}

function beginningFound(process: ProcessContext, broker: BrokerState, known: FetchedPartition, partition: Partition, leaderStart: number): void {
  known.needsEndOffset = false;
  known.leaderEndsBeyond = false;
  if (leaderStart <= partition.log.logEndOffset) return;
  truncateFullyAndStartAt(process, partition.log, leaderStart, partition.config);
  checkDelayedFetches(process, broker, partition);
}
