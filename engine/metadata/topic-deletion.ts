// DeleteTopics: by name or by id; one record takes the topic, its partitions and its settings away. Brokers delete the logs when they read it.
// Follows ControllerApis.deleteTopics and ReplicationControlManager.deleteTopics (3.9). FIDELITY: META-TOPIC-DELETION.
import { errorResponse, NO_TOPIC_ID } from "#engine/protocol/error-response.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import { answerOnly, type Decision, NO_REASON, type OperationContext } from "./controller-state.ts";
import { topicById } from "./image.ts";
import { takeMutations } from "./mutation-quota.ts";
import type { MetadataRecord } from "./records.ts";

type Answer = ResponseOf<"DeleteTopics">["responses"][number];

export function deleteTopics(context: OperationContext, request: RequestOf<"DeleteTopics">): Decision<"DeleteTopics"> {
  const { image, config } = context;
  if (!config.deleteTopicEnable) return answerOnly(errorResponse("DeleteTopics", request, "TOPIC_DELETION_DISABLED"));
  const records: MetadataRecord[] = [];
  const refused: Answer[] = [];
  const deleted: Answer[] = [];
  for (const { name, topicId } of request.topics) {
    const refuse = (error: KafkaError, errorMessage: string | null = null): void => { refused.push({ name, topicId, error, errorMessage }); };
    const byId = topicId !== NO_TOPIC_ID;
    const topic = name === null ? topicById(image, topicId) : image.topics.get(name);
    if (name === null && !byId) refuse("INVALID_REQUEST", "Neither topic name nor id were specified.");
    else if (name !== null && byId) refuse("INVALID_REQUEST", "You may not specify both topic name and topic id.");
    else if (isNamedTwice(request, name, topicId)) refuse("INVALID_REQUEST", name === null ? "Duplicate topic id." : "Duplicate topic name.");
    else if (topic === undefined) refuse(name === null ? "UNKNOWN_TOPIC_ID" : "UNKNOWN_TOPIC_OR_PARTITION");
    else {
      const exceeded = takeMutations(context.mutations, topic.partitions.length);
      if (exceeded === null) records.push({ type: "RemoveTopicRecord", topicId: topic.topicId });
      deleted.push({ name: topic.name, topicId: topic.topicId, ...exceeded ?? { error: "NONE", errorMessage: null } });
    }
  }
  return { records, reason: NO_REASON, response: { throttleTimeMs: context.mutations.throttleTimeMs, responses: [...refused, ...deleted] } };
}

function isNamedTwice(request: RequestOf<"DeleteTopics">, name: string | null, topicId: string): boolean {
  return request.topics.filter(other => name === null ? other.name === null && other.topicId === topicId : other.name === name).length > 1;
}
