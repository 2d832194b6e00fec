import type { Alternative } from '@/lib/contract/plan-proof';
import type { Change } from '@/lib/core/rebalance/change';
import { refusalOfPlacement } from '@/lib/core/rebalance/constraints/registry';
import { PlacementCost } from '@/lib/core/rebalance/objectives/placement-cost';
import { Placement } from '@/lib/core/rebalance/placement';
import type { Outcome } from './outcome';

/** The first moves bring most, and nobody reads a thousand explanations. Roles that change hands come first of all, cost nothing and have few places to go. */
const STEPS_MAX = 20;
const ALLOWED_MAX = 3;
const REFUSED_MAX = 5;

type Candidate = Alternative['candidates'][number];

/**
 * Why a step goes where it goes: the nodes that would have taken the copy as well with
 * what they would have gained, and the ones that would have gained more or as much but
 * were turned down, by which constraint and what would have to change.
 */
export function alternativesOf({ problem, changes, planning, reclaims: reclaimed }: Outcome): Alternative[] {
  const reclaims = new Set(reclaimed);
  const placement = new Placement(problem);
  const cost = new PlacementCost(placement, planning.costs);
  const alternatives: Alternative[] = [];
  for (const [stepIndex, change] of changes.entries()) {
    if (alternatives.length === STEPS_MAX) break;
    if (reclaims.has(stepIndex)) placement.reclaim();
    const candidates = change.kind === 'shift' ? candidatesOf(placement, cost, change) : [];
    placement.apply(change);
    if (candidates.length > 0) alternatives.push({ stepIndex, candidates });
  }
  return alternatives;
}

function candidatesOf(placement: Placement, cost: PlacementCost, { group, from, to }: Change): Candidate[] {
  const { problem } = placement;
  const item = placement.itemOn(group, from);
  const row = problem.itemRow[item]!;
  const gainOf = (bin: number) => -cost.delta(from, bin, row);
  const chosen = gainOf(to);
  const others = problem.binIds.map((_, bin) => bin).filter((bin) => bin !== from && bin !== to)
    .map((bin) => ({ bin, gain: gainOf(bin), refusal: refusalOfPlacement(placement, item, bin) }))
    .sort((a, b) => b.gain - a.gain || a.bin - b.bin);
  const allowed = others.filter(({ refusal }) => refusal === null).slice(0, ALLOWED_MAX).map(({ bin, gain }): Candidate => ({
    nodeId: problem.binIds[bin]!, code: 'gains-less',
    message: gain < chosen * (1 - 1e-9)
      ? `${problem.binIds[bin]} would take it too, for ${chosen > 0 ? Math.round((100 * Math.max(0, gain)) / chosen) : 0} % of the gain`
      : `${problem.binIds[bin]} would take it too, for as much by itself; the plan as a whole is better this way`,
    numbers: { gain, gainChosen: chosen }, remedy: null,
  }));
  const refused = others.filter(({ refusal }) => refusal !== null).slice(0, REFUSED_MAX).map(({ bin, gain, refusal }): Candidate => ({
    nodeId: problem.binIds[bin]!, code: refusal!.constraint, message: refusal!.message, numbers: { ...refusal!.numbers, gain, gainChosen: chosen }, remedy: refusal!.remedy ?? null,
  }));
  return [...allowed, ...refused];
}
