/** The parts of the course in their order, as pages need them. */
import { getCollection } from 'astro:content';
import type { LessonSlot, Part } from '#src/lesson/course.ts';

export async function courseParts(): Promise<readonly Part[]> {
  // Named here because the collection's own types exist only after a build.
  const entries: readonly { readonly data: Part }[] = await getCollection('parts');
  return entries.map((entry) => entry.data).sort((a, b) => a.number - b.number);
}

export function pathOf(part: Part, slot: LessonSlot): string {
  return `${part.id}/${slot.id}`;
}

export function hrefOf(part: Part, slot: LessonSlot): string {
  return `/${pathOf(part, slot)}/`;
}

/** The first lesson of a part that can be read. */
export function firstOpen(part: Part): LessonSlot | null {
  return part.slots.find((slot) => slot.lesson !== null) ?? null;
}

const WORDS = ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'];
const TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];

/** Numbers up to ninety-nine in words, for headings. */
export function inWords(count: number): string {
  const small = WORDS[count];
  if (small !== undefined) return small;
  const tens = TENS[Math.floor(count / 10)] ?? '';
  if (count < 20 || tens === '') return String(count);
  return count % 10 === 0 ? tens : `${tens}-${WORDS[count % 10] ?? ''}`;
}
