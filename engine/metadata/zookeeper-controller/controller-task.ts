// How the controller's work waits for ZooKeeper. Kafka's controller thread blocks on each round trip; here a piece of work is a stack of steps
// (plain data). A step may put steps on top of the stack or ask ZooKeeper for operations and name the step that gets their answers. The
// controller's own task takes one event after the other; each request of an operator (a topic to create) is a task beside it.
// Source: ControllerEventManager.scala, KafkaZkClient.retryRequestsUntilConnected (3.9). FIDELITY: ZKC-EVENT-QUEUE, ZKC-SERVICE-TIME.
import type { ProcessContext } from "#engine/core/process.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import type { Api, ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { ZooKeeperAnswer, ZooKeeperOperation, ZooKeeperWrite } from "#engine/zookeeper/zookeeper-protocol.ts";
import type { ZooKeeperController } from "./controller-state.ts";
import type { PlaceableBroker } from "./admin-utils-placement.ts";
import type { Step } from "./controller-steps.ts";
import { CONTROLLER_EPOCH_PATH } from "./znode-data.ts";

/** What the controller needs of its broker; built for each dispatch. */
export interface ControllerHost {
  /** Its answer comes back through `zooKeeperAnswered`, after any reconnecting. */
  zooKeeper(operation: ZooKeeperOperation, context: TaskContext): void;
  reply<A extends Api>(to: ReplyTo<A>, body: ResponseOf<A>): void;
  /** The leader in this broker's own metadata cache; -1: none (KafkaApis waits for one before it answers). */
  leaderInCache(topic: string, partition: number): number;
  isTopicInCache(topic: string): boolean;
  /** Alive brokers as this broker's metadata cache has them. */
  aliveBrokers(): readonly PlaceableBroker[];
  /** Topics that a client's Metadata request has led to: `creation` is the number that the broker has given. */
  autoCreated(creation: number, results: readonly { readonly name: string; readonly error: KafkaError }[]): void;
}

/** @property cause of what is being worked off: each decision has it, and not the decision before it. */
export interface Run { readonly process: ProcessContext; readonly host: ControllerHost; readonly controller: ZooKeeperController; cause: number }

/** To find the task that an answer belongs to. */
export interface TaskContext { readonly for: "task"; readonly task: number; readonly ask: number; readonly index: number }

interface Asked { readonly ask: number; readonly answers: (ZooKeeperAnswer | null)[]; outstanding: number; readonly next: Step; isWorking: boolean }

export interface Task {
  readonly id: number;
  /** The next step is the last one. */
  readonly steps: Step[];
  asked: Asked | null;
}

export const CONTROLLER_TASK = 1;
export const CONTROLLER_WORK_TIMER = "controller work";

/** What the controller's thread does with one answer: parsing, state machines, requests to brokers. Fitted, see ZKC-SERVICE-TIME. */
const ANSWER_SERVICE_US = 120;
/** What a round costs a controller that has just been elected: code that this process has never run before. Fitted, see ZKC-SERVICE-TIME. */
const FIRST_ROUND_SERVICE_US = 50_000;

export function createTask(id: number): Task {
  return { id, steps: [], asked: null };
}

/** These steps come next, in this order, before whatever waits already. */
export function doNext(task: Task, ...steps: readonly Step[]): void {
  for (let index = steps.length - 1; index >= 0; index -= 1) task.steps.push(steps[index] as Step);
}

/** Sends the operations and goes on with `next` when all are answered, in their order. */
export function ask(run: Run, task: Task, operations: readonly ZooKeeperOperation[], next: Step): void {
  const { controller } = run;
  controller.asks += 1;
  task.asked = { ask: controller.asks, answers: operations.map(() => null), outstanding: operations.length, next, isWorking: false };
  if (operations.length === 0) return work(run, task, task.asked);
  const { ask: number } = task.asked;
  operations.forEach((operation, index) => run.host.zooKeeper(operation, { for: "task", task: task.id, ask: number, index }));
}

/** False when nobody waits for it any more. True when the task may go on. */
export function takeAnswer(run: Run, context: TaskContext, answer: ZooKeeperAnswer): Task | null {
  const task = run.controller.tasks.get(context.task);
  const asked = task?.asked;
  if (task === undefined || asked === null || asked === undefined || asked.ask !== context.ask || asked.answers[context.index] !== null) return null;
  asked.answers[context.index] = answer;
  asked.outstanding -= 1;
  if (asked.outstanding > 0) return null;
  work(run, task, asked);
  return task;
}

function work(run: Run, task: Task, asked: Asked): void {
  asked.isWorking = true;
  const firstUs = task.id === CONTROLLER_TASK && run.controller.isFailingOver ? FIRST_ROUND_SERVICE_US : 0;
  run.process.schedule(firstUs + asked.answers.length * ANSWER_SERVICE_US, CONTROLLER_WORK_TIMER, { task: task.id, ask: asked.ask });
}

/** The timer `CONTROLLER_WORK_TIMER`: the task whose answers have been worked through, with its next step; null when it is gone. */
export function takeWork(run: Run, payload: unknown): { readonly task: Task; readonly next: Step; readonly answers: readonly ZooKeeperAnswer[] } | null {
  const { task: id, ask: number } = payload as { readonly task: number; readonly ask: number };
  const task = run.controller.tasks.get(id);
  const asked = task?.asked;
  if (task === undefined || asked === null || asked === undefined || asked.ask !== number || !asked.isWorking) return null;
  task.asked = null;
  return { task, next: asked.next, answers: asked.answers as readonly ZooKeeperAnswer[] };
}

/** Everything this task still had to do is dropped. */
export function dropSteps(task: Task): void {
  task.steps.length = 0;
  task.asked = null;
}

// ---- writes that only the controller may do

/** KafkaZkClient.wrapRequestWithControllerEpochCheck: the write fails when another controller has raised the epoch. */
export function checked(controller: ZooKeeperController, write: ZooKeeperWrite): ZooKeeperOperation {
  return { op: "multi", operations: [{ op: "check", path: CONTROLLER_EPOCH_PATH, version: controller.context.epochZkVersion }, write] };
}

export type CheckedOutcome =
  | { readonly is: "done"; readonly version: number }
  | { readonly is: "bad-version" | "no-node" | "node-exists" | "controller-moved" | "failed" };

export function checkedOutcome(answer: ZooKeeperAnswer): CheckedOutcome {
  if (answer.error === "OK") return { is: "done", version: answer.results?.[1]?.stat?.version ?? 0 };
  const [check, write] = answer.results ?? [];
  if (check !== undefined && (check.error === "BADVERSION" || check.error === "NONODE")) return { is: "controller-moved" };
  switch (write?.error) {
    case "BADVERSION": return { is: "bad-version" };
    case "NONODE": return { is: "no-node" };
    case "NODEEXISTS": return { is: "node-exists" };
    default: return { is: "failed" };
  }
}

/** Whether one of the answers says that another controller has taken over. */
export function saysMoved(answers: readonly ZooKeeperAnswer[]): boolean {
  return answers.some(answer => answer.error !== "OK" && checkedOutcome(answer).is === "controller-moved");
}
