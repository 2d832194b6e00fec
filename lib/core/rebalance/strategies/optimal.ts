import { BalanceModel } from '@/lib/core/rebalance/balance-model';
import type { Change } from '@/lib/core/rebalance/change';
import { assignmentModelOf, itemBinsOf } from '@/lib/core/rebalance/objectives/assignment-model-of';
import { costModelOf, evenTargetOf, type CostModel } from '@/lib/core/rebalance/objectives/cost-lines';
import { evennessTerms } from '@/lib/core/rebalance/objectives/objectives';
import { combinedScore, worstOverload } from '@/lib/core/rebalance/objectives/overload';
import { crowdedGroups, missingZones } from '@/lib/core/rebalance/objectives/spread';
import { createOptimiser } from '@/lib/core/rebalance/optimiser/optimiser';
import { PlacementCost } from '@/lib/core/rebalance/objectives/placement-cost';
import { boundOnce } from '@/lib/core/rebalance/bounds/bound-once';
import type { Problem } from '@/lib/core/rebalance/problem';
import { verdictOnStart } from '@/lib/core/rebalance/verdict';
import { GAIN_PER_BYTE_MIN, SHORT_PLAN_STEPS } from '@/lib/core/rebalance/ordering/negligible-tail';
import { orderChanges, type OrderedChanges } from '@/lib/core/rebalance/ordering/order-changes';
import { pendingChanges } from '@/lib/core/rebalance/ordering/pending-changes';
import { Placement } from '@/lib/core/rebalance/placement';
import { searchLocally } from '@/lib/core/rebalance/search/local-search';
import { repairSpread } from '@/lib/core/rebalance/search/repair-spread';
import { reasonsOf } from './change-reasons';
import { loadPerByteOrder } from './load-based';
import type { PlanningRun, RebalanceStrategy, SearchReport, StrategyRun } from './strategy';

/** Evaluations between two looks at the clock and at who cancels. */
const SLICE = 50_000;

/**
 * The best placement by weighted objectives that a bounded search finds, and the way there.
 *
 * 1. Construct: crowded zones are spread, then the load-based search descends. That alone
 *    is a good plan within milliseconds.
 * 2. Improve: the optimiser goes on from there over the whole assignment, with moves that
 *    no greedy search makes (swaps, and worse placements on the way to better ones), by a
 *    budget of evaluations, so that the same request gives the same plan (P6).
 * 3. Order: shard by shard the fewest changes from start to end, ordered so that every
 *    prefix is sound and the gain per byte falls; what never becomes possible, and the
 *    tail that is not worth its bytes, is left out.
 * 4. Where full nodes stand in each other's way, once more with waves and detours.
 *
 * What is even enough for the threshold and below its safety lines is left alone (P7).
 */
export const optimal: RebalanceStrategy = {
  name: 'optimal',
  objective: (problem, { objectives, transferPrimary }) => evennessTerms(problem, objectives.weights, transferPrimary),
  begin: (run) => new OptimalRun(run),
};

/** Less than this share of what could be taken off at all is not worth a plan. */
const MATERIAL_SHARE = 0.02;
/** Up to so many items times bins a plan is followed by the next ones until they are empty, so that carrying it out leaves nothing to plan. */
const CLOSURE_PAIRS_MAX = 10_000;
const CLOSURE_ROUNDS_MAX = 6;

class OptimalRun implements StrategyRun {
  readonly isOrdered = true;
  readonly #start: Placement;
  #report: SearchReport = { stoppedBy: 'converged', workDone: 0, workMax: 0, reclaims: [] };

  constructor(private readonly run: PlanningRun) {
    this.#start = new Placement(run.problem);
  }

