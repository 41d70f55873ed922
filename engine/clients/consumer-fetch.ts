// The fetch loop: one request a broker at a time, for the partitions it leads or that it has been named for as the nearest replica; what comes
// back is checked, counted and moves the positions. Source: AbstractFetch.java, FetchCollector.java, CompletedFetch.java.
// FIDELITY: CLIENT-CONSUMER, PROTO-FETCH-SESSION, CLIENT-FOLLOWER-FETCH.
import type { ProcessContext } from "#engine/core/process.ts";
import { fromMs } from "#engine/core/time.ts";
import { bodyCrc } from "#engine/protocol/body-crc.ts";
import { crc32c, wordsBehind } from "#engine/protocol/crc32c.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import { isValidCrc, RecordCursor } from "#engine/protocol/record-batch-codec.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import {
  createFetchSessionHandler, fetchSessionAnswered, fetchSessionFailed, type FetchSessionHandler, nextFetch, wishFor, wishNoMore, wishOf,
} from "#engine/protocol/fetch-session-handler.ts";
import { connectedNode, NEVER_US, noteThrottleTime, send, traceClient } from "./client-core.ts";
import { leaderEpochOf, leaderHinted, leaderOf, type PartitionMetadata, requestUpdate } from "./client-metadata.ts";
import { backOff } from "./consumer-positions.ts";
import type { AssignedPartition, ConsumerState } from "./consumer-state.ts";

const CONSUMER_REPLICA = -1;
const CONTROL_ATTRIBUTE = 0x20;

type PartitionAnswer = ResponseOf<"Fetch">["topics"][number]["partitions"][number];

/** Sends a Fetch to each broker that has something to give and none under way. Returns when to look again. */
export function fetchRecords(process: ProcessContext, state: ConsumerState): number {
  const { metadata } = state.core;
  const { idle } = state;
  if (state.mustScan || state.scannedVersion !== metadata.version) {
    state.unscanned = [...state.fetching];
    return scan(process, state);
  }
  if (state.unscanned.length > 0 && idle.some(broker => state.unscanned.includes(broker))) {
    state.unscanned = state.unscanned.filter(broker => !idle.includes(broker));
    return scan(process, state);
  }
  for (const broker of idle) if (!state.fetching.has(broker)) sendFetch(process, state, broker);
  state.idle = NO_BROKERS;
  return NEVER_US;
}
const NO_BROKERS: number[] = [];

/** Looks at all partitions, and again in the next round unless all is as it should be. */
function scan(process: ProcessContext, state: ConsumerState): number {
  const { metadata } = state.core;
  const known = metadata.topics.get(state.topic)?.partitions;
  let nextUs = NEVER_US;
  const byBroker = new Map<number, AssignedPartition[]>();
  state.mustScan = !state.isAssigned;
  state.scannedVersion = metadata.version;
  state.idle = [];
  for (const assigned of state.partitions.values()) {
    if (assigned.position < 0 || assigned.reset !== null || assigned.error !== null || assigned.validation !== null) continue;
    const partition = known?.[assigned.partition];
    if (partition === undefined || partition.leader < 0) {
      requestUpdate(metadata);
      state.mustScan = true;
      continue;
    }
    if (assigned.preferredReplica !== -1) state.mustScan = true;
    const broker = assigned.preferredReplica === -1 ? partition.leader : readReplica(process, state, assigned, partition);
    if (state.fetching.has(broker)) continue;
    if (assigned.retryAtUs > process.now && assigned.retryUnlessEpoch === partition.leaderEpoch) {
      nextUs = Math.min(nextUs, assigned.retryAtUs);
      state.mustScan = true;
      continue;
    }
    const list = byBroker.get(broker);
    if (list === undefined) byBroker.set(broker, [assigned]);
    else list.push(assigned);
  }
  for (const [broker, list] of byBroker) fetchFrom(process, state, broker, list);
  return nextUs;
}

/** The replica that the leader has named, for metadata.max.age.ms at most; the leader when it is not there any more. */
function readReplica(process: ProcessContext, { core }: ConsumerState, assigned: AssignedPartition, partition: PartitionMetadata): number {
  const { preferredReplica } = assigned;
  const isThere = core.metadata.brokers.has(preferredReplica) && partition.replicas.includes(preferredReplica) && !partition.offline.includes(preferredReplica);
  if (isThere && process.now < assigned.preferredUntilUs) return preferredReplica;
  assigned.preferredReplica = -1;
  if (!isThere) requestUpdate(core.metadata);
  return partition.leader;
}

