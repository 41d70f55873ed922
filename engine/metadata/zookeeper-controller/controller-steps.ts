// All steps of a controller's work and who carries them out. A step is plain data; `of` names the module, `do` the step.
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { type AutoBalanceStep, performAutoBalanceStep } from "./auto-leader-balance.ts";
import { type BrokerStep, performBrokerStep } from "./broker-changes.ts";
import { sendBatch } from "./broker-request-batch.ts";
import { type AlterPartitionStep, performAlterPartitionStep } from "./isr-changes.ts";
import { type ElectionStep, performElectionStep } from "./controller-election.ts";
import { type FailoverStep, performFailoverStep } from "./controller-failover.ts";
import { type OperatorStep, performOperatorStep } from "./operator-requests.ts";
import { type PartitionStep, performPartitionStep } from "./partition-state-machine.ts";
import { performReassignmentStep, type ReassignmentStep } from "./reassignment.ts";
import { performReplicaStep, type ReplicaStep } from "./replica-state-machine.ts";
import type { Run, Task } from "./controller-task.ts";
import { performTopicAdminStep, type TopicAdminStep } from "./topic-admin.ts";
import { performTopicStep, type TopicStep } from "./topic-changes.ts";
import { type DeletionStep, performDeletionStep } from "./topic-deletion.ts";

export type Step =
  | PartitionStep | ReplicaStep | ElectionStep | FailoverStep | BrokerStep | TopicStep | DeletionStep | ReassignmentStep | AlterPartitionStep
  | OperatorStep | AutoBalanceStep | TopicAdminStep
  | { readonly of: "requests"; readonly do: "send" };

export function perform(run: Run, task: Task, step: Step, answers: readonly ZooKeeperAnswer[]): void {
  switch (step.of) {
    case "partitions": return performPartitionStep(run, task, step, answers);
    case "replicas": return performReplicaStep(run, task, step, answers);
    case "election": return performElectionStep(run, task, step, answers);
    case "failover": return performFailoverStep(run, task, step, answers);
    case "brokers": return performBrokerStep(run, task, step, answers);
    case "topics": return performTopicStep(run, task, step, answers);
    case "deletion": return performDeletionStep(run, task, step, answers);
    case "reassignment": return performReassignmentStep(run, task, step, answers);
    case "isr": return performAlterPartitionStep(run, task, step, answers);
    case "operator": return performOperatorStep(run, task, step, answers);
    case "balance": return performAutoBalanceStep(run, task, step);
    case "topic-admin": return performTopicAdminStep(run, task, step, answers);
    case "requests": return sendBatch(run);
  }
}
