import { fork } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { bundleProgram } from '@/tests/support/start-server';
import { quantile, type DetectionConditions, type DetectionReport } from './detection-run';

const SHARE_NODE_DAYS = 200;
const PROMISED = { lossRatio: 0.05, pauseMaxMs: 60_000, pausesPerNodeDay: 4 };
const UNREACHABLE_P99_MAX_MS = 20_000;

export interface DetectionOptions {
  readonly promisedNodeDays: number;
  /** Of each other point of the curve; 0 leaves them out. */
  readonly otherNodeDays: number;
  readonly seed: string;
}

function curveOf({ promisedNodeDays, otherNodeDays }: DetectionOptions): DetectionConditions[] {
  return [
    { ...PROMISED, nodeDays: promisedNodeDays },
    ...[0, 0.01, 0.05, 0.1, 0.2, 0.3].flatMap((lossRatio) => [0, 10_000, 60_000].map((pauseMaxMs) => ({ lossRatio, pauseMaxMs, pausesPerNodeDay: pauseMaxMs === 0 ? 0 : 4, nodeDays: otherNodeDays }))),
    // What the patience with irregular nodes is worth: the same without it.
    ...[0.2, 0.3].map((lossRatio) => ({ ...PROMISED, lossRatio, nodeDays: otherNodeDays, settings: { ...DEFAULT_SETTINGS.health, patienceMax: 1, phiThreshold: 1 } })),
  ].filter((point) => point.nodeDays > 0);
}

async function runShare(program: string, conditions: DetectionConditions, seed: string): Promise<DetectionReport> {
  const child = fork(program, [JSON.stringify(conditions), seed], { execArgv: [] });
  const ended = once(child, 'exit').then(([code]) => { throw new Error(`A share ended without a report, exit code ${String(code)}`); });
  const [report] = await Promise.race([once(child, 'message'), ended]) as [DetectionReport];
  return report;
}

async function runPoint(program: string, conditions: DetectionConditions, seed: string): Promise<DetectionReport> {
  const shares = Array.from({ length: Math.ceil(conditions.nodeDays / SHARE_NODE_DAYS) }, (_, share) => ({ seed: `${seed}/${share}`, nodeDays: Math.min(SHARE_NODE_DAYS, conditions.nodeDays - share * SHARE_NODE_DAYS) }));
  const reports: DetectionReport[] = [];
  const take = async () => {
    for (let share = shares.shift(); share !== undefined; share = shares.shift()) reports.push(await runShare(program, { ...conditions, nodeDays: share.nodeDays }, share.seed));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, take));
  const sum = (key: 'nodeDays' | 'beats' | 'falseDeaths' | 'falseUnreachable' | 'falseSuspicions' | 'unreachableInPause' | 'deaths' | 'deathsWhileUnreachable') => reports.reduce((total, report) => total + report[key], 0);
  const merged = (key: 'unreachableAfterMs' | 'deadAfterMs') => reports.flatMap((report) => [...report[key]]).sort((a, b) => a - b);
  return {
    nodeDays: sum('nodeDays'), beats: sum('beats'), falseDeaths: sum('falseDeaths'), falseUnreachable: sum('falseUnreachable'), falseSuspicions: sum('falseSuspicions'),
    unreachableInPause: sum('unreachableInPause'), deaths: sum('deaths'), deathsWhileUnreachable: sum('deathsWhileUnreachable'), unreachableAfterMs: merged('unreachableAfterMs'), deadAfterMs: merged('deadAfterMs'),
  };
}

const perNodeDay = (count: number, { nodeDays }: DetectionReport) => Number((count / nodeDays).toFixed(4));

/** Runs the curve and prints a line per point. Throws when the promised point does not keep its promise. */
export async function runDetectionCurve(options: DetectionOptions): Promise<void> {
  // Bundled once: each share then begins at once, and a source edited meanwhile changes nothing.
  const program = await bundleProgram('tests/bench/nodes/detection-worker.ts');
  for (const [index, conditions] of curveOf(options).entries()) {
    const startedMs = performance.now();
    const report = await runPoint(program, conditions, `${options.seed}/${index}`);
    process.stdout.write(`${JSON.stringify({ ...lineOf(conditions, report), wallSeconds: Number(((performance.now() - startedMs) / 1_000).toFixed(1)) })}\n`);
    if (index > 0 || options.promisedNodeDays === 0) continue;
    const p99Ms = quantile(report.unreachableAfterMs, 0.99);
    if (report.falseDeaths > 0) throw new Error(`${report.falseDeaths} false deaths in ${report.nodeDays} node-days`);
    if (p99Ms > UNREACHABLE_P99_MAX_MS) throw new Error(`A death is unreachable after ${p99Ms} ms at p99`);
  }
}

function lineOf(conditions: DetectionConditions, report: DetectionReport): object {
  const { unreachableAfterMs, deadAfterMs } = report;
  return {
    bench: 'nodes', part: 'detection', lossPercent: conditions.lossRatio * 100, pauseMaxSeconds: conditions.pauseMaxMs / 1_000, pausesPerNodeDay: conditions.pausesPerNodeDay,
    patienceMax: conditions.settings?.patienceMax ?? DEFAULT_SETTINGS.health.patienceMax,
    nodeDays: report.nodeDays, heartbeats: report.beats, falseDeaths: report.falseDeaths,
    falseUnreachablePerNodeDay: perNodeDay(report.falseUnreachable, report), falseSuspicionsPerNodeDay: perNodeDay(report.falseSuspicions, report), unreachableInPausePerNodeDay: perNodeDay(report.unreachableInPause, report),
    deaths: report.deaths, deathsWhileUnreachable: report.deathsWhileUnreachable, deathsNoticed: unreachableAfterMs.length,
    unreachableMs: { p50: quantile(unreachableAfterMs, 0.5), p99: quantile(unreachableAfterMs, 0.99), max: unreachableAfterMs.at(-1) ?? null },
    deadMs: { p50: quantile(deadAfterMs, 0.5), p99: quantile(deadAfterMs, 0.99) },
  };
}
