// Where the replicas of a new topic go in ZooKeeper mode: leaders round robin from a random start, followers at a distance that grows with each
// turn; with racks, over a list that alternates between them. Source: AdminUtils.java (3.9). FIDELITY: ZKC-PLACEMENT.

export interface PlaceableBroker { readonly brokerId: number; readonly rack: string | null }
/** @property next an integer in [0, bound): the unseeded java.util.Random of the JVM. */
export interface PlacementSource { readonly next: (bound: number) => number }
/** @property fixedStart absent: random. @property firstPartition of an existing topic that grows. */
export interface PlacementWish { readonly partitions: number; readonly replicationFactor: number; readonly fixedStart?: number; readonly firstPartition?: number }

export type Placement =
  | { readonly replicas: readonly (readonly number[])[] }
  | { readonly refusal: "partitions" | "replication-factor" | "racks"; readonly text: string };

export function assignReplicas(brokers: readonly PlaceableBroker[], wish: PlacementWish, source: PlacementSource): Placement {
  const { partitions, replicationFactor } = wish;
  if (partitions <= 0) return { refusal: "partitions", text: "Number of partitions must be larger than 0." };
  if (replicationFactor <= 0) return { refusal: "replication-factor", text: "Replication factor must be larger than 0." };
  if (replicationFactor > brokers.length) {
    return { refusal: "replication-factor", text: `Replication factor: ${replicationFactor} larger than available brokers: ${brokers.length}.` };
  }
  if (brokers.every(broker => broker.rack === null)) return { replicas: withoutRacks(brokers.map(broker => broker.brokerId), wish, source) };
  if (brokers.some(broker => broker.rack === null)) return { refusal: "racks", text: "Not all brokers have rack information for replica rack aware assignment." };
  return { replicas: withRacks(brokers, wish, source) };
}

/** Slot of the j-th follower of the leader at `leaderSlot`. */
function followerSlot(leaderSlot: number, shift: number, index: number, size: number): number {
  return (leaderSlot + 1 + (shift + index) % (size - 1)) % size;
}

function start(size: number, { fixedStart, firstPartition }: PlacementWish, source: PlacementSource): { first: number; slot: number; shift: number } {
  const slot = fixedStart ?? source.next(size);
  const shift = fixedStart ?? source.next(size);
  return { first: Math.max(0, firstPartition ?? 0), slot, shift };
}

function withoutRacks(ids: readonly number[], wish: PlacementWish, source: PlacementSource): number[][] {
  const { first, slot, shift: firstShift } = start(ids.length, wish, source);
  let shift = firstShift;
  const replicas: number[][] = [];
  for (let partition = first; partition < first + wish.partitions; partition += 1) {
    if (partition > 0 && partition % ids.length === 0) shift += 1;
    const leaderSlot = (partition + slot) % ids.length;
    const list = [ids[leaderSlot] as number];
    for (let index = 0; index < wish.replicationFactor - 1; index += 1) list.push(ids[followerSlot(leaderSlot, shift, index, ids.length)] as number);
    replicas.push(list);
  }
  return replicas;
}

/** The first broker of each rack, then the second of each, …: racks by name, brokers by id. */
export function rackAlternatedBrokers(brokers: readonly PlaceableBroker[]): number[] {
  const racks = new Map<string, number[]>();
  for (const { brokerId, rack } of brokers.toSorted((a, b) => a.brokerId - b.brokerId)) {
    const of = racks.get(rack ?? "");
    if (of === undefined) racks.set(rack ?? "", [brokerId]);
    else of.push(brokerId);
  }
  const lists = [...racks].sort(([a], [b]) => a < b ? -1 : 1).map(([, list]) => list);
  const result: number[] = [];
  for (let turn = 0; result.length < brokers.length; turn += 1) {
    for (const list of lists) {
      const broker = list[turn];
      if (broker !== undefined) result.push(broker);
    }
  }
  return result;
}

/** A candidate is passed over while its rack has a replica already and another rack has none, or it has one itself and another broker has none. */
function withRacks(brokers: readonly PlaceableBroker[], wish: PlacementWish, source: PlacementSource): number[][] {
  const rackOf = new Map(brokers.map(broker => [broker.brokerId, broker.rack]));
  const rackCount = new Set(rackOf.values()).size;
  const ids = rackAlternatedBrokers(brokers);
  const { first, slot, shift: firstShift } = start(ids.length, wish, source);
  let shift = firstShift;
  const replicas: number[][] = [];
  for (let partition = first; partition < first + wish.partitions; partition += 1) {
    if (partition > 0 && partition % ids.length === 0) shift += 1;
    const leaderSlot = (partition + slot) % ids.length;
    const leader = ids[leaderSlot] as number;
    const list = [leader];
    const racksUsed = new Set([rackOf.get(leader)]);
    for (let candidate = 0; list.length < wish.replicationFactor; candidate += 1) {
      const broker = ids[followerSlot(leaderSlot, shift * rackCount, candidate, ids.length)] as number;
      const rack = rackOf.get(broker);
      if (racksUsed.has(rack) && racksUsed.size < rackCount || list.includes(broker) && list.length < ids.length) continue;
      list.push(broker);
      racksUsed.add(rack);
    }
    replicas.push(list);
  }
  return replicas;
}
