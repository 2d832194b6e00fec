/**
 * Replays recorded load against something that decides sizes: a policy (the same code
 * that decides live), or a rival in the benches. The pool is a model: every change of
 * size takes the provisioning time and then P-Store's move, during which it is worth its
 * effective capacity and not its node count, and one change runs at a time.
 *
 * Load is in nodes' worth (1 = one node at 100 %). NaN is a gap: nothing is judged there,
 * and the controller sees an unknown metric.
 */
import type { ScalingMetric } from '@/lib/contract/scaling-rules';
import { effectiveNodes, moveDurationMs, shareMoved } from '../move-model';

export interface LoadSeries {
  readonly startMs: number;
  readonly stepMs: number;
  readonly metrics: readonly { readonly metric: ScalingMetric; readonly loads: Float64Array }[];
}

/** What a controller sees at one step. */
export interface ReplayStep {
  readonly at: number;
  readonly wallMs: number;
  /** Since the beginning of the series. */
  readonly monotonicMs: number;
  readonly nodeCount: number;
  readonly effectiveNodes: number;
  readonly moving: boolean;
}

export interface ReplayController {
  /** The size it wants now, or `null` to leave it; asked at every step, also while a change runs (when the answer is not used). */
  decide(step: ReplayStep): number | null;
}

export interface ReplayModel {
  /** Time for the whole database over one pair of nodes. */
  readonly fullCopyMs: number;
  /** From the order of a node until it can take data. */
  readonly provisionMs: number;
  readonly nodeCountMin: number;
  readonly nodeCountMax: number;
  readonly nodeCountStart: number;
  /** Above this utilization of any metric the pool is over its capacity. */
  readonly line: number;
  /** What a size that knew the load beforehand would run at. */
  readonly target: number;
  /** Left out of every figure, so that nothing is judged before it could learn. */
  readonly skipMs: number;
}

export interface ReplayMarker { readonly atMs: number; readonly from: number; readonly to: number }

export interface ReplayFigures {
  /** Steps that counted. */
  readonly countedMs: number;
  readonly overCapacityMs: number;
  readonly overCapacityPercent: number;
  readonly nodeHours: number;
  /** Against the hours of the size that knows the load: the fewest nodes under the target at each step. */
  readonly nodeHoursRatio: number;
  readonly moves: number;
  /** Databases' worth of data moved. */
  readonly copies: number;
  readonly reversals: number;
  readonly movesPerDay: number;
  readonly copiesPerDay: number;
  readonly reversalsPerDay: number;
  /**
   * Elasticity by Herbst et al. ("Elasticity in cloud computing: what it is, and what it
   * is not", ICAC 2013): how much too little and too much there was on average, in per
   * cent of what was needed, and the share of time with too little and too much.
   */
  readonly thetaU: number;
  readonly thetaO: number;
  readonly tauU: number;
  readonly tauO: number;
}

export interface ReplayResult {
  readonly figures: ReplayFigures;
  /** Every change of size, oldest first. */
  readonly markers: readonly ReplayMarker[];
}

interface Change { readonly from: number; readonly to: number; readonly movesAtMs: number; readonly endsAtMs: number }

const DAY_MS = 86_400_000;

export function replay(series: LoadSeries, controller: ReplayController, model: ReplayModel): ReplayResult {
  const length = Math.min(...series.metrics.map(({ loads }) => loads.length));
  const markers: ReplayMarker[] = [];
  const tally = new Tally(series.stepMs, model);
  let nodeCount = model.nodeCountStart;
  let change: Change | null = null;
  for (let at = 0; at < length; at += 1) {
    const monotonicMs = at * series.stepMs;
    if (change !== null && monotonicMs >= change.endsAtMs) {
      nodeCount = change.to;
      change = null;
    }
    const effective = change === null ? nodeCount : worthOf(change, monotonicMs);
    let load = 0;
    for (const { loads } of series.metrics) load = Math.max(load, loads[at]!);
    const counts = monotonicMs >= model.skipMs;
    if (counts) tally.step(load, effective, change === null ? nodeCount : Math.max(change.from, change.to));
    const wanted = controller.decide({ at, wallMs: series.startMs + monotonicMs, monotonicMs, nodeCount, effectiveNodes: effective, moving: change !== null });
    if (change !== null || wanted === null) continue;
    const to = Math.min(model.nodeCountMax, Math.max(model.nodeCountMin, Math.round(wanted)));
    if (to === nodeCount) continue;
    const movesAtMs = monotonicMs + (to > nodeCount ? model.provisionMs : 0);
    change = { from: nodeCount, to, movesAtMs, endsAtMs: movesAtMs + moveDurationMs({ from: nodeCount, to, fullCopyMs: model.fullCopyMs }) };
    markers.push({ atMs: series.startMs + monotonicMs, from: nodeCount, to });
    if (counts) tally.change(nodeCount, to);
  }
  return { figures: tally.figures(), markers };
}

function worthOf({ from, to, movesAtMs, endsAtMs }: Change, nowMs: number): number {
  if (nowMs < movesAtMs) return from;
  return effectiveNodes(from, to, (nowMs - movesAtMs) / Math.max(1, endsAtMs - movesAtMs));
}

class Tally {
  #steps = 0;
  #known = 0;
  #over = 0;
  #nodes = 0;
  #need = 0;
  #thetaU = 0;
  #thetaO = 0;
  #tauU = 0;
  #tauO = 0;
  #moves = 0;
  #copies = 0;
  #reversals = 0;
  #direction = 0;

  constructor(private readonly stepMs: number, private readonly model: ReplayModel) {}

  step(load: number, effective: number, allocated: number): void {
    this.#steps += 1;
    if (Number.isNaN(load)) return;
    const { model } = this;
    this.#known += 1;
    this.#nodes += allocated;
    const need = Math.min(model.nodeCountMax, Math.max(model.nodeCountMin, Math.ceil(load / model.target - 1e-9)));
    this.#need += need;
    if (load > effective * model.line) this.#over += 1;
    if (effective < need) {
      this.#thetaU += (need - effective) / need;
      this.#tauU += 1;
    } else if (effective > need) {
      this.#thetaO += (effective - need) / need;
      this.#tauO += 1;
    }
  }

  change(from: number, to: number): void {
    this.#moves += 1;
    this.#copies += shareMoved(from, to);
    const direction = Math.sign(to - from);
    if (this.#direction !== 0 && direction !== this.#direction) this.#reversals += 1;
    this.#direction = direction;
  }

  figures(): ReplayFigures {
    const days = Math.max(this.stepMs, this.#steps * this.stepMs) / DAY_MS;
    const known = Math.max(1, this.#known);
    return {
      countedMs: this.#known * this.stepMs,
      overCapacityMs: this.#over * this.stepMs,
      overCapacityPercent: (100 * this.#over) / known,
      nodeHours: (this.#nodes * this.stepMs) / 3_600_000,
      nodeHoursRatio: this.#nodes / Math.max(1, this.#need),
      moves: this.#moves, copies: this.#copies, reversals: this.#reversals,
      movesPerDay: this.#moves / days, copiesPerDay: this.#copies / days, reversalsPerDay: this.#reversals / days,
      thetaU: (100 * this.#thetaU) / known, thetaO: (100 * this.#thetaO) / known,
      tauU: (100 * this.#tauU) / known, tauO: (100 * this.#tauO) / known,
    };
  }
}
