import { BalanceModel } from './balance-model';
import type { Change } from './change';
import { mayPlace, mayTransfer, refusalOfPlacement } from './constraints/registry';
import { explainStay, mayLeave } from './constraints/source';
import type { TargetGuide } from './evacuate';
import { refusal, type RefusalTally } from './refusals';
import { Effort } from './search/effort';
import { ENERGY_GAIN_MIN } from './search/shift-pass';

/** A bound, not a budget: two or three rounds are usual. */
const ROUNDS_MAX = 1_000;

/**
 * Moves the primaries of the chosen shards to the given bin, or, with `target` null, each
 * to the place the strategy likes best, provided that is better than where it is: asking
 * twice must not send a shard back and forth (P7). Where the target already holds a
 * secondary, the role is handed over and nothing is copied.
 * Returns how many of the chosen shards could not be moved.
 */
export function moveSelected(guide: TargetGuide, shardIds: readonly number[], target: number | null, refusals: RefusalTally): number {
  const { problem, placement } = guide.run;
  const movable: number[] = [];
  for (const group of new Set(shardIds)) {
    const item = problem.groupStart[group]!;
    const isEmpty = item === problem.groupStart[group + 1];
    if (!isEmpty && mayLeave(placement, item)) movable.push(group);
    else refusals.add(`${group}/stays`, () => (isEmpty ? refusal('nothing-to-move', `Shard ${group} has no replica`, { shardId: group }) : explainStay(placement, item)));
  }
  const stuck = new Set(shardIds).size - movable.length;
  if (target !== null) return stuck + moveToTarget(guide, movable, target, refusals);
  moveToBestPlaces(guide, movable);
  return stuck;
}

function moveToTarget(guide: TargetGuide, groups: readonly number[], target: number, refusals: RefusalTally): number {
  const { run } = guide;
  const { problem, placement } = run;
  let refused = 0;
  for (const group of groups) {
    const item = problem.groupStart[group]!;
    if (placement.itemBin[item] === target) {
      refusals.add('already-so', () => refusal('already-so', `Shard ${group} is on ${problem.binIds[target]!} already`, { shardId: group, nodeId: problem.binIds[target] }));
      continue;
    }
    const change = toTarget(guide, item, target);
    if (change !== null) {
      run.commit(change);
      continue;
    }
    refused += 1;
    const found = whyNot(guide, item, target);
    refusals.add(`${found.constraint}/${found.nodeId ?? ''}`, () => found);
  }
  return refused;
}

/** Rounds, since what one shard leaves behind may make a better place for another; the energy falls with each move. */
function moveToBestPlaces(guide: TargetGuide, groups: readonly number[]): void {
  const { run } = guide;
  const effort = new Effort(run.search);
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    run.placement.rebuild();
    const model = new BalanceModel(run.placement, guide.objective);
    let moved = 0;
    for (const group of groups) {
      if (effort.isOver) return;
      effort.spend(run.problem.binIds.length);
      const change = toBestPlace(guide, model, run.problem.groupStart[group]!);
      if (change === null) continue;
      run.commit(change);
      moved += 1;
    }
    if (moved === 0) return;
  }
}

function toTarget({ run }: TargetGuide, item: number, target: number): Change | null {
  const { problem, placement } = run;
  const group = problem.itemGroup[item]!;
  const from = placement.itemBin[item]!;
  const secondary = placement.itemOn(group, target);
  if (secondary >= 0) {
    const possible = run.transferPrimary && problem.hasPrimary[group] === 1 && mayTransfer(placement, item, secondary);
    return possible ? { kind: 'transfer', group, from, to: target, code: 'selected-by-operator', dimension: 'primaries' } : null;
  }
  const possible = problem.open[target] === 1 && mayPlace(placement, item, target);
  return possible ? { kind: 'shift', group, from, to: target, code: 'selected-by-operator', dimension: 'shards' } : null;
}

function whyNot({ run }: TargetGuide, item: number, target: number): ReturnType<typeof refusal> {
  const { problem, placement } = run;
  const shardId = problem.itemGroup[item]!;
  const nodeId = problem.binIds[target]!;
  const secondary = placement.itemOn(shardId, target);
  if (secondary >= 0 && run.transferPrimary && problem.closedBecause[target] === null) {
    return refusal('capacity', `${nodeId} has no room for the load that the primary role of shard ${shardId} brings`, { shardId, nodeId });
  }
  return refusalOfPlacement(placement, item, target) ?? refusal('no-eligible-target', `${nodeId} cannot take shard ${shardId}`, { shardId, nodeId });
}

function toBestPlace({ run, strategy }: TargetGuide, model: BalanceModel, item: number): Change | null {
  const { problem, placement } = run;
  const group = problem.itemGroup[item]!;
  const row = problem.itemRow[item]!;
  const from = placement.itemBin[item]!;
  const shiftTo = (to: number): Change => ({ kind: 'shift', group, from, to, code: 'selected-by-operator', dimension: 'shards' });
  if (strategy.preferredBins !== undefined) {
    for (const bin of strategy.preferredBins(group)) {
      if (bin === from) return null;
      if (problem.open[bin] === 1 && mayPlace(placement, item, bin)) return shiftTo(bin);
    }
    return null;
  }
  let best: number | null = null;
  let bestDelta = -ENERGY_GAIN_MIN;
  for (let bin = 0; bin < problem.open.length; bin += 1) {
    if (problem.open[bin] === 0) continue;
    const delta = model.energyDelta(from, bin, row, -1);
    if (delta >= bestDelta || !mayPlace(placement, item, bin)) continue;
    best = bin;
    bestDelta = delta;
  }
  return best === null ? null : shiftTo(best);
}
