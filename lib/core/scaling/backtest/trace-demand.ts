/**
 * A recorded series as demand on a pool: one node's capacity is chosen so that the 99.9th
 * percentile of the series keeps 24 nodes at 65 %; steps above five minutes are
 * interpolated to five. Empty or broken values are gaps, never 0.
 */
import { err, ok, type Result } from '@/lib/platform/result';

const PEAK_NODES = 24;
const PEAK_UTILIZATION = 0.65;
const PEAK_QUANTILE = 0.999;
const STEP_MAX_MS = 300_000;

export interface TraceDemand {
  readonly stepMs: number;
  /** Nodes' worth of load; NaN = gap. */
  readonly loads: Float64Array;
}

export type TraceProblem = { readonly code: 'too-short' | 'no-load' | 'bad-step'; readonly message: string };

export function demandFromTrace(values: readonly number[], stepMs: number): Result<TraceDemand, TraceProblem> {
  if (!Number.isFinite(stepMs) || stepMs < 1_000 || stepMs > 86_400_000) return err({ code: 'bad-step', message: `A step is 1 s to 1 day, not ${stepMs} ms` });
  const known = values.filter((value) => Number.isFinite(value) && value >= 0).sort((a, b) => a - b);
  if (known.length < 2) return err({ code: 'too-short', message: `${known.length} usable values are no series` });
  const peak = known[Math.min(known.length - 1, Math.floor(PEAK_QUANTILE * known.length))]!;
  if (peak <= 0) return err({ code: 'no-load', message: 'The series is 0 all the time' });
  const capacity = peak / (PEAK_NODES * PEAK_UTILIZATION);
  const loads = Float64Array.from(values, (value) => (Number.isFinite(value) && value >= 0 ? value / capacity : Number.NaN));
  return ok(stepMs > STEP_MAX_MS ? interpolated(loads, stepMs) : { stepMs, loads });
}

function interpolated(loads: Float64Array, stepMs: number): TraceDemand {
  const parts = Math.round(stepMs / STEP_MAX_MS);
  const fine = new Float64Array(Math.max(0, loads.length - 1) * parts + 1);
  for (let at = 0; at + 1 < loads.length; at += 1) {
    for (let part = 0; part < parts; part += 1) fine[at * parts + part] = loads[at]! + ((loads[at + 1]! - loads[at]!) * part) / parts;
  }
  fine[fine.length - 1] = loads[loads.length - 1]!;
  return { stepMs: stepMs / parts, loads: fine };
}
