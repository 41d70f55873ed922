// The orders of Scala's hash tables, where they can be seen. In which order a broker's metadata cache lists the alive brokers in ZooKeeper mode, which decides where a new topic's replicas go: that of Scala's
// mutable.LongMap, a hash table with open addressing. 1, 2, 3 come out as 2, 3, 1. In which order partitions stand in a topic's znode: that of
// mutable.HashMap with texts as keys. Source: scala.collection.mutable.LongMap and HashMap (2.13), ZkMetadataCache.getAliveBrokers,
// TopicZNode.encode (3.9). FIDELITY: ZKC-PLACEMENT, ZKC-ZNODES.
import { javaHash } from "#engine/metadata/java-random.ts";

/** Eight slots at first; doubled when more than half are taken. */
const FIRST_MASK = 7;

/** Where the search for a key begins: part of MurmurHash3's finish. */
function firstSlot(key: number, mask: number): number {
  const mixed = Math.imul(key ^ key >>> 16, 0x85ebca6b);
  return (mixed ^ mixed >>> 13) & mask;
}

/** Zero is kept outside the table and comes first. */
export function longMapOrder(keys: readonly number[]): number[] {
  const others = keys.filter(key => key !== 0);
  let mask = FIRST_MASK;
  while (2 * others.length > mask) mask = 2 * mask + 1;
  const slots: (number | null)[] = new Array<number | null>(mask + 1).fill(null);
  for (const key of others) {
    let slot = firstSlot(key, mask);
    for (let step = 1; slots[slot] !== null; step += 1) slot = slot + 2 * (step + 1) * step - 3 & mask;
    slots[slot] = key;
  }
  return [...keys.filter(key => key === 0), ...slots.filter(key => key !== null)];
}

/** mutable.HashMap: 16 buckets, doubled when three quarters are reached; within a bucket by hash. */
export function hashMapOrderOfTexts(keys: readonly string[]): string[] {
  let buckets = 16;
  while (keys.length >= buckets * 3 / 4) buckets *= 2;
  const entries = keys.map(key => {
    const plain = javaHash(key);
    const hash = plain ^ plain >>> 16;
    return { key, hash, bucket: hash & buckets - 1 };
  });
  return entries.sort((a, b) => a.bucket - b.bucket || a.hash - b.hash).map(entry => entry.key);
}
