// The CRC-32C of a batch body, computed once for each body: bodies are immutable and shared by reference, so the leader, its followers and
// every consumer would compute the same sum over the same bytes. A changed body is another array and is summed anew.
import { crc32c } from "./crc32c.ts";

/** The sum covers everything from the attributes on. */
const FIRST_SUMMED_BYTE = 21;

/** A pure function remembered: what it answers never depends on what was asked before. */
const KNOWN = new WeakMap<Uint8Array, number>();

/** `body` must be final from byte 21 on. */
export function bodyCrc(body: Uint8Array): number {
  let crc = KNOWN.get(body);
  if (crc === undefined) {
    crc = crc32c(body, FIRST_SUMMED_BYTE);
    KNOWN.set(body, crc);
  }
  return crc;
}
