// Loaded before everything else (`node --import`) with the name of a defect in PLANTED_DEFECT: changes that source text as the module is loaded.
import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { fileURLToPath } from "node:url";
import { PLANTED_DEFECTS } from "./planted-defects.ts";

const wanted = process.env["PLANTED_DEFECT"];
const defect = PLANTED_DEFECTS.find(candidate => candidate.name === wanted);
if (defect === undefined) throw new Error(`no planted defect is named "${String(wanted)}"; there are: ${PLANTED_DEFECTS.map(candidate => candidate.name).join("; ")}`);

registerHooks({
  load(url, context, nextLoad) {
    if (!url.startsWith("file:") || !fileURLToPath(url).endsWith(defect.file)) return nextLoad(url, context);
    const source = readFileSync(fileURLToPath(url), "utf8");
    const parts = source.split(defect.find);
    if (parts.length !== 2) throw new Error(`${defect.file}: the text of "${defect.name}" stands ${parts.length - 1} times, expected once`);
    return { format: "module-typescript", shortCircuit: true, source: parts.join(defect.replace) };
  },
});
