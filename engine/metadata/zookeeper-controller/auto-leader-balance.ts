// Leaders go home by themselves: 5 s after the controller was elected, then every leader.imbalance.check.interval.seconds, the preferred leaders
// of each broker that leads too few of its own partitions are elected, one partition after the other.
// Source: KafkaController.checkAndTriggerAutoLeaderRebalance (3.9). FIDELITY: ZKC-AUTO-BALANCE.
import { fromMs } from "#engine/core/time.ts";
import { allPartitions, isQueuedForDeletion, isReplicaOnline, type PartitionContext, placeOf } from "./controller-context.ts";
import { isActive } from "./controller-state.ts";
import type { Run, Task } from "./controller-task.ts";
import { doNext } from "./controller-task.ts";
import { bringOnline } from "./partition-state-machine.ts";

export const AUTO_BALANCE_TIMER = "auto-leader-rebalance-task";
const FIRST_CHECK_MS = 5_000;

export type AutoBalanceStep = { readonly of: "balance"; readonly do: "check" };

export function startAutoBalance(run: Run): void {
  if (run.controller.settings.autoLeaderRebalance) schedule(run, FIRST_CHECK_MS);
}

function schedule(run: Run, delayMs: number): void {
  run.controller.balanceTimer = run.process.schedule(fromMs(delayMs), AUTO_BALANCE_TIMER);
}

export function performAutoBalanceStep(run: Run, task: Task, _step: AutoBalanceStep): void {
  const { controller } = run;
  if (!isActive(controller)) return;
  schedule(run, controller.settings.imbalanceCheckIntervalMs);
  const { context } = controller;
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
    doNext(task, ...candidates.map(partition => bringOnline([placeOf(partition)], { kind: "preferred" }, "automatic-preferred-election")));
  }
}
