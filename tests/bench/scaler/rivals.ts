/** What others would do with the same load on the same pool: the rules as their documentation states them. */
import { SlidingExtreme } from '@/lib/core/scaling/sliding-window';
import type { LoadSeries, ReplayController, ReplayStep } from '@/lib/core/scaling/backtest/replay';

export const TARGET = 0.65;

interface HpaSettings {
  readonly downWindowMs: number;
  /** Share of the pods that may go in `downPeriodMs`. */
  readonly downShare: number;
  readonly downPeriodMs: number;
}

const TOLERANCE = 0.1;
const UP_PODS = 4;

/**
 * Kubernetes' HorizontalPodAutoscaler v2 (kubernetes.io, "Horizontal Pod Autoscaling",
 * algorithm details and configurable scaling behaviour): desired = ceil(current x
 * utilization / target) outside a tolerance of 10 %, growing at once by the larger of
 * doubling and 4 pods, shrinking to the highest desired of the window within its policy.
 */
export class Hpa implements ReplayController {
  readonly #loads: Float64Array;
  readonly #desired: SlidingExtreme;
  #shrunk: { readonly atMs: number; readonly nodes: number }[] = [];

  constructor(series: LoadSeries, private readonly settings: HpaSettings) {
    this.#loads = series.metrics[0]!.loads;
    this.#desired = new SlidingExtreme(settings.downWindowMs, 'max');
  }

  decide({ at, monotonicMs, nodeCount, moving }: ReplayStep): number | null {
    const load = this.#loads[at]!;
    if (Number.isNaN(load)) return null;
    const ratio = load / (nodeCount * TARGET);
    const desired = Math.abs(ratio - 1) <= TOLERANCE ? nodeCount : Math.ceil(nodeCount * ratio);
    this.#desired.push(monotonicMs, desired);
    if (moving) return null;
    if (desired > nodeCount) return Math.min(desired, Math.max(nodeCount * 2, nodeCount + UP_PODS));
    const stable = Math.min(nodeCount, this.#desired.at(monotonicMs) ?? nodeCount);
    this.#shrunk = this.#shrunk.filter(({ atMs }) => atMs > monotonicMs - this.settings.downPeriodMs);
    const base = nodeCount + this.#shrunk.reduce((sum, { nodes }) => sum + nodes, 0);
    const wanted = Math.min(nodeCount, Math.max(stable, Math.floor(base * (1 - this.settings.downShare))));
    if (wanted < nodeCount) this.#shrunk.push({ atMs: monotonicMs, nodes: nodeCount - wanted });
    return wanted;
  }
}

const SHORT_MS = 3 * 3_600_000;
const LONG_MS = 30 * 3_600_000;
const HIGH = 0.75;
const LOW = 0.375;
const AIM = 0.53;

/**
 * ClickHouse Cloud's two windows (clickhouse.com/docs, "Scaling recommendations"): above a
 * high watermark of 75 % up to the peak of the last 30 h at 53 %, and down to the peak of
 * the last 3 h when that stayed below 37.5 %. They resize nodes; here it counts them.
 */
export class TwoWindows implements ReplayController {
  readonly #loads: Float64Array;
  readonly #short = new SlidingExtreme(SHORT_MS, 'max');
  readonly #long = new SlidingExtreme(LONG_MS, 'max');

  constructor(series: LoadSeries) {
    this.#loads = series.metrics[0]!.loads;
  }

  decide({ at, monotonicMs, nodeCount }: ReplayStep): number | null {
    const load = this.#loads[at]!;
    if (Number.isNaN(load)) return null;
    this.#short.push(monotonicMs, load);
    this.#long.push(monotonicMs, load);
    const short = this.#short.at(monotonicMs) ?? load;
    if (short > HIGH * nodeCount) return Math.ceil((this.#long.at(monotonicMs) ?? load) / AIM);
    if (short < LOW * nodeCount) return Math.ceil(short / AIM);
    return null;
  }
}
