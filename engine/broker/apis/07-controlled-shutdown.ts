// ControlledShutdown (ApiKey 7), ZooKeeper mode only. Source: KafkaApis.handleControlledShutdownRequest, KafkaController.doControlledShutdown (3.9).
//
// Behaviour: the controller moves the leaderships of the broker that asks, takes its followers out of their ISRs, and names the partitions with more
// than one replica that it still leads: while there are any, the broker asks again. A broker that is not the controller answers
// STALE_CONTROLLER_EPOCH.
// Versions: 3. FIDELITY: ZKC-CONTROLLED-SHUTDOWN.
import type { ProcessContext } from "#engine/core/process.ts";
import { controllerRequest } from "#engine/metadata/zookeeper-controller/zookeeper-controller.ts";
import type { RequestOf } from "#engine/protocol/messages.ts";
import type { ReplyTo } from "#engine/protocol/reply-to.ts";
import { controllerRun, type ZooKeeperNodeState } from "../zookeeper-node-state.ts";

export function handleControlledShutdown(
  process: ProcessContext, node: ZooKeeperNodeState, body: RequestOf<"ControlledShutdown">, replyTo: ReplyTo<"ControlledShutdown">,
): void {
  controllerRequest(controllerRun(process, node), "ControlledShutdown", body, replyTo);
}