  score(): number {
    const { placement } = this.run;
    placement.rebuild();
    return combinedScore({
      imbalance: new BalanceModel(placement, this.run.terms).score(),
      overload: worstOverload(this.#start, placement),
      missingZones: missingZones(this.#start, placement, crowdedGroups(this.#start)),
    });
  }

  isUrgent(): boolean {
    return isUrgent(this.run, this.#start);
  }

  report(): SearchReport {
    return this.#report;
  }

  propose(): void {
    let best = this.#solve(this.run);
    const { problem } = this.run;
    const rounds = problem.itemRow.length * problem.binIds.length <= CLOSURE_PAIRS_MAX ? CLOSURE_ROUNDS_MAX : 0;
    for (let round = 0; round < rounds && best.changes.length > 0 && this.run.search.interruptedBy() === null; round += 1) {
      const later = this.#later(best.end);
      if (later === null) break;
      const straight = ordered(this.run, later.itemBin, best.reclaims.length > 0);
      if (!isBetter(straight, best)) break;
      best = straight;
    }
    this.#commit(best);
  }

  refine(endBins: Int32Array): void {
    this.#commit(this.#bettered(this.run, endBins));
  }

  #commit(result: OrderedChanges): void {
    for (const change of result.changes) this.run.commit(change);
    this.#report = { ...this.#report, reclaims: result.reclaims };
  }

  /** The end of the plan that would be made next, once this one is carried out; `null` = there would be none. */
  #later(end: Placement): Placement | null {
    const problem = problemAfter(this.run.problem, end);
    const placement = new Placement(problem);
    const terms = evennessTerms(problem, this.run.objectives.weights, this.run.transferPrimary);
    const costs = costModelOf(placement, this.run.objectives, terms, this.run.threshold);
    const run: PlanningRun = { ...this.run, problem, placement, terms, costs, bound: boundOnce(problem, costs, this.run.transferPrimary) };
    const even = verdictOnStart(placement, terms, run.threshold) !== null;
    if (even && !isUrgent(run, placement)) return null;
    const next = this.#solve(run);
    return next.changes.length === 0 ? null : next.end;
  }

  #solve(run: PlanningRun): OrderedChanges {
    const result = this.#bettered(run, constructed(run));
    return isMaterial(run, result) ? result : { ...result, changes: [], reclaims: [] };
  }

  #bettered(run: PlanningRun, endBins: Int32Array): OrderedChanges {
    const asItIs = ordered(run, endBins, false);
    if (run.search.interruptedBy() === 'canceled' || isProvenBest(run, asItIs)) return asItIs;
    const priced = { ...run, costs: pricedAsHeld(run.costs, asItIs) };
    const searched = ordered(run, this.#improved(priced, endBins, false), false);
    const best = isBetter(searched, asItIs) ? searched : asItIs;
    if (run.search.interruptedBy() === 'canceled' || !needsWaves(run, best)) return best;
    const inWaves = ordered(run, this.#improved(priced, best.end.itemBin, true), true);
    // Where no wave was needed after all, every step has to help, as in any other plan.
    const settled = inWaves.reclaims.length > 0 ? inWaves : ordered(run, inWaves.end.itemBin, false);
    return isBetter(settled, best) ? settled : best;
  }

  #improved(run: PlanningRun, from: Int32Array, settled: boolean): Int32Array {
    const { workMax, interruptedBy, onProgress } = run.search;
    const { costs } = run;
    const start = new Placement(run.problem);
    if (costs.lines.length === 0 || workMax === 0) return from;
    const adapted = assignmentModelOf(start, costs, { settled, transferPrimary: run.transferPrimary, from });
    const created = createOptimiser(adapted.model, { seed: run.seed, workUnitsTotal: workMax, coolingFrom: coolingFrom(workMax / adapted.model.itemCount) });
    // What the model refuses the search by hand has still done.
    if (!created.ok) return from;
    const optimiser = created.value;
    optimiser.adopt(adapted.itemOf.map((item) => from[item]!));
    let stoppedBy: SearchReport['stoppedBy'] | null = null;
    while (stoppedBy === null) {
      stoppedBy = interruptedBy();
      if (stoppedBy !== null) break;
      if (optimiser.step(SLICE) === 'done') stoppedBy = optimiser.iterations < workMax ? 'converged' : 'work-budget';
      onProgress(Math.min(1, optimiser.iterations / workMax));
    }
    const { workDone, workMax: workBefore } = this.#report;
    this.#report = { stoppedBy, workDone: workDone + optimiser.iterations, workMax: workBefore + workMax, reclaims: [] };
    return itemBinsOf(run.problem, adapted, optimiser.best().assignment);
  }
}

/**
 * What a long plan is held to when it is put in order, that a byte brings something, the
 * search pays from the start: else it would scatter shards for gains that are cut again.
 */
function pricedAsHeld(costs: CostModel, { changes, evened, end }: OrderedChanges): CostModel {
  if (changes.length < SHORT_PLAN_STEPS || end.bytesMoved === 0) return costs;
  return { ...costs, perByte: Math.max(costs.perByte, (GAIN_PER_BYTE_MIN * evened) / end.bytesMoved) };
}

