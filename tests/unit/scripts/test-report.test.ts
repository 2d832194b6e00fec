import { describe, expect, it } from 'vitest';
import { countTests, sumCounts } from '../../../scripts/test-report.mjs';

function vitestReport(files: Readonly<Record<string, readonly string[]>>, failedFiles: readonly string[] = []): object {
  return {
    testResults: Object.entries(files).map(([name, statuses]) => ({
      name,
      status: failedFiles.includes(name) || statuses.includes('failed') ? 'failed' : 'passed',
      assertionResults: statuses.map((status) => ({ status })),
    })),
  };
}

describe('the number of tests in a stage', () => {
  it('comes from the report of vitest', () => {
    const report = vitestReport({ a: ['passed', 'failed'], b: ['passed', 'pending', 'todo'] });
    expect(countTests('vitest', report, 1)).toEqual({ passed: 2, failed: 1, skipped: 2 });
  });

  it('counts a file that could not be loaded as one failure', () => {
    const report = vitestReport({ a: ['passed'], broken: [] }, ['broken']);
    expect(countTests('vitest', report, 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it('comes from the report of Playwright, where a flaky test is a failed one', () => {
    const report = { stats: { expected: 4, unexpected: 1, flaky: 1, skipped: 2 } };
    expect(countTests('playwright', report, 1)).toEqual({ passed: 4, failed: 2, skipped: 2 });
  });

  it('is one for a stage that only has an exit code', () => {
    expect(countTests('exit-code', undefined, 0)).toEqual({ passed: 1, failed: 0, skipped: 0 });
    expect(countTests('exit-code', undefined, 2)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it.each([
    ['no report', undefined, 0],
    ['no tests', vitestReport({}), 0],
    ['only skipped tests', vitestReport({ a: ['pending'] }), 0],
    ['green tests and a bad exit code', vitestReport({ a: ['passed'] }), 1],
  ])('holds a failure for %s', (_name, report, exitCode) => {
    expect(countTests('vitest', report, exitCode).failed).toBe(1);
  });

  it('adds up', () => {
    const one = { passed: 1, failed: 2, skipped: 3 };
    expect(sumCounts([one, one])).toEqual({ passed: 2, failed: 4, skipped: 6 });
    expect(sumCounts([])).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});
