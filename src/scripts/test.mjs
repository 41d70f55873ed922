// npm test [-- vitest arguments]: every check there is. The last line is "N passed, N failed": the tests, and each
// step before them counts as one.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build, installIfNeeded, main, readJson, requireNode, ROOT, runTool, StartError } from './toolchain.mjs';

const REPORT = join(ROOT, '.cache', 'vitest-report.json');

await main(async () => {
  requireNode();
  await installIfNeeded();
  const counts = { passed: 0, failed: 0 };
  await step(counts, 'types of the engine', () => runTool('tsc', ['-p', 'engine']));
  await step(counts, 'types of everything', () => runTool('tsc', ['-p', 'tsconfig.json']));
  await step(counts, 'build', buildCode);
  await runTests(counts);
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  if (counts.failed > 0) process.exitCode = 1;
});

async function step(counts, name, run) {
  console.log(`\n# ${name}`);
  const code = await run();
  if (code === 0) counts.passed += 1;
  else counts.failed += 1;
  console.log(code === 0 ? `${name}: passed` : `${name}: failed (exit code ${code})`);
}

async function buildCode() {
  try {
    await build();
    return 0;
  } catch (reason) {
    if (!(reason instanceof StartError)) throw reason;
    console.error(reason.message);
    return 1;
  }
}

async function runTests(counts) {
  console.log('\n# tests');
  mkdirSync(dirname(REPORT), { recursive: true });
  rmSync(REPORT, { force: true });
  const code = await runTool('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`, ...process.argv.slice(2)]);
  if (!existsSync(REPORT)) {
    // The runner itself did not get as far as a report.
    counts.failed += 1;
    return;
  }
  const report = readJson(REPORT);
  // A file that could not be loaded has no test in it, and is a failure all the same.
  const brokenFiles = report.testResults.filter((file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')).length;
  counts.passed += report.numPassedTests;
  counts.failed += report.numFailedTests + brokenFiles;
  if (code !== 0 && report.numFailedTests + brokenFiles === 0) counts.failed += 1;
}