function fetchFrom(process: ProcessContext, state: ConsumerState, broker: number, list: readonly AssignedPartition[]): void {
  const { topic } = state;
  let session = state.sessions.get(broker);
  if (session === undefined) state.sessions.set(broker, session = createFetchSessionHandler());
  for (const assigned of list) wish(state, session, assigned);
  if (session.count > list.length) dropOthers(session, topic, list);
  sendFetch(process, state, broker);
}

function wish({ core, config, topic }: ConsumerState, session: FetchSessionHandler, { partition, position }: AssignedPartition): void {
  const leaderEpoch = leaderEpochOf(core.metadata, topic, partition);
  wishFor(session, topic, partition, leaderEpoch, position, NO_EPOCH, NO_EPOCH, config.partitionMaxBytes);
}

/** The context of the request is the broker. */
function sendFetch(process: ProcessContext, state: ConsumerState, broker: number): void {
  const { core, config } = state;
  const node = connectedNode(process, core, broker);
  const session = state.sessions.get(broker);
  if (node === null || session === undefined) {
    state.mustScan = true;
    return;
  }
  state.fetching.add(broker);
  send(process, core, node, {
    api: "Fetch", timeoutMs: core.settings.requestTimeoutMs, context: broker,
    body: {
      replicaId: CONSUMER_REPLICA, replicaEpoch: -1, maxWaitMs: config.fetchMaxWaitMs, minBytes: config.fetchMinBytes,
      maxBytes: config.fetchMaxBytes, isolationLevel: config.isolationLevel, rackId: config.rack, ...nextFetch(session),
    },
  });
}
const NO_EPOCH = -1;

/** Partitions that this broker was asked for before, and is not now. */
function dropOthers(session: FetchSessionHandler, topic: string, list: readonly AssignedPartition[]): void {
  const asked = new Set(list.map(({ partition }) => partition));
  for (const wish of session.wishes.get(topic) ?? []) if (wish !== undefined && !asked.has(wish.partition)) wishNoMore(session, topic, wish.partition);
}

export function fetchAnswered(process: ProcessContext, state: ConsumerState, result: NetworkResult): void {
  const broker = result.context as number;
  state.fetching.delete(broker);
  const session = state.sessions.get(broker);
  if (session === undefined) return;
  const response = result.response as ResponseOf<"Fetch"> | null;
  if (response === null) return unanswered(process, state, session);
  noteThrottleTime(state.core, response.throttleTimeMs);
  state.idle = [...state.idle, broker];
  if (!fetchSessionAnswered(session, response)) {
    state.mustScan = true;
    return;
  }
  for (const { partitions } of response.topics) for (const answer of partitions) answered(process, state, session, broker, answer, response);
}

function answered(
  process: ProcessContext, state: ConsumerState, session: FetchSessionHandler, broker: number, answer: PartitionAnswer, response: ResponseOf<"Fetch">,
): void {
  const assigned = state.partitions.get(answer.partition);
  const asked = wishOf(session, state.topic, answer.partition);
  // A seek or a reset may have moved the position since.
  if (assigned === undefined || asked === undefined || assigned.position !== asked.fetchOffset || assigned.reset !== null) {
    state.mustScan = true;
  } else if (answer.error !== "NONE" || answer.preferredReadReplica !== -1) {
    state.mustScan = true;
    if (answer.error !== "NONE") failed(process, state, assigned, { error: answer.error, answer, response });
    else prefer(process, state, assigned, answer.preferredReadReplica);
  } else {
    consumed(process, state, assigned, broker, answer.records);
    if (assigned.error === null) wish(state, session, assigned);
    else state.mustScan = true;
  }
}

/** The connection broke or the time ran out: whoever was asked, the leader is asked next. */
function unanswered(process: ProcessContext, state: ConsumerState, session: FetchSessionHandler): void {
  fetchSessionFailed(session);
  state.mustScan = true;
  requestUpdate(state.core.metadata);
  for (const wish of session.wishes.get(state.topic) ?? []) {
    const assigned = wish === undefined ? undefined : state.partitions.get(wish.partition);
    if (assigned === undefined) continue;
    if (assigned.preferredReplica === -1) backOff(process, state, assigned);
    assigned.preferredReplica = -1;
  }
}

function prefer(process: ProcessContext, { core }: ConsumerState, assigned: AssignedPartition, replica: number): void {
  assigned.preferredReplica = replica;
  assigned.preferredUntilUs = process.now + fromMs(core.settings.metadataMaxAgeMs);
}

interface Failed { readonly error: KafkaError; readonly answer: PartitionAnswer | undefined; readonly response: ResponseOf<"Fetch"> | null }

