// The answer to a request when one error concerns all of it, in the shape of that request: AbstractRequest.getErrorResponse (3.9), for the
// requests that a controller decides.
import type { KafkaError } from "./errors.ts";
import type { RequestOf, ResponseOf } from "./messages.ts";

/** Requests of brokers and controllers to the active controller. */
export type ControlRequestApi = "BrokerRegistration" | "BrokerHeartbeat" | "AlterPartition" | "AllocateProducerIds" | "ControllerRegistration"
  | "AssignReplicasToDirs";
/** Requests of clients that a broker passes on to the active controller. */
export type ForwardedApi = "CreateTopics" | "DeleteTopics" | "CreatePartitions" | "IncrementalAlterConfigs" | "ElectLeaders"
  | "AlterPartitionReassignments" | "ListPartitionReassignments" | "AlterClientQuotas" | "UpdateFeatures" | "UnregisterBroker";
export type ControllerApi = ControlRequestApi | ForwardedApi;

export const NO_TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAA";

const FORWARDED: ReadonlySet<string> = new Set<ForwardedApi>(["CreateTopics", "DeleteTopics", "CreatePartitions", "IncrementalAlterConfigs", "ElectLeaders",
  "AlterPartitionReassignments", "ListPartitionReassignments", "AlterClientQuotas", "UpdateFeatures", "UnregisterBroker"]);
const CONTROL_REQUESTS: ReadonlySet<string> = new Set<ControlRequestApi>(
  ["BrokerRegistration", "BrokerHeartbeat", "AlterPartition", "AllocateProducerIds", "ControllerRegistration", "AssignReplicasToDirs"]);

export function isForwardedApi(api: string): api is ForwardedApi {
  return FORWARDED.has(api);
}

export function isControllerApi(api: string): api is ControllerApi {
  return FORWARDED.has(api) || CONTROL_REQUESTS.has(api);
}

/** A request of any of the apis, for a switch that tells them apart. */
type AnyRequest = { readonly [A in ControllerApi]: { readonly api: A; readonly body: RequestOf<A> } }[ControllerApi];

export function errorResponse<A extends ControllerApi>(api: A, body: RequestOf<A>, error: KafkaError, errorMessage: string | null = null): ResponseOf<A> {
  return responseTo({ api, body } as unknown as AnyRequest, error, errorMessage) as ResponseOf<A>;
}

function responseTo(request: AnyRequest, error: KafkaError, errorMessage: string | null): ResponseOf<ControllerApi> {
  const throttleTimeMs = 0;
  switch (request.api) {
    case "BrokerRegistration": return { throttleTimeMs, error, brokerEpoch: -1 };
    case "BrokerHeartbeat": return { throttleTimeMs, error, isCaughtUp: false, isFenced: true, shouldShutDown: false };
    case "AlterPartition": return { throttleTimeMs, error, topics: [] };
    case "AllocateProducerIds": return { throttleTimeMs, error, producerIdStart: 0, producerIdLen: 0 };
    case "AssignReplicasToDirs": return { throttleTimeMs, error, directories: [] };
    case "ControllerRegistration": case "UnregisterBroker": return { throttleTimeMs, error, errorMessage };
    case "ElectLeaders": return { throttleTimeMs, error, results: [] };
    case "ListPartitionReassignments": return { throttleTimeMs, error, errorMessage, topics: [] };
    case "UpdateFeatures": return { throttleTimeMs, error, errorMessage, results: [] };
    case "CreateTopics":
      return { throttleTimeMs, topics: request.body.topics.map(({ name }) => ({
        name, topicId: NO_TOPIC_ID, error, errorMessage, numPartitions: -1, replicationFactor: -1, configs: [] })) };
    case "DeleteTopics": return { throttleTimeMs, responses: request.body.topics.map(({ name, topicId }) => ({ name, topicId, error, errorMessage })) };
    case "CreatePartitions": return { throttleTimeMs, results: request.body.topics.map(({ name }) => ({ name, error, errorMessage })) };
    case "IncrementalAlterConfigs":
      return { throttleTimeMs, responses: request.body.resources.map(({ resourceType, resourceName }) => ({ error, errorMessage, resourceType, resourceName })) };
    case "AlterClientQuotas": return { throttleTimeMs, entries: request.body.entries.map(({ entity }) => ({ error, errorMessage, entity })) };
    case "AlterPartitionReassignments":
      return { throttleTimeMs, error, errorMessage, responses: request.body.topics.map(({ name, partitions }) => ({
        name, partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, error, errorMessage })) })) };
  }
}
