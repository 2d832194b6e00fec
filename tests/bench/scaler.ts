/**
 * What scaling policies make of recorded load: ours and three others, on the same pool.
 *
 *   npm run bench -- scaler [--trace FILE] [--column NAME] [--step SECONDS]
 *                           [--policy FILE] [--traces FOLDER] [--out FILE]
 *
 * Without --trace every series of the folder of traces (PHANTOM_TRACES, or shared/data/traces
 * beside the project or above it) that is open-loop load. --policy: a policy document as
 * JSON, run beside the others. One JSON line per trace and policy, one of the means, and a
 * last one with what a backtest of 30 days at one minute costs.
 *
 * The pool is P-Store's: a full copy over one pair of nodes takes 1 h, one change of size
 * at a time, 3 to 40 nodes, the first two days are not judged. Over capacity: the load is
 * above 80 % of what the nodes are worth at that moment, moves included. Node hours are
 * those paid for, against a pool that knew the load and ran at 65 %. A trace becomes load
 * as in lib/core/scaling/backtest/trace-demand.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PolicyDocumentSchema, type PolicyDocument } from '@/lib/contract/scaling-policy';
import { measuredBy } from '@/lib/contract/scaling-rules';
import { PolicyController } from '@/lib/core/scaling/backtest/policy-controller';
import { replay, type LoadSeries, type ReplayController, type ReplayModel } from '@/lib/core/scaling/backtest/replay';
import { demandFromTrace } from '@/lib/core/scaling/backtest/trace-demand';
import { defaultPolicy } from '@/lib/core/scaling/default-policy';
import { expandSchedules } from '@/lib/manager/scaling/schedule-expansion';
import { openLoopTraces, readTrace, traceFolder, type TraceFile } from '@/tests/support/trace-files';
import { Hpa, TARGET, TwoWindows } from './scaler/rivals';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NODES_MIN = 3;
const NODES_MAX = 40;
/** Nothing in these series says when they were recorded in the week of the pool. */
const START_MS = Date.UTC(2026, 0, 5);
const LEAD_MS = HOUR_MS / 4;
const FIGURES = ['overCapacityPercent', 'nodeHoursRatio', 'movesPerDay', 'copiesPerDay', 'reversalsPerDay', 'thetaU', 'thetaO', 'tauU', 'tauO'] as const;
type Line = { readonly trace: string; readonly policy: string } & Record<(typeof FIGURES)[number], number>;

const options = orComplain(() => parseArgs({
  options: { trace: { type: 'string' }, column: { type: 'string' }, step: { type: 'string' }, policy: { type: 'string' }, traces: { type: 'string' }, out: { type: 'string' } },
}).values);

/** The series is what the policy's first rule measures; its schedules apply as if the series began on a Monday. */
const policyNamed = (policy: PolicyDocument) => (series: LoadSeries): ReplayController => {
  const { metric } = policy.rules[0] === undefined ? { metric: 'cpu' as const } : measuredBy(policy.rules[0]);
  const { loads } = series.metrics[0]!;
  const occurrences = expandSchedules(policy.schedules, { fromMs: series.startMs, toMs: series.startMs + loads.length * series.stepMs });
  return new PolicyController({ ...series, metrics: [{ metric, loads }] }, policy, { pool: 'default', generation: 1, leadTimeMs: LEAD_MS, occurrences });
};
const base = defaultPolicy();
const policies: Record<string, (series: LoadSeries) => ReplayController> = {
  default: policyNamed({ ...base, bounds: { ...base.bounds, nodeCountMin: NODES_MIN, nodeCountMax: NODES_MAX } }),
  'hpa-v2': (series) => new Hpa(series, { downWindowMs: 300_000, downShare: 1, downPeriodMs: 15_000 }),
  'hpa-v2-slow': (series) => new Hpa(series, { downWindowMs: HOUR_MS, downShare: 0.1, downPeriodMs: 600_000 }),
  'two-windows': (series) => new TwoWindows(series),
};
if (options.policy !== undefined) {
  const { policy: file } = options;
  const parsed = PolicyDocumentSchema.safeParse(orComplain(() => JSON.parse(readFileSync(file, 'utf8')) as unknown));
  if (!parsed.success) complain(`${options.policy} is not a policy: ${parsed.error.issues.map((issue) => `/${issue.path.join('/')} ${issue.message}`).join('; ')}`);
  policies[parsed.data.name in policies ? `${parsed.data.name} (file)` : parsed.data.name] = policyNamed(parsed.data);
}

