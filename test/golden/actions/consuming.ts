// A consumer with assigned partitions, opened and closed within the step: what it read, where it stands at the end, which brokers it read from.
import { CannotPlay, type GoldenWorld } from "../golden-world.ts";
import { isObject, type Json, type JsonObject } from "../read-recording.ts";
import { numberOf, objectOf, textOf } from "./topics.ts";
import type { ActionPlayer, Played } from "../played-step.ts";
import { observe } from "#engine/cluster/observe.ts";
import type { ClientFact } from "#engine/protocol/facts.ts";
import { recordsAt } from "../observe/log-records.ts";

type Consumed = Extract<ClientFact, { readonly kind: "records-consumed" }>;

export const consume: ActionPlayer = (world, step): Played => {
  const does = objectOf(step);
  const topic = textOf(does["topic"], "topic");
  const partitions = (does["partitions"] as readonly Json[]).map(Number);
  const from = does["from"] === undefined ? "beginning" : does["from"];
  if (from === "committed") throw new CannotPlay("a consumer that begins at committed offsets needs a group coordinator");
  const id = `consumer-${world.memory.nextClient}`;
  world.memory.nextClient += 1;
  const isolation = does["isolation.level"] === undefined ? {} : { "isolation.level": String(does["isolation.level"]) };
  const config = isObject(does["config"]) ? does["config"] as Record<string, string> : {};
  const firstFact = world.cluster.simulation.world.trace.length;
  world.apply({ do: "open-consumer", consumer: {
    id, topic, partitions, from: typeof from === "number" ? from : from === "end" ? "end" : "beginning",
    settings: { "auto.offset.reset": "earliest", ...isolation, ...config },
  } });
  world.advance(numberOf(does["forMs"], "forMs"));
  const result = shownResult(world, id, topic, firstFact, step.fields["result"]);
  world.call(call => ({ do: "close-client", client: id, call }), 5_000);
  // A real consumer needed time to open and close.
  if (typeof step.fields["wallMs"] === "number") world.advance(Math.max(0, step.fields["wallMs"] - numberOf(does["forMs"], "forMs")));
  return { fields: { result } };
};

/** Which broker answers a fetch of this client, when the fact is such an answer. */
function fetchResponseTo(client: string, fact: unknown): number | null {
  const message = fact as { readonly kind?: string; readonly from?: string; readonly to?: string; readonly tag?: string } | undefined;
  if (message?.kind !== "message" || message.to !== client || message.tag !== "Fetch response") return null;
  return Number(/^broker-(\d+)$/.exec(message.from ?? "")?.[1] ?? -1);
}

/** Of a client's life: longest and mean time that brokers asked it to wait. */
export function throttleTimes(world: GoldenWorld, client: string, kind: "produce" | "fetch"): JsonObject {
  const state = world.process(client).state as { readonly core?: { readonly throttleTimes?: { readonly count: number; readonly totalMs: number; readonly maxMs: number } } } | null;
  const times = state?.core?.throttleTimes;
  if (times === undefined || times.count === 0) return {};
  return { [`${kind}-throttle-time-max`]: String(times.maxMs), [`${kind}-throttle-time-avg`]: String(times.totalMs / times.count) };
}

function shownResult(world: GoldenWorld, id: string, topic: string, firstFact: number, real: Json | undefined): JsonObject {
  const { trace } = world.cluster.simulation.world;
  const records: JsonObject[] = [];
  const nodes = new Set<number>();
  for (let index = firstFact; index < trace.length; index += 1) {
    const entry = trace.at(index);
    const sender = fetchResponseTo(id, entry?.fact);
    if (sender !== null) nodes.add(sender);
    const fact = entry?.fact as Consumed | undefined;
    if (fact?.kind !== "records-consumed" || fact.client !== id) continue;
    for (const record of recordsAt(world, fact.fromBroker, topic, fact.partition, fact.fromOffset, fact.nextOffset)) {
      const { offset, key, value, leaderEpoch } = record;
      records.push({ partition: fact.partition, offset, key, value, leaderEpoch });
    }
  }
  records.sort((a, b) => Number(a["partition"]) - Number(b["partition"]) || Number(a["offset"]) - Number(b["offset"]));
  const view = observe(world.cluster).consumers.find(consumer => consumer.id === id);
  const positions = Object.fromEntries((view?.positions ?? []).map(({ partition, position }) => [`${topic}-${partition}`, position]));
  const shape = isObject(real) ? real : {};
  return {
    ..."count" in shape ? { records: [], count: records.length } : { records },
    ..."responseBytesFromNode" in shape ? { responseBytesFromNode: [...nodes].sort((a, b) => a - b) } : {},
    ..."positions" in shape ? { positions } : {},
    ..."fetch-throttle-time-max" in shape ? throttleTimes(world, id, "fetch") : {},
  };
}
