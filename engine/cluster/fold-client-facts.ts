// What clients tell: what a producer has accepted, got acknowledged and given up; where a consumer stands.
import type { ClusterView, ConsumerView, ProducerView } from "./view.ts";
import type { ClientFact } from "#engine/protocol/facts.ts";

export function foldClientFact(view: ClusterView, fact: ClientFact): ClusterView {
  switch (fact.kind) {
    case "producer-opened":
      return updateProducer(view, fact.client, producer => ({ ...producer, acks: fact.acks, idempotent: fact.idempotent }));
    case "records-accepted":
      return updateProducer(view, fact.client, producer => ({ ...producer, accepted: producer.accepted + fact.count }));
    case "batch-acknowledged":
      return updateProducer(view, fact.client, producer => ({ ...producer, acknowledged: producer.acknowledged + fact.count }));
    case "batch-failed":
      return updateProducer(view, fact.client, producer => ({ ...producer, failed: producer.failed + fact.count }));
    case "consumer-opened":
      return updateConsumer(view, fact.client, consumer => ({ ...consumer, positions: fact.assignment }));
    case "records-consumed": return setPosition(view, fact, fact.nextOffset);
    case "position-reset": return setPosition(view, fact, fact.offset);
    case "batch-retried": case "client-closed": case "metadata-refreshed": case "peer-unreachable": return view;
  }
}

function updateProducer(view: ClusterView, id: string, change: (producer: ProducerView) => ProducerView): ClusterView {
  const index = view.producers.findIndex(producer => producer.id === id);
  const before = view.producers[index];
  if (before === undefined) return view;
  const producers = view.producers.slice();
  producers[index] = change(before);
  return { ...view, producers };
}

function updateConsumer(view: ClusterView, id: string, change: (consumer: ConsumerView) => ConsumerView): ClusterView {
  const index = view.consumers.findIndex(consumer => consumer.id === id);
  const before = view.consumers[index];
  if (before === undefined) return view;
  const consumers = view.consumers.slice();
  consumers[index] = change(before);
  return { ...view, consumers };
}

function setPosition(
  view: ClusterView, of: { readonly client: string; readonly topic: string; readonly partition: number }, position: number,
): ClusterView {
  return updateConsumer(view, of.client, consumer => ({
    ...consumer,
    positions: consumer.positions.map(held =>
      held.topic === of.topic && held.partition === of.partition ? { ...held, position } : held),
  }));
}
