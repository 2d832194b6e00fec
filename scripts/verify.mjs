// @ts-check
// `npm run check`, `npm test` and `npm run test:killpoints`, or a few of their stages: npm test -- unit browser.
// Every stage runs, whatever became of the ones before it; the output of those that fail is shown
// whole, and all of it is kept in tests/artifacts/logs.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap, generateRouteTypes } from './bootstrap.mjs';
import { runChild } from './child-process.mjs';
import { provideMachineParts } from './machine-parts.mjs';
import { SetupError, formatDuration, inProject, runScript } from './project.mjs';
import { ARTIFACTS, REPORT, suites } from './stages.mjs';
import { countTests, sumCounts } from './test-report.mjs';

/** @typedef {import('./stages.mjs').Stage} Stage */
/** @typedef {import('./test-report.mjs').Counts} Counts */
/** @typedef {{ stage: Stage, counts: Counts }} StageResult */
/** @typedef {Map<import('./machine-parts.mjs').PartName, string>} MissingParts */

const STAGES_AT_ONCE = 2;
const STILL_RUNNING_INTERVAL_MS = 60_000;

await runScript(async () => {
  const startedAtMs = performance.now();
  const stages = chooseStages(process.argv[2], process.argv.slice(3));
  const missing = await setUp(stages);
  if (missing === undefined) {
    console.log('0 passed, 1 failed');
    return 1;
  }
  const results = await runStages(stages, missing);
  const counts = sumCounts(results.map((result) => result.counts));
  const failedStages = results.filter((result) => result.counts.failed > 0).map(({ stage }) => stage.name);
  console.log('');
  if (failedStages.length > 0) console.log(`failed: ${failedStages.join(', ')}; whole output in ${ARTIFACTS}/logs`);
  if (counts.skipped > 0) console.log(`${counts.skipped} skipped`);
  for (const line of missing.values()) console.log(line);
  console.log(`in ${formatDuration(performance.now() - startedAtMs)}`);
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  return counts.failed === 0 ? 0 : 1;
});

/** @param {string | undefined} suite @param {readonly string[]} names */
function chooseStages(suite, names) {
  if (suite !== 'check' && suite !== 'test' && suite !== 'killpoints') throw new SetupError('Usage: verify.mjs check|test|killpoints [stage ...]');
  const all = suites[suite];
  const unknown = names.find((name) => !all.some((stage) => stage.name === name));
  if (unknown !== undefined) {
    throw new SetupError(`There is no stage called ${unknown}; there are ${all.map((stage) => stage.name).join(', ')}.`);
  }
  const isChosen = (/** @type {Stage} */ { name }) => names.length === 0 || names.includes(name);
  const buildIsNeeded = all.some((stage) => isChosen(stage) && stage.needsBuild);
  return all.filter((stage) => isChosen(stage) || (buildIsNeeded && stage.name === 'build'));
}

/**
 * Without packages and generated sources no stage means anything, so that failing ends the run. A
 * program that is missing fails only the stages that need it.
 * @param {readonly Stage[]} stages
 * @returns {Promise<MissingParts | undefined>} undefined when nothing can be run
 */
async function setUp(stages) {
  try {
    await bootstrap();
    await generateRouteTypes();
    mkdirSync(inProject(`${ARTIFACTS}/logs`), { recursive: true });
    return await provideMachineParts([...new Set(stages.flatMap(({ needs }) => needs ?? []))]);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    return undefined;
  }
}

/**
 * @param {readonly Stage[]} stages
 * @param {MissingParts} missing
 * @returns {Promise<StageResult[]>}
 */
async function runStages(stages, missing) {
  /** @type {StageResult[]} */
  const results = [];
  const queue = stages.filter(({ alone }) => !alone);
  const takeFromQueue = async () => {
    for (let stage = queue.shift(); stage !== undefined; stage = queue.shift()) results.push(await runStage(stage, missing));
  };
  await Promise.all(Array.from({ length: STAGES_AT_ONCE }, takeFromQueue));
  for (const stage of stages.filter(({ alone }) => alone)) results.push(await runStage(stage, missing));
  return results;
}

/** @param {Stage} stage @param {MissingParts} missing @returns {Promise<StageResult>} */
async function runStage(stage, missing) {
  const missingPart = stage.needs === undefined ? undefined : missing.get(stage.needs);
  if (missingPart !== undefined) {
    const counts = { passed: 0, failed: 1, skipped: 0 };
    printResult({ stage, counts, durationMs: 0, explanation: missingPart });
    return { stage, counts };
  }
  // Outside the checkout, where a second run at the same time has its own.
  const reportFolder = mkdtempSync(join(tmpdir(), 'phantom-scale-report-'));
  const report = join(reportFolder, `${stage.name}.json`);
  const startedAtMs = performance.now();
  const reminder = setInterval(() => {
    console.log(`...    ${stage.name} has been running for ${formatDuration(performance.now() - startedAtMs)}`);
  }, STILL_RUNNING_INTERVAL_MS);
  const { exitCode, output, timedOut } = await runStageCommand(stage, report);
  clearInterval(reminder);
  const counts = countTests(stage.counts, existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined, exitCode);
  rmSync(reportFolder, { recursive: true });
  writeFileSync(inProject(`${ARTIFACTS}/logs/${stage.name}.log`), output);
  const explanation = timedOut ? `${output.trimEnd()}\nStopped after ${formatDuration(stage.timeoutMs)}.` : output.trimEnd();
  printResult({ stage, counts, durationMs: performance.now() - startedAtMs, explanation });
  return { stage, counts };
}

/** @param {Stage} stage @param {string} report */
function runStageCommand(stage, report) {
  // A NODE_ENV left over from somewhere makes React and Next something else than what is tested, and
  // some runners colour what goes to a file whenever CI is set.
  const { NODE_ENV: _, FORCE_COLOR: __, ...inherited } = process.env;
  const own = Object.entries(stage.env ?? {}).map(([name, value]) => [name, value.replace(REPORT, report)]);
  const env = { ...inherited, NO_COLOR: '1', NEXT_TELEMETRY_DISABLED: '1', ...Object.fromEntries(own) };
  return runChild([process.execPath, ...stage.command.map((argument) => argument.replace(REPORT, report))], {
    env,
    capture: true,
    ownGroup: true,
    timeoutMs: stage.timeoutMs,
  });
}

/** @param {{ stage: Stage, counts: Counts, durationMs: number, explanation: string }} result */
function printResult({ stage, counts: { passed, failed, skipped }, durationMs, explanation }) {
  if (failed > 0 && explanation !== '') console.log(explanation);
  console.log([
    failed > 0 ? 'FAIL ' : 'ok   ',
    stage.name.padEnd(15),
    formatDuration(durationMs).padStart(12),
    `${passed} passed`.padStart(14),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(skipped > 0 ? [`${skipped} skipped`] : []),
  ].join('  '));
}
