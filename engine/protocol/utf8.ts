// UTF-8 without the host's TextEncoder, which does not exist below engine/host. Ill-formed input becomes U+FFFD on both ways, as the
// WHATWG encoding standard and Java's replacing decoder have it: lone surrogates when encoding, maximal ill-formed parts when decoding.

const REPLACEMENT = 0xfffd;

/** How a host writes text as UTF-8 at the start of `into` (TextEncoder.encodeInto): counts of code units read and of bytes written. */
export type HostEncoder = (text: string, into: Uint8Array) => { readonly read: number; readonly written: number };

let hostEncoder: HostEncoder | null = null;

/**
 * Lends the host's encoder, which is faster for long texts. A host that has none lends nothing: the bytes are the same, since UTF-8 has one
 * answer for ASCII, and other texts go another way.
 */
export function lendHostEncoder(encoder: HostEncoder | null): void {
  hostEncoder = encoder;
}

/** Shorter texts are written sooner than a view for the host is made. */
const HOST_ENCODER_CHARS_MIN = 32;

/**
 * Writes `text` at `at` when all of it is ASCII. Returns the position after it, or -1 (with rubbish written) when it is not;
 * the room for `text.length` bytes must be there.
 */
export function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  const length = text.length;
  if (length >= HOST_ENCODER_CHARS_MIN && hostEncoder !== null) {
    const { read, written } = hostEncoder(text, bytes.subarray(at, at + length));
    return read === length && written === length ? at + length : -1;
  }
  let mixed = 0;
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index);
    bytes[at + index] = code;
    mixed |= code;
  }
  return mixed < 0x80 ? at + length : -1;
}

/** Writes `text` at `at` and returns the position after it; `utf8Length(text)` bytes of room must be there. */
export function writeUtf8(bytes: Uint8Array, at: number, text: string): number {
  let position = at;
  for (let index = 0; index < text.length; index += 1) {
    let code = text.charCodeAt(index);
    if (code >= 0xd800 && code <= 0xdfff) {
      code = scalarAt(text, index, code);
      if (code > 0xffff) index += 1;
    }
    position = writeScalar(bytes, position, code);
  }
  return position;
}

function scalarAt(text: string, index: number, unit: number): number {
  if (unit >= 0xdc00 || index + 1 >= text.length) return REPLACEMENT;
  const low = text.charCodeAt(index + 1);
  if (low < 0xdc00 || low > 0xdfff) return REPLACEMENT;
  return 0x10000 + (unit - 0xd800 << 10) + (low - 0xdc00);
}

function writeScalar(bytes: Uint8Array, at: number, code: number): number {
  if (code < 0x80) {
    bytes[at] = code;
    return at + 1;
  }
  if (code < 0x800) {
    bytes[at] = 0xc0 | code >> 6;
    bytes[at + 1] = 0x80 | code & 0x3f;
    return at + 2;
  }
  if (code < 0x10000) {
    bytes[at] = 0xe0 | code >> 12;
    bytes[at + 1] = 0x80 | code >> 6 & 0x3f;
    bytes[at + 2] = 0x80 | code & 0x3f;
    return at + 3;
  }
  bytes[at] = 0xf0 | code >> 18;
  bytes[at + 1] = 0x80 | code >> 12 & 0x3f;
  bytes[at + 2] = 0x80 | code >> 6 & 0x3f;
  bytes[at + 3] = 0x80 | code & 0x3f;
  return at + 4;
}

export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8BytesOf(text));
  writeUtf8(bytes, 0, text);
  return bytes;
}

/** Bytes that `writeUtf8` writes: a lone surrogate takes the three bytes of U+FFFD. */
export function utf8BytesOf(text: string): number {
  let size = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x80) size += 1;
    else if (code < 0x800) size += 2;
    else if (code < 0xd800 || code > 0xdfff) size += 3;
    else if (scalarAt(text, index, code) === REPLACEMENT) size += 3;
    else {
      size += 4;
      index += 1;
    }
  }
  return size;
}

/** Text of bytes [from, to). */
export function decodeUtf8(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  let text = "";
  const units: number[] = [];
  let index = from;
  while (index < to) {
    const lead = bytes[index] as number;
    if (lead < 0x80) {
      units.push(lead);
      index += 1;
    } else {
      index = decodeMultibyte(bytes, index, to, units);
    }
    if (units.length >= 8192) {
      text += String.fromCharCode(...units);
      units.length = 0;
    }
  }
  return text + String.fromCharCode(...units);
}

/** Decodes what begins with a byte >= 0x80; pushes code units; returns the position after what was taken. */
function decodeMultibyte(bytes: Uint8Array, at: number, to: number, units: number[]): number {
  const lead = bytes[at] as number;
  const more = lead >= 0xc2 && lead <= 0xdf ? 1 : lead >= 0xe0 && lead <= 0xef ? 2 : lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
  let code = more === 1 ? lead & 0x1f : more === 2 ? lead & 0x0f : lead & 0x07;
  let position = at + 1;
  for (let taken = 0; taken < more; taken += 1) {
    const byte = position < to ? bytes[position] as number : 0;
    if (byte < lowestContinuation(lead, taken) || byte > highestContinuation(lead, taken)) {
      units.push(REPLACEMENT);
      return position;
    }
    code = code << 6 | byte & 0x3f;
    position += 1;
  }
  if (more === 0) units.push(REPLACEMENT);
  else if (code < 0x10000) units.push(code);
  else units.push(0xd800 + (code - 0x10000 >> 10), 0xdc00 + (code & 0x3ff));
  return position;
}

/** The second byte is narrower after some leads: no overlong forms, no surrogates, nothing above U+10FFFF. */
function lowestContinuation(lead: number, taken: number): number {
  if (taken > 0) return 0x80;
  return lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
}

function highestContinuation(lead: number, taken: number): number {
  if (taken > 0) return 0xbf;
  return lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
}
