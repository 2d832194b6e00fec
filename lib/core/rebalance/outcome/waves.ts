import { WAVES_MAX, type Wave } from '@/lib/contract/plan-proof';
import { Placement } from '@/lib/core/rebalance/placement';
import type { Change } from '@/lib/core/rebalance/change';
import type { Outcome } from './outcome';

/**
 * The steps cut into ranges that may run together: no two of them touch one shard, and
 * every target has room for all that comes to it in the wave even if nothing leaves it
 * meanwhile. Where a plan counts on space that earlier steps give back, a new wave begins
 * and says so.
 */
export function wavesOf({ problem, changes, reclaims: reclaimed }: Outcome): Wave[] {
  const reclaims = new Set(reclaimed);
  const placement = new Placement(problem);
  const waves: { fromStep: number; stepCount: number; bytes: number; reclaims: boolean }[] = [];
  let room = new WaveRoom(placement);
  for (const [index, change] of changes.entries()) {
    const reclaiming = reclaims.has(index);
    if (reclaiming) placement.reclaim();
    let wave = waves.at(-1);
    if (wave === undefined || reclaiming || !room.takes(change)) {
      if (waves.length === WAVES_MAX) return waves;
      wave = { fromStep: index, stepCount: 0, bytes: 0, reclaims: reclaiming };
      waves.push(wave);
      room = new WaveRoom(placement);
      room.takes(change);
    }
    wave.stepCount += 1;
    if (change.kind === 'shift') wave.bytes += problem.groupBytes[change.group]!;
    placement.apply(change);
  }
  return waves;
}

/** Room on the targets of one wave, nothing given back. */
class WaveRoom {
  readonly #used: readonly (Float64Array | null)[];
  readonly #shards = new Set<number>();

  constructor(private readonly placement: Placement) {
    this.#used = placement.used.map((used) => used?.slice() ?? null);
  }

  /** Counts the change in, if it may run with the others. */
  takes({ kind, group, from, to }: Change): boolean {
    if (this.#shards.has(group)) return false;
    const { dimensions, itemRow } = this.placement.problem;
    const row = itemRow[this.placement.itemOn(group, from)]!;
    const rowBack = kind === 'transfer' ? itemRow[this.placement.itemOn(group, to)]! : -1;
    const arriving = dimensions.map(({ requirement, capacity }) => (requirement === null || capacity === null ? 0 : Math.max(0, requirement[row]! - (rowBack < 0 ? 0 : requirement[rowBack]!))));
    const fits = arriving.every((amount, index) => {
      const capacity = dimensions[index]!.capacity;
      return amount === 0 || capacity === null || this.#used[index]![to]! + amount <= capacity.limit[to]! || Number.isNaN(this.#used[index]![to]!);
    });
    if (!fits && this.#shards.size > 0) return false;
    this.#shards.add(group);
    arriving.forEach((amount, index) => { if (amount > 0) this.#used[index]![to]! += amount; });
    return true;
  }
}
