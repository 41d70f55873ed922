// The requests of an operator's calls, as KafkaAdminClient builds them, and which node each goes to. Source: KafkaAdminClient.java (3.9):
// ControllerNodeProvider, LeastLoadedNodeProvider, ConstantNodeIdProvider, DeleteRecordsHandler.java. FIDELITY: CLIENT-ADMIN.
import type { Command } from "#engine/cluster/commands.ts";
import { NO_TOPIC_ID } from "#engine/protocol/error-response.ts";
import type { Api, RequestOf } from "#engine/protocol/messages.ts";
import type { AdminCommand } from "./admin-state.ts";

/** "any": the least loaded broker; a number: that broker alone. */
export type CallTarget = "controller" | "any" | number;

/** What goes out for a call of one step. */
export type CallRequest = { readonly [A in Api]: { readonly target: CallTarget; readonly api: A; readonly body: RequestOf<A> } }[Api];

type OneStepCommand = Exclude<AdminCommand, { readonly do: "fetch-metadata" | "list-offsets" | "read" | "delete-records" }>;

/** Of IncrementalAlterConfigs (AlterConfigOp.OpType). */
const SET = 0;
const DELETE = 1;
/** ConfigResource.Type. */
const TOPIC_RESOURCE = 2;
const BROKER_RESOURCE = 4;

/** @param timeoutMs what is left of this attempt. */
export function requestOf(command: OneStepCommand, timeoutMs: number): CallRequest {
  switch (command.do) {
    case "create-topic": return createTopic(command, timeoutMs);
    case "elect-leaders":
      return { target: "controller", api: "ElectLeaders", body: {
        electionType: command.type === "preferred" ? 0 : 1, timeoutMs,
        topicPartitions: command.partitions === null ? null
          : byTopic(command.partitions).map(([topic, entries]) => ({ topic, partitions: entries.map(({ partition }) => partition) })),
      } };
    case "delete-topics":
      return { target: "controller", api: "DeleteTopics", body: { topics: command.topics.map(name => ({ name, topicId: NO_TOPIC_ID })), timeoutMs } };
    case "create-partitions":
      return { target: "controller", api: "CreatePartitions", body: {
        topics: [{ name: command.topic, count: command.partitions, assignments: command.assignment?.map(brokerIds => ({ brokerIds: [...brokerIds] })) ?? null }],
        timeoutMs, validateOnly: false,
      } };
    case "reassign":
      return { target: "controller", api: "AlterPartitionReassignments", body: {
        timeoutMs, allowReplicationFactorChange: true,
        topics: byTopic(command.partitions).map(([name, entries]) => ({
          name, partitions: entries.map(({ partition, replicas }) => ({ partitionIndex: partition, replicas: replicas === null ? null : [...replicas] })),
        })),
      } };
    case "list-reassignments": return { target: "controller", api: "ListPartitionReassignments", body: { timeoutMs, topics: null } };
    case "alter-configs": case "describe-configs": return configRequest(command);
    case "alter-client-quotas":
      return { target: "any", api: "AlterClientQuotas", body: {
        entries: [{
          entity: Object.entries(command.entity).map(([entityType, entityName]) => ({ entityType, entityName: entityName ?? null })),
          ops: Object.entries(command.changes).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
        }], validateOnly: false,
      } };
    case "describe-quorum": return { target: "any", api: "DescribeQuorum", body: {} };
    case "add-controller": case "remove-controller": return voterRequest(command, timeoutMs);
  }
}

function createTopic(command: Command & { readonly do: "create-topic" }, timeoutMs: number): CallRequest {
  return { target: "controller", api: "CreateTopics", body: {
    topics: [{
      name: command.topic, numPartitions: command.assignment === undefined ? command.partitions : -1,
      replicationFactor: command.assignment === undefined ? command.replicationFactor : -1,
      assignments: (command.assignment ?? []).map((brokers, partition) => ({ partition, brokers: [...brokers] })),
      configs: Object.entries(command.configs ?? {}).map(([name, value]) => ({ name, value: value === null ? null : String(value) })),
    }],
    timeoutMs, validateOnly: false,
  } };
}

/** Settings of one broker are that broker's own business; those of topics, and the default of all brokers, any broker answers for. */
function configRequest(command: Command & { readonly do: "alter-configs" | "describe-configs" }): CallRequest {
  const { resource } = command;
  const target = "broker" in resource && resource.broker !== "" ? resource.broker : "any";
  const named = "topic" in resource ? { resourceType: TOPIC_RESOURCE, resourceName: resource.topic }
    : { resourceType: BROKER_RESOURCE, resourceName: String(resource.broker) };
  if (command.do === "describe-configs") {
    return { target, api: "DescribeConfigs", body: { resources: [{ ...named, configurationKeys: null }], includeSynonyms: true, includeDocumentation: false } };
  }
  const configs = Object.entries(command.configs).map(([name, value]) => ({
    name, configOperation: value === null ? DELETE : SET, value: value === null ? null : String(value),
  }));
  return { target, api: "IncrementalAlterConfigs", body: { resources: [{ ...named, configs }], validateOnly: false } };
}

/** What kafka-metadata-quorum reads from the files of the controller's machine. */
export interface ControllerFiles { readonly directoryId: string; readonly host: string; readonly port: number }

function voterRequest(command: Command & { readonly do: "add-controller" | "remove-controller" }, timeoutMs: number): CallRequest {
  const { directoryId, host, port } = (command as { readonly files?: ControllerFiles }).files ?? { directoryId: NO_TOPIC_ID, host: "", port: 0 };
  if (command.do === "remove-controller") {
    return { target: "any", api: "RemoveRaftVoter", body: { clusterId: null, voterId: command.node, voterDirectoryId: directoryId } };
  }
  return { target: "any", api: "AddRaftVoter", body: {
    clusterId: null, timeoutMs, voterId: command.node, voterDirectoryId: directoryId, listeners: [{ name: "CONTROLLER", host, port }], ackWhenCommitted: true,
  } };
}

function byTopic<Entry extends { readonly topic: string }>(entries: readonly Entry[]): [string, Entry[]][] {
  const topics = new Map<string, Entry[]>();
  for (const entry of entries) {
    const list = topics.get(entry.topic);
    if (list === undefined) topics.set(entry.topic, [entry]);
    else list.push(entry);
  }
  return [...topics];
}
