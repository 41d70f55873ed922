// Which brokers get the replicas of a new topic: stripes over racks and brokers, shuffled after each full turn.
// Follows StripedReplicaPlacer.java (3.9) draw by draw, so that the same seed of java.util.Random gives the same assignment.
import { hashMapOrder, javaHash, type JavaRandom, nextJavaInt, shuffleAsJava } from "./java-random.ts";

export interface UsableBroker { readonly id: number; readonly rack: string | null; readonly fenced: boolean }

/** Either one list of replicas a partition, or why it cannot be done (InvalidReplicationFactorException). */
export type Placement = { readonly replicas: readonly (readonly number[])[] } | { readonly refusal: string };

interface BrokerList { readonly brokers: number[]; index: number; offset: number; epoch: number }
interface Rack { readonly name: string | null; readonly fenced: BrokerList; readonly unfenced: BrokerList }
interface RackList { readonly names: (string | null)[]; readonly racks: ReadonlyMap<string | null, Rack>; readonly unfencedCount: number; epoch: number; offset: number }

/** @param cordons whether log directories can be cordoned (KIP-1066): a refusal names that as a possible reason. */
export function placeReplicas(
  random: JavaRandom, brokers: readonly UsableBroker[], partitions: number, replicationFactor: number, cordons = false,
): Placement {
  const racks = buildRacks(random, brokers);
  if (replicationFactor <= 0) return { refusal: `Invalid replication factor ${replicationFactor}: the replication factor must be positive.` };
  if (racks.unfencedCount === 0) return { refusal: cordons ? "All brokers are currently fenced, or have all their log directories cordoned." : "All brokers are currently fenced." };
  if (replicationFactor > brokers.length) {
    const cordoned = cordons ? " or some brokers have all their log directories cordoned" : "";
    return {
      refusal: `The target replication factor of ${replicationFactor} cannot be reached because only ${brokers.length} broker(s) are registered${cordoned}.`,
    };
  }
  const replicas: number[][] = [];
  for (let partition = 0; partition < partitions; partition += 1) replicas.push(placeOne(random, racks, replicationFactor));
  return { replicas };
}

function buildRacks(random: JavaRandom, brokers: readonly UsableBroker[]): RackList {
  const found = new Map<string | null, Rack>();
  for (const broker of brokers) {
    let rack = found.get(broker.rack);
    if (rack === undefined) found.set(broker.rack, rack = { name: broker.rack, fenced: emptyList(), unfenced: emptyList() });
    (broker.fenced ? rack.fenced : rack.unfenced).brokers.push(broker.id);
  }
  // Java keeps the racks in a HashMap, and the order of its draws follows that map.
  const racks = new Map<string | null, Rack>();
  for (const name of hashMapOrder([...found.keys()], key => key === null ? 0 : javaHash(key))) {
    const rack = found.get(name);
    if (rack === undefined) continue;
    racks.set(name, rack);
    beginAtRandom(random, rack.fenced);
    beginAtRandom(random, rack.unfenced);
  }
  const names = [...racks.keys()].sort(compareRackNames);
  const unfencedCount = brokers.filter(broker => !broker.fenced).length;
  return { names, racks, unfencedCount, epoch: 0, offset: names.length === 0 ? 0 : nextJavaInt(random, names.length) };
}

function emptyList(): BrokerList {
  return { brokers: [], index: 0, offset: 0, epoch: 0 };
}

function beginAtRandom(random: JavaRandom, list: BrokerList): void {
  if (list.brokers.length === 0) return;
  list.brokers.sort((a, b) => a - b);
  list.offset = nextJavaInt(random, list.brokers.length);
}

/** No rack comes first. */
function compareRackNames(a: string | null, b: string | null): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The next broker of a list in this epoch, -1 when all were taken. A new epoch starts one further: that makes the stripes. */
function nextOf(list: BrokerList, epoch: number): number {
  const size = list.brokers.length;
  if (size === 0) return -1;
  if (list.epoch !== epoch) {
    list.epoch = epoch;
    list.index = 0;
    list.offset = (list.offset + 1) % size;
  }
  if (list.index >= size) return -1;
  const broker = list.brokers[(list.index + list.offset) % size] ?? -1;
  list.index += 1;
  return broker;
}

function rackAt(racks: RackList, index: number): Rack {
  return racks.racks.get(racks.names[index] ?? null) as Rack;
}

function placeOne(random: JavaRandom, racks: RackList, replicationFactor: number): number[] {
  if (racks.epoch === racks.unfencedCount && racks.unfencedCount > 1) {
    shuffleAsJava(racks.names, random);
    for (const rack of racks.racks.values()) {
      shuffleAsJava(rack.fenced.brokers, random);
      shuffleAsJava(rack.unfenced.brokers, random);
    }
    racks.epoch = 0;
  }
  const count = racks.names.length;
  if (racks.offset === count) racks.offset = 0;
  let leaderRack = racks.offset;
  let leader = nextOf(rackAt(racks, leaderRack).unfenced, racks.epoch);
  while (leader < 0) {
    leaderRack = (leaderRack + 1) % count;
    leader = nextOf(rackAt(racks, leaderRack).unfenced, racks.epoch);
  }
  const replicas = [leader];
  let rackIndex = racks.offset;
  while (replicas.length < replicationFactor) {
    // The leader's rack has given one replica already: it is passed over once.
    if (rackIndex === leaderRack) leaderRack = -1;
    else {
      const rack = rackAt(racks, rackIndex);
      const unfenced = nextOf(rack.unfenced, racks.epoch);
      const broker = unfenced >= 0 ? unfenced : nextOf(rack.fenced, racks.epoch);
      if (broker >= 0) replicas.push(broker);
    }
    rackIndex = (rackIndex + 1) % count;
  }
  racks.epoch += 1;
  racks.offset += 1;
  return replicas;
}
