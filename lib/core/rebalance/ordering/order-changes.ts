import { BalanceModel, type ObjectiveTerm } from '@/lib/core/rebalance/balance-model';
import type { Change } from '@/lib/core/rebalance/change';
import { mayPlace, mayTransfer } from '@/lib/core/rebalance/constraints/registry';
import { mayLeave } from '@/lib/core/rebalance/constraints/source';
import type { CostModel } from '@/lib/core/rebalance/objectives/cost-lines';
import { combinedScore, worstOverload } from '@/lib/core/rebalance/objectives/overload';
import { PlacementCost, type Carried } from '@/lib/core/rebalance/objectives/placement-cost';
import { Placement } from '@/lib/core/rebalance/placement';
import { crowdedGroups, missingZones, zonesOfGroup } from '@/lib/core/rebalance/objectives/spread';
import { isPrimaryItem, type Problem } from '@/lib/core/rebalance/problem';
import { Effort } from '@/lib/core/rebalance/search/effort';
import type { SearchControl } from '@/lib/core/rebalance/strategies/strategy';
import { ChangeQueue } from './change-queue';
import { detourFor } from './detour';
import { bestChain, leavingBins, pairsOf, type Steps } from './joint-changes';
import { lastWorthwhile, type Stop } from './negligible-tail';
import type { PendingGroup } from './pending-changes';

export interface Ordering {
  readonly problem: Problem;
  readonly terms: readonly ObjectiveTerm[];
  readonly costs: CostModel;
  /** Imbalance that is even enough, 0..1. */
  readonly threshold: number;
  readonly pending: readonly PendingGroup[];
  /** May moves rest on space that earlier ones have given back, in waves? */
  readonly settled: boolean;
  readonly search: Pick<SearchControl, 'interruptedBy'>;
}

export interface OrderedChanges {
  readonly changes: readonly Change[];
  /** Indexes of changes before which the space given back so far must be measured as free. */
  readonly reclaims: readonly number[];
  /** After `changes`. */
  readonly end: Placement;
  /** Cost of the end against that of the start, moves included: below 0 = better. */
  readonly net: number;
  /** Of the cost taken off, what is unevenness. */
  readonly evened: number;
  /** Groups whose way was never possible. */
  readonly leftOut: number;
}

const ROUNDING = 1e-9;
/** Detours tried before a stuck order is taken as it is. */
const DETOURS_MAX = 64;
/** Pairs looked at in one go; beyond that a large plan would pair for longer than it was searched. */
const PAIRS_MAX = 200_000;
/** Changes looked at for chains in one go. */
const CHAIN_LOOKS_MAX = 1_000_000;
/** Passes over those who wait; each makes room for the next, and after a few there is little left to gain. */
const ROUNDS_MAX = 32;
/** About a second once time is up, longer where much waits: what was found by then is only a plan when it is in order. */
const GRACE_LOOKS = 1_000_000;
const GRACE_LOOKS_PER_GROUP = 10;

/**
 * Puts the way from start to end in an order of which one may stop anywhere: every prefix
 * keeps all constraints, none has a higher score than the start, and what brings most per
 * byte goes first, so that the first tenth of the bytes brings much more than a tenth of
 * the gain. Changes of one group keep their own order.
 *
 * A greedy list scheduling over a queue with lazily renewed keys: the gain of a change
 * falls as others relieve the same bin. Each change takes more off the cost than it is
 * priced at, as things are when its turn comes; what does not help yet waits until its
 * partners have moved. What only helps together goes together: the changes of one group,
 * two that hand something on over a bin, and chains of a few over several bins. Between
 * such neighbours alone the cost may be higher for a few steps. What helps neither alone nor in company is left out, and so is a
 * tail that brings next to nothing for its bytes.
 *
 * In waves (`settled`) that is followed by what only makes room for others: space given
 * back so far is counted (a new wave), and when two full bins wait for each other, one item
 * makes a detour over a third bin. That part pays off at its end, or is left out.
 *
 * When time is up, the order ends soon after, wherever it is: every prefix is a plan.
 */
export function orderChanges(ordering: Ordering): OrderedChanges {
  const run = new OrderingRun(ordering);
  do run.climb();
  while (run.join() + run.chain() > 0 && !run.isOver());
  while (ordering.settled && run.waiting.length > 0 && !run.isOver()) {
    if (run.drain({ falling: true, helping: false }) + run.drain({ falling: false, helping: false }) > 0) continue;
    if (!(run.reclaim() || run.detour())) break;
  }
  return run.result();
}

class OrderingRun {
  readonly #placement: Placement;
  readonly #cost: PlacementCost;
  /** The lines of evenness alone. */
  readonly #unevenness: PlacementCost;
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
  #evened = 0;
  /** Where the order may end, each cheaper than all before it. */
  readonly #stops: Stop[] = [];
  #reclaimedAt = 0;
  #detours = 0;
  readonly #effort: Effort;
  waiting: PendingGroup[] = [];

