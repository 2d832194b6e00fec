import { BalanceModel, type ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import type { Change } from '@/lib/core/rebalance/change';
import { mayPlace, mayTransfer } from '@/lib/core/rebalance/constraints/registry';
import { mayLeave } from '@/lib/core/rebalance/constraints/source';
import type { CostModel } from '@/lib/core/rebalance/objectives/cost-lines';
import { combinedScore, worstOverload } from '@/lib/core/rebalance/objectives/overload';
import { PlacementCost } from '@/lib/core/rebalance/objectives/placement-cost';
import { Placement } from '@/lib/core/rebalance/placement';
import { crowdedGroups, missingZones, zonesOfGroup } from '@/lib/core/rebalance/objectives/spread';
import { isPrimaryItem, type Problem } from '@/lib/core/rebalance/problem';
import { ChangeQueue } from './change-queue';
import { detourFor } from './detour';
import type { PendingGroup } from './pending-changes';

export interface Ordering {
  readonly problem: Problem;
  readonly terms: readonly ObjectiveTerm[];
  readonly costs: CostModel;
  readonly pending: readonly PendingGroup[];
  /** May moves rest on space that earlier ones have given back, in waves? */
  readonly settled: boolean;
}

export interface OrderedChanges {
  readonly changes: readonly Change[];
  /** Indexes of changes before which the space given back so far must be measured as free. */
  readonly reclaims: readonly number[];
  /** After `changes`. */
  readonly end: Placement;
  /** Cost of the end against that of the start, moves included: below 0 = better. */
  readonly net: number;
  /** Groups whose way was never possible. */
  readonly leftOut: number;
}

const ROUNDING = 1e-9;
/** Detours tried before a stuck order is taken as it is. */
const DETOURS_MAX = 64;
/** Passes over those who wait; each makes room for the next, and after a few there is little left to gain. */
const ROUNDS_MAX = 32;

/**
 * Puts the way from start to end in an order of which one may stop anywhere: every prefix
 * keeps all constraints, none has a higher score than the start, and what brings most per
 * byte goes first, so that the first tenth of the bytes brings much more than a tenth of
 * the gain. Changes of one group keep their own order.
 *
 * A greedy list scheduling over a queue with lazily renewed keys: the gain of a change
 * falls as others relieve the same bin. What is not possible yet waits; when nothing
 * is possible any more, space given back so far may be counted (a new wave), and when two
 * full bins wait for each other, one item makes a detour over a third bin. What never
 * becomes possible is left out, and so is a tail that costs more than it brings.
 */
export function orderChanges(ordering: Ordering): OrderedChanges {
  const run = new OrderingRun(ordering);
  for (;;) {
    run.drain({ falling: true });
    if (run.waiting.length === 0) break;
    if (run.drain({ falling: false }) > 0) continue;
    if (!ordering.settled || !(run.reclaim() || run.detour())) break;
  }
  return run.result();
}

class OrderingRun {
  readonly #placement: Placement;
  readonly #cost: PlacementCost;
  readonly #balance: BalanceModel;
  readonly #queue: ChangeQueue;
  readonly #changes: Change[] = [];
  readonly #reclaims: number[] = [];
  readonly #start: Placement;
  readonly #startScore: number;
  readonly #startOverload: number;
  readonly #crowded: Uint8Array;
  /** With overload and missing zones. */
  readonly #startScoreInAll: number;
  #missingZones: number;
  #score: number;
  #net = 0;
  #bestNet = 0;
  #bestLength = 0;
  #reclaimedAt = 0;
  #detours = 0;
  waiting: PendingGroup[] = [];

  constructor(private readonly ordering: Ordering) {
    this.#placement = new Placement(ordering.problem);
    this.#cost = new PlacementCost(this.#placement, ordering.costs);
    this.#balance = new BalanceModel(this.#placement, ordering.terms);
    this.#score = this.#balance.score();
    this.#startScore = this.#score;
    this.#start = new Placement(ordering.problem);
    this.#startOverload = worstOverload(this.#start, this.#placement);
    this.#crowded = new Uint8Array(ordering.problem.groupCount);
    const crowded = crowdedGroups(this.#start);
    for (const group of crowded) this.#crowded[group] = 1;
    this.#missingZones = missingZones(this.#start, this.#start, crowded);
    this.#startScoreInAll = combinedScore({ imbalance: this.#score, overload: this.#startOverload, missingZones: this.#missingZones });
    this.#queue = new ChangeQueue((group) => this.#worth(group));
    for (const group of ordering.pending) this.waiting.push(group);
  }

  /** Applies all that is possible, the most worthwhile first; who had to wait is asked again as long as that makes way for others. Returns how many. */
  drain({ falling }: { readonly falling: boolean }): number {
    let applied = 0;
    for (let round = 0; round < ROUNDS_MAX && this.waiting.length > 0; round += 1) {
      const before = applied;
      this.#queue.fill(this.waiting);
      this.waiting = [];
      for (let next = this.#queue.pop(); next !== null; next = this.#queue.pop()) {
        const change = next.head();
        if (!this.#isPossible(change) || this.#raises(change, falling)) {
          this.waiting.push(next);
          continue;
        }
        this.#apply(change);
        applied += 1;
        if (next.advance()) this.#queue.push(next);
      }
      if (applied === before) break;
    }
    return applied;
  }

  /** Counts the space given back so far; false when there is none. */
  reclaim(): boolean {
    if (this.#reclaimedAt === this.#changes.length) return false;
    this.#placement.reclaim();
    this.#reclaimedAt = this.#changes.length;
    this.#reclaims.push(this.#changes.length);
    return true;
  }

  detour(): boolean {
    if (this.#detours >= DETOURS_MAX) return false;
    const found = detourFor({ placement: this.#placement, waiting: this.waiting, allows: (change) => this.#isPossible(change) && !this.#raises(change, false) });
    if (found === null) return false;
    this.#detours += 1;
    this.#apply(found.change);
    found.group.divert(found.change);
    return this.reclaim();
  }

  result(): OrderedChanges {
    const changes = this.#changes.slice(0, this.#bestLength);
    const end = new Placement(this.ordering.problem);
    for (const change of changes) end.apply(change);
    end.rebuild();
    return { changes, reclaims: this.#reclaims.filter((at) => at < changes.length), end, net: this.#bestNet, leftOut: this.waiting.length };
  }

  #worth(group: PendingGroup): number {
    const { kind, group: shard, from, to } = group.head();
    const { problem } = this.#placement;
    const item = this.#placement.itemOn(shard, from);
    if (item < 0) return -Infinity;
    const other = kind === 'transfer' ? this.#placement.itemOn(shard, to) : -1;
    const gain = this.#zonesWon(group.head()) * this.ordering.costs.perCrowded - this.#cost.delta(from, to, problem.itemRow[item]!, other < 0 ? -1 : problem.itemRow[other]!);
    if (gain <= 0) return gain;
    return kind === 'transfer' ? gain * 1e12 : gain / (1 + problem.groupBytes[shard]!);
  }

  #apply(change: Change): void {
    const { problem } = this.#placement;
    const { itemRow } = problem;
    const { perByte, perCopy, perCrowded } = this.ordering.costs;
    const item = this.#placement.itemOn(change.group, change.from);
    const other = change.kind === 'transfer' ? this.#placement.itemOn(change.group, change.to) : -1;
    const zonesWon = this.#zonesWon(change);
    this.#missingZones -= zonesWon;
    this.#net += -zonesWon * perCrowded + this.#cost.delta(change.from, change.to, itemRow[item]!, other < 0 ? -1 : itemRow[other]!)
      + (change.kind === 'shift' ? perCopy + perByte * problem.groupBytes[change.group]! : perCopy * TRANSFER_SHARE);
    const wasWorst = this.#balance.worstExcess(change.from) >= this.#score - ROUNDING;
    this.#placement.apply(change);
    this.#changes.push(change);
    if (wasWorst) this.#score = Math.min(this.#score, this.#balance.score());
    if (this.#net < this.#bestNet - Math.abs(this.#bestNet) * ROUNDING) {
      this.#bestNet = this.#net;
      this.#bestLength = this.#changes.length;
    }
  }

  #isPossible({ kind, group, from, to }: Change): boolean {
    const placement = this.#placement;
    const item = placement.itemOn(group, from);
    if (item < 0 || !mayLeave(placement, item)) return false;
    if (kind === 'shift') return placement.problem.open[to] === 1 && mayPlace(placement, item, to);
    const secondary = placement.itemOn(group, to);
    return secondary > item && isPrimaryItem(placement.problem, item) && mayTransfer(placement, item, secondary);
  }

  /** Would the change put its target above the score (as it is by now, or as it was at the start)? Relief of an overload and a zone more outweigh it. */
  #raises(change: Change, falling: boolean): boolean {
    const { kind, group, from, to } = change;
    const { itemRow } = this.#placement.problem;
    const item = this.#placement.itemOn(group, from);
    const rowBack = kind === 'transfer' ? itemRow[this.#placement.itemOn(group, to)]! : -1;
    const ceiling = (falling ? this.#score : this.#startScore) + ROUNDING;
    if (!this.#balance.exceeds(to, itemRow[item]!, rowBack, ceiling)) return false;
    return falling || (this.#startOverload === 0 && this.#zonesWon(change) <= 0) || !this.#relieves(change);
  }

  /** Does the change take so much off the worst overload, or off the zones missing, that the score in all is still no higher than at the start? */
  #relieves(change: Change): boolean {
    const { group, from, to, kind } = change;
    const zones = this.#missingZones - this.#zonesWon(change);
    this.#placement.apply(change);
    const score = combinedScore({ imbalance: this.#balance.score(), overload: worstOverload(this.#start, this.#placement), missingZones: zones });
    const item = this.#placement.itemOn(group, to);
    if (kind === 'shift') this.#placement.undoShift(item, from);
    else this.#placement.transfer(group, from);
    return score <= this.#startScoreInAll;
  }

  /** Zones in which the group has a replica after the change and had none before. */
  #zonesWon({ kind, group, from, to }: Change): number {
    if (kind === 'transfer' || this.#crowded[group] === 0) return 0;
    const { zoneOf } = this.#placement.problem;
    if (zoneOf[from] === zoneOf[to]) return 0;
    const item = this.#placement.itemOn(group, from);
    const before = zonesOfGroup(this.#placement, group);
    this.#placement.itemBin[item] = to;
    const after = zonesOfGroup(this.#placement, group);
    this.#placement.itemBin[item] = from;
    return after - before;
  }
}

/** A handed-over role is not for nothing: with no gain at all it is left out. */
const TRANSFER_SHARE = 0.01;
