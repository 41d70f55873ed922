// The ZooKeeper-mode controller as its broker calls it: events go into a queue that is worked off one after the other, answers of ZooKeeper
// and of brokers come in, watches become events. Source: KafkaController.scala, ControllerEventManager.scala (3.9).
// FIDELITY: ZKC-EVENT-QUEUE, ZKC-RACE, ZKC-FENCING.
import { errorResponse, isForwardedApi } from "#engine/protocol/error-response.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import type { WatchEventType, ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { AUTO_BALANCE_TIMER } from "./auto-leader-balance.ts";
import { channelResult, channelTimer, CONTROLLER_CHANNEL_TIMER } from "./broker-channels.ts";
import { CACHE_WAIT_TIMER, expiredTask, newTask, satisfiedTasks } from "./cache-wait.ts";
import { perform, type Step } from "./controller-steps.ts";
import { CONTROLLER_TASK, CONTROLLER_WORK_TIMER, dropSteps, type Run, takeAnswer, takeWork, type Task, type TaskContext, doNext } from "./controller-task.ts";
import { replyNotController } from "./controller-resignation.ts";
import {
  BROKER_IDS_PATH, CONTROLLER_PATH, DELETE_TOPICS_PATH, ISR_CHANGE_PATH, LOG_DIR_EVENT_PATH, PREFERRED_ELECTION_PATH, REASSIGN_PARTITIONS_PATH, TOPICS_PATH,
} from "./znode-data.ts";

/** Does what can be done without waiting; the task ends when nothing is left. */
function runTask(run: Run, task: Task): void {
  while (task.asked === null) {
    const step = task.steps.pop();
    if (step === undefined) break;
    perform(run, task, step, []);
  }
  if (task.asked !== null || task.steps.length > 0) return;
  if (task.id === CONTROLLER_TASK) return nextEvent(run);
  if (!run.controller.waitingForCache.has(task.id)) run.controller.tasks.delete(task.id);
}

function nextEvent(run: Run): void {
  const task = run.controller.tasks.get(CONTROLLER_TASK);
  if (task === undefined || task.asked !== null || task.steps.length > 0) return;
  const event = run.controller.events.shift();
  if (event === undefined) return;
  run.cause = event.cause;
  run.process.becauseOf(event.cause);
  doNext(task, event.step);
  runTask(run, task);
}

/** Puts an event into the controller's queue. */
export function putEvent(run: Run, event: Step): void {
  run.controller.events.push({ step: event, cause: run.process.cause });
  nextEvent(run);
}

/** This broker is registered and runs for controller (KafkaController.startup, RegisterBrokerAndReelect). */
export function runForController(run: Run): void {
  putEvent(run, { of: "election", do: "elect" });
}

/** The session has expired: whatever the controller was doing is over before it is done (Expire preempts the queue). */
export function controllerSessionExpired(run: Run): void {
  const { controller } = run;
  for (const task of controller.tasks.values()) {
    if (controller.waitingForCache.has(task.id)) continue;
    if (task.id !== CONTROLLER_TASK) {
      controller.tasks.delete(task.id);
      replyExpired(run, task);
    }
    dropSteps(task);
  }
  const { replyTo } = controller;
  controller.replyTo = null;
  if (replyTo !== null) replyNotController(run, replyTo);
  controller.events.unshift({ step: { of: "election", do: "expired" }, cause: run.process.cause });
  nextEvent(run);
}

/** SessionExpiredException in the middle of an operator's request. */
function replyExpired(run: Run, task: Task): void {
  const next = task.asked?.next;
  if (next?.of !== "topic-admin") return;
  const replyTo: ReplyTo | null = "replyTo" in next ? next.replyTo : "replyTo" in next.answerTo ? next.answerTo.replyTo : null;
  if (replyTo !== null && isForwardedApi(replyTo.api)) run.host.reply(replyTo, errorResponse(replyTo.api, next.body, "UNKNOWN_SERVER_ERROR"));
}

export function zooKeeperAnswered(run: Run, context: TaskContext, answer: ZooKeeperAnswer): void {
  takeAnswer(run, context, answer);
}

/** A watch has fired: what it tells of is read when its turn comes. */
export function watchFired(run: Run, type: WatchEventType, path: string): void {
  const event = eventOf(type, path);
  if (event !== null) putEvent(run, event);
}

