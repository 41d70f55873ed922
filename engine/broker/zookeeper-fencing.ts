// Which requests of a controller a broker takes: not those of a controller that has been replaced (a zombie), and not those that were meant for
// an earlier life of this broker (KIP-380). Source: ReplicaManager.scala, KafkaApis.isBrokerEpochStale (3.9). FIDELITY: ZKC-FENCING.
import type { ProcessContext } from "#engine/core/process.ts";
import type { KafkaError } from "#engine/protocol/errors.ts";
import { brokerEpochFor } from "./zookeeper-migration.ts";
import type { ZooKeeperNodeState } from "./zookeeper-node-state.ts";

export function controlRequestError(
  process: ProcessContext, node: ZooKeeperNodeState, api: string, body: { readonly isKRaftController: boolean; readonly controllerEpoch: number; readonly brokerEpoch: number },
): KafkaError {
  const { broker } = node;
  if (body.brokerEpoch !== -1 && body.brokerEpoch < brokerEpochFor(node, body.isKRaftController)) return "STALE_BROKER_EPOCH";
  if (body.controllerEpoch < node.controllerEpoch) {
    process.trace({ kind: "controller-fenced", broker: broker.node.nodeId, controllerEpoch: node.controllerEpoch, requestEpoch: body.controllerEpoch, api });
    return "STALE_CONTROLLER_EPOCH";
  }
  node.controllerEpoch = body.controllerEpoch;
  return "NONE";
}
