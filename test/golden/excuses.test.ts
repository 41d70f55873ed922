// Excuses are only as good as the rows they cite, and the rules of what is not compared only as good as their reasons.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { EXCUSES } from "./excuses.ts";
import { FIELD_RULES, IGNORED_STEP_FIELDS } from "./compare/field-rules.ts";
import { RECORD_RULES } from "./compare/metadata-records.ts";
import { root } from "../tidy/source-files.ts";

test("every excuse cites a row of the ledger that is simplified or absent", () => {
  const ledger = readFileSync(`${root}/engine/FIDELITY.md`, "utf8");
  const rows = new Map([...ledger.matchAll(/^\|\s*([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)+)\s*\|([^|]*)\|([^|]*)\|\s*(\w+)\s*\|/gm)].map(match => [match[1], match[4]] as const));
  for (const { row } of EXCUSES) expect([row, rows.get(row)]).toEqual([row, expect.stringMatching(/^(simplified|absent)$/)]);
});

test("every field that is not compared exactly has a reason", () => {
  for (const rule of [...FIELD_RULES, ...RECORD_RULES]) expect(rule.why.length).toBeGreaterThan(5);
  for (const [field, why] of IGNORED_STEP_FIELDS) expect([field, why.length > 5]).toEqual([field, true]);
});
