import type { BalanceDimension, Imbalance } from '@/lib/contract/imbalance';
import { acceptsPlacement, type ClusterState } from '@/lib/core/cluster/cluster-state';
import { balanceBasisOf } from './balance-basis';
import { leaderTotalsOf, type LeaderTotals } from './holdings';

/**
 * (max - mean) / mean of value / divisor over the eligible leaders, 0 = even. The mean is
 * weighted by the divisor (it is the utilization of the pool as a whole), so that no move
 * inside the pool changes it and a plan is measured by one ruler before and after.
 * `null` when there is nothing to compare: no eligible leader, or nothing held.
 */
export function unevenness(levels: Float64Array, divisors: Float64Array, eligible: ArrayLike<number>): number | null {
  let max = 0;
  let sum = 0;
  let weight = 0;
  for (let index = 0; index < levels.length; index += 1) {
    if (eligible[index] === 0) continue;
    max = Math.max(max, levels[index]! / divisors[index]!);
    sum += levels[index]!;
    weight += divisors[index]!;
  }
  return sum > 0 && Number.isFinite(sum) ? Math.max(0, (max * weight) / sum - 1) : null;
}

/**
 * Imbalance per dimension of what the shards ask of their nodes (see holdingsOf), over
 * the leaders that may be placed on now. Utilization-based where capacities are known,
 * else of the plain value; `null` where the shards' quantities are unknown.
 */
export function imbalanceOf(state: ClusterState, nowMs: number, totals: LeaderTotals = leaderTotalsOf(state)): Imbalance {
  const { leaders, demand } = totals;
  const eligible = new Uint8Array(leaders.length);
  for (let index = 0; index < eligible.length; index += 1) if (acceptsPlacement(leaders[index]!, nowMs)) eligible[index] = 1;
  const basis = balanceBasisOf(leaders, eligible, totals.bytes.reduce((sum, bytes) => sum + bytes, 0));
  const of = (dimension: BalanceDimension, levels: Float64Array, known: boolean) =>
    known ? unevenness(levels, basis.divisors[dimension], eligible) : null;
  const bytesKnown = demand.bytes.known;
  return {
    cpu: of('cpu', totals.cpu, demand.cpu.known),
    memory: of('memory', totals.bytes, bytesKnown && basis.memoryPerByte !== null),
    disk: of('disk', totals.bytes, bytesKnown && basis.diskPerByte !== null),
    network: of('network', totals.network, demand.network.known),
    operations: of('operations', totals.operations, demand.reads.known && demand.writes.known),
    data: of('data', totals.bytes, bytesKnown),
    shards: of('shards', totals.shards, true),
    primaries: of('primaries', totals.primaries, true),
  };
}
