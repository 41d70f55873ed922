// What the controller has answered to the broker's own questions and to those it forwarded: to whoever asked.
import type { ProcessContext } from "#engine/core/process.ts";
import type { RequestOf, ResponseOf } from "#engine/protocol/messages.ts";
import type { NetworkResult } from "#engine/protocol/network-client.ts";
import { alterPartitionAnswered } from "./alter-partition-manager.ts";
import type { BrokerState, ControllerContext } from "./broker-state.ts";
import { assignmentsAnswered } from "./directory-assignments.ts";
import { forwardAnswered } from "./forwarding.ts";
import { producerIdsAllocated } from "./producer-id-manager.ts";

export function brokerControllerResult(process: ProcessContext, broker: BrokerState, result: NetworkResult): void {
  const context = result.context as ControllerContext;
  switch (context.for) {
    case "alter-partition":
      return alterPartitionAnswered(process, broker, result.request as RequestOf<"AlterPartition">, result.response as ResponseOf<"AlterPartition"> | null);
    case "producer-ids": return producerIdsAllocated(broker, result.response as ResponseOf<"AllocateProducerIds"> | null);
    case "assign-directories":
      return assignmentsAnswered(process, broker, result.request as RequestOf<"AssignReplicasToDirs">, result.response as ResponseOf<"AssignReplicasToDirs"> | null);
    case "forward": return forwardAnswered(process, broker, context, result);
    case "auto-create":
      for (const topic of context.topics) broker.autoCreating.delete(topic);
  }
}
