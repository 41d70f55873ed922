// AlterPartition in ZooKeeper mode (KIP-497): a leader proposes an ISR, the controller checks it against what it knows and writes the state znode;
// its version is the partition epoch. The leader epoch stays. Source: KafkaController.processAlterPartition (3.9). FIDELITY: ZKC-ALTER-PARTITION.
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { reassigningPartitions } from "./broker-changes.ts";
import { sendUpdateMetadata } from "./broker-request-batch.ts";
import { existingPartition, isLive, liveOrShuttingDownIds, partitionOf, sameList, type TopicPartition } from "./controller-context.ts";
import { tracePartition } from "./controller-facts.ts";
import { controllerMoved, replyNotController } from "./controller-resignation.ts";
import { isActive } from "./controller-state.ts";
import { ask, checked, checkedOutcome, type Run, saysMoved, type Task, doNext } from "./controller-task.ts";
import { type LeaderAndIsr, stateNode, statePath } from "./znode-data.ts";

type Request = RequestOf<"AlterPartition">;
type PartitionAnswer = ResponseOf<"AlterPartition">["topics"][number]["partitions"][number];
interface Proposal { readonly at: TopicPartition; readonly leadership: LeaderAndIsr }
interface Decision { readonly at: TopicPartition; readonly error: KafkaError; readonly leadership: LeaderAndIsr | null }

export type AlterPartitionStep =
  | { readonly of: "isr"; readonly do: "alter"; readonly body: Request; readonly replyTo: ReplyTo<"AlterPartition"> }
  | { readonly of: "isr"; readonly do: "altered"; readonly decided: readonly Decision[]; readonly proposals: readonly Proposal[]; readonly replyTo: ReplyTo<"AlterPartition"> };

export function performAlterPartitionStep(run: Run, task: Task, step: AlterPartitionStep, answers: readonly ZooKeeperAnswer[]): void {
  if (step.do === "alter") alter(run, task, step.body, step.replyTo);
  else altered(run, task, step, answers);
}

function alter(run: Run, task: Task, body: Request, replyTo: ReplyTo<"AlterPartition">): void {
  const { controller, host } = run;
  const { context } = controller;
  if (!isActive(controller)) return replyNotController(run, replyTo);
  if (context.brokers.get(body.brokerId)?.brokerEpoch !== body.brokerEpoch) {
    return host.reply(replyTo, { throttleTimeMs: 0, error: "STALE_BROKER_EPOCH", topics: [] });
  }
  controller.replyTo = replyTo;
  const decided: Decision[] = [];
  const proposals: Proposal[] = [];
  for (const { topic, partitions } of body.topics) {
    for (const wish of partitions) {
      const at = { topic, partition: wish.partition };
      const known = partitionOf(context, at)?.leadership ?? null;
      if (known === null) {
        decided.push({ at, error: "UNKNOWN_TOPIC_OR_PARTITION", leadership: null });
        continue;
      }
      const wanted: LeaderAndIsr = {
        leader: body.brokerId, leaderEpoch: wish.leaderEpoch, isr: wish.newIsr.map(member => member.brokerId), isRecovering: wish.leaderRecoveryState === 1,
        partitionEpoch: wish.partitionEpoch, controllerEpoch: context.epoch,
      };
      const error = problemOf(run, known, wanted);
      if (error === "already") decided.push({ at, error: "NONE", leadership: known });
      else if (error !== "NONE") decided.push({ at, error, leadership: null });
      else proposals.push({ at, leadership: wanted });
    }
  }
  ask(run, task, proposals.map(({ at, leadership }) => checked(controller, {
    op: "setData", path: statePath(at.topic, at.partition), data: stateNode(leadership), version: leadership.partitionEpoch,
  })), { of: "isr", do: "altered", decided, proposals, replyTo });
}

/** In Kafka's order. "already": a repetition of what stands. */
function problemOf(run: Run, known: LeaderAndIsr, wanted: LeaderAndIsr): KafkaError | "already" {
  if (wanted.partitionEpoch > known.partitionEpoch || wanted.leaderEpoch > known.leaderEpoch) return "NOT_CONTROLLER";
  if (wanted.leaderEpoch < known.leaderEpoch) return "FENCED_LEADER_EPOCH";
  if (wanted.leader === known.leader && sameList(wanted.isr, known.isr) && wanted.isRecovering === known.isRecovering) return "already";
  if (wanted.partitionEpoch !== known.partitionEpoch) return "INVALID_UPDATE_VERSION";
  if (wanted.isRecovering && (wanted.isr.length > 1 || !known.isRecovering)) return "INVALID_REQUEST";
  return wanted.isr.every(member => isLive(run.controller.context, member)) ? "NONE" : "INELIGIBLE_REPLICA";
}

function altered(run: Run, task: Task, step: Extract<AlterPartitionStep, { do: "altered" }>, answers: readonly ZooKeeperAnswer[]): void {
  if (saysMoved(answers)) return controllerMoved(run, task);
  const { controller, host } = run;
  const { context } = controller;
  const decided = [...step.decided];
  const successful: TopicPartition[] = [];
  step.proposals.forEach(({ at, leadership }, index) => {
    const answer = answers[index];
    const outcome = answer === undefined ? { is: "failed" as const } : checkedOutcome(answer);
    if (outcome.is !== "done") {
      decided.push({ at, error: outcome.is === "bad-version" ? "INVALID_UPDATE_VERSION" : "UNKNOWN_SERVER_ERROR", leadership: null });
      return;
    }
    const partition = existingPartition(context, at);
    const before = partition.leadership?.isr.length ?? 0;
    partition.leadership = { ...leadership, partitionEpoch: outcome.version };
    tracePartition(run, partition, leadership.isr.length < before ? "isr-shrunk" : "isr-expanded");
    decided.push({ at, error: "NONE", leadership: partition.leadership });
    successful.push(at);
  });
  if (successful.length > 0) sendUpdateMetadata(run, liveOrShuttingDownIds(context), successful);
  controller.replyTo = null;
  host.reply(step.replyTo, { throttleTimeMs: 0, error: "NONE", topics: answerTopics(decided) });
  doNext(task, ...reassigningPartitions(run, successful).map(at => ({ of: "reassignment", do: "maybe-complete", at } as const)));
}

function answerTopics(decided: readonly Decision[]): ResponseOf<"AlterPartition">["topics"] {
  const topics = new Map<string, PartitionAnswer[]>();
  for (const { at, error, leadership } of decided) {
    const partitions = topics.get(at.topic) ?? [];
    topics.set(at.topic, partitions);
    partitions.push({
      partition: at.partition, error, leaderId: leadership?.leader ?? -1, leaderEpoch: leadership?.leaderEpoch ?? -1, isr: leadership?.isr ?? [],
      leaderRecoveryState: leadership?.isRecovering === true ? 1 : 0, partitionEpoch: leadership?.partitionEpoch ?? -1,
    });
  }
  return [...topics].map(([topic, partitions]) => ({ topic, partitions }));
}
