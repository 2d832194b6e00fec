import type { PlanVerdict, Strategy } from '@/lib/contract/plan';
import { BalanceModel, type BalanceTerm, type ObjectiveTerm } from './balance-model';
import type { Overload } from './objectives/overload';
import type { Placement } from './placement';
import type { Problem } from './problem';

/** The worst relevant dimension of a placement, for the words of a verdict. */
export interface WorstDimension {
  readonly name: string;
  readonly imbalance: number;
  readonly nodeId: string;
}

export function worstDimensionOf(placement: Placement, objective: readonly ObjectiveTerm[]): WorstDimension | null {
  const { problem } = placement;
  const model = new BalanceModel(placement, objective);
  let worst: { term: BalanceTerm; bin: number; excess: number } | null = null;
  for (let bin = 0; bin < problem.scored.length; bin += 1) {
    const term = problem.scored[bin] === 1 ? model.worstTerm(bin) : null;
    if (term === null) continue;
    const excess = model.excess(term, bin);
    if (worst === null || excess > worst.excess) worst = { term, bin, excess };
  }
  if (worst === null) return null;
  return { name: problem.dimensions[worst.term.dimension]!.name, imbalance: Math.max(0, worst.excess), nodeId: problem.binIds[worst.bin]! };
}

export function verdict(code: PlanVerdict['code'], message: string, numbers: Readonly<Record<string, number>> = {}): PlanVerdict {
  return { code, message: message.slice(0, 500), numbers: Object.fromEntries(Object.entries(numbers).filter(([, value]) => Number.isFinite(value))) };
}

/** [P7] Even enough already: `null` when it is not. */
export function verdictOnStart(placement: Placement, objective: readonly ObjectiveTerm[], threshold: number): PlanVerdict | null {
  const { problem } = placement;
  const eligible = problem.scored.reduce((count, each) => count + each, 0);
  if (eligible === 0) return verdict('nothing-feasible', 'No node accepts shards now: nothing can be evened', { eligibleNodes: 0 });
  if (eligible === 1) return verdict('already-balanced', 'Only one node carries shards: there is nothing to even it with', { eligibleNodes: 1 });
  const worst = worstDimensionOf(placement, objective);
  if (worst === null) return verdict('already-balanced', 'The nodes that accept shards hold nothing that could be evened', { eligibleNodes: eligible });
  const numbers = { imbalance: worst.imbalance, threshold };
  if (worst.imbalance === 0) return verdict('already-balanced', `All nodes carry the same ${worst.name}: nothing is worth moving`, numbers);
  if (worst.imbalance > threshold) return null;
  const empty = emptyBins(problem, placement);
  const hint = empty.length === 0 ? '' : ` ${empty[0]!} holds nothing${empty.length === 1 ? '' : `, nor do ${empty.length - 1} others`}: with a lower threshold it is filled.`;
  return verdict('below-threshold', `Imbalance of ${worst.name} is ${ratio(worst.imbalance)}, ${worst.imbalance < threshold ? 'under' : 'at'} the threshold ${ratio(threshold)}: nothing is worth moving.${hint}`, numbers);
}

export interface Outcome {
  readonly strategy: Strategy;
  readonly threshold: number;
  readonly stepCount: number;
  readonly bytes: number;
  readonly before: WorstDimension | null;
  readonly after: WorstDimension | null;
  readonly scoreAfter: number;
  /** Candidates that a constraint turned down. */
  readonly refused: boolean;
  readonly indivisible: IndivisibleItem | null;
  /** Where something is or was above a safety line. */
  readonly overloads: { readonly before: readonly Overload[]; readonly after: readonly Overload[] } | null;
  readonly binIds: readonly string[];
  /** Shards whose replicas share a zone although another is open. */
  readonly crowded: { readonly before: number; readonly after: number };
}

