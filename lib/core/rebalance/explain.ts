import type { BalanceDimension, Imbalance, NodeHolding } from '@/lib/contract/imbalance';
import { BALANCE_DIMENSIONS } from '@/lib/contract/imbalance';
import type { MoveReason, PlanStep } from '@/lib/contract/plan';
import { unevenness } from '@/lib/core/load/imbalance';
import type { ShardDemand } from '@/lib/core/load/shard-demand';
import { demandAt } from '@/lib/core/load/shard-demand';
import type { Change } from './change';
import { Placement } from './placement';
import { isPrimaryItem, type Problem } from './problem';

/** The changes as the plan's steps, each with the numbers of its two ends around it. */
export function stepsOf(problem: Problem, changes: readonly Change[], demand: ShardDemand): PlanStep[] {
  const placement = new Placement(problem);
  return changes.map((change) => {
    const { group, from, to } = change;
    const role = isPrimaryItem(problem, placement.itemOn(group, from)) ? 'primary' : 'secondary';
    const [sourceBefore, targetBefore] = [valueOf(placement, change.dimension, from), valueOf(placement, change.dimension, to)];
    placement.apply(change);
    const reason: MoveReason = {
      code: change.code,
      dimension: change.dimension,
      sourceBefore,
      sourceAfter: valueOf(placement, change.dimension, from),
      targetBefore,
      targetAfter: valueOf(placement, change.dimension, to),
    };
    const ends = { shardId: group, sourceNodeId: problem.binIds[from]!, targetNodeId: problem.binIds[to]! };
    if (change.kind === 'transfer') return { kind: 'transfer', ...ends, reason };
    return { kind: 'move', ...ends, role, bytes: knownAt(demand.bytes.values, group), keyCount: knownAt(demand.keys.values, group), reason };
  });
}

/** Imbalance of every dimension over the scored bins. */
export function imbalanceOfPlacement({ problem, level }: Placement): Imbalance {
  return Object.fromEntries(problem.dimensions.map((dimension, index) => [
    dimension.name,
    dimension.requirement === null ? null : unevenness(level[index]!, dimension.divisor, problem.scored),
  ])) as Imbalance;
}

/** What each node holds in this placement; the same model as holdingsOf, with moves in flight landed. */
export function holdingsOfPlacement(placement: Placement, demand: ShardDemand): NodeHolding[] {
  const { problem } = placement;
  const keys = new Float64Array(problem.binIds.length);
  placement.itemBin.forEach((bin, item) => { if (bin >= 0) keys[bin]! += demandAt(demand.keys, problem.itemGroup[item]!); });
  return problem.binIds.map((nodeId, bin) => {
    const shards = valueOf(placement, 'shards', bin) ?? 0;
    const orEmpty = (value: number | null) => value ?? (shards === 0 ? 0 : null);
    return {
      nodeId,
      shards,
      primaries: valueOf(placement, 'primaries', bin) ?? 0,
      dataBytes: orEmpty(valueOf(placement, 'data', bin)),
      keyCount: orEmpty(demand.keys.known ? keys[bin]! : null),
      operationsPerSecond: orEmpty(valueOf(placement, 'operations', bin)),
      cpuCores: orEmpty(valueOf(placement, 'cpu', bin)),
      networkBytesPerSecond: orEmpty(valueOf(placement, 'network', bin)),
    };
  });
}

/** Sums that lost a large part may end a rounding below 0. */
function valueOf({ problem, level }: Placement, dimension: BalanceDimension, bin: number): number | null {
  const index = BALANCE_DIMENSIONS.indexOf(dimension);
  return problem.dimensions[index]!.requirement === null ? null : Math.max(0, level[index]![bin]!);
}

function knownAt(values: Float32Array | Float64Array, row: number): number | null {
  const value = values[row]!;
  return value >= 0 && value < Infinity ? value : null;
}
