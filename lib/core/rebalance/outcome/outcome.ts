import type { Change } from '@/lib/core/rebalance/change';
import type { Placement } from '@/lib/core/rebalance/placement';
import type { Planning } from '@/lib/core/rebalance/planning';
import type { Problem } from '@/lib/core/rebalance/problem';

/** A finished plan as its descriptions are made from. */
export interface Outcome {
  readonly problem: Problem;
  readonly start: Placement;
  readonly end: Placement;
  readonly changes: readonly Change[];
  readonly planning: Planning;
  /** Indexes of changes that begin a wave which rests on space given back. */
  readonly reclaims: readonly number[];
  readonly scoreBefore: number;
  readonly scoreAfter: number;
}
