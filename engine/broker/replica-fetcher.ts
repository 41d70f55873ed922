// How a follower copies its leaders: one loop for each source broker that asks for all its partitions at once, waits up to 500 ms for data,
// appends, and asks again, which is how the leader learns what the follower has. Cuts the log where it diverges from the leader's.
// Source: AbstractFetcherThread.scala, ReplicaFetcherThread.scala, RemoteLeaderEndPoint.scala (3.9).
// FIDELITY: BROKER-FETCHER, BROKER-FETCH-SESSIONS.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import { endOffsetForEpoch, latestEpoch, UNDEFINED_EPOCH } from "#engine/log/leader-epoch-cache.ts";
import { appendAsFollower, truncateTo, updateHighWatermark } from "#engine/log/unified-log.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { type NetworkResult, networkSend } from "#engine/protocol/network-client.ts";
import { type BrokerState, partitionAt } from "./broker-state.ts";
import { checkDelayedFetches } from "./delayed-fetch.ts";
import type { Partition } from "./partition.ts";

export const FETCHER_TIMER = "fetcher";

interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly leaderEpoch: number;
  /** Not asked for before this moment, after an error. */
  delayedUntilUs: number;
  /** The leader has refused the offset: its end has to be asked for. */
  needsEndOffset: boolean;
}

/** @property partitions by log directory. @property backoffUntilUs after a request that failed as a whole. */
export interface ReplicaFetcher {
  readonly sourceBroker: number;
  readonly partitions: Map<string, FetchedPartition>;
  isInFlight: boolean;
  backoffUntilUs: number;
  timer: number;
  timerAtUs: number;
}

/** Starts to copy a partition from the broker that leads it in this epoch. `startFetchers` sends. */
export function addToFetcher(broker: BrokerState, partition: Partition): void {
  let fetcher = broker.fetchers.get(partition.leader);
  if (fetcher === undefined) {
    fetcher = { sourceBroker: partition.leader, partitions: new Map(), isInFlight: false, backoffUntilUs: 0, timer: 0, timerAtUs: 0 };
    broker.fetchers.set(partition.leader, fetcher);
  }
  const { topic, partition: index, leaderEpoch } = partition;
  fetcher.partitions.set(partition.log.directory, { topic, partition: index, leaderEpoch, delayedUntilUs: 0, needsEndOffset: false });
}

export function removeFromFetchers(broker: BrokerState, directory: string): void {
  for (const fetcher of broker.fetchers.values()) fetcher.partitions.delete(directory);
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
  const ready: FetchedPartition[] = [];
  let nextUs = Number.MAX_SAFE_INTEGER;
  for (const fetched of fetcher.partitions.values()) {
    if (fetched.delayedUntilUs <= process.now) ready.push(fetched);
    else if (fetched.delayedUntilUs < nextUs) nextUs = fetched.delayedUntilUs;
  }
  if (ready.length === 0) return armAt(process, fetcher, nextUs);
  if (ready.some(fetched => fetched.needsEndOffset)) askEndOffsets(process, broker, fetcher, ready.filter(fetched => fetched.needsEndOffset));
  else sendFetch(process, broker, fetcher, ready);
}

function armAt(process: ProcessContext, fetcher: ReplicaFetcher, atUs: number): void {
  if (fetcher.timer !== 0) {
    if (fetcher.timerAtUs <= atUs) return;
    process.cancel(fetcher.timer);
  }
  fetcher.timerAtUs = atUs;
  fetcher.timer = process.schedule(Math.max(0, atUs - process.now), FETCHER_TIMER, fetcher.sourceBroker);
}

function sendFetch(process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher, ready: readonly FetchedPartition[]): void {
  const { settings } = broker;
  const topics: { topic: string; partitions: RequestOf<"Fetch">["topics"][number]["partitions"][number][] }[] = [];
  for (const fetched of ready) {
    const partition = partitionAt(broker, fetched.topic, fetched.partition);
    if (partition === undefined) continue;
    const log = partition.log;
    const wanted = {
      partition: fetched.partition, currentLeaderEpoch: fetched.leaderEpoch, fetchOffset: log.logEndOffset, lastFetchedEpoch: latestEpoch(log.epochs),
      logStartOffset: log.logStartOffset, partitionMaxBytes: settings["replica.fetch.max.bytes"],
    };
    // Partitions of a topic mostly follow each other.
    const last = topics[topics.length - 1];
    const topic = last?.topic === fetched.topic ? last : topics.find(known => known.topic === fetched.topic);
    if (topic === undefined) topics.push({ topic: fetched.topic, partitions: [wanted] });
    else topic.partitions.push(wanted);
  }
  if (topics.length === 0) return;
  send(process, broker, fetcher, "Fetch", {
    replicaId: broker.node.nodeId, replicaEpoch: broker.brokerEpoch, maxWaitMs: settings["replica.fetch.wait.max.ms"],
    minBytes: settings["replica.fetch.min.bytes"], maxBytes: settings["replica.fetch.response.max.bytes"], isolationLevel: 0, rackId: "", topics,
  });
}