function eventOf(type: WatchEventType, path: string): Step | null {
  switch (path) {
    case CONTROLLER_PATH: return { of: "election", do: type === "NodeDeleted" ? "elect" : "changed" };
    case BROKER_IDS_PATH: return { of: "brokers", do: "changed" };
    case TOPICS_PATH: return { of: "topics", do: "changed" };
    case DELETE_TOPICS_PATH: return { of: "topics", do: "deletions-changed" };
    case ISR_CHANGE_PATH: case LOG_DIR_EVENT_PATH: return { of: "topics", do: "notified", path };
    case PREFERRED_ELECTION_PATH: return type === "NodeDeleted" ? null : { of: "operator", do: "read-preferred-znode" };
    case REASSIGN_PARTITIONS_PATH: return type === "NodeDeleted" ? null : { of: "reassignment", do: "read-znode" };
  }
  if (type !== "NodeDataChanged" || !path.startsWith(`${TOPICS_PATH}/`)) return null;
  return { of: "topics", do: "modified", topic: path.slice(TOPICS_PATH.length + 1) };
}

/** A broker has answered the controller, or its connection broke. */
export function brokerAnswered(run: Run, result: NetworkResult): void {
  const answer = channelResult(run.process, run.controller.channels, result);
  if (answer === null || answer.api === "UpdateMetadata") return;
  putEvent(run, { of: "topics", do: "broker-answered", answer });
}

/** This broker's own metadata cache has changed. */
export function metadataCacheChanged(run: Run): void {
  if (run.controller.waitingForCache.size === 0) return;
  for (const task of satisfiedTasks(run)) runTask(run, task);
}

/** False when it is not the controller's timer. */
export function controllerTimer(run: Run, name: string, payload: unknown, sequence: number): boolean {
  switch (name) {
    case CONTROLLER_WORK_TIMER: {
      const work = takeWork(run, payload);
      if (work === null) return true;
      perform(run, work.task, work.next, work.answers);
      runTask(run, work.task);
      return true;
    }
    case CONTROLLER_CHANNEL_TIMER: channelTimer(run.process, run.controller.channels, payload as number, sequence); return true;
    case CACHE_WAIT_TIMER: {
      const task = expiredTask(run, payload as number, sequence);
      if (task !== null) runTask(run, task);
      return true;
    }
    case AUTO_BALANCE_TIMER:
      if (run.controller.balanceTimer !== sequence) return true;
      run.controller.balanceTimer = 0;
      run.process.becauseOf(-1);
      putEvent(run, { of: "balance", do: "check" });
      return true;
    default: return false;
  }
}

/** A request at the broker's listener that the controller (or the broker as its administrator) answers. False: not one of these. */
export function controllerRequest(run: Run, api: string, body: unknown, to: ReplyTo): boolean {
  switch (api) {
    case "AlterPartition": putEvent(run, { of: "isr", do: "alter", body: body as RequestOf<"AlterPartition">, replyTo: to as ReplyTo<"AlterPartition"> }); return true;
    case "ControlledShutdown": {
      const { brokerId, brokerEpoch } = body as RequestOf<"ControlledShutdown">;
      putEvent(run, { of: "brokers", do: "controlled-shutdown", brokerId, brokerEpoch, replyTo: to as ReplyTo<"ControlledShutdown"> });
      return true;
    }
    case "ElectLeaders": putEvent(run, { of: "operator", do: "elect-leaders", body: body as RequestOf<"ElectLeaders">, replyTo: to as ReplyTo<"ElectLeaders"> }); return true;
    case "AlterPartitionReassignments":
      putEvent(run, { of: "operator", do: "reassign", body: body as RequestOf<"AlterPartitionReassignments">, replyTo: to as ReplyTo<"AlterPartitionReassignments"> });
      return true;
    case "ListPartitionReassignments":
      putEvent(run, { of: "operator", do: "list-reassignments", body: body as RequestOf<"ListPartitionReassignments">, replyTo: to as ReplyTo<"ListPartitionReassignments"> });
      return true;
    case "AllocateProducerIds":
      putEvent(run, { of: "operator", do: "allocate-producer-ids", body: body as RequestOf<"AllocateProducerIds">, replyTo: to as ReplyTo<"AllocateProducerIds"> });
      return true;
    case "CreateTopics":
      runTask(run, newTask(run, { of: "topic-admin", do: "create", body: body as RequestOf<"CreateTopics">, answerTo: { replyTo: to as ReplyTo<"CreateTopics"> } }));
      return true;
    case "CreatePartitions":
      runTask(run, newTask(run, { of: "topic-admin", do: "grow", body: body as RequestOf<"CreatePartitions">, replyTo: to as ReplyTo<"CreatePartitions"> }));
      return true;
    case "DeleteTopics":
      runTask(run, newTask(run, { of: "topic-admin", do: "delete", body: body as RequestOf<"DeleteTopics">, replyTo: to as ReplyTo<"DeleteTopics"> }));
      return true;
    default: return false;
  }
}

/** Topics that somebody's Metadata request asks for, with the broker's defaults. */
export function createAutomatically(run: Run, creation: number, body: RequestOf<"CreateTopics">): void {
  runTask(run, newTask(run, { of: "topic-admin", do: "create", body, answerTo: { autoCreation: creation } }));
}
