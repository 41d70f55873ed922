// `npm run golden -- <folder or file>... [--families 01,03] [--json]`: replays recordings of a real Kafka against the engine and tells every
// difference. Exit code 0 only when nothing failed; 2 for arguments that make no sense.
import { parseArguments } from "./golden-arguments.ts";
import { playRecording, type ReportedDifference, type StepReport } from "./play-recording.ts";
import { findRecordings, GoldenError, readRecording, shown } from "./read-recording.ts";

function run(words: readonly string[]): number {
  const { places, families, isJson } = parseArguments(words);
  const recordings = findRecordings(places).map(readRecording).filter(({ family }) => families === null || families.has(family));
  if (recordings.length === 0) throw new GoldenError(places.join(" "), `there is no recording of the families ${[...families ?? []].join(", ")}`, "Leave --families out, or name families that are there, such as 03.");
  const counts = { passed: 0, failed: 0, skipped: 0, later: 0 };
  for (const recording of recordings) {
    playRecording(recording, report => {
      counts[report.verdict] += 1;
      if (isJson) console.log(JSON.stringify(report));
      else if (report.differences.length > 0 || report.verdict === "failed") console.log(inWords(report));
    });
  }
  if (!isJson && counts.later > 0) console.log(`${counts.later} steps of command line tools are for later: their effects were carried out, their texts are not compared`);
  (isJson ? console.error : console.log)(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  return counts.failed === 0 ? 0 : 1;
}

const DIFFERENCES_SHOWN_MAX = 12;

function inWords(report: StepReport): string {
  const head = `${report.file} step ${report.step} (${report.action}): ${report.verdict}`;
  const more = report.differences.length - DIFFERENCES_SHOWN_MAX;
  return [head, ...report.differences.slice(0, DIFFERENCES_SHOWN_MAX).map(line), ...more > 0 ? [`  … and ${more} more`] : []].join("\n");
}

function line({ field, real, simulated, excuse }: ReportedDifference): string {
  return `  ${field}${excuse === null ? "" : `  [${excuse}]`}\n    real       ${shown(real)}\n    simulated  ${shown(simulated)}`;
}

try {
  process.exitCode = run(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof GoldenError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
