import { BalanceModel, type ObjectiveTerm } from './balance-model';
import type { Change } from './change';
import { mayPlace, mayTransfer, refusalOfPlacement } from './constraints/registry';
import { explainStay, mayLeave } from './constraints/source';
import { zoneSpread } from './constraints/zone-spread';
import type { RefusalTally } from './refusals';
import { refusal } from './refusals';
import { Effort } from './search/effort';
import { ItemsByBin } from './search/items-by-bin';
import type { PlanningRun, StrategyRun } from './strategies/strategy';

/** What guides the choice of targets, whatever the scope. */
export interface TargetGuide {
  readonly run: PlanningRun;
  readonly strategy: StrategyRun;
  readonly objective: readonly ObjectiveTerm[];
}

/**
 * Empties the evacuating bins: primary roles leave first, where a living secondary can
 * take them (that takes the traffic off without moving a byte), then every copy, the
 * largest first since it is the hardest to place. What finds no place stays, with a
 * refusal that names the shard and the constraint in its way.
 * Zones are kept apart as long as any room elsewhere allows it (P3); only when none does,
 * a copy may join a sibling's zone, because a node that must go outweighs it.
 */
export function evacuate(guide: TargetGuide, refusals: RefusalTally): { readonly zonesGivenUp: readonly number[] } {
  const { run } = guide;
  const { problem, placement } = run;
  const items = new ItemsByBin(placement);
  const leaving = problem.binIds
    .flatMap((_, bin) => (problem.evacuating[bin] === 1 ? [...items.of(bin)] : []))
    .sort((a, b) => problem.groupBytes[problem.itemGroup[b]!]! - problem.groupBytes[problem.itemGroup[a]!]! || a - b);
  const model = new BalanceModel(placement, guide.objective);
  for (const item of leaving) {
    const transfer = roleHandover(run, model, item);
    if (transfer !== null) run.commit(transfer);
  }
  const zonesGivenUp: number[] = [];
  // Half an evacuation is none: it looks at every copy once, and only who cancels ends it.
  const effort = new Effort(run.search, { graceLooks: Infinity });
  // By group and bin: a transfer has exchanged which item of the group is on the bin.
  for (const { group, from } of leavingNow(run, leaving)) {
    const item = placement.itemOn(group, from);
    if (item < 0) continue;
    if (effort.isOver) break;
    effort.spend(problem.binIds.length);
    if (!mayLeave(placement, item)) {
      refusals.add(`${group}/stays`, () => explainStay(placement, item));
      continue;
    }
    const target = bestTarget(guide, model, item);
    const crowded = target === null ? bestTarget(guide, model, item, { ignoreZones: true }) : null;
    if (crowded !== null) zonesGivenUp.push(group);
    const to = target ?? crowded;
    if (to === null) refusals.add(`${group}/no-target`, () => noTarget(run, item));
    else run.commit({ kind: 'shift', group, from, to, code: 'evacuates', dimension: 'shards' });
  }
  return { zonesGivenUp };
}

function leavingNow({ problem, placement }: PlanningRun, leaving: readonly number[]): { group: number; from: number }[] {
  const groups = new Set(leaving.map((item) => problem.itemGroup[item]!));
  return [...groups].flatMap((group) => {
    const bins: number[] = [];
    for (let item = problem.groupStart[group]!; item < problem.groupStart[group + 1]!; item += 1) {
      const bin = placement.itemBin[item]!;
      if (bin >= 0 && problem.evacuating[bin] === 1) bins.push(bin);
    }
    return bins.map((from) => ({ group, from }));
  });
}

/** The transfer of a primary to the secondary where it evens best; `null` when there is none to take it. */
function roleHandover(run: PlanningRun, model: BalanceModel, item: number): Change | null {
  const { problem, placement, transferPrimary } = run;
  const group = problem.itemGroup[item]!;
  const primary = problem.groupStart[group]!;
  if (!transferPrimary || item !== primary || problem.hasPrimary[group] === 0 || !mayLeave(placement, item)) return null;
  let best = -1;
  let bestDelta = Infinity;
  for (let sibling = primary + 1; sibling < problem.groupStart[group + 1]!; sibling += 1) {
    if (!mayTransfer(placement, primary, sibling)) continue;
    const bin = placement.itemBin[sibling]!;
    const delta = model.arrivalDelta(bin, problem.itemRow[primary]!, problem.itemRow[sibling]);
    if (delta < bestDelta) {
      best = bin;
      bestDelta = delta;
    }
  }
  return best < 0 ? null : { kind: 'transfer', group, from: placement.itemBin[primary]!, to: best, code: 'evacuates', dimension: 'primaries' };
}

/** The open bin that the strategy prefers for the item; `null` when no bin may have it. */
function bestTarget(guide: TargetGuide, model: BalanceModel, item: number, options: { ignoreZones: boolean } = { ignoreZones: false }): number | null {
  const { run, strategy } = guide;
  const { problem, placement } = run;
  const except = options.ignoreZones ? zoneSpread : undefined;
  if (strategy.preferredBins !== undefined) {
    for (const bin of strategy.preferredBins(problem.itemGroup[item]!)) {
      if (problem.open[bin] === 1 && mayPlace(placement, item, bin, except)) return bin;
    }
    return null;
  }
  let best: number | null = null;
  let bestDelta = Infinity;
  for (let bin = 0; bin < problem.open.length; bin += 1) {
    if (problem.open[bin] === 0) continue;
    const delta = model.arrivalDelta(bin, problem.itemRow[item]!);
    if (delta >= bestDelta || !mayPlace(placement, item, bin, except)) continue;
    best = bin;
    bestDelta = delta;
  }
  return best;
}

/** The refusal of the target that came closest: capacity rather than a closed node, as that is what an operator can change. */
function noTarget({ problem, placement }: PlanningRun, item: number): ReturnType<typeof refusal> {
  const shardId = problem.itemGroup[item]!;
  const nodeId = problem.binIds[placement.itemBin[item]!];
  let closest: ReturnType<typeof refusal> | null = null;
  let open = 0;
  for (let bin = 0; bin < problem.open.length; bin += 1) {
    if (problem.open[bin] === 0) continue;
    open += 1;
    const found = refusalOfPlacement(placement, item, bin);
    if (closest === null || found?.constraint === 'capacity') closest = found;
  }
  if (closest === null) {
    return refusal('no-eligible-target', `Shard ${shardId} cannot leave ${nodeId ?? 'its node'}: no other node accepts shards`, { shardId, nodeId, numbers: { nodesAccepting: open } });
  }
  return { ...closest, shardId, nodeId: nodeId ?? null, message: `Shard ${shardId} cannot leave ${nodeId ?? 'its node'}: none of ${open} nodes can take it. ${closest.message}`.slice(0, 500), count: 1 };
}
