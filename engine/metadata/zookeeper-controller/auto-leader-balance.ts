// Leaders go home by themselves: 5 s after the controller was elected, then every leader.imbalance.check.interval.seconds, the preferred leaders
// of each broker that leads too few of its own partitions are elected, one partition after the other.
// Source: KafkaController.checkAndTriggerAutoLeaderRebalance (3.9). FIDELITY: ZKC-AUTO-BALANCE.
import { fromMs } from "#engine/core/time.ts";
import { logLine } from "#engine/log/log-lines.ts";
import { allPartitions, isQueuedForDeletion, isReplicaOnline, keyOf, type PartitionContext, partitionOf, placeOf, type TopicPartition } from "./controller-context.ts";
import { isActive } from "./controller-state.ts";
import { doNext, type Run, type Task } from "./controller-task.ts";
import { bringOnline } from "./partition-state-machine.ts";

export const AUTO_BALANCE_TIMER = "auto-leader-rebalance-task";
const FIRST_CHECK_MS = 5_000;

export type AutoBalanceStep =
  | { readonly of: "balance"; readonly do: "check" }
  | { readonly of: "balance"; readonly do: "done"; readonly at: TopicPartition };

export function startAutoBalance(run: Run): void {
  if (run.controller.settings.autoLeaderRebalance) schedule(run, FIRST_CHECK_MS);
}

function schedule(run: Run, delayMs: number): void {
  run.controller.balanceTimer = run.process.schedule(fromMs(delayMs), AUTO_BALANCE_TIMER);
}

export function performAutoBalanceStep(run: Run, task: Task, step: AutoBalanceStep): void {
  const { controller } = run;
  if (!isActive(controller)) return;
  if (step.do === "done") return told(run, step.at);
  schedule(run, controller.settings.imbalanceCheckIntervalMs);
  const { context } = controller;
  controllerLog(run, "Processing automatic preferred replica leader election");
  const byPreferred = new Map<number, PartitionContext[]>();
  for (const partition of allPartitions(context)) {
    const preferred = partition.assignment.replicas[0];
    if (preferred === undefined || isQueuedForDeletion(context, partition.topic)) continue;
    const list = byPreferred.get(preferred);
    if (list === undefined) byPreferred.set(preferred, [partition]);
    else list.push(partition);
  }
  for (const [broker, partitions] of byPreferred) {
    const away = partitions.filter(partition => partition.leadership !== null && partition.leadership.leader !== broker);
    if (away.length * 100 <= controller.settings.imbalancePercentage * partitions.length) continue;
    const candidates = away.filter(partition => isReplicaOnline(context, broker, partition) && context.partitionsBeingReassigned.size === 0
      && partition.leadership?.isr.includes(broker) === true);
    doNext(task, ...candidates.flatMap(partition => [
      bringOnline([placeOf(partition)], { kind: "preferred" }, "automatic-preferred-election"),
      { of: "balance", do: "done", at: placeOf(partition) } as const,
    ]));
  }
}

function controllerLog(run: Run, text: string): void {
  const { brokerId } = run.controller;
  logLine(run.process, brokerId, "INFO", `[Controller id=${brokerId}] ${text}`, "kafka.controller.KafkaController");
}

function told(run: Run, at: TopicPartition): void {
  const partition = partitionOf(run.controller.context, at);
  const preferred = partition?.assignment.replicas[0];
  if (partition === undefined || partition.leadership?.leader !== preferred) return;
  controllerLog(run, `Partition ${keyOf(at)} completed preferred replica leader election. New leader is ${preferred}`);
}
