// Kafka's Uuid.randomUuid(): a version 4 UUID as 22 characters of URL-safe base64, never beginning with a dash.
import type { ProcessContext } from "#engine/core/process.ts";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export function randomUuid(process: ProcessContext, purpose: string): string {
  for (;;) {
    const bytes: number[] = [];
    for (let index = 0; index < 16; index += 1) bytes.push(process.random(purpose, 256));
    bytes[6] = (bytes[6] ?? 0) & 0x0f | 0x40;
    bytes[8] = (bytes[8] ?? 0) & 0x3f | 0x80;
    const text = base64Url(bytes);
    if (!text.startsWith("-")) return text;
  }
}

/** 16 bytes as 22 characters without padding. */
function base64Url(bytes: readonly number[]): string {
  let text = "";
  for (let index = 0; index < 16; index += 3) {
    const group = (bytes[index] ?? 0) << 16 | (bytes[index + 1] ?? 0) << 8 | (bytes[index + 2] ?? 0);
    const characters = index === 15 ? 2 : 4;
    for (let position = 0; position < characters; position += 1) text += ALPHABET.charAt(group >> 18 - 6 * position & 63);
  }
  return text;
}
