// The fetch loop: one request a broker at a time, for the partitions it leads; what comes back is checked, counted and moves the
// positions. Source: AbstractFetch.java, FetchCollector.java, CompletedFetch.java. FIDELITY: CLIENT-CONSUMER, CLIENT-FETCH-SESSION.
import type { ProcessContext } from "#engine/core/process.ts";
import { bodyCrc } from "#engine/protocol/body-crc.ts";
import { crc32c, wordsBehind } from "#engine/protocol/crc32c.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import { isValidCrc, RecordCursor } from "#engine/protocol/record-batch-codec.ts";
import type { RecordBatch } from "#engine/protocol/record-batch.ts";
import { connectedNode, NEVER_US, send, traceClient } from "./client-core.ts";
import { leaderEpochOf, leaderHinted, leaderOf, requestUpdate } from "./client-metadata.ts";
import { backOff } from "./consumer-positions.ts";
import type { AssignedPartition, ConsumerState } from "./consumer-state.ts";

const CONSUMER_REPLICA = -1;
const CONTROL_ATTRIBUTE = 0x20;

interface FetchContext { readonly broker: number; readonly partitions: readonly { readonly partition: number; readonly offset: number }[] }
type PartitionAnswer = ResponseOf<"Fetch">["topics"][number]["partitions"][number];

/** Sends a Fetch to each leader that has none under way. Returns when to look again. */
export function fetchRecords(process: ProcessContext, state: ConsumerState): number {
  const { metadata } = state.core;
  let nextUs = NEVER_US;
  const byLeader = new Map<number, AssignedPartition[]>();
  for (const assigned of state.partitions.values()) {
    if (assigned.position < 0 || assigned.reset !== null || assigned.error !== null) continue;
    const leader = leaderOf(metadata, state.topic, assigned.partition);
    if (leader < 0) {
      requestUpdate(metadata);
      continue;
    }
    if (state.fetching.has(leader)) continue;
    if (assigned.retryAtUs > process.now && assigned.retryUnlessEpoch === leaderEpochOf(metadata, state.topic, assigned.partition)) {
      nextUs = Math.min(nextUs, assigned.retryAtUs);
      continue;
    }
    const list = byLeader.get(leader);
    if (list === undefined) byLeader.set(leader, [assigned]);
    else list.push(assigned);
  }
  for (const [leader, list] of byLeader) fetchFrom(process, state, leader, list);
  return nextUs;
}

function fetchFrom(process: ProcessContext, state: ConsumerState, broker: number, list: readonly AssignedPartition[]): void {
  const { core, config, topic } = state;
  const node = connectedNode(process, core, broker);
  if (node === null) return;
  state.fetching.add(broker);
  const context: FetchContext = { broker, partitions: list.map(({ partition, position }) => ({ partition, offset: position })) };
  send(process, core, node, {
    api: "Fetch", timeoutMs: core.settings.requestTimeoutMs, context,
    body: {
      replicaId: CONSUMER_REPLICA, replicaEpoch: -1, maxWaitMs: config.fetchMaxWaitMs, minBytes: config.fetchMinBytes,
      maxBytes: config.fetchMaxBytes, isolationLevel: 0, rackId: "",
      topics: [{ topic, partitions: list.map(({ partition, position }) => ({
        partition, currentLeaderEpoch: leaderEpochOf(core.metadata, topic, partition), fetchOffset: position, lastFetchedEpoch: -1,
        logStartOffset: -1, partitionMaxBytes: config.partitionMaxBytes,
      })) }],
    },
  });
}

export function fetchAnswered(process: ProcessContext, state: ConsumerState, result: NetworkResult): void {
  const { broker, partitions } = result.context as FetchContext;
  state.fetching.delete(broker);
  const response = result.response as ResponseOf<"Fetch"> | null;
  if (response === null) requestUpdate(state.core.metadata);
  for (const { partition, offset } of partitions) {
    const assigned = state.partitions.get(partition);
    // A seek or a reset may have moved the position since.
    if (assigned === undefined || assigned.position !== offset || assigned.reset !== null) continue;
    const answer = response?.topics[0]?.partitions.find(found => found.partition === partition);
    const error = response !== null && response.error !== "NONE" ? response.error : answer?.error ?? null;
    if (error === null) backOff(process, state, assigned);
    else if (answer === undefined || error !== "NONE") failed(process, state, assigned, { error, answer, response });
    else consumed(process, state, assigned, broker, answer.records);
  }
}

interface Failed { readonly error: KafkaError; readonly answer: PartitionAnswer | undefined; readonly response: ResponseOf<"Fetch"> | null }

function failed(process: ProcessContext, state: ConsumerState, assigned: AssignedPartition, { error, answer, response }: Failed): void {
  const { metadata } = state.core;
  if (error === "OFFSET_OUT_OF_RANGE") return outOfRange(process, state, assigned);
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
    assigned.retryAtUs = process.now;
    return;
  }
  assigned.error = {
    name: "OffsetOutOfRange", retriable: false,
    message: `Fetch position ${fetchPositionText(state, assigned)} is out of range for partition ${state.topic}-${assigned.partition}`,
  };
}

/** As SubscriptionState.FetchPosition.toString has it. */
function fetchPositionText({ core, topic }: ConsumerState, { partition, position }: AssignedPartition): string {
  const leader = leaderOf(core.metadata, topic, partition);
  const node = core.metadata.brokers.get(leader);
  const shown = node === undefined ? "Optional.empty" : `Optional[${node.host}:${node.port} (id: ${leader} rack: null)]`;
  const epoch = leaderEpochOf(core.metadata, topic, partition);
  return `FetchPosition{offset=${position}, offsetEpoch=Optional.empty, currentLeader=LeaderAndEpoch{leader=${shown}, epoch=${epoch}}}`;
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
