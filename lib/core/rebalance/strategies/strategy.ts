import type { Strategy } from '@/lib/contract/plan';
import type { PlanProof } from '@/lib/contract/plan-proof';
import type { ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import type { Change } from '@/lib/core/rebalance/change';
import type { CostModel } from '@/lib/core/rebalance/objectives/cost-lines';
import type { CostBound } from '@/lib/core/rebalance/bounds/cost-bound';
import type { Objectives } from '@/lib/core/rebalance/objectives/objectives';
import type { Placement } from '@/lib/core/rebalance/placement';
import type { Problem } from '@/lib/core/rebalance/problem';

/** One planning run: what a strategy works on and writes to. */
export interface PlanningRun {
  readonly problem: Problem;
  /** As it is now; strategies change it by `commit` alone. */
  readonly placement: Placement;
  readonly threshold: number;
  readonly seed: number;
  readonly objectives: Objectives;
  /** What is evened, and what a placement costs by it; of the placement at the start. */
  readonly terms: readonly ObjectiveTerm[];
  readonly costs: CostModel;
  /** What no plan costs less than; worked out when first asked for. */
  readonly bound: () => CostBound;
  readonly search: SearchControl;
  /** Can the engine hand a primary role to a secondary without moving data? */
  readonly transferPrimary: boolean;
  /** Applies the change and appends it to the plan. */
  readonly commit: (change: Change) => void;
}

export type Interruption = 'time' | 'canceled';

/** How long a search may go on. */
export interface SearchControl {
  /** Evaluations, 0 and up. */
  readonly workMax: number;
  /** Candidates that a search by hand may look at, 1 and up. */
  readonly looksMax: number;
  /** Asked between slices of work, wherever that grows with shards times nodes: somebody canceled, or the guard on time struck. Once it has, it stays so. */
  readonly interruptedBy: () => Interruption | null;
  /** What the last who asked was told: work was left out for it, whoever that was. */
  readonly struck: () => Interruption | null;
  /** Share of the work that is done, 0..1. */
  readonly onProgress: (share: number) => void;
}

export interface SearchReport {
  readonly stoppedBy: PlanProof['search']['stoppedBy'];
  readonly workDone: number;
  /** 0 = ends by itself. */
  readonly workMax: number;
  /** Indexes of changes before which space given back so far must be measured as free. */
  readonly reclaims: readonly number[];
}

/**
 * A way of deciding where shards should be. One file per strategy, one line in the
 * registry; the README of the folder above is the recipe.
 */
export interface RebalanceStrategy {
  readonly name: Strategy;
  /** What it evens; the relevant terms are held against the threshold. */
  objective(problem: Problem, wish: { readonly transferPrimary: boolean; readonly objectives: Objectives }): readonly ObjectiveTerm[];
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
  /** Its changes are in their order already and none can be shortened. */
  readonly isOrdered?: boolean;
  /** Is there something to do although everything is even enough? */
  isUrgent?(): boolean;
  /** Takes the bins that another search found for all items, improves on them and commits the way there. */
  refine?(endBins: Int32Array): void;
  report?(): SearchReport;
  /** Bins in the order in which the strategy would give the shard to them. Absent: the one that evens best comes first. */
  readonly preferredBins?: (group: number) => Iterable<number>;
}
