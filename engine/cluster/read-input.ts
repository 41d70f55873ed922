// Reading a person's data field by field: each reader checks the kind and the range of one value and throws an AuthorError with its path.
// Used by the validators of cluster specs, commands and run files.
import { AuthorError, didYouMean, shown } from "./author-error.ts";

export type Fields = Readonly<Record<string, unknown>>;

export function readObject(where: string, value: unknown, known: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AuthorError({
      code: "wrong-kind", where, what: "this has to be an object", expected: `an object with ${known.map(key => `"${key}"`).join(", ")}`,
      found: shown(value), cure: "Write it as { … }.",
    });
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) {
      throw new AuthorError({
        code: "unknown-key", where, what: `unknown key "${key}"`, expected: `one of ${known.map(name => `"${name}"`).join(", ")}`,
        found: `"${key}"`, cure: didYouMean(key, known, `Remove "${key}".`),
      });
    }
  }
  return value as Fields;
}

export function readList(where: string, value: unknown, lengthMin: number, lengthMax: number): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new AuthorError({
      code: "wrong-kind", where, what: "this has to be a list", expected: `a list of ${lengthMin} to ${lengthMax}`,
      found: shown(value), cure: "Write it as [ … ].",
    });
  }
  if (value.length < lengthMin || value.length > lengthMax) {
    throw new AuthorError({
      code: "too-large", where, what: `a list of ${value.length}`, expected: `${lengthMin} to ${lengthMax} entries`,
      found: `${value.length} entries`, cure: value.length > lengthMax ? `Keep at most ${lengthMax}.` : `Give at least ${lengthMin}.`,
    });
  }
  return value;
}

export function readInteger(where: string, value: unknown, min: number, max: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw new AuthorError({
      code: value === undefined ? "missing-key" : "wrong-kind", where, what: "this has to be a whole number",
      expected: `a whole number from ${min} to ${max}`, found: shown(value), cure: `Give a number from ${min} to ${max}.`,
    });
  }
  if (value < min || value > max) {
    throw new AuthorError({
      code: "out-of-range", where, what: `${value} is out of range`, expected: `a whole number from ${min} to ${max}`,
      found: String(value), cure: `Give a number from ${min} to ${max}.`,
    });
  }
  return value;
}

export function readText(where: string, value: unknown, lengthMax: number, lengthMin = 1): string {
  if (typeof value !== "string") {
    throw new AuthorError({
      code: value === undefined ? "missing-key" : "wrong-kind", where, what: "this has to be a text", expected: "a text",
      found: shown(value), cure: "Write it in quotes.",
    });
  }
  if (value.length < lengthMin || value.length > lengthMax) {
    throw new AuthorError({
      code: "too-large", where, what: `a text of ${value.length} characters`, expected: `${lengthMin} to ${lengthMax} characters`,
      found: `${value.length} characters`, cure: value.length > lengthMax ? "Shorten it." : "Fill it in.",
    });
  }
  return value;
}

export function readOneOf<T extends string>(where: string, value: unknown, known: readonly T[]): T {
  const found = known.find(name => name === value);
  if (found !== undefined) return found;
  throw new AuthorError({
    code: value === undefined ? "missing-key" : "unknown-value", where, what: `unknown value ${shown(value)}`,
    expected: `one of ${known.map(name => `"${name}"`).join(", ")}`, found: shown(value),
    cure: didYouMean(typeof value === "string" ? value : "", known, `Write one of ${known.map(name => `"${name}"`).join(", ")}.`),
  });
}

export function readBoolean(where: string, value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new AuthorError({
    code: "wrong-kind", where, what: "this has to be true or false", expected: "true or false", found: shown(value),
    cure: "Write true or false.",
  });
}

export function duplicate(where: string, what: string): AuthorError {
  return new AuthorError({
    code: "duplicate", where, what: `${what} is there twice`, expected: "each of them once", found: `${what} again`,
    cure: "Give it another name, or remove one of the two.",
  });
}

/** Kafka's topic names: letters, digits, ".", "_" and "-", at most 249 characters (Topic.java). */
export function readTopicName(where: string, value: unknown): string {
  const name = readText(where, value, 249);
  if (/^[a-zA-Z0-9._-]+$/.test(name) && name !== "." && name !== "..") return name;
  throw new AuthorError({
    code: "wrong-format", where, what: `"${name}" cannot name a topic`, expected: "letters, digits, \".\", \"_\" and \"-\"",
    found: shown(name), cure: "Use only these characters, as in \"user-events\".",
  });
}

/** Names of hosts and clients: what a host name may hold. */
export function readName(where: string, value: unknown): string {
  const name = readText(where, value, 100);
  if (/^[a-zA-Z0-9][a-zA-Z0-9._-]*$/.test(name)) return name;
  throw new AuthorError({
    code: "wrong-format", where, what: `"${name}" cannot name a host or a client`, expected: "letters, digits, \".\", \"_\" and \"-\"",
    found: shown(name), cure: "Use only these characters, as in \"cpu-node1\".",
  });
}

export function unknownReference(where: string, what: string, known: readonly string[]): AuthorError {
  return new AuthorError({
    code: "unknown-reference", where, what: `there is no ${what}`, expected: known.length === 0 ? "something that exists" : `one of ${known.join(", ")}`,
    found: what, cure: known.length === 0 ? "Define it first." : `Use one of ${known.join(", ")}.`,
  });
}