/** A plan over the whole cluster that was searched for. */
export function verdictOnSearch(outcome: Outcome): PlanVerdict {
  const { before, after, threshold, stepCount } = outcome;
  const numbers = {
    threshold, steps: stepCount, bytes: outcome.bytes,
    ...(before !== null && { imbalanceBefore: before.imbalance }), ...(after !== null && { imbalanceAfter: after.imbalance }),
  };
  const relief = overloadWords(outcome);
  const giant = outcome.indivisible;
  const limit = giant === null ? '' : ` Shard ${giant.shardId} alone carries ${giant.share >= 0.1 ? Math.round(giant.share * 100) : (giant.share * 100).toFixed(1)} % of the ${giant.dimension}: no placement gets its node below ${giant.timesMean.toFixed(1)}x the mean.`;
  if (relief !== null) return verdict(stepCount > 0 ? 'improves' : 'nothing-feasible', `${relief}${limit}`, { ...numbers, nodesOverBefore: outcome.overloads?.before.length ?? 0, nodesOverAfter: outcome.overloads?.after.length ?? 0 });
  const spread = spreadWords(outcome);
  if (stepCount > 0 && before !== null && after !== null) {
    const left = after.imbalance <= threshold ? `within the threshold ${ratio(threshold)}` : `still above the threshold ${ratio(threshold)}, as far as shards and constraints allow`;
    return verdict('improves', `${spread}${stepCount} ${stepCount === 1 ? 'step brings' : 'steps bring'} the worst imbalance from ${ratio(before.imbalance)} (${before.name}) to ${ratio(after.imbalance)} (${after.name}), ${left}.${limit}`, { ...numbers, ...(spread !== '' && { crowdedBefore: outcome.crowded.before, crowdedAfter: outcome.crowded.after }) });
  }
  if (outcome.strategy === 'consistent-hashing' && outcome.scoreAfter === 0) {
    return verdict('already-balanced', 'Every replica is where the hash ring puts it: nothing is to be moved', numbers);
  }
  const imbalance = before === null ? '' : `Imbalance of ${before.name} is ${ratio(before.imbalance)}, above the threshold ${ratio(threshold)}, but `;
  if (!outcome.refused && giant === null) {
    return verdict('already-balanced', `${imbalance}no move makes it more even: shards are not divisible any finer`, numbers);
  }
  return verdict('nothing-feasible', `${imbalance}no step that the constraints allow improves it.${limit}`, numbers);
}

/** What a plan does about replicas that share a zone; empty where none does. */
function spreadWords({ crowded: { before, after } }: Outcome): string {
  if (before === 0 || after >= before) return '';
  const left = after === 0 ? '' : `, ${after} still ${after === 1 ? 'does' : 'do'}`;
  return `${before} ${before === 1 ? 'shard had' : 'shards had'} replicas that share a zone needlessly${left}; `;
}

/** What a plan does about nodes above their safety lines; `null` where none is. */
function overloadWords({ overloads, binIds, stepCount, before, after }: Outcome): string | null {
  const worst = overloads?.before[0];
  if (overloads === null || worst === undefined) return null;
  const over = ({ bin, resource, ratio: times }: Overload) => `${binIds[bin]} is ${Math.round((times - 1) * 100) || 'under 1'} % above its ${resource} line`;
  const others = overloads.before.length === 1 ? '' : ` and ${overloads.before.length - 1} more like it`;
  const left = overloads.after[0];
  if (stepCount === 0) return `${over(worst)}${others}, but no step that the constraints allow relieves it.`;
  const evenness = before === null || after === null ? '' : ` The worst imbalance goes from ${ratio(before.imbalance)} (${before.name}) to ${ratio(after.imbalance)} (${after.name}).`;
  const result = left === undefined ? `${stepCount} ${stepCount === 1 ? 'step brings' : 'steps bring'} every node below its lines` : `after ${stepCount} ${stepCount === 1 ? 'step' : 'steps'} ${over(left)}`;
  return `${over(worst)}${others}; ${result}.${evenness}`;
}

export interface IndivisibleItem {
  readonly shardId: number;
  readonly dimension: string;
  /** Of the whole cluster, 0..1. */
  readonly share: number;
  readonly timesMean: number;
}

/** The heaviest single shard, where it alone is above the mean node by more than the threshold. */
export function indivisibleItem(placement: Placement, objective: readonly ObjectiveTerm[], threshold: number): IndivisibleItem | null {
  const { problem } = placement;
  const model = new BalanceModel(placement, objective);
  let found: IndivisibleItem | null = null;
  for (const term of model.terms) {
    if (!term.relevant) continue;
    // On the largest node a shard weighs least.
    let largest = 0;
    let sum = 0;
    problem.scored.forEach((scored, bin) => {
      if (scored === 0) return;
      largest = Math.max(largest, term.divisor[bin]!);
      sum += term.divisor[bin]!;
    });
    for (let item = 0; item < problem.itemRow.length; item += 1) {
      const weight = term.requirement[problem.itemRow[item]!]!;
      const timesMean = weight / largest / term.mean;
      if (timesMean <= 1 + threshold || timesMean <= (found?.timesMean ?? 0)) continue;
      found = { shardId: problem.itemGroup[item]!, dimension: problem.dimensions[term.dimension]!.name, share: weight / (term.mean * sum), timesMean };
    }
  }
  return found;
}

function emptyBins({ binIds, open, dimensionIndex }: Problem, placement: Placement): string[] {
  const shards = placement.level[dimensionIndex.shards]!;
  return binIds.filter((_, bin) => open[bin] === 1 && shards[bin] === 0);
}

function ratio(value: number): string {
  return value.toFixed(value !== 0 && value < 0.005 ? 4 : 2);
}
