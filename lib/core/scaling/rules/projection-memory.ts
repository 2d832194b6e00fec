/**
 * Disks that will be full: a straight line through the disk's load of the last `trendMs`
 * (least squares), followed for `horizonMs`. A disk that empties is no reason to shrink by
 * itself, so the projection is never below what is there.
 */
import type { DiskProjectionRule } from '@/lib/contract/scaling-rules';
import type { Measured } from '../measure';
import { nodesFor, wantedNow } from './nodes-for';
import type { RuleMemory, RuleTick, RuleVerdict } from './rule-memory';

/** The trend is kept on so many points. */
const POINTS_MAX = 96;

export class ProjectionMemory implements RuleMemory {
  readonly outlook = null;
  readonly #points: { readonly atMs: number; readonly load: number }[] = [];

  constructor(private readonly rule: DiskProjectionRule) {}

  evaluate(measured: Measured, tick: RuleTick): RuleVerdict {
    const { rule } = this;
    const { load } = measured;
    const now = tick.monotonicMs;
    if (load !== null) this.#keep(now, load);
    const projected = load === null ? null : load + Math.max(0, this.#slope()) * rule.horizonMs;
    const n = tick.nodeCount;
    const need = projected === null ? null : projected / rule.line;
    const out = need !== null && need > n ? nodesFor(need) : null;
    const inTo = need === null ? null : nodesFor(need);
    return {
      reading: {
        ruleId: rule.id, kind: rule.kind, metric: 'disk', aggregate: 'mean', value: projected === null ? null : projected / Math.max(1, tick.effectiveNodes), windowMs: rule.trendMs,
        threshold: rule.line, wanted: wantedNow(need, out, n), wantedOut: out, wantedIn: inTo !== null && inTo < n ? inTo : null,
      },
      forecast: null, need, out, predicted: out !== null, inTo, inToBeforeForecast: inTo, growsAgain: false, inTolerance: 0,
      unknown: load === null, stuck: false, peakLoad: load, growsAt: rule.line, shrinksAt: null,
    };
  }

  #keep(atMs: number, load: number): void {
    const newest = this.#points.at(-1);
    if (newest !== undefined && atMs - newest.atMs < this.rule.trendMs / POINTS_MAX) return;
    this.#points.push({ atMs, load });
    while (this.#points[0]!.atMs < atMs - this.rule.trendMs) this.#points.shift();
  }

  /** Load per millisecond; 0 while a third of the window is not there. */
  #slope(): number {
    const first = this.#points[0];
    const last = this.#points.at(-1);
    if (first === undefined || last === undefined || last.atMs - first.atMs < this.rule.trendMs / 3) return 0;
    const count = this.#points.length;
    const meanMs = this.#points.reduce((sum, point) => sum + (point.atMs - first.atMs), 0) / count;
    const meanLoad = this.#points.reduce((sum, point) => sum + point.load, 0) / count;
    let covariance = 0;
    let variance = 0;
    for (const point of this.#points) {
      const ms = point.atMs - first.atMs - meanMs;
      covariance += ms * (point.load - meanLoad);
      variance += ms * ms;
    }
    return variance === 0 ? 0 : covariance / variance;
  }
}
