import { WAVES_MAX, type Wave } from '@/lib/contract/plan-proof';
import { BalanceModel, type BalanceTerm } from '@/lib/core/rebalance/balance-model';
import { Placement } from '@/lib/core/rebalance/placement';
import type { Change } from '@/lib/core/rebalance/change';
import type { Outcome } from './outcome';

/**
 * The steps cut into ranges that may run together and in any order: no two of them touch
 * one shard, and every target takes all that comes to it in the wave even if nothing
 * leaves it meanwhile (P13). It has the room, and it rises above the worst node as the
 * wave begins by half the threshold at most, never above the worst at the start of the
 * plan unless the plan itself takes it there. Without that half, plans whose last part
 * goes to and fro would be carried out move by move. Where a plan counts on space that
 * earlier steps give back, a new wave begins and says so.
 */
export function wavesOf({ problem, changes, reclaims: reclaimed, end, planning }: Outcome): Wave[] {
  const reclaims = new Set(reclaimed);
  const placement = new Placement(problem);
  const balance = new BalanceModel(placement, planning.objective);
  const endLevels = balance.terms.map(({ dimension }) => end.level[dimension]!);
  const waves: { fromStep: number; stepCount: number; bytes: number; reclaims: boolean }[] = [];
  const scoreAtStart = balance.score();
  const beginWave = (): WaveRoom => {
    const score = balance.score();
    return new WaveRoom(balance, Math.max(score, Math.min(scoreAtStart, score + planning.run.threshold / 2)), endLevels);
  };
  let room = beginWave();
  for (const [index, change] of changes.entries()) {
    const reclaiming = reclaims.has(index);
    if (reclaiming) placement.reclaim();
    let wave = waves.at(-1);
    if (wave === undefined || reclaiming || !room.takes(change)) {
      if (waves.length === WAVES_MAX) return waves;
      wave = { fromStep: index, stepCount: 0, bytes: 0, reclaims: reclaiming };
      waves.push(wave);
      room = beginWave();
      room.takes(change);
    }
    wave.stepCount += 1;
    if (change.kind === 'shift') wave.bytes += problem.groupBytes[change.group]!;
    placement.apply(change);
  }
  return waves;
}

const ROUNDING = 1e-9;

/** What the targets of one wave can take, nothing given back. */
class WaveRoom {
  readonly #placement: Placement;
  readonly #used: readonly (Float64Array | null)[];
  /** Per term of the balance. */
  readonly #levels: readonly Float64Array[];
  readonly #shards = new Set<number>();

  constructor(private readonly balance: BalanceModel, private readonly ceiling: number, private readonly endLevels: readonly Float64Array[]) {
    this.#placement = balance.placement;
    this.#used = this.#placement.used.map((used) => used?.slice() ?? null);
    this.#levels = balance.terms.map(({ level }) => level.slice());
  }

  /** Counts the change in, if it may run with the others. */
  takes({ kind, group, from, to }: Change): boolean {
    if (this.#shards.has(group)) return false;
    const { itemRow } = this.#placement.problem;
    const row = itemRow[this.#placement.itemOn(group, from)]!;
    const rowBack = kind === 'transfer' ? itemRow[this.#placement.itemOn(group, to)]! : -1;
    const arriving = (requirement: Float64Array): number => Math.max(0, requirement[row]! - (rowBack < 0 ? 0 : requirement[rowBack]!));
    if (this.#shards.size > 0 && !(this.#hasRoom(to, arriving) && this.#staysEven(to, arriving))) return false;
    this.#shards.add(group);
    this.#placement.problem.dimensions.forEach(({ requirement, capacity }, index) => {
      if (requirement !== null && capacity !== null) this.#used[index]![to]! += arriving(requirement);
    });
    this.balance.terms.forEach(({ requirement }, index) => { this.#levels[index]![to]! += arriving(requirement); });
    return true;
  }

  #hasRoom(to: number, arriving: (requirement: Float64Array) => number): boolean {
    return this.#placement.problem.dimensions.every(({ requirement, capacity }, index) => {
      if (requirement === null || capacity === null) return true;
      const amount = arriving(requirement);
      const used = this.#used[index]![to]!;
      return amount === 0 || used + amount <= capacity.limit[to]! || Number.isNaN(used);
    });
  }

  #staysEven(to: number, arriving: (requirement: Float64Array) => number): boolean {
    return this.balance.terms.every((term, index) => {
      const amount = arriving(term.requirement);
      return !term.relevant || amount === 0 || this.#levels[index]![to]! + amount <= this.#levelMax(term, index, to);
    });
  }

  /** By the ceiling, or what the node has in the end. */
  #levelMax({ mean, divisor }: BalanceTerm, index: number, bin: number): number {
    return Math.max((1 + this.ceiling + ROUNDING) * mean * divisor[bin]!, this.endLevels[index]![bin]! * (1 + ROUNDING));
  }
}
