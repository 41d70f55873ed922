// The order of Java's hash collections, which shows wherever ZooKeeper lists names. Source: HashMap.java, String.hashCode.

/** Where Java's hash collections keep a text. */
export function javaBucket(text: string, buckets: number): number {
  let hash = 0;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(31, hash) + text.charCodeAt(index) | 0;
  return (hash ^ hash >>> 16) & buckets - 1;
}
