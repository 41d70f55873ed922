/** How times, keys, brokers and lists are written on the stage, in the feed and on the timeline. Pure. */

/** "01:12.345": minutes, seconds, milliseconds of virtual time. */
export function clockText(us: number): string {
  const ms = Math.floor(us / 1_000);
  const pad = (value: number, width: number): string => String(value).padStart(width, '0');
  return `${pad(Math.floor(ms / 60_000), 2)}:${pad(Math.floor(ms / 1_000) % 60, 2)}.${pad(ms % 1_000, 3)}`;
}

/** "01:12" */
export function minuteText(us: number): string {
  return clockText(us).slice(0, -4);
}

/** "8.914 s", "40 ms" */
export function durationText(us: number): string {
  return us >= 1_000_000 ? `${(Math.round(us / 1_000) / 1_000).toString()} s` : `${(Math.round(us / 10) / 100).toString()} ms`;
}

const CELL_LETTERS_MAX = 4;

/** A key short enough for a cell: "customer-123" is "123", "order-42" is "o-42", none is "". */
export function shortKey(key: string | null): string {
  if (key === null) return '';
  const number = /-(\d+)$/.exec(key)?.[1];
  if (number !== undefined && number.length >= 3) return number.slice(-CELL_LETTERS_MAX);
  if (number !== undefined) return `${key.slice(0, 1)}-${number}`;
  return key.slice(0, CELL_LETTERS_MAX);
}

/** Brokers are processes named "broker-<id>"; null for a client. */
export function brokerOf(process: string): number | null {
  const id = /^broker-(\d+)$/.exec(process)?.[1];
  return id === undefined ? null : Number(id);
}

/** "broker 2", "controller 101", "ZooKeeper server 1" or the client's own name. */
export function partyText(process: string): string {
  const [, kind, id] = /^(broker|controller|zookeeper)-(\d+)$/.exec(process) ?? [];
  if (kind === undefined || id === undefined) return process;
  return `${kind === 'zookeeper' ? 'ZooKeeper server' : kind} ${id}`;
}

/** "1, 2 and 3" */
export function listText(items: readonly (number | string)[]): string {
  const last = items.at(-1);
  if (last === undefined) return 'none';
  return items.length === 1 ? String(last) : `${items.slice(0, -1).join(', ')} and ${last}`;
}

export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

export function acksText(acks: 0 | 1 | -1): string {
  return `acks=${acks === -1 ? 'all' : acks}`;
}

/** "Kafka 3.9, ZooKeeper": which Kafka runs here, and who keeps its metadata. */
export function profileText(profile: { readonly kafka: string; readonly mode: string }): string {
  return `Kafka ${profile.kafka}, ${profile.mode === 'kraft' ? 'KRaft' : 'ZooKeeper'}`;
}
