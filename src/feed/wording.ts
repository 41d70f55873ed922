/** How sentences name parties, partitions, offsets and letters. Pure. */
import type { BatchView } from '#engine/cluster/view.ts';
import { partyText } from '#src/stage/shown-text.ts';

/** A node by its id; a client or a ZooKeeper server by its name. */
export function party(node: number | string, controllers: readonly number[]): string {
  return typeof node === 'number' ? `${controllers.includes(node) ? 'controller' : 'broker'} ${node}` : partyText(node);
}

export function subject(process: string): string {
  return capital(partyText(process), process);
}

/** Names of clients keep their first letter as it is. */
export function capital(text: string, name = ''): string {
  return text === name ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

export function place(of: { readonly topic: string; readonly partition: number }): string {
  return `partition ${of.partition}`;
}

export function offsets(first: number, count: number): string {
  return count <= 1 ? `offset ${first}` : `offsets ${first} to ${first + count - 1}`;
}

export function letters(count: number): string {
  return count === 1 ? 'a letter' : `${count} letters`;
}

export function batchesText(batches: readonly BatchView[]): string {
  const keys = batches.flatMap((batch) => batch.records.map((record) => record.key ?? 'a letter without a key'));
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const first = keys[0] ?? letters(count);
  return count <= 1 ? first : `${first} and ${count - 1} more`;
}