/** Something weighs more than unevenness: a node above a safety line, or replicas that share a zone needlessly. */
function isUrgent({ objectives: { weights } }: PlanningRun, start: Placement): boolean {
  return (weights.overload > 0 && worstOverload(start, start) > 0) || (weights.spread > 0 && crowdedGroups(start).length > 0);
}

function constructed(run: PlanningRun): Int32Array {
  const { terms, costs, objectives } = run;
  const scratch = new Placement(run.problem);
  const own: PlanningRun = { ...run, placement: scratch, commit: (change: Change) => { scratch.apply(change); } };
  if (run.objectives.weights.spread > 0) repairSpread(own, new BalanceModel(scratch, terms));
  if (terms.some(({ relevant }) => relevant)) {
    const target = evenTargetOf(scratch, costs, objectives.evenTo);
    searchLocally({ run: own, objective: terms, code: 'evens-load', target, evenEnough: Math.max(target, run.threshold), order: loadPerByteOrder(run) });
  }
  return scratch.itemBin;
}

function ordered(run: PlanningRun, endBins: Int32Array, settled: boolean): OrderedChanges {
  const { problem, transferPrimary, terms, costs, threshold } = run;
  const start = new Placement(problem);
  const pending = pendingChanges({ problem, endBins, transferPrimary, reasonOf: reasonsOf(start, terms) });
  return orderChanges({ problem, terms, costs, threshold, pending, settled, search: run.search });
}

/** Where a bin is so full that it could hardly take anything. */
const FULL_SHARE = 0.9;

/** Is more wanted than was reached, and is space that moves give back what it would take? */
function needsWaves({ problem, threshold, terms }: PlanningRun, { end, leftOut }: OrderedChanges): boolean {
  const isTight = problem.dimensions.some(({ capacity, requirement }, index) => capacity?.transient === true && requirement !== null
    && capacity.limit.some((limit, bin) => problem.open[bin] === 1 && end.used[index]![bin]! > FULL_SHARE * limit));
  if (!isTight) return false;
  if (leftOut > 0 || worstOverload(new Placement(problem), end) > 0) return true;
  return !problem.evacuating.includes(1) && new BalanceModel(end, terms).score() > threshold;
}

/** Of the cost that is left: closer to the bound than this nobody notices. */
const PROVEN_SHARE = 1e-6;
const ROUNDING = 1e-12;

/** Takes noticeably more off the cost, or about the same in fewer steps. */
function isBetter(one: OrderedChanges, other: OrderedChanges): boolean {
  const more = other.net - one.net;
  return Math.abs(more) > PROVEN_SHARE * -other.net ? more > 0 : one.changes.length < other.changes.length;
}

/**
 * With a thousand evaluations per item the search may begin hot; with ten the constructed
 * placement is worth more than what it could find after scattering it.
 */
function coolingFrom(workPerItem: number): number {
  return Math.min(0.8, Math.max(0, 0.8 * (3 - Math.log10(Math.max(1, workPerItem))) / 2));
}

/** Is the search over before it begins? */
function isProvenBest(run: PlanningRun, { net }: OrderedChanges): boolean {
  const before = costBefore(run);
  const after = before + net;
  return after <= run.bound().total + PROVEN_SHARE * after + ROUNDING * before;
}

function costBefore({ problem, costs }: PlanningRun): number {
  const start = new Placement(problem);
  return new PlacementCost(start, costs).total() + missingZones(start, start, crowdedGroups(start)) * costs.perCrowded;
}

/** Does the plan take enough off the cost, of what can be taken off at all? */
function isMaterial(run: PlanningRun, { net, changes }: OrderedChanges): boolean {
  if (changes.length === 0) return false;
  const before = costBefore(run);
  if (-net >= MATERIAL_SHARE * before) return true;
  return -net >= MATERIAL_SHARE * (before - run.bound().total);
}

/** The problem once a plan has been carried out: everything where it was sent, space given back. */
function problemAfter(problem: Problem, end: Placement): Problem {
  const start = new Placement(problem);
  return {
    ...problem,
    itemBin: end.itemBin.slice(),
    dimensions: problem.dimensions.map((dimension, index) => {
      const { capacity, requirement } = dimension;
      if (capacity === null || requirement === null) return dimension;
      const used = capacity.used.map((each, bin) => each + end.level[index]![bin]! - start.level[index]![bin]!);
      return { ...dimension, capacity: { ...capacity, used } };
    }),
  };
}
