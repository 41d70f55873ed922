// What a controller that is not active answers: NOT_CONTROLLER, in the shape of each request. Follows ControllerApis.scala (3.9).
import type { Api, RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { refusedHeartbeat } from "./broker-registrations.ts";
import { refusedTopic } from "./topic-creation.ts";

export type ControllerApi = "BrokerRegistration" | "BrokerHeartbeat" | "AlterPartition" | "CreateTopics" | "ElectLeaders" | "AllocateProducerIds"
  | "ControllerRegistration";

const CONTROLLER_APIS: ReadonlySet<Api> = new Set<ControllerApi>(
  ["BrokerRegistration", "BrokerHeartbeat", "AlterPartition", "CreateTopics", "ElectLeaders", "AllocateProducerIds", "ControllerRegistration"]);

export function isControllerApi(api: Api): api is ControllerApi {
  return CONTROLLER_APIS.has(api);
}

/** @param about the request, or the answer that was not committed in time: both name the topics */
export function notController(api: ControllerApi, about: RequestOf<Api> | ResponseOf<Api>): ResponseOf<ControllerApi> {
  const error = "NOT_CONTROLLER";
  const throttleTimeMs = 0;
  switch (api) {
    case "BrokerRegistration": return { throttleTimeMs, error, brokerEpoch: -1 };
    case "BrokerHeartbeat": return refusedHeartbeat(error);
    case "AlterPartition": return { throttleTimeMs, error, topics: [] };
    case "ElectLeaders": return { throttleTimeMs, error, results: [] };
    case "AllocateProducerIds": return { throttleTimeMs, error, producerIdStart: 0, producerIdLen: 0 };
    case "ControllerRegistration": return { throttleTimeMs, error, errorMessage: null };
    case "CreateTopics": {
      const { topics } = about as RequestOf<"CreateTopics"> | ResponseOf<"CreateTopics">;
      return { throttleTimeMs, topics: topics.map(topic => refusedTopic(topic.name, error, null)) };
    }
  }
}
