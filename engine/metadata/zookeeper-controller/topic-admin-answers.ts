// What operators are answered who create topics in ZooKeeper mode.
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { Run } from "./controller-task.ts";
import type { CreatedFor } from "./topic-admin.ts";

export const NO_TOPIC_ID = "AAAAAAAAAAAAAAAAAAAAAA";

export type CreateTopicWish = RequestOf<"CreateTopics">["topics"][number];
/** @property text null: the client shows the error's own text. */
export interface Refusal { readonly error: KafkaError; readonly text: string | null }
export interface TopicResult {
  readonly name: string; readonly topicId: string; readonly error: KafkaError; readonly errorMessage: string | null;
  readonly replicas: readonly (readonly number[])[];
}

export function replyCreated(run: Run, body: RequestOf<"CreateTopics">, answerTo: CreatedFor, results: readonly TopicResult[]): void {
  if ("autoCreation" in answerTo) return run.host.autoCreated(answerTo.autoCreation, results.map(({ name, error }) => ({ name, error })));
  run.host.reply(answerTo.replyTo, { throttleTimeMs: 0, topics: results.map(({ name, topicId, error, errorMessage, replicas }) => ({
    name, topicId: error === "NONE" ? topicId : NO_TOPIC_ID, error, errorMessage, numPartitions: error === "NONE" ? replicas.length : -1,
    replicationFactor: error === "NONE" ? replicas[0]?.length ?? -1 : -1,
    configs: error === "NONE" ? body.topics.find(topic => topic.name === name)?.configs ?? [] : [],
  })) });
}
