import type { PlanConstraints } from '@/lib/contract/plan-options';
import type { PlanLimits, Problem } from './problem';

/** The request's limits for the whole plan, with the headroom as a share of every node's line. */
export function planLimitsOf(constraints: PlanConstraints, bins: Pick<Problem, 'dimensions' | 'scored' | 'zoneOf'>): PlanLimits {
  return {
    arrivalsPerBinMax: constraints.arrivalsPerNodeMax ?? Infinity,
    departuresPerBinMax: constraints.departuresPerNodeMax ?? Infinity,
    bytesMax: constraints.bytesMax ?? Infinity,
    headroomShare: constraints.headroom === 'none' ? 0 : largestShare(bins, constraints.headroom === 'largest-zone'),
  };
}

/** The largest share that one bin (or one zone) has of all that a resource may hold; the worst resource counts. */
function largestShare({ dimensions, scored, zoneOf }: Pick<Problem, 'dimensions' | 'scored' | 'zoneOf'>, byZone: boolean): number {
  let largest = 0;
  for (const { capacity } of dimensions) {
    if (capacity === null) continue;
    const shares = new Map<number, number>();
    let total = 0;
    for (let bin = 0; bin < scored.length; bin += 1) {
      const limit = capacity.limit[bin]!;
      if (scored[bin] === 0 || !(limit < Infinity)) continue;
      total += limit;
      const owner = byZone ? zoneOf[bin]! : bin;
      shares.set(owner, (shares.get(owner) ?? 0) + limit);
    }
    if (total > 0) largest = Math.max(largest, ...[...shares.values()].map((share) => share / total));
  }
  return largest;
}
