// Compares what was recorded with what was simulated, value by value. A field is left out only where a rule says so, and every rule has its
// reason: what no rule names is compared exactly.
import { isObject, type Json } from "../read-recording.ts";

/** @property field path into the step. Undefined: it is not there. */
export interface Difference { readonly field: string; readonly real: Json | undefined; readonly simulated: Json | undefined }

/** Values that only one run has (ids, epochs of the quorum): each side's first value is paired with the other's, and stays so. */
export class Pairs {
  readonly #simulatedOf = new Map<string, string>();
  readonly #realOf = new Map<string, string>();

  /** True when the two may be the same thing; remembers it. */
  match(kind: string, real: string | number, simulated: string | number): boolean {
    const realKey = `${kind} ${real}`;
    const simulatedKey = `${kind} ${simulated}`;
    const knownSimulated = this.#simulatedOf.get(realKey);
    const knownReal = this.#realOf.get(simulatedKey);
    if (knownSimulated === undefined && knownReal === undefined) {
      this.#simulatedOf.set(realKey, simulatedKey);
      this.#realOf.set(simulatedKey, realKey);
      return true;
    }
    return knownSimulated === simulatedKey && knownReal === realKey;
  }

  /** What a recorded value is called here; null before the two have met. */
  simulatedOf(kind: string, real: string | number): string | null {
    return this.#simulatedOf.get(`${kind} ${real}`)?.slice(kind.length + 1) ?? null;
  }

  copy(): Pairs {
    const copy = new Pairs();
    for (const [real, simulated] of this.#simulatedOf) copy.#simulatedOf.set(real, simulated);
    for (const [simulated, real] of this.#realOf) copy.#realOf.set(simulated, real);
    return copy;
  }
}

/** How a field is compared. `fields`: a path with * for one name and ** for any number of them. */
export type Rule =
  | { readonly fields: string; readonly how: "ignored"; readonly why: string }
  /** Paired by `Pairs`, for the reason given. Texts and whole numbers. */
  | { readonly fields: string; readonly how: "paired"; readonly kind: string; readonly why: string }
  /** Both sides go through `as` first. */
  | { readonly fields: string; readonly how: "normalised"; readonly as: (value: Json) => Json; readonly why: string }
  /** A list whose order is not told. */
  | { readonly fields: string; readonly how: "unordered"; readonly why: string };

interface Compiled { readonly rule: Rule; readonly pattern: RegExp }
const compiled = new Map<Rule, Compiled>();

function compile(rule: Rule): Compiled {
  const found = compiled.get(rule);
  if (found !== undefined) return found;
  const source = rule.fields.split(".").map(part => part === "**" ? "(?:[^\\u0000]+)" : part === "*" ? "[^\\u0000]+?" : part.replace(/[/\\^$+?()[\]{}|]/g, "\\$&"));
  // Path segments are joined by U+0000, because names hold dots and slashes.
  const made = { rule, pattern: new RegExp(`^${joinSegments(source)}$`) };
  compiled.set(rule, made);
  return made;
}

function joinSegments(parts: readonly string[]): string {
  return parts.map((part, index) => {
    const any = part.startsWith("(?:");
    if (any) return index === 0 ? "(?:[^\\u0000]+\\u0000)*" : "(?:\\u0000[^\\u0000]+)*";
    const afterLeadingAny = index === 1 && parts[0]?.startsWith("(?:") === true;
    return index === 0 || afterLeadingAny ? part : `\\u0000${part}`;
  }).join("");
}

export function ruleFor(rules: readonly Rule[], path: readonly string[]): Rule | null {
  const text = path.join("\u0000");
  for (const rule of rules) if (compile(rule).pattern.test(text)) return rule;
  return null;
}

export function compareJson(
  path: readonly string[], real: Json | undefined, simulated: Json | undefined, rules: readonly Rule[], pairs: Pairs, out: Difference[],
): void {
  const rule = ruleFor(rules, path);
  if (rule !== null) {
    if (rule.how === "ignored") return;
    if (rule.how === "paired") return comparePaired(path, real, simulated, rule.kind, pairs, out);
    if (rule.how === "unordered") return compareUnordered(path, real, simulated, rules, pairs, out);
    if (real !== undefined && simulated !== undefined) return compareExactly(path, rule.as(real), rule.as(simulated), rules, pairs, out);
  }
  compareExactly(path, real, simulated, rules, pairs, out);
}

function comparePaired(path: readonly string[], real: Json | undefined, simulated: Json | undefined, kind: string, pairs: Pairs, out: Difference[]): void {
  if (Array.isArray(real) && Array.isArray(simulated) && real.length === simulated.length) {
    real.forEach((item, index) => comparePaired([...path, String(index)], item as Json, (simulated as readonly Json[])[index], kind, pairs, out));
    return;
  }
  const isName = (value: Json | undefined): value is string | number => typeof value === "string" || typeof value === "number";
  if (real === simulated) return;
  if (isName(real) && isName(simulated) && pairs.match(kind, real, simulated)) return;
  out.push({ field: path.join("."), real, simulated });
}

function compareUnordered(path: readonly string[], real: Json | undefined, simulated: Json | undefined, rules: readonly Rule[], pairs: Pairs, out: Difference[]): void {
  if (!Array.isArray(real) || !Array.isArray(simulated)) return compareExactly(path, real, simulated, rules, pairs, out);
  const sorted = (list: readonly Json[]): Json => [...list].sort((a, b) => textOrder(JSON.stringify(a), JSON.stringify(b)));
  compareExactly(path, sorted(real), sorted(simulated), rules, pairs, out);
}

export function textOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareExactly(
  path: readonly string[], real: Json | undefined, simulated: Json | undefined, rules: readonly Rule[], pairs: Pairs, out: Difference[],
): void {
  if (Array.isArray(real) && Array.isArray(simulated)) {
    const length = Math.max(real.length, simulated.length);
    for (let index = 0; index < length; index += 1) compareJson([...path, String(index)], real[index] as Json | undefined, simulated[index] as Json | undefined, rules, pairs, out);
  } else if (isObject(real) && isObject(simulated)) {
    for (const key of new Set([...Object.keys(real), ...Object.keys(simulated)])) compareJson([...path, key], real[key], simulated[key], rules, pairs, out);
  } else if (real !== simulated) out.push({ field: path.join("."), real, simulated });
}
