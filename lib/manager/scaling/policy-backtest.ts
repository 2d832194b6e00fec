/** The edited policy against the active one, on what this cluster recorded or on a series that was sent. */
import type { DecisionRecord } from '@/lib/contract/scaling-record';
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { BacktestAnswer, BacktestSeries } from '@/lib/contract/scaling-view';
import { backtest, differencesOf, type BacktestOptions } from '@/lib/core/scaling/backtest/backtest';
import { measuredBy } from '@/lib/contract/scaling-rules';
import { explainRecord } from '@/lib/core/scaling/explain';
import type { LoadSeries } from '@/lib/core/scaling/backtest/replay';
import { demandFromTrace } from '@/lib/core/scaling/backtest/trace-demand';
import { nextTurn } from '@/lib/platform/in-turns';
import { err, ok } from '@/lib/platform/result';
import { refusal, refused, type CommandResult } from '../commands';
import type { ManagerResources } from '../manager-resources';
import { readLoadHistory } from './load-history';
import type { PoolPilot } from './pool-pilot';
import { expandSchedules } from './schedule-expansion';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** What a full copy over one pair of nodes is taken to need until moves have been measured. */
const FULL_COPY_MS = 3_600_000;
const SHORT_HISTORY_MS = 2 * DAY_MS;

type Source = LoadSeries & { readonly gaps: number; readonly nodeCountStart: number };
type Warning = BacktestAnswer['warnings'][number];

export async function backtestPolicies(resources: ManagerResources, pilot: PoolPilot, { policy, series }: { readonly policy: PolicyDocument; readonly series: BacktestSeries }): Promise<CommandResult<BacktestAnswer>> {
  const source = series.kind === 'recorded' ? await recorded(resources, pilot, series.days) : given(series, pilot);
  if (!source.ok) return source;
  const load = source.value;
  const length = load.metrics[0]!.loads.length;
  const endMs = load.startMs + length * load.stepMs;
  const active = pilot.active.policy;
  const leftOut = series.kind === 'given' ? rulesWithout(load, policy) : [];
  // All rules must agree to shrink: what one series cannot tell would forbid it for ever.
  const triable = (tested: PolicyDocument): PolicyDocument => {
    const without = series.kind === 'given' ? rulesWithout(load, tested) : [];
    return without.length === 0 || without.length === tested.rules.length ? tested : { ...tested, rules: tested.rules.filter((rule) => !without.includes(rule)) };
  };
  const run = (tested: PolicyDocument) => backtest(load, triable(tested), optionsFor(resources, pilot, load, tested, endMs));
  const before = run(active);
  await nextTurn();
  const edited = run(policy);
  await nextTurn();
  const now = policy.mode === 'automatic' ? await pilot.wouldDecide(policy) : null;
  const clampedStart = (tested: PolicyDocument) => Math.min(tested.bounds.nodeCountMax, Math.max(tested.bounds.nodeCountMin, load.nodeCountStart));
  return ok({
    fromMs: load.startMs, toMs: endMs, stepMs: load.stepMs, edited: edited.result, active: before.result,
    differences: [...differencesOf(before.markers, edited.markers, { startMs: load.startMs, endMs, activeStart: clampedStart(active), editedStart: clampedStart(policy) })],
    warnings: warningsOf({ load, before: before.result, after: edited.result, now, leftOut }),
  });
}

function optionsFor(resources: ManagerResources, pilot: PoolPilot, load: Source, policy: PolicyDocument, endMs: number): BacktestOptions {
  const { leadTime } = pilot;
  const { speed, totals } = resources.model;
  const dataBytes = totals.dataBytes ?? 0;
  const { bounds } = policy;
  return {
    pool: pilot.pool, generation: 1, dataBytes, skipMs: 0,
    fullCopyMs: speed === null || dataBytes === 0 ? FULL_COPY_MS : Math.max(MINUTE_MS, (dataBytes / Math.max(1, speed.bytesPerSecond)) * 1_000),
    provisionMs: leadTime.provisionMs, leadTimeMs: leadTime.totalMs,
    nodeCountStart: Math.min(bounds.nodeCountMax, Math.max(bounds.nodeCountMin, load.nodeCountStart)),
    occurrences: expandSchedules(policy.schedules, { fromMs: load.startMs, toMs: endMs }),
  };
}