  constructor(private readonly ordering: Ordering) {
    this.#effort = new Effort(ordering.search, { graceLooks: Math.max(GRACE_LOOKS, GRACE_LOOKS_PER_GROUP * ordering.pending.length) });
    this.#placement = new Placement(ordering.problem);
    this.#cost = new PlacementCost(this.#placement, ordering.costs);
    this.#unevenness = new PlacementCost(this.#placement, { ...ordering.costs, lines: ordering.costs.lines.filter(({ bucket }) => bucket === 'balance') });
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

  isOver(): boolean {
    return this.#effort.isOver;
  }

  /** Applies all that helps, best so that the score only falls. */
  climb(): void {
    this.drain({ falling: true, helping: true });
    while (this.drain({ falling: false, helping: true }) > 0) this.drain({ falling: true, helping: true });
  }

  /** Applies all that is possible (and `helping`), the most worthwhile first; who had to wait is asked again as long as that makes way for others. Returns how many. */
  drain({ falling, helping }: { readonly falling: boolean; readonly helping: boolean }): number {
    let applied = 0;
    for (let round = 0; round < ROUNDS_MAX && this.waiting.length > 0 && !this.isOver(); round += 1) {
      const before = applied;
      this.#queue.fill(this.waiting);
      this.waiting = [];
      for (let next = this.#queue.pop(); next !== null; next = this.#queue.pop()) {
        const made = this.#isAllowed(next.head(), falling) ? this.#advance(next, falling, helping) : 0;
        if (made === 0) this.waiting.push(next);
        else if (!next.isDone()) this.#queue.push(next);
        applied += made;
        if (this.isOver()) this.waiting = this.waiting.concat(this.#queue.takeAll());
      }
      if (applied === before) break;
    }
    return applied;
  }

  /** Applies pairs that help together although neither does alone. Returns how many. */
  join(): number {
    const taken = new Set<PendingGroup>();
    let joined = 0;
    for (const pair of pairsOf(this.waiting, PAIRS_MAX)) {
      if (this.isOver()) break;
      if (pair.some((group) => taken.has(group)) || this.#netOfPair(pair) >= 0) continue;
      const [first, second] = pair;
      if (!(this.#together([first, second]) || this.#together([second, first]))) continue;
      for (const group of pair) taken.add(group);
      joined += 1;
    }
    this.waiting = this.waiting.filter((group) => !group.isDone());
    return joined;
  }

  /** Applies chains that help together although no two of them do. Returns how many. */
  chain(): number {
    const looks = { left: CHAIN_LOOKS_MAX };
    const leaving = leavingBins(this.waiting);
    let chained = 0;
    for (const first of this.waiting) {
      if (looks.left <= 0 || this.isOver()) break;
      if (first.isDone()) continue;
      const links = bestChain(first, { leaving, steps: this.#steps, looks });
      for (const group of links) {
        this.#apply(group.head());
        group.advance();
      }
      if (links.length > 0) chained += 1;
    }
    this.waiting = this.waiting.filter((group) => !group.isDone());
    return chained;
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
    const found = detourFor({ placement: this.#placement, waiting: this.waiting, allows: (change) => this.#isAllowed(change, false) });
    if (found === null) return false;
    this.#detours += 1;
    this.#apply(found.change);
    found.group.divert(found.change);
    return this.reclaim();
  }

  result(): OrderedChanges {
    const worthwhile = this.#stopAt(lastWorthwhile(this.#stops));
    const whole = this.#stopAt(this.#stops.at(-1));
    // A tail that the operator's threshold needs is worth its bytes, whatever came before.
    const { stop, changes, end } = worthwhile.score <= Math.max(this.ordering.threshold, whole.score) + ROUNDING ? worthwhile : whole;
    const leftOut = this.waiting.reduce((count, group) => (this.#isAllowed(group.head(), false) ? count : count + 1), 0);
    return { changes, reclaims: this.#reclaims.filter((at) => at < changes.length), end, net: -(stop?.gain ?? 0), evened: stop?.evened ?? 0, leftOut };
  }

  #stopAt(stop: Stop | undefined): { readonly stop: Stop | undefined; readonly changes: readonly Change[]; readonly end: Placement; readonly score: number } {
    const changes = this.#changes.slice(0, stop?.length ?? 0);
    const end = new Placement(this.ordering.problem);
    for (const change of changes) end.apply(change);
    end.rebuild();
    return { stop, changes, end, score: new BalanceModel(end, this.ordering.terms).score() };
  }

  /** The head, or as many of the group's changes as help together. Returns how many were applied. */
  #advance(group: PendingGroup, falling: boolean, helping: boolean): number {
    const rest = group.rest();
    let net = 0;
    const made: { readonly change: Change; readonly item: number }[] = [];
    for (const change of helping ? rest : rest.slice(0, 1)) {
      if (made.length > 0 && !this.#isAllowed(change, falling)) break;
      net += this.#netOf(change);
      if (!helping || net < 0) {
        for (const { change: each, item } of made.reverse()) this.#undo(each, item);
        for (let count = 0; count <= made.length; count += 1) {
          this.#apply(group.head());
          group.advance();
        }
        return made.length + 1;
      }
      if (rest.length === 1) break;
      made.push({ change, item: this.#placement.itemOn(change.group, change.from) });
      this.#placement.apply(change);
    }
    for (const { change, item } of made.reverse()) this.#undo(change, item);
    return 0;
  }

  /** Changes on trial. */
  readonly #steps: Steps = {
    netOf: (change) => (this.#isAllowed(change, false) ? this.#netOf(change) : Infinity),
    apply: (change) => {
      const item = this.#placement.itemOn(change.group, change.from);
      this.#placement.apply(change);
      return () => { this.#undo(change, item); };
    },
  };

  /** Applies the heads one after the other, or none of them. */
  #together([first, second]: readonly [PendingGroup, PendingGroup]): boolean {
    const change = first.head();
    if (!this.#isAllowed(change, false)) return false;
    const item = this.#placement.itemOn(change.group, change.from);
    this.#placement.apply(change);
    const allowed = this.#isAllowed(second.head(), false);
    this.#undo(change, item);
    if (!allowed) return false;
    for (const group of [first, second]) {
      this.#apply(group.head());
      group.advance();
    }
    return true;
  }

  /** Price included; below 0 = helps. */
  #netOfPair([first, second]: readonly [PendingGroup, PendingGroup]): number {
    this.#effort.spend(1);
    const [one, other] = [this.#carried(first.head()), this.#carried(second.head())];
    if (one === null || other === null) return 0;
    return this.#cost.pairDelta(one, other) + this.#priceOf(first.head()) + this.#priceOf(second.head());
  }

  /** Price included, zones won as well. */
  #netOf(change: Change): number {
    this.#effort.spend(1);
    const carried = this.#carried(change);
    if (carried === null) return Infinity;
    return this.#cost.delta(carried.from, carried.to, carried.rowOut, carried.rowBack) - this.#zonesWon(change) * this.ordering.costs.perCrowded + this.#priceOf(change);
  }

  #priceOf({ kind, group }: Change): number {
    const { perByte, perCopy } = this.ordering.costs;
    return kind === 'shift' ? perCopy + perByte * this.#placement.problem.groupBytes[group]! : perCopy * TRANSFER_SHARE;
  }

  /** `null`: the copy that it is about is not there. */
  #carried({ kind, group, from, to }: Change): Carried | null {
    const { itemRow } = this.#placement.problem;
    const item = this.#placement.itemOn(group, from);
    const other = kind === 'transfer' ? this.#placement.itemOn(group, to) : -1;
    return item < 0 ? null : { from, to, rowOut: itemRow[item]!, rowBack: other < 0 ? -1 : itemRow[other]! };
  }

  #worth(group: PendingGroup): number {
    const gain = -this.#netOf(group.head());
    if (gain <= 0) return gain;
    return group.head().kind === 'transfer' ? gain * 1e12 : gain / (1 + this.#placement.problem.groupBytes[group.group]!);
  }

  #apply(change: Change): void {
    const { from, to, rowOut, rowBack } = this.#carried(change)!;
    this.#net += this.#netOf(change);
    this.#evened -= this.#unevenness.delta(from, to, rowOut, rowBack);
    this.#missingZones -= this.#zonesWon(change);
    const wasWorst = this.#balance.worstExcess(from) >= this.#score - ROUNDING;
    this.#placement.apply(change);
    this.#changes.push(change);
    if (wasWorst) {
      this.#effort.spend(this.#placement.problem.binIds.length);
      this.#score = Math.min(this.#score, this.#balance.score());
    }
    const best = this.#stops.at(-1)?.gain ?? 0;
    if (-this.#net > best * (1 + ROUNDING)) this.#stops.push({ length: this.#changes.length, bytes: this.#placement.bytesMoved, gain: -this.#net, evened: this.#evened });
  }

  #undo({ kind, group, from }: Change, item: number): void {
    if (kind === 'shift') this.#placement.undoShift(item, from);
    else this.#placement.transfer(group, from);
  }

  #isAllowed(change: Change, falling: boolean): boolean {
    this.#effort.spend(1);
    return this.#isPossible(change) && !this.#raises(change, falling);
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
    const item = this.#placement.itemOn(change.group, change.from);
    const zones = this.#missingZones - this.#zonesWon(change);
    this.#effort.spend(this.#placement.problem.binIds.length);
    this.#placement.apply(change);
    const score = combinedScore({ imbalance: this.#balance.score(), overload: worstOverload(this.#start, this.#placement), missingZones: zones });
    this.#undo(change, item);
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
