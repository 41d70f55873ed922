/** One message of the wire in the few words that fit on its arrow. Words that people chose are protected for Mermaid. */
import type { BatchView, MessageSummary, MessageView } from '#engine/cluster/view.ts';
import { mermaidText } from './mermaid-text.ts';

/** More partitions than this in one message are counted, not listed. */
const PARTITIONS_LISTED_MAX = 2;

export interface Focus { readonly topic: string | null; readonly partition: number | null }
export const EVERYTHING: Focus = { topic: null, partition: null };

interface OfPartition { readonly topic: string; readonly partition: number }

export function isInFocus(focus: Focus, of: OfPartition): boolean {
  return (focus.topic === null || focus.topic === of.topic) && (focus.partition === null || focus.partition === of.partition);
}

export function messageWords(message: MessageView, focus: Focus): string {
  const { summary } = message;
  switch (summary.about) {
    case 'produce':
      return listed(summary.partitions, focus, (it) => `Produce ${placeName(it, focus)}, ${contentsOf(it.batches)}`);
    case 'produce-response':
      return listed(summary.partitions, focus, (it) =>
        it.error === 'NONE' ? `acknowledged${it.baseOffset < 0 ? '' : `, offset ${it.baseOffset}`}` : it.error);
    case 'fetch':
      return listed(summary.partitions, focus, (it) => `Fetch ${placeName(it, focus)} from ${it.fetchOffset}`);
    case 'fetch-response':
      return listed(summary.partitions, focus, (it) =>
        it.error === 'NONE' ? `${recordsOf(it.batches)}, high watermark ${it.highWatermark}` : it.error);
    case 'other':
      return otherWords(message.tag, summary);
  }
}

function otherWords(tag: string, summary: Extract<MessageSummary, { readonly about: 'other' }>): string {
  const api = tag.replace(/ (request|response)$/, '');
  // "metadata of user-events" names its API already; "1 batches" alone would not.
  const saysApi = summary.text.toLowerCase().includes(api.toLowerCase());
  const named = summary.text === '' ? tag : saysApi ? summary.text : `${api}, ${summary.text}`;
  return [mermaidText(named), ...summary.errors].join(', ');
}

function listed<T extends OfPartition>(partitions: readonly T[], focus: Focus, say: (partition: T) => string): string {
  const shown = partitions.filter((it) => isInFocus(focus, it));
  const words = shown.slice(0, PARTITIONS_LISTED_MAX).map(say);
  const more = shown.length - words.length;
  // Two sentences that are equal say one thing.
  const different = [...new Set(words)];
  return more > 0 ? `${different.join('#59; ')} and ${more} more` : different.join('#59; ');
}

/** In the story of one partition its topic need not be said again and again. */
export function placeName(of: OfPartition, focus: Focus): string {
  return focus.partition === null ? mermaidText(`${of.topic}-${of.partition}`) : `partition ${of.partition}`;
}

function contentsOf(batches: readonly BatchView[]): string {
  const count = countOf(batches);
  const keys = [...new Set(batches.flatMap((batch) => batch.records.map((record) => record.key)))];
  const [key] = keys;
  if (keys.length === 1 && key !== undefined) {
    const who = key === null ? 'no key' : `key ${mermaidText(key)}`;
    return count === 1 ? who : `${count} records, ${who}`;
  }
  return `${count} ${count === 1 ? 'record' : 'records'}`;
}

function recordsOf(batches: readonly BatchView[]): string {
  const [first] = batches;
  const last = batches.at(-1);
  if (first === undefined || last === undefined) return 'nothing new';
  const end = last.baseOffset + last.count - 1;
  return end === first.baseOffset ? `record ${end}` : `records ${first.baseOffset} to ${end}`;
}

function countOf(batches: readonly BatchView[]): number {
  return batches.reduce((sum, batch) => sum + batch.count, 0);
}
