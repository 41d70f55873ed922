// After a change of leader a consumer asks the new one where the epoch of the last record it has read ends: if that lies before the position, records
// that were read are gone (an unclean election), and the consumer goes back, or tells its application when it may not decide by itself.
// Source: SubscriptionState.maybeValidatePosition, OffsetFetcherUtils.onSuccessfulResponseForValidatingPositions (3.9), KIP-320.
// FIDELITY: CLIENT-CONSUMER-VALIDATION.
import type { ProcessContext } from "#engine/core/process.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import { connectedNode, NEVER_US, send } from "./client-core.ts";
import { requestUpdate } from "./client-metadata.ts";
import { backOff, setPosition } from "./consumer-positions.ts";
import type { AssignedPartition, ConsumerState } from "./consumer-state.ts";

const CONSUMER_REPLICA = -1;
const UNDEFINED = -1;

/** Sent along: the position that is being looked at. */
interface ValidationContext { readonly partitions: readonly { readonly partition: number; readonly position: number; readonly offsetEpoch: number }[] }

/** Compares the leaders for which the positions hold with what metadata says now. */
export function noteLeaders(state: ConsumerState): void {
  const { metadata } = state.core;
  const known = metadata.topics.get(state.topic)?.partitions;
  if (known === undefined || !state.isAssigned || state.leadersVersion === metadata.version) return;
  state.leadersVersion = metadata.version;
  for (const assigned of state.partitions.values()) {
    const partition = known[assigned.partition];
    if (partition === undefined || partition.leader < 0) continue;
    if (assigned.leader === partition.leader && assigned.leaderEpoch === partition.leaderEpoch) continue;
    const isFirst = assigned.leader === -1;
    assigned.leader = partition.leader;
    assigned.leaderEpoch = partition.leaderEpoch;
    if (isFirst || assigned.position < 0 || assigned.reset !== null) continue;
    assigned.preferredReplica = -1;
    if (assigned.offsetEpoch === -1) continue;
    assigned.validation = { isAsked: false };
    state.hasOpenPositions = true;
  }
}

/** Asks the leaders of positions that are in doubt. Returns when to look again. */
export function validatePositions(process: ProcessContext, state: ConsumerState): number {
  let nextUs = NEVER_US;
  let byLeader: Map<number, AssignedPartition[]> | null = null;
  for (const assigned of state.partitions.values()) {
    const { validation } = assigned;
    if (validation === null || validation.isAsked || assigned.error !== null) continue;
    if (assigned.retryAtUs > process.now && assigned.retryUnlessEpoch === assigned.leaderEpoch) {
      nextUs = Math.min(nextUs, assigned.retryAtUs);
      continue;
    }
    byLeader ??= new Map();
    const list = byLeader.get(assigned.leader);
    if (list === undefined) byLeader.set(assigned.leader, [assigned]);
    else list.push(assigned);
  }
  if (byLeader !== null) for (const [leader, list] of byLeader) askLeader(process, state, leader, list);
  return nextUs;
}

function askLeader(process: ProcessContext, state: ConsumerState, leader: number, list: readonly AssignedPartition[]): void {
  const { core, topic } = state;
  const node = connectedNode(process, core, leader);
  if (node === null) return;
  const partitions = [];
  for (const assigned of list) {
    assigned.validation = { isAsked: true };
    partitions.push({ partition: assigned.partition, currentLeaderEpoch: assigned.leaderEpoch, leaderEpoch: assigned.offsetEpoch });
  }
  const context: ValidationContext = { partitions: list.map(({ partition, position, offsetEpoch }) => ({ partition, position, offsetEpoch })) };
  send(process, core, node, {
    api: "OffsetForLeaderEpoch", timeoutMs: core.settings.requestTimeoutMs, context, body: { replicaId: CONSUMER_REPLICA, topics: [{ topic, partitions }] },
  });
}

export function positionsValidated(process: ProcessContext, state: ConsumerState, result: NetworkResult): void {
  const response = result.response as ResponseOf<"OffsetForLeaderEpoch"> | null;
  for (const { partition, position, offsetEpoch } of (result.context as ValidationContext).partitions) {
    const assigned = state.partitions.get(partition);
    if (assigned?.validation == null) continue;
    // A seek or another leader came first: its own question follows.
    if (assigned.position !== position || assigned.offsetEpoch !== offsetEpoch || !assigned.validation.isAsked) continue;
    const answer = response?.topics[0]?.partitions.find(found => found.partition === partition);
    if (answer === undefined || answer.error !== "NONE") {
      assigned.validation = { isAsked: false };
      backOff(process, state, assigned);
      requestUpdate(state.core.metadata);
    } else validated(process, state, assigned, answer);
  }
}

function validated(
  process: ProcessContext, state: ConsumerState, assigned: AssignedPartition, end: { readonly leaderEpoch: number; readonly endOffset: number },
): void {
  state.mustScan = true;
  assigned.validation = null;
  assigned.attempts = 0;
  const isUnknown = end.endOffset === UNDEFINED || end.leaderEpoch === UNDEFINED;
  if (!isUnknown && end.endOffset >= assigned.position) return;
  const { resetPolicy } = state.config;
  if (resetPolicy === "none") assigned.error = truncationError(state, assigned, isUnknown ? null : end);
  else if (isUnknown) {
    assigned.reset = { to: resetPolicy, why: "OFFSET_OUT_OF_RANGE", isAsked: false };
    state.hasOpenPositions = true;
  }
  else {
    setPosition(process, state, assigned, end.endOffset, "OFFSET_OUT_OF_RANGE");
    assigned.offsetEpoch = end.leaderEpoch;
  }
}

/** LogTruncationException, thrown by poll(). */
function truncationError(
  { topic }: ConsumerState, { partition, position, offsetEpoch }: AssignedPartition, diverging: { readonly leaderEpoch: number; readonly endOffset: number } | null,
): AssignedPartition["error"] {
  const [offset, epoch] = diverging === null ? ["unknown", "unknown"] : [String(diverging.endOffset), `Optional[${diverging.leaderEpoch}]`];
  return {
    name: "LogTruncation", retriable: false,
    message: `Detected truncated partitions: [(partition=${topic}-${partition}, fetchOffset=${position}, fetchEpoch=Optional[${offsetEpoch}], `
      + `divergentOffset=${offset}, divergentEpoch=${epoch})]`,
  };
}