function failed(process: ProcessContext, state: ConsumerState, assigned: AssignedPartition, { error, answer, response }: Failed): void {
  const { metadata } = state.core;
  const wasPreferred = assigned.preferredReplica !== -1;
  // Only a follower that has been asked does not have it: the leader is asked instead.
  if (error === "OFFSET_OUT_OF_RANGE" && wasPreferred) {
    assigned.preferredReplica = -1;
    return;
  }
  if (error === "OFFSET_OUT_OF_RANGE") return outOfRange(process, state, assigned);
  if (error !== "UNKNOWN_LEADER_EPOCH") assigned.preferredReplica = -1;
  backOff(process, state, assigned);
  // An epoch that the broker does not know yet will be known soon; all else may mean that the leader has moved.
  if (error !== "UNKNOWN_LEADER_EPOCH") requestUpdate(metadata);
  if (answer !== undefined && response !== null) {
    leaderHinted(metadata, state.topic, assigned.partition, answer.currentLeader, response.nodeEndpoints);
  }
}

function outOfRange(process: ProcessContext, state: ConsumerState, assigned: AssignedPartition): void {
  const { resetPolicy } = state.config;
  if (resetPolicy !== "none") {
    assigned.reset = { to: resetPolicy, why: "OFFSET_OUT_OF_RANGE", isAsked: false };
    state.hasOpenPositions = true;
    assigned.retryAtUs = process.now;
    return;
  }
  assigned.error = {
    name: "OffsetOutOfRange", retriable: false,
    message: `Fetch position ${fetchPositionText(state, assigned)} is out of range for partition ${state.topic}-${assigned.partition}`,
  };
}

/** As SubscriptionState.FetchPosition.toString has it. */
function fetchPositionText({ core, topic }: ConsumerState, { partition, position, offsetEpoch }: AssignedPartition): string {
  const leader = leaderOf(core.metadata, topic, partition);
  const node = core.metadata.brokers.get(leader);
  const shown = node === undefined ? "Optional.empty" : `Optional[${node.host}:${node.port} (id: ${leader} rack: null${core.settings.profile.tellsMoreInClientTexts ? " isFenced: false" : ""})]`;
  const epoch = leaderEpochOf(core.metadata, topic, partition);
  const shownEpoch = offsetEpoch === -1 ? "Optional.empty" : `Optional[${offsetEpoch}]`;
  return `FetchPosition{offset=${position}, offsetEpoch=${shownEpoch}, currentLeader=LeaderAndEpoch{leader=${shown}, epoch=${epoch}}}`;
}

function consumed(
  process: ProcessContext, state: ConsumerState, assigned: AssignedPartition, fromBroker: number, batches: readonly RecordBatch[],
): void {
  assigned.attempts = 0;
  const fromOffset = assigned.position;
  for (const batch of batches) {
    if (batch.nextOffset <= assigned.position) continue;
    if (state.config.mustCheckCrcs && !isValidCrc(batch)) {
      assigned.error = {
        name: "CorruptRecord", retriable: false,
        message: `Record batch for partition ${state.topic}-${assigned.partition} at offset ${batch.baseOffset} is invalid, `
          + `cause: Record is corrupt (stored crc = ${batch.crc}, computed crc = ${bodyCrc(batch.body)})`,
      };
      break;
    }
    if ((batch.attributes & CONTROL_ATTRIBUTE) === 0) readBatch(state, assigned, batch);
    assigned.position = batch.nextOffset;
    assigned.offsetEpoch = batch.partitionLeaderEpoch;
  }
  if (assigned.position === fromOffset) return;
  traceClient(process, {
    kind: "records-consumed", client: state.core.settings.clientId, topic: state.topic, partition: assigned.partition, fromOffset,
    nextOffset: assigned.position, fromBroker,
  });
}

/** A batch may begin before the position: the fetch gives whole batches. */
function readBatch(state: ConsumerState, assigned: AssignedPartition, batch: RecordBatch): void {
  let count = batch.recordCount;
  if (state.hasChecksum || batch.baseOffset < assigned.position) {
    const cursor = new RecordCursor(batch);
    const { bytes } = cursor;
    const words = wordsBehind(bytes);
    let { checksum } = state;
    count = 0;
    while (cursor.next()) {
      if (cursor.offset < assigned.position) continue;
      count += 1;
      if (state.hasChecksum && cursor.valueFrom !== -1) checksum = crc32c(bytes, cursor.valueFrom, cursor.valueTo, checksum, words);
    }
    state.checksum = checksum;
  }
  assigned.consumed += count;
  state.consumedRecords += count;
  state.consumedBytes += batch.sizeBytes;
}
