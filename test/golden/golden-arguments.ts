// The arguments of `npm run golden`.
import { GoldenError } from "./read-recording.ts";

export interface GoldenArguments { readonly places: readonly string[]; readonly families: ReadonlySet<string> | null; readonly isJson: boolean }

const USAGE = "npm run golden -- <folder or file>... [--families 01,03] [--json]";

export function parseArguments(words: readonly string[]): GoldenArguments {
  const places: string[] = [];
  let families: ReadonlySet<string> | null = null;
  let isJson = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--json") isJson = true;
    else if (word === "--families" || word.startsWith("--families=")) {
      const value = word === "--families" ? words[index += 1] : word.slice("--families=".length);
      families = readFamilies(value);
    } else if (word.startsWith("-")) throw new GoldenError(word, "there is no such option", `Usage: ${USAGE}`);
    else places.push(word);
  }
  if (places.length === 0) throw new GoldenError("npm run golden", "no recording was named", `Usage: ${USAGE}`);
  return { places, families, isJson };
}

function readFamilies(value: string | undefined): ReadonlySet<string> {
  const names = (value ?? "").split(",").map(name => name.trim()).filter(name => name !== "");
  const wrong = names.find(name => !/^\d\d$/.test(name));
  if (names.length > 0 && wrong === undefined) return new Set(names);
  throw new GoldenError("--families", `expected two-digit numbers with commas between, found "${value ?? "nothing"}"`, "Write --families 01,03.");
}
