// Lends the engine the host's TextEncoder, which browsers and Node have: long texts become bytes in a fraction of the time. Imported for its effect
// by whatever hosts an engine. The bytes are the same without it.
import { lendHostEncoder } from "#engine/protocol/utf8.ts";

/** What the engine's own library does not know. */
declare const TextEncoder: (new () => { encodeInto(text: string, into: Uint8Array): { readonly read: number; readonly written: number } }) | undefined;

if (typeof TextEncoder !== "undefined") {
  const encoder = new TextEncoder();
  lendHostEncoder((text, into) => encoder.encodeInto(text, into));
}
