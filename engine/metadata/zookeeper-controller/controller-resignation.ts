// How a broker stops being the controller: another one stands in `/controller`, its session has expired, or a write of its has met a higher
// controller epoch (a zombie learns of it there). Source: KafkaController.onControllerResignation, maybeResign (3.9). FIDELITY: ZKC-FENCING.
import type { ResponseOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { closeBrokerChannels } from "./broker-channels.ts";
import { createRequestBatch } from "./broker-request-batch.ts";
import { createContext } from "./controller-context.ts";
import { dropSteps, type Run, type Task, doNext } from "./controller-task.ts";

/** ControllerMovedException in the middle of an event: whoever asked is told, the rest of the event is dropped, and `/controller` is read. */
export function controllerMoved(run: Run, task: Task): void {
  const { controller } = run;
  dropSteps(task);
  controller.batch = createRequestBatch();
  const { replyTo } = controller;
  controller.replyTo = null;
  if (replyTo !== null) replyNotController(run, replyTo);
  doNext(task, { of: "election", do: "changed" });
}

/** Everything that belongs to the office is gone; the events that wait find that this broker is not the controller. */
export function resign(run: Run, why: string): void {
  const { controller, process } = run;
  if (controller.balanceTimer !== 0) process.cancel(controller.balanceTimer);
  controller.balanceTimer = 0;
  closeBrokerChannels(process, controller.channels);
  process.trace({ kind: "controller-resigned", broker: controller.brokerId, controllerEpoch: controller.context.epoch, why });
  controller.isFailingOver = false;
  controller.context = createContext();
  controller.batch = createRequestBatch();
}

/** What a broker that is not the controller answers to a request for it. */
export function replyNotController(run: Run, to: ReplyTo): void {
  const { host } = run;
  switch (to.api) {
    case "AlterPartition":
      return host.reply(to as ReplyTo<"AlterPartition">, { throttleTimeMs: 0, error: "NOT_CONTROLLER", topics: [] });
    case "ElectLeaders":
      return host.reply(to as ReplyTo<"ElectLeaders">, { throttleTimeMs: 0, error: "NOT_CONTROLLER", results: [] } satisfies ResponseOf<"ElectLeaders">);
    case "AlterPartitionReassignments":
      return host.reply(to as ReplyTo<"AlterPartitionReassignments">, { throttleTimeMs: 0, error: "NOT_CONTROLLER", errorMessage: null, responses: [] });
    case "ListPartitionReassignments":
      return host.reply(to as ReplyTo<"ListPartitionReassignments">, { throttleTimeMs: 0, error: "NOT_CONTROLLER", errorMessage: null, topics: [] });
    case "AllocateProducerIds":
      return host.reply(to as ReplyTo<"AllocateProducerIds">, { throttleTimeMs: 0, error: "NOT_CONTROLLER", producerIdStart: -1, producerIdLen: 0 });
    case "ControlledShutdown":
      // Errors.forException of ControllerMovedException.
      return host.reply(to as ReplyTo<"ControlledShutdown">, { error: "STALE_CONTROLLER_EPOCH", remainingPartitions: [] });
    default: return;
  }
}
