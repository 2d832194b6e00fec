import type { ObjectiveTermCost, PlanProof } from '@/lib/contract/plan-proof';
import { bytesBoundOf } from '@/lib/core/rebalance/bounds/bytes-bound';
import type { LineBound } from '@/lib/core/rebalance/bounds/cost-bound';
import { movablesOf } from '@/lib/core/rebalance/bounds/free-shares';
import { imbalanceBoundsOf } from '@/lib/core/rebalance/bounds/imbalance-bound';
import type { CostLine } from '@/lib/core/rebalance/objectives/cost-lines';
import { PlacementCost } from '@/lib/core/rebalance/objectives/placement-cost';
import { crowdedGroups, missingZones } from '@/lib/core/rebalance/objectives/spread';
import type { Placement } from '@/lib/core/rebalance/placement';
import { BUCKETS } from '@/lib/contract/vocabulary';
import type { Outcome } from './outcome';

/** Differences below this share of the cost are rounding. */
const ROUNDING = 1e-9;

/** How good the plan is against what could be at best. */
export function proofOf(outcome: Outcome): PlanProof | null {
  const { start, end, planning } = outcome;
  const { objective, costs, run } = planning;
  if (costs.lines.length === 0) return null;
  const movables = movablesOf(start, run.transferPrimary);
  const bound = run.bound();
  const terms = termsOf(outcome, bound.lines);
  const costBefore = sumOf(terms, 'before');
  const costAfter = sumOf(terms, 'after');
  const lowerBound = Math.min(bound.total, costAfter);
  const bytes = bytesBoundOf(start, end, objective, movables);
  const search = planning.strategy.report?.();
  return {
    costBefore, costAfter, lowerBound,
    gap: costAfter > 0 ? Math.max(0, (costAfter - lowerBound) / costAfter) : costBefore > 0 ? 0 : null,
    missing: costBefore > lowerBound ? Math.min(1, Math.max(0, (costAfter - lowerBound) / (costBefore - lowerBound))) : null,
    terms,
    imbalance: imbalanceBoundsOf(start, end, objective, { movables, reach: costs.reach }),
    bytesMin: Math.min(bytes.bytes, end.bytesMoved),
    bytesMinReason: bytes.reason,
    search: { stoppedBy: planning.run.search.struck() ?? search?.stoppedBy ?? 'converged', workDone: search?.workDone ?? 0, workMax: search?.workMax ?? 0 },
  };
}

function sumOf(terms: readonly ObjectiveTermCost[], side: 'before' | 'after'): number {
  return terms.reduce((sum, term) => sum + term[side], 0);
}

/** One term per objective: its lines together, then what moving costs. */
function termsOf({ start, end, changes, planning }: Outcome, bounds: readonly LineBound[]): ObjectiveTermCost[] {
  const { costs, run } = planning;
  const before = new PlacementCost(start, costs);
  const after = new PlacementCost(end, costs);
  const terms = new Map<string, ObjectiveTermCost>();
  costs.lines.forEach((line, index) => {
    const known = terms.get(line.objective);
    const bound = bounds[index]!;
    const ofLine = { before: before.ofLine(index), after: after.ofLine(index) };
    const lowerBound = Math.min(bound.lowerBound, ofLine.after);
    terms.set(line.objective, {
      objective: line.objective, bucket: line.bucket, weight: line.weight,
      before: (known?.before ?? 0) + ofLine.before,
      after: (known?.after ?? 0) + ofLine.after,
      lowerBound: (known?.lowerBound ?? 0) + lowerBound,
      message: known?.message ?? (lowerBound > ROUNDING * ofLine.before ? wordsOf(start, line, bound) : null),
    });
  });
  const { weights } = run.objectives;
  const groups = crowdedGroups(start);
  const crowded = (placement: Placement) => missingZones(start, placement, groups) * costs.perCrowded;
  const copies = changes.reduce((count, { kind }) => (kind === 'shift' ? count + 1 : count), 0);
  const crowdedBefore = crowded(start);
  return [
    ...terms.values(),
    ...(crowdedBefore > 0 ? [{ objective: 'spread' as const, bucket: 'repair' as const, weight: weights.spread, before: crowdedBefore, after: crowded(end), lowerBound: 0, message: null }] : []),
    { objective: 'bytes' as const, bucket: 'moves' as const, weight: weights.bytes, before: 0, after: costs.perByte * end.bytesMoved, lowerBound: 0, message: null },
    { objective: 'moves' as const, bucket: 'moves' as const, weight: weights.moves, before: 0, after: costs.perCopy * copies, lowerBound: 0, message: null },
  ].sort((a, b) => BUCKETS.indexOf(a.bucket) - BUCKETS.indexOf(b.bucket));
}

function wordsOf({ problem }: Placement, { objective, dimension }: CostLine, { cause, item, bin }: LineBound): string | null {
  const name = problem.dimensions[dimension]!.name;
  switch (cause) {
    case 'indivisible': return `Shard ${problem.itemGroup[item] ?? 0} is too heavy for the line of any node in ${name}, wherever it lies`;
    case 'stays': return objective === 'overload'
      ? `${problem.binIds[bin] ?? 'A node'} is above its ${name} line by what is no shard's, or by what cannot leave it`
      : `What cannot leave ${problem.binIds[bin] ?? 'a node'} keeps it above its share of ${name}`;
    case 'aggregate': return `All nodes together are above their ${name} lines: only more nodes help`;
    case null: return null;
  }
}
