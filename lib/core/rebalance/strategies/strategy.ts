import type { Strategy } from '@/lib/contract/plan';
import type { ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import type { Change } from '@/lib/core/rebalance/change';
import type { Placement } from '@/lib/core/rebalance/placement';
import type { Problem } from '@/lib/core/rebalance/problem';

/** One planning run: what a strategy works on and writes to. */
export interface PlanningRun {
  readonly problem: Problem;
  /** As it is now; strategies change it by `commit` alone. */
  readonly placement: Placement;
  readonly threshold: number;
  readonly seed: number;
  /** Can the engine hand a primary role to a secondary without moving data? */
  readonly transferPrimary: boolean;
  /** Applies the change and appends it to the plan. */
  readonly commit: (change: Change) => void;
}

/**
 * A way of deciding where shards should be. One file per strategy, one line in the
 * registry; the README of the folder above is the recipe.
 */
export interface RebalanceStrategy {
  readonly name: Strategy;
  /** What it evens; the relevant terms are held against the threshold. */
  objective(problem: Problem, engine: { readonly transferPrimary: boolean }): readonly ObjectiveTerm[];
  begin(run: PlanningRun): StrategyRun;
}

/** A strategy at work on one run. */
export interface StrategyRun {
  /**
   * Brings the whole cluster closer to what the strategy wants. Every prefix of the
   * committed changes is feasible and has no higher score than the start; begun again on the placement it
   * leaves behind, it commits nothing (P7).
   */
  propose(): void;
  /** How far the placement is now from what the strategy wants, 0 = there. Absent: the largest relevant imbalance. */
  readonly score?: () => number;
  /** Bins in the order in which the strategy would give the shard to them. Absent: the one that evens best comes first. */
  readonly preferredBins?: (group: number) => Iterable<number>;
}
