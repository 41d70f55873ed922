// Producer ids come in blocks of 1000 from the controller; each broker hands out its own and asks for the next block at nine tenths.
// Source: RPCProducerIdManager.java (3.9).
import type { ProcessContext } from "#engine/core/process.ts";
import type { ResponseOf } from "#engine/protocol/messages.ts";
import type { BrokerState } from "./broker-state.ts";
import { askController } from "./controller-channel.ts";

const REQUEST_TIMEOUT_MS = 60_000;

interface ProducerIdBlock { readonly first: number; readonly length: number }

export interface ProducerIdManager {
  current: ProducerIdBlock | null;
  next: ProducerIdBlock | null;
  nextId: number;
  isRequested: boolean;
}

export function createProducerIdManager(): ProducerIdManager {
  return { current: null, next: null, nextId: 0, isRequested: false };
}

/** -1 while a block is on its way: the client is told to come again. */
export function nextProducerId(process: ProcessContext, broker: BrokerState): number {
  const ids = broker.producerIds;
  if (ids.current === null || ids.nextId >= ids.current.first + ids.current.length) {
    ids.current = ids.next;
    ids.next = null;
    ids.nextId = ids.current?.first ?? 0;
  }
  if (ids.current === null) {
    requestBlock(process, broker);
    return -1;
  }
  const id = ids.nextId;
  ids.nextId += 1;
  if (id === ids.current.first + Math.floor(ids.current.length * 9 / 10)) requestBlock(process, broker);
  return id;
}

function requestBlock(process: ProcessContext, broker: BrokerState): void {
  const ids = broker.producerIds;
  if (ids.isRequested || ids.next !== null) return;
  ids.isRequested = true;
  askController(process, broker.forwardingChannel, {
    api: "AllocateProducerIds", body: { brokerId: broker.node.nodeId, brokerEpoch: broker.brokerEpoch }, timeoutMs: REQUEST_TIMEOUT_MS,
    context: { for: "producer-ids" },
  });
}

/** After an error the next client that asks leads to a new request. */
export function producerIdsAllocated(broker: BrokerState, response: ResponseOf<"AllocateProducerIds"> | null): void {
  broker.producerIds.isRequested = false;
  if (response === null || response.error !== "NONE") return;
  broker.producerIds.next = { first: response.producerIdStart, length: response.producerIdLen };
}
