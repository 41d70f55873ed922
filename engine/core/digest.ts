// The state digest: 64 bits over the whole world, equal in Node and in every browser for the same run.
// Two 32-bit lanes of multiply-and-rotate; not cryptographic, it only has to tell runs apart.
import { AppendOnlyList } from "./append-only-list.ts";
import { InvariantError } from "./invariant-error.ts";
import { SharedValue } from "./shared-value.ts";

export class Digest {
  a = 0x6a09e667;
  b = 0xbb67ae85 | 0;

  int(value: number): void {
    const mixed = Math.imul(value ^ (value >>> 15), 0x85ebca6b);
    this.a = Math.imul((this.a ^ mixed) << 13 | (this.a ^ mixed) >>> 19, 0x5bd1e995) + 0x1b873593 | 0;
    this.b = Math.imul(this.b ^ this.a, 0xc2b2ae35) + value | 0;
  }

  number(value: number): void {
    if (!Number.isSafeInteger(value)) throw new InvariantError(`state holds ${value}, not a safe integer`);
    this.int(value | 0);
    this.int(Math.floor(value / 4294967296) | 0);
  }

  text(value: string): void {
    this.int(value.length);
    for (let index = 0; index < value.length; index += 1) this.int(value.charCodeAt(index));
  }

  bytes(value: Uint8Array): void {
    this.int(value.length);
    for (let index = 0; index < value.length; index += 1) this.int(value[index] as number);
  }

  value(value: unknown): void {
    switch (typeof value) {
      case "number": this.int(1); this.number(value); return;
      case "string": this.int(2); this.text(value); return;
      case "boolean": this.int(value ? 3 : 4); return;
      case "undefined": this.int(5); return;
      case "object": if (value === null) this.int(6); else this.#object(value); return;
      default: throw new InvariantError(`state holds a ${typeof value}`);
    }
  }

  #object(value: object): void {
    if (Array.isArray(value)) {
      this.int(7); this.int(value.length);
      for (const item of value) this.value(item);
    } else if (value instanceof SharedValue) {
      this.int(8);
      for (const part of value.digestParts()) this.value(part);
    } else if (value instanceof AppendOnlyList) {
      this.int(9); this.int(value.length);
      for (const item of value) this.value(item);
    } else if (value instanceof Map) {
      this.int(10); this.int(value.size);
      for (const [key, item] of value) { this.value(key); this.value(item); }
    } else if (value instanceof Set) {
      this.int(11); this.int(value.size);
      for (const item of value) this.value(item);
    } else if (value instanceof Uint8Array) {
      this.int(12); this.bytes(value);
    } else if (Object.getPrototypeOf(value) === Object.prototype) {
      const keys = Object.keys(value);
      this.int(13); this.int(keys.length);
      for (const key of keys) { this.text(key); this.value((value as Record<string, unknown>)[key]); }
    } else {
      throw new InvariantError(`state holds a ${value.constructor.name}, which has no digest`);
    }
  }

  /** 16 hexadecimal digits. */
  hex(): string {
    return (this.a >>> 0).toString(16).padStart(8, "0") + (this.b >>> 0).toString(16).padStart(8, "0");
  }
}

export function digestOf(value: unknown): string {
  const digest = new Digest();
  digest.value(value);
  return digest.hex();
}
