// Requests that are answered only when the broker's own metadata cache shows what they have brought about, or when their time is over: the
// purgatories of ZkAdminManager and DelayedElectLeader (3.9). The cache is filled by UpdateMetadata, so the check follows each of them.
import { fromMs } from "#engine/core/time.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { TopicPartition } from "./controller-context.ts";
import type { CacheWait } from "./controller-state.ts";
import type { Step } from "./controller-steps.ts";
import { createTask, type Run, type Task, doNext } from "./controller-task.ts";

export const CACHE_WAIT_TIMER = "delayed topic operation";

/** A piece of work beside the controller's own. `runTask` starts it. */
export function newTask(run: Run, step: Step): Task {
  const { controller } = run;
  const task = createTask(controller.nextTask);
  controller.nextTask += 1;
  controller.tasks.set(task.id, task);
  doNext(task, step);
  return task;
}

/** Goes on with `next` in a task of its own. */
export function waitForCache(
  run: Run, expect: CacheWait["expect"], partitions: readonly (TopicPartition & { readonly leader?: number })[], timeoutMs: number, next: Step,
): void {
  const { controller, process } = run;
  const task = newTask(run, next);
  const isDone = isThere(run, expect, partitions);
  const timer = process.schedule(isDone ? 0 : fromMs(Math.max(0, timeoutMs)), CACHE_WAIT_TIMER, task.id);
  controller.waitingForCache.set(task.id, { expect, partitions, timer });
}

function isThere(run: Run, expect: CacheWait["expect"], partitions: CacheWait["partitions"]): boolean {
  const { host } = run;
  switch (expect) {
    case "leaders": return partitions.every(({ topic, partition }) => host.leaderInCache(topic, partition) >= 0);
    case "leader-ids": return partitions.every(({ topic, partition, leader }) => host.leaderInCache(topic, partition) === leader);
    case "absence": return partitions.every(({ topic }) => !host.isTopicInCache(topic));
  }
}

/** Whose wait is over now that the cache has changed. */
export function satisfiedTasks(run: Run): Task[] {
  const { controller, process } = run;
  const tasks: Task[] = [];
  for (const [id, wait] of controller.waitingForCache) {
    if (!isThere(run, wait.expect, wait.partitions)) continue;
    process.cancel(wait.timer);
    controller.waitingForCache.delete(id);
    const task = controller.tasks.get(id);
    if (task !== undefined) tasks.push(task);
  }
  return tasks;
}

/** The timer `CACHE_WAIT_TIMER`: topics and partitions that are not there yet answer REQUEST_TIMED_OUT. */
export function expiredTask(run: Run, id: number, sequence: number): Task | null {
  const { controller } = run;
  const wait = controller.waitingForCache.get(id);
  const task = controller.tasks.get(id);
  if (wait === undefined || wait.timer !== sequence || task === undefined) return null;
  controller.waitingForCache.delete(id);
  return task;
}

/** NONE, or REQUEST_TIMED_OUT when the cache does not show the topic's partitions with leaders. */
export function cacheErrorOf(run: Run, topic: string, partitions: readonly number[]): KafkaError {
  return partitions.every(partition => run.host.leaderInCache(topic, partition) >= 0) ? "NONE" : "REQUEST_TIMED_OUT";
}
