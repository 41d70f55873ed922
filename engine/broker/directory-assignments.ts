// A broker with several log directories tells the controller in which of them each replica lies, one request at a time, again until it is heard.
// With a single directory the controller knows, but of partitions that were copied from ZooKeeper (KIP-866). Source: AssignmentsManager.java (3.9), KIP-858. FIDELITY: LOG-DIRECTORY.
import type { ProcessContext } from "#engine/core/process.ts";
import { type PartitionRegistration, UNASSIGNED_DIRECTORY } from "#engine/metadata/image.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { UnifiedLog } from "#engine/log/unified-log.ts";
import { type BrokerState, type ControllerContext } from "./broker-state.ts";
import { askController, NO_DEADLINE_MS } from "./controller-channel.ts";
import { directoryOf } from "./log-directories.ts";

/** @property waiting directory id by "topic id:partition": not yet sent, or to be sent again. */
export interface DirectoryAssignments { readonly waiting: Map<string, string>; isInFlight: boolean }

export function createDirectoryAssignments(): DirectoryAssignments {
  return { waiting: new Map(), isInFlight: false };
}

/** Notes where a replica lies when the metadata says otherwise. */
export function noteDirectory(process: ProcessContext, broker: BrokerState, topicId: string, registration: PartitionRegistration, log: UnifiedLog): void {
  if (broker.node.mode !== "kraft") return;
  const id = directoryOf(broker.logs, log.logDirectory)?.id ?? "";
  const known = registration.directories[registration.replicas.indexOf(broker.node.nodeId)];
  if (id === "" || known === id || broker.logs.directories.length === 1 && known !== UNASSIGNED_DIRECTORY) return;
  broker.assignments.waiting.set(`${topicId}:${registration.partition}`, id);
  sendAssignments(process, broker);
}

function sendAssignments(process: ProcessContext, broker: BrokerState): void {
  const { assignments } = broker;
  if (assignments.isInFlight || assignments.waiting.size === 0) return;
  assignments.isInFlight = true;
  const directories: { id: string; topics: { topicId: string; partitions: { partitionIndex: number }[] }[] }[] = [];
  for (const [key, id] of assignments.waiting) {
    const colon = key.lastIndexOf(":");
    const [topicId, partitionIndex] = [key.slice(0, colon), Number(key.slice(colon + 1))];
    let directory = directories.find(known => known.id === id);
    if (directory === undefined) directories.push(directory = { id, topics: [] });
    const topic = directory.topics.find(known => known.topicId === topicId);
    if (topic === undefined) directory.topics.push({ topicId, partitions: [{ partitionIndex }] });
    else topic.partitions.push({ partitionIndex });
  }
  const body: RequestOf<"AssignReplicasToDirs"> = { brokerId: broker.node.nodeId, brokerEpoch: broker.brokerEpoch, directories };
  askController(process, broker.forwardingChannel, {
    api: "AssignReplicasToDirs", body, timeoutMs: NO_DEADLINE_MS, context: { for: "assign-directories" } satisfies ControllerContext,
  });
}

/** What the controller has taken is done with, whether it still knows the partition or not. */
export function assignmentsAnswered(
  process: ProcessContext, broker: BrokerState, request: RequestOf<"AssignReplicasToDirs">, response: ResponseOf<"AssignReplicasToDirs"> | null,
): void {
  const { assignments } = broker;
  assignments.isInFlight = false;
  if (response === null || response.error !== "NONE") return;
  for (const { id, topics } of request.directories) {
    for (const { topicId, partitions } of topics) {
      for (const { partitionIndex } of partitions) {
        const key = `${topicId}:${partitionIndex}`;
        if (assignments.waiting.get(key) === id) assignments.waiting.delete(key);
      }
    }
  }
  sendAssignments(process, broker);
}