/** After OFFSET_OUT_OF_RANGE. */
function askEndOffsets(process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher, wanted: readonly FetchedPartition[]): void {
  const topics: { name: string; partitions: { partition: number; currentLeaderEpoch: number; timestamp: number }[] }[] = [];
  for (const { topic: name, partition, leaderEpoch } of wanted) {
    const asked = { partition, currentLeaderEpoch: leaderEpoch, timestamp: LATEST_TIMESTAMP };
    const topic = topics.find(known => known.name === name);
    if (topic === undefined) topics.push({ name, partitions: [asked] });
    else topic.partitions.push(asked);
  }
  send(process, broker, fetcher, "ListOffsets", { replicaId: broker.node.nodeId, isolationLevel: 0, topics });
}
const LATEST_TIMESTAMP = -1;

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
  } else if (result.api === "Fetch") {
    fetched(process, broker, fetcher, result.request as RequestOf<"Fetch">, result.response as ResponseOf<"Fetch">);
  } else if (result.api === "ListOffsets") {
    endOffsetsFound(process, broker, fetcher, result.request as RequestOf<"ListOffsets">, result.response as ResponseOf<"ListOffsets">);
  }
  pump(process, broker, fetcher);
}

type FetchAnswer = ResponseOf<"Fetch">["topics"][number]["partitions"][number];

/** Answers come in the order of the request. What has meanwhile changed its epoch or its end is left to the next round. */
function fetched(process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher, request: RequestOf<"Fetch">, response: ResponseOf<"Fetch">): void {
  for (let topicIndex = 0; topicIndex < request.topics.length; topicIndex += 1) {
    const asked = request.topics[topicIndex];
    const answers = response.topics[topicIndex];
    if (asked === undefined || answers === undefined) continue;
    for (let index = 0; index < asked.partitions.length; index += 1) {
      const wanted = asked.partitions[index];
      const answer = answers.partitions[index];
      const partition = partitionAt(broker, asked.topic, wanted?.partition ?? -1);
      if (wanted === undefined || answer === undefined || partition === undefined) continue;
      const known = fetcher.partitions.get(partition.log.directory);
      if (known === undefined || known.leaderEpoch !== wanted.currentLeaderEpoch || partition.log.logEndOffset !== wanted.fetchOffset) continue;
      take(process, broker, fetcher, known, partition, answer);
    }
  }
}

function take(
  process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher, known: FetchedPartition, partition: Partition, answer: FetchAnswer,
): void {
  switch (answer.error) {
    case "NONE":
      if (answer.divergingEpoch.epoch !== UNDEFINED_EPOCH) truncateToCommonEpoch(process, broker, partition, answer.divergingEpoch);
      else appendFetched(process, broker, partition, answer);
      return;
    case "OFFSET_OUT_OF_RANGE":
      known.needsEndOffset = true;
      return;
    case "FENCED_LEADER_EPOCH":
      // There is a newer leader; the metadata that names it starts the copying again.
      fetcher.partitions.delete(partition.log.directory);
      return;
    default:
      known.delayedUntilUs = process.now + fromMs(broker.settings["replica.fetch.backoff.ms"]);
  }
}

function appendFetched(process: ProcessContext, broker: BrokerState, partition: Partition, answer: FetchAnswer): void {
  for (const batch of answer.records) appendAsFollower(process, partition.log, batch, partition.config);
  if (updateHighWatermark(process, partition.log, answer.highWatermark)) checkDelayedFetches(process, broker, partition);
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
  cut(process, broker, partition, offset);
}

function cut(process: ProcessContext, broker: BrokerState, partition: Partition, offset: number): void {
  if (truncateTo(process, partition.log, offset, partition.config)) checkDelayedFetches(process, broker, partition);
}

/** The leader ends before this log (after an unclean election): what is beyond is cut. Otherwise copying goes on where it was. */
function endOffsetsFound(
  process: ProcessContext, broker: BrokerState, fetcher: ReplicaFetcher, request: RequestOf<"ListOffsets">, response: ResponseOf<"ListOffsets">,
): void {
  for (const { name, partitions } of request.topics) {
    const answers = response.topics.find(answered => answered.name === name)?.partitions;
    for (const asked of partitions) {
      const partition = partitionAt(broker, name, asked.partition);
      const answer = answers?.find(answered => answered.partition === asked.partition);
      const known = partition === undefined ? undefined : fetcher.partitions.get(partition.log.directory);
      if (partition === undefined || known === undefined || known.leaderEpoch !== asked.currentLeaderEpoch) continue;
      if (answer === undefined || answer.error !== "NONE") {
        known.delayedUntilUs = process.now + fromMs(broker.settings["replica.fetch.backoff.ms"]);
        continue;
      }
      known.needsEndOffset = false;
      if (answer.offset < partition.log.logEndOffset) cut(process, broker, partition, answer.offset);
    }
  }
}
