// Where reading begins, and where it goes on when the position is not in the log: ListOffsets to the leaders.
// Source: OffsetFetcher.java, SubscriptionState.java. FIDELITY: CLIENT-CONSUMER.
import type { ProcessContext } from "#engine/core/process.ts";
import { isInvalidMetadata } from "#engine/protocol/errors.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import { connectedNode, NEVER_US, send, traceClient } from "./client-core.ts";
import { leaderEpochOf, leaderOf, requestUpdate, retryBackoffUs } from "./client-metadata.ts";
import type { AssignedPartition, ConsumerState } from "./consumer-state.ts";

const EARLIEST_TIMESTAMP = -2;
const LATEST_TIMESTAMP = -1;
const CONSUMER_REPLICA = -1;

/** Sent along: which look-up this answers. */
interface LookUpContext { readonly partitions: readonly { readonly partition: number; readonly to: "earliest" | "latest" }[] }

/** Takes over the partitions once metadata has told of them. */
export function assign(process: ProcessContext, state: ConsumerState): void {
  const known = state.core.metadata.topics.get(state.topic)?.partitions.length ?? 0;
  if (state.isAssigned || known === 0) return;
  state.isAssigned = true;
  state.hasOpenPositions = true;
  state.mustScan = true;
  const { from } = state;
  for (const partition of state.wanted ?? Array.from({ length: known }, (_, index) => index)) {
    state.partitions.set(partition, {
      partition, position: typeof from === "number" ? from : -1, offsetEpoch: -1, leader: -1, leaderEpoch: -1, validation: null,
      preferredReplica: -1, preferredUntilUs: 0,
      reset: typeof from === "number" ? null : { to: from === "beginning" ? "earliest" : "latest", why: "seek", isAsked: false },
      retryAtUs: 0, retryUnlessEpoch: -1, attempts: 0, error: null, consumed: 0,
    });
  }
  const assignment = [...state.partitions.values()].map(({ partition, position }) => ({ topic: state.topic, partition, position }));
  traceClient(process, { kind: "consumer-opened", client: state.core.settings.clientId, assignment });
  for (const { partition, offset } of state.seeks) seek(process, state, partition, offset);
  state.seeks = [];
}

export function seek(process: ProcessContext, state: ConsumerState, partition: number, offset: number): void {
  if (!state.isAssigned) {
    state.seeks.push({ partition, offset });
    return;
  }
  const assigned = state.partitions.get(partition);
  if (assigned === undefined) return;
  assigned.error = null;
  assigned.reset = null;
  setPosition(process, state, assigned, offset, "seek");
}

export function setPosition(
  process: ProcessContext, state: ConsumerState, assigned: AssignedPartition, offset: number, why: "seek" | "OFFSET_OUT_OF_RANGE",
): void {
  state.mustScan = true;
  assigned.position = offset;
  assigned.offsetEpoch = -1;
  assigned.validation = null;
  traceClient(process, {
    kind: "position-reset", client: state.core.settings.clientId, topic: state.topic, partition: assigned.partition, offset, why,
  });
}

/** Asks leaders for positions that are not known. Returns when to look again. */
export function lookUpPositions(process: ProcessContext, state: ConsumerState): number {
  const { core } = state;
  let nextUs = NEVER_US;
  const byLeader = new Map<number, AssignedPartition[]>();
  for (const assigned of state.partitions.values()) {
    if (assigned.reset === null || assigned.reset.isAsked) continue;
    const leader = leaderOf(core.metadata, state.topic, assigned.partition);
    if (leader < 0) {
      requestUpdate(core.metadata);
    } else if (assigned.retryAtUs > process.now) {
      nextUs = Math.min(nextUs, assigned.retryAtUs);
    } else {
      const list = byLeader.get(leader);
      if (list === undefined) byLeader.set(leader, [assigned]);
      else list.push(assigned);
    }
  }
  for (const [leader, list] of byLeader) askLeader(process, state, leader, list);
  return nextUs;
}

function askLeader(process: ProcessContext, state: ConsumerState, leader: number, list: readonly AssignedPartition[]): void {
  const { core } = state;
  const node = connectedNode(process, core, leader);
  if (node === null) return;
  const asked: { partition: number; to: "earliest" | "latest" }[] = [];
  const partitions = [];
  for (const { partition, reset } of list) {
    if (reset === null) continue;
    reset.isAsked = true;
    asked.push({ partition, to: reset.to });
    partitions.push({
      partition, currentLeaderEpoch: leaderEpochOf(core.metadata, state.topic, partition),
      timestamp: reset.to === "earliest" ? EARLIEST_TIMESTAMP : LATEST_TIMESTAMP,
    });
  }
  const context: LookUpContext = { partitions: asked };
  send(process, core, node, {
    api: "ListOffsets", timeoutMs: core.settings.requestTimeoutMs, context,
    body: { replicaId: CONSUMER_REPLICA, isolationLevel: state.config.isolationLevel, topics: [{ name: state.topic, partitions }] },
  });
}

export function positionsAnswered(process: ProcessContext, state: ConsumerState, result: NetworkResult): void {
  const { partitions } = result.context as LookUpContext;
  const response = result.response as ResponseOf<"ListOffsets"> | null;
  for (const { partition, to } of partitions) {
    const assigned = state.partitions.get(partition);
    // A seek may have overtaken the look-up.
    if (assigned?.reset == null || assigned.reset.to !== to) continue;
    const answer = response?.topics[0]?.partitions.find(found => found.partition === partition);
    if (answer === undefined || answer.error !== "NONE") {
      if (answer === undefined || isInvalidMetadata(answer.error)) requestUpdate(state.core.metadata);
      assigned.reset.isAsked = false;
      backOff(process, state, assigned);
      continue;
    }
    const { why } = assigned.reset;
    assigned.reset = null;
    assigned.attempts = 0;
    setPosition(process, state, assigned, answer.offset, why === "seek" ? "seek" : "OFFSET_OUT_OF_RANGE");
  }
}

/** Waits before this partition is tried again; another leader need not be waited for. */
export function backOff(process: ProcessContext, state: ConsumerState, assigned: AssignedPartition): void {
  assigned.attempts += 1;
  assigned.retryAtUs = process.now + retryBackoffUs(process, state.core.settings.retryBackoff, assigned.attempts - 1);
  assigned.retryUnlessEpoch = leaderEpochOf(state.core.metadata, state.topic, assigned.partition);
}
