// @ts-check
// What `npm run check` and `npm test` run. A stage is a command; how many tests it holds is read
// from the report it writes, and one without a report counts as one.

/** Everything that a run leaves behind for people to look at; not in git. */
export const ARTIFACTS = 'tests/artifacts';

/** Stands in a stage's command or environment for the file that its report goes to. */
export const REPORT = '<report>';

/**
 * @typedef {object} Stage
 * @property {string} name
 * @property {readonly string[]} command arguments for node
 * @property {'vitest' | 'playwright' | 'exit-code'} counts where the number of tests comes from
 * @property {Record<string, string>} [env]
 * @property {number} timeoutMs
 * @property {boolean} [alone] it measures time or fills both cores, so nothing may run beside it
 * @property {import('./machine-parts.mjs').PartName} [needs]
 * @property {boolean} [needsBuild] it starts the production server
 */

const MINUTE_MS = 60_000;
const BIN = 'node_modules';

/**
 * @param {string} name
 * @param {readonly string[]} projects of tests/vitest.config.ts
 * @param {Partial<Stage>} [more]
 * @returns {Stage}
 */
function vitest(name, projects, more = {}) {
  return {
    name,
    command: [
      `${BIN}/vitest/vitest.mjs`, 'run', '--config', 'tests/vitest.config.ts',
      ...projects.flatMap((project) => ['--project', project]),
      '--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`,
    ],
    counts: 'vitest',
    timeoutMs: 12 * MINUTE_MS,
    ...more,
  };
}

/** @param {string} name @param {readonly string[]} command @returns {Stage} */
function gate(name, command) {
  return { name, command, counts: 'exit-code', timeoutMs: 10 * MINUTE_MS };
}

// The linter takes longest by far, so it starts first and has a core to itself.
const gates = [
  gate('lint', [`${BIN}/eslint/bin/eslint.js`, '--max-warnings=0', '.']),
  gate('types', [`${BIN}/ts7/bin/tsc`, '--noEmit']),
  gate('layers', [`${BIN}/dependency-cruiser/bin/dependency-cruise.mjs`, '--config', '.dependency-cruiser.cjs', 'app', 'components', 'lib', 'prisma', 'scripts', 'tests']),
  gate('dead-code', [`${BIN}/knip/bin/knip.js`]),
];

const fastTests = [
  vitest('unit', ['unit', 'dom', 'architecture']),
  vitest('contract', ['contract']),
];

/** @type {Record<'check' | 'test' | 'killpoints', readonly Stage[]>} */
export const suites = {
  check: [
    ...gates,
    ...fastTests,
    vitest('simulation', ['simulation']),
  ],
  test: [
    ...gates,
    gate('lock-file', ['scripts/verify-lock-file.mjs']),
    gate('build', ['scripts/bootstrap.mjs', '--build']),
    ...fastTests,
    vitest('simulation', ['simulation'], { env: { PS_SIM_LONG: '1' }, timeoutMs: 15 * MINUTE_MS, alone: true }),
    vitest('contract-redis', ['contract-redis'], { timeoutMs: 15 * MINUTE_MS, alone: true, needs: 'server' }),
    vitest('contract-agents', ['contract-agents'], { timeoutMs: 10 * MINUTE_MS, alone: true, needs: 'balancer' }),
    vitest('integration', ['integration'], { timeoutMs: 45 * MINUTE_MS, alone: true, needs: 'server', needsBuild: true }),
    {
      name: 'browser',
      command: [`${BIN}/@playwright/test/cli.js`, 'test', '--config', 'tests/playwright.config.ts'],
      counts: 'playwright',
      env: { PS_BROWSER_REPORT: REPORT },
      timeoutMs: 30 * MINUTE_MS,
      alone: true,
      needs: 'browser',
      needsBuild: true,
    },
  ],
  killpoints: [
    vitest('killpoints', ['killpoints'], { timeoutMs: 60 * MINUTE_MS, alone: true, needs: 'server' }),
  ],
};