async function recorded({ store, clusterId, clock }: ManagerResources, pilot: PoolPilot, days: number): Promise<CommandResult<Source>> {
  const toMs = clock.wallMs();
  // A day is kept by the minute, a month by ten.
  const stepMs = days <= 1 ? MINUTE_MS : 10 * MINUTE_MS;
  const history = await readLoadHistory(store, clusterId, { fromMs: toMs - days * DAY_MS, toMs, stepMs });
  if (history === null) return refused(refusal('stale-observation', 'No load of this cluster was recorded in that time yet'));
  const trimmed = withoutLeadingGap(history);
  return ok({ ...trimmed, nodeCountStart: history.nodeCountFirst ?? pilot.nodeCount, gaps: trimmed.metrics[0]!.loads.filter((load) => Number.isNaN(load)).length });
}

/** From the first reading on: a cluster that was connected yesterday has no week to be judged by. */
function withoutLeadingGap(series: LoadSeries): LoadSeries {
  const first = Math.max(0, Math.min(...series.metrics.map(({ loads }) => loads.findIndex((load) => !Number.isNaN(load))).filter((at) => at >= 0)));
  return { startMs: series.startMs + first * series.stepMs, stepMs: series.stepMs, metrics: series.metrics.map(({ metric, loads }) => ({ metric, loads: loads.subarray(first) })) };
}

function given(series: Extract<BacktestSeries, { kind: 'given' }>, pilot: PoolPilot): CommandResult<Source> {
  const values = series.values.map((value) => value ?? Number.NaN);
  const gaps = values.filter((value) => Number.isNaN(value)).length;
  const stepMs = series.stepSeconds * 1_000;
  if (series.unit === 'nodes') return ok({ startMs: series.startMs, stepMs, metrics: [{ metric: series.metric, loads: Float64Array.from(values) }], gaps, nodeCountStart: pilot.nodeCount });
  const demand = demandFromTrace(values, stepMs);
  if (!demand.ok) return err({ code: 'invalid', errors: [{ path: ['series', demand.error.code === 'bad-step' ? 'stepSeconds' : 'values'], message: demand.error.message, code: demand.error.code }] });
  const first = demand.value.loads.find((load) => !Number.isNaN(load)) ?? 0;
  return ok({ startMs: series.startMs, stepMs: demand.value.stepMs, metrics: [{ metric: series.metric, loads: demand.value.loads }], gaps, nodeCountStart: Math.max(1, Math.ceil(first / 0.65)) });
}

/** Rules on a metric that the series does not have. */
function rulesWithout({ metrics }: LoadSeries, { rules }: PolicyDocument): PolicyDocument['rules'] {
  return rules.filter((rule) => !metrics.some(({ metric }) => metric === measuredBy(rule).metric));
}

function warningsOf({ load, before, after, now, leftOut }: { readonly load: Source; readonly before: BacktestAnswer['active']; readonly after: BacktestAnswer['edited']; readonly now: DecisionRecord | null; readonly leftOut: PolicyDocument['rules'] }): Warning[] {
  const warnings: Warning[] = [];
  const minutes = (ms: number) => Math.round(ms / MINUTE_MS);
  if (after.overCapacityMs > before.overCapacityMs) warnings.push({ code: 'worse-over-capacity', message: `${minutes(after.overCapacityMs)} min above capacity instead of ${minutes(before.overCapacityMs)}` });
  if (now !== null && now.outcome !== 'none') {
    const how = now.outcome === 'act' ? 'would go' : 'would propose to go';
    warnings.push({ code: 'acts-at-once', message: `It ${how} from ${now.nodeCount} to ${now.decided} nodes as things are: ${explainRecord(now)}`.slice(0, 600) });
  }
  if (leftOut.length > 0) warnings.push({ code: 'rules-left-out', message: `The series tells nothing of what these rules measure: ${leftOut.map(({ id }) => id).join(', ')}`.slice(0, 600) });
  const spanMs = load.metrics[0]!.loads.length * load.stepMs;
  if (spanMs < SHORT_HISTORY_MS) warnings.push({ code: 'short-history', message: `${Math.round(spanMs / 3_600_000)} h are little to judge a policy by: forecasts need two days to begin` });
  if (load.gaps > 0) warnings.push({ code: 'gaps', message: `${load.gaps} steps have no reading; nothing is judged there` });
  return warnings;
}
