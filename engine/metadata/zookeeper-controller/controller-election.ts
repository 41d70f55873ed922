// The race for `/controller`: whoever's transaction reaches the leader of the ensemble first creates the ephemeral znode and raises the controller
// epoch in one go; the others read who has won. Source: KafkaController.elect, processControllerChange, processReelect,
// KafkaZkClient.registerControllerAndIncrementControllerEpoch (3.9). FIDELITY: ZKC-RACE.
import { toMs } from "#engine/core/time.ts";
import type { ZooKeeperAnswer } from "#engine/zookeeper/zookeeper-protocol.ts";
import { createContext } from "./controller-context.ts";
import { resign } from "./controller-resignation.ts";
import { isActive } from "./controller-state.ts";
import { ask, type Run, type Task, doNext } from "./controller-task.ts";
import { CONTROLLER_EPOCH_PATH, CONTROLLER_PATH, controllerIdIn, controllerNode, createNode } from "./znode-data.ts";

/** KafkaController.InitialControllerEpoch: the first controller's epoch is one more. */
const INITIAL_EPOCH = 0;

export type ElectionStep =
  /** `/controller` is gone, or this broker has just started: run for it. */
  | { readonly of: "election"; readonly do: "elect" | "read" | "epoch" | "epoch-created" }
  | { readonly of: "election"; readonly do: "run" | "check"; readonly epoch: number; readonly epochVersion: number }
  /** `/controller` has changed: somebody else may be in it. */
  | { readonly of: "election"; readonly do: "changed" | "changed-read" }
  /** The session has expired: what this broker was it is no more. */
  | { readonly of: "election"; readonly do: "expired" };

export function performElectionStep(run: Run, task: Task, step: ElectionStep, answers: readonly ZooKeeperAnswer[]): void {
  const { controller } = run;
  switch (step.do) {
    case "elect": return ask(run, task, readController(), { of: "election", do: "read" });
    case "read": {
      followController(run, controllerIdIn(answers[1]?.data));
      if (controller.activeController !== -1) return;
      return ask(run, task, [{ op: "getData", path: CONTROLLER_EPOCH_PATH, watch: false }], { of: "election", do: "epoch" });
    }
    case "epoch": return epochRead(run, task, answers[0]);
    case "epoch-created": return ask(run, task, [{ op: "getData", path: CONTROLLER_EPOCH_PATH, watch: false }], { of: "election", do: "epoch" });
    case "run": return raceOver(run, task, step, answers[0]);
    case "check": {
      // The transaction may have been carried out although its answer was lost.
      const [node, epoch] = answers;
      if (controllerIdIn(node?.data) === controller.brokerId && Number(epoch?.data) === step.epoch) {
        return becomeController(run, task, step.epoch, epoch?.stat?.version ?? 0);
      }
      return doNext(task, { of: "election", do: "changed" });
    }
    case "changed": return ask(run, task, readController(), { of: "election", do: "changed-read" });
    case "changed-read": return followController(run, controllerIdIn(answers[1]?.data));
    case "expired":
      if (isActive(controller)) resign(run, "its ZooKeeper session has expired");
      controller.activeController = -1;
      return;
  }
}

/** The watch is set by looking whether it exists, so that it fires when it appears as well. */
function readController(): readonly [{ readonly op: "exists"; readonly path: string; readonly watch: true }, { readonly op: "getData"; readonly path: string; readonly watch: false }] {
  return [{ op: "exists", path: CONTROLLER_PATH, watch: true }, { op: "getData", path: CONTROLLER_PATH, watch: false }];
}

/** maybeResign */
function followController(run: Run, id: number): void {
  const { controller } = run;
  const wasActive = isActive(controller);
  controller.activeController = id;
  if (wasActive && !isActive(controller)) {
    resign(run, id === -1 ? "/controller was deleted" : `broker ${id} is the controller`);
  }
}

function epochRead(run: Run, task: Task, answer: ZooKeeperAnswer | undefined): void {
  if (answer?.error !== "OK") {
    return ask(run, task, [createNode(CONTROLLER_EPOCH_PATH, String(INITIAL_EPOCH))], { of: "election", do: "epoch-created" });
  }
  const { brokerId } = run.controller;
  const epoch = Number(answer.data) + 1;
  const epochVersion = answer.stat?.version ?? 0;
  ask(run, task, [{ op: "multi", operations: [
    createNode(CONTROLLER_PATH, controllerNode(brokerId, toMs(run.process.now)), "ephemeral"),
    { op: "setData", path: CONTROLLER_EPOCH_PATH, data: String(epoch), version: epochVersion },
  ] }], { of: "election", do: "run", epoch, epochVersion });
}

function raceOver(run: Run, task: Task, step: Extract<ElectionStep, { do: "run" | "check" }>, answer: ZooKeeperAnswer | undefined): void {
  if (answer?.error === "OK") return becomeController(run, task, step.epoch, answer.results?.[1]?.stat?.version ?? 0);
  ask(run, task, [{ op: "getData", path: CONTROLLER_PATH, watch: false }, { op: "getData", path: CONTROLLER_EPOCH_PATH, watch: false }],
    { ...step, do: "check" });
}

function becomeController(run: Run, task: Task, epoch: number, epochZkVersion: number): void {
  const { controller, process } = run;
  controller.activeController = controller.brokerId;
  controller.context = { ...createContext(), epoch, epochZkVersion };
  process.trace({ kind: "controller-elected", broker: controller.brokerId, controllerEpoch: epoch });
  doNext(task, { of: "failover", do: "begin" });
}
