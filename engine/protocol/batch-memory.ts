// Memory for the bytes of batches. Many small arrays cost more to obtain than to fill, so they are cut from large ones: a page's producers write thousands
// of batches a second. What an array holds never depends on this; whoever takes one has it alone.

const SLAB_BYTES = 1_048_576;
/** Larger arrays stand for themselves: a slab would be left half empty. */
const CUT_BYTES_MAX = 65_536;
/** Cuts begin at multiples of this, so that checksums find whole words. */
const ALIGNMENT_BYTES = 16;

let slab = new Uint8Array(0);
let used = 0;

/** Zeroes. */
export function takeBytes(sizeBytes: number): Uint8Array {
  if (sizeBytes > CUT_BYTES_MAX) return new Uint8Array(sizeBytes);
  if (used + sizeBytes > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  const bytes = slab.subarray(used, used + sizeBytes);
  used = used + sizeBytes + ALIGNMENT_BYTES - 1 & -ALIGNMENT_BYTES;
  return bytes;
}
