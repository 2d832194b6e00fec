// @ts-check
// How many tests a stage held, from the report that its runner wrote.

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */
/** @typedef {{ status: string }} Assertion */

/**
 * @param {import('./stages.mjs').Stage['counts']} kind
 * @param {any} report the parsed report; undefined when there is none
 * @param {number} exitCode
 * @returns {Counts}
 */
export function countTests(kind, report, exitCode) {
  if (kind === 'exit-code') return { passed: exitCode === 0 ? 1 : 0, failed: exitCode === 0 ? 0 : 1, skipped: 0 };
  const counts = report === undefined ? { passed: 0, failed: 0, skipped: 0 } : readers[kind](report);
  // A runner can fail with every test green (an error outside of them, a failed set-up), and can be
  // content with no tests at all. Neither may look like success.
  const saysTooLittle = counts.failed === 0 && (exitCode !== 0 || counts.passed === 0);
  return saysTooLittle ? { ...counts, failed: 1 } : counts;
}

const readers = { vitest: countVitest, playwright: countPlaywright };

/** @param {{ testResults: { status: string, assertionResults: Assertion[] }[] }} report @returns {Counts} */
function countVitest(report) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const file of report.testResults) {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed').length;
    const passed = file.assertionResults.filter(({ status }) => status === 'passed').length;
    counts.passed += passed;
    // A file that could not be loaded fails without any test of its own.
    counts.failed += failed === 0 && file.status === 'failed' ? 1 : failed;
    counts.skipped += file.assertionResults.length - passed - failed;
  }
  return counts;
}

/** @param {{ stats: { expected: number, unexpected: number, flaky: number, skipped: number } }} report @returns {Counts} */
function countPlaywright({ stats }) {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped };
}

/** @param {readonly Counts[]} all @returns {Counts} */
export function sumCounts(all) {
  return all.reduce((sum, counts) => ({
    passed: sum.passed + counts.passed,
    failed: sum.failed + counts.failed,
    skipped: sum.skipped + counts.skipped,
  }), { passed: 0, failed: 0, skipped: 0 });
}
