// Which part of the controller decides a request. Source: ControllerApis.scala, QuorumController.java (3.9).
import type { ProcessContext } from "#engine/core/process.ts";
import { errorResponse, isForwardedApi } from "#engine/protocol/error-response.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import { alterPartition } from "./alter-partition.ts";
import { allocateProducerIds, heartbeat, registerBroker, unregisterBroker } from "./broker-registrations.ts";
import { alterClientQuotas } from "./client-quotas.ts";
import { incrementalAlterConfigs } from "./config-changes.ts";
import { registerController } from "./controller-registration.ts";
import { answerOnly, type Decision, type OperationContext, type QueuedRequest, TOO_MANY_RECORDS, USER_RECORDS_MAX } from "./controller-state.ts";
import { updateFeatures } from "./feature-updates.ts";
import type { JavaRandom } from "./java-random.ts";
import { electLeaders } from "./leader-elections.ts";
import { createPartitions } from "./partition-growth.ts";
import { randomUuid } from "./random-uuid.ts";
import { alterReassignments, listReassignments } from "./reassignment.ts";
import { assignReplicasToDirs } from "./replica-directories.ts";
import { createTopics } from "./topic-creation.ts";
import { deleteTopics } from "./topic-deletion.ts";

/** @param random of the controller: placement draws from it. */
export function decide(process: ProcessContext, context: OperationContext, random: JavaRandom, queued: QueuedRequest): Decision {
  const decision = decideFreely(process, context, random, queued);
  if (decision.records.length <= USER_RECORDS_MAX || !isForwardedApi(queued.api)) return decision;
  return answerOnly(errorResponse(queued.api, queued.body, "POLICY_VIOLATION", TOO_MANY_RECORDS));
}

function decideFreely(process: ProcessContext, context: OperationContext, random: JavaRandom, { api, body }: QueuedRequest): Decision {
  switch (api) {
    case "BrokerRegistration": return registerBroker(context, body as RequestOf<"BrokerRegistration">);
    case "BrokerHeartbeat": return heartbeat(context, body as RequestOf<"BrokerHeartbeat">);
    case "UnregisterBroker": return unregisterBroker(context, body as RequestOf<"UnregisterBroker">);
    case "AlterPartition": return alterPartition(context, body as RequestOf<"AlterPartition">);
    case "AssignReplicasToDirs": return assignReplicasToDirs(context, body as RequestOf<"AssignReplicasToDirs">);
    case "AllocateProducerIds": return allocateProducerIds(context, body as RequestOf<"AllocateProducerIds">);
    case "ControllerRegistration": return registerController(body as RequestOf<"ControllerRegistration">);
    case "ElectLeaders": return electLeaders(context, body as RequestOf<"ElectLeaders">);
    case "CreateTopics": return createTopics(context, body as RequestOf<"CreateTopics">, { random, newTopicId: () => randomUuid(process, "topic id") });
    case "DeleteTopics": return deleteTopics(context, body as RequestOf<"DeleteTopics">);
    case "CreatePartitions": return createPartitions(context, body as RequestOf<"CreatePartitions">, random);
    case "IncrementalAlterConfigs": return incrementalAlterConfigs(context, body as RequestOf<"IncrementalAlterConfigs">);
    case "AlterPartitionReassignments": return alterReassignments(context, body as RequestOf<"AlterPartitionReassignments">);
    case "ListPartitionReassignments": return listReassignments(context, body as RequestOf<"ListPartitionReassignments">);
    case "AlterClientQuotas": return alterClientQuotas(context, body as RequestOf<"AlterClientQuotas">);
    case "UpdateFeatures": return updateFeatures(context, body as RequestOf<"UpdateFeatures">);
  }
}