function tracesToRun(): readonly TraceFile[] {
  const column = options.column === undefined ? {} : { column: options.column };
  if (options.trace !== undefined) return [readTrace(options.trace, { ...column, ...(options.step !== undefined && { stepSeconds: Number(options.step) }) })];
  const folder = options.traces ?? traceFolder();
  if (folder === null) throw new Error('No traces found: give --traces FOLDER, --trace FILE, or set PHANTOM_TRACES');
  return openLoopTraces(folder).map((path) => readTrace(path));
}

function seriesOf(trace: TraceFile): LoadSeries {
  const demand = demandFromTrace(trace.values, trace.stepMs);
  if (!demand.ok) throw new Error(`${trace.name}: ${demand.error.message}`);
  return { startMs: START_MS, stepMs: demand.value.stepMs, metrics: [{ metric: 'cpu', loads: demand.value.loads }] };
}

function modelOf(series: LoadSeries): ReplayModel {
  const first = series.metrics[0]!.loads.find((load) => !Number.isNaN(load)) ?? 0;
  return {
    fullCopyMs: HOUR_MS, provisionMs: 0, nodeCountMin: NODES_MIN, nodeCountMax: NODES_MAX,
    nodeCountStart: Math.min(NODES_MAX, Math.max(NODES_MIN, Math.ceil(first / TARGET))), line: base.lines.cpu, target: TARGET, skipMs: 2 * DAY_MS,
  };
}

function orComplain<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    return complain(error);
  }
}

/** Ends with what is wrong in one line: a bad file or option is no bug. */
function complain(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

const rounded = (value: number) => Number(value.toFixed(4));
const lines: Line[] = [];
for (const trace of orComplain(tracesToRun)) {
  const series = orComplain(() => seriesOf(trace));
  for (const [policy, controller] of Object.entries(policies)) {
    const { figures } = replay(series, controller(series), modelOf(series));
    lines.push({ trace: trace.name, policy, ...Object.fromEntries(FIGURES.map((figure) => [figure, rounded(figures[figure])])) } as Line);
  }
}
for (const policy of Object.keys(policies)) {
  const own = lines.filter((line) => line.policy === policy && line.trace !== 'mean');
  if (own.length > 1) lines.push({ trace: 'mean', policy, ...Object.fromEntries(FIGURES.map((figure) => [figure, rounded(own.reduce((sum, line) => sum + line[figure], 0) / own.length)])) } as Line);
}

/** A month of one-minute data: a day's wave with noise that a seedless formula makes. */
function costOfBacktest(): number {
  const loads = Float64Array.from({ length: 30 * 1_440 }, (_, minute) => 10 + 5 * Math.sin((minute / 1_440) * 2 * Math.PI) + Math.sin(minute * 1.7) + (minute % 97) / 97);
  const series: LoadSeries = { startMs: START_MS, stepMs: 60_000, metrics: [{ metric: 'cpu', loads }] };
  const run = () => {
    const startedMs = performance.now();
    replay(series, policies['default']!(series), modelOf(series));
    return performance.now() - startedMs;
  };
  return [run(), run(), run(), run(), run()].sort((a, b) => a - b)[2]!;
}

for (const line of lines) process.stdout.write(`${JSON.stringify(line)}\n`);
process.stdout.write(`${JSON.stringify({ bench: 'scaler', backtestDays: 30, stepSeconds: 60, p50Ms: Math.round(costOfBacktest()) })}\n`);
if (options.out !== undefined) writeFileSync(options.out, `${JSON.stringify(lines, null, 2)}\n`);
