import { BalanceModel, type ObjectiveTerm } from './balance-model';
import type { Change } from './change';
import { mayPlace, mayTransfer } from './constraints/registry';
import { mayLeave } from './constraints/source';
import { Placement } from './placement';
import { isPrimaryItem, type Problem } from './problem';
import { binsOfGroup, regroup } from './regroup';

const ROUNDING = 1e-9;

interface Trajectory {
  readonly problem: Problem;
  readonly changes: readonly Change[];
  readonly objective: readonly ObjectiveTerm[];
  readonly transferPrimary: boolean;
}

/**
 * A search may touch a shard twice (A to B, later B to C); carrying that out would copy
 * its data twice. Here each shard goes straight from start to end, in the order of the
 * last touch; a step that is not yet possible, or would raise the score now, waits until
 * others have made way. Kept as searched when some would wait for ever.
 */
export function coalesced(trajectory: Trajectory): readonly Change[] {
  const direct = straightened(trajectory);
  if (direct === null) return trajectory.changes;
  const { problem, objective } = trajectory;
  const placement = new Placement(problem);
  const model = new BalanceModel(placement, objective);
  let score = model.score();
  const ordered: Change[] = [];
  let waiting = direct;
  while (waiting.length > 0) {
    const blocked = new Set<number>();
    const still: Change[] = [];
    for (const change of waiting) {
      const { from, group } = change;
      const wasWorst = model.worstExcess(from) >= score - ROUNDING;
      if (blocked.has(group) || !isPossible(placement, change) || raisesAbove(model, placement, change, score + ROUNDING)) {
        blocked.add(group);
        still.push(change);
        continue;
      }
      placement.apply(change);
      ordered.push(change);
      if (wasWorst) score = Math.min(score, model.score());
    }
    if (still.length === waiting.length) return trajectory.changes;
    waiting = still;
  }
  return ordered;
}

/** One way per shard; `null` when no shard is touched twice, or when a straight way would end elsewhere. */
function straightened({ problem, changes, transferPrimary }: Trajectory): Change[] | null {
  const lastTouch = new Map<number, number>();
  let twice = false;
  changes.forEach(({ group }, index) => {
    twice ||= lastTouch.has(group);
    lastTouch.set(group, index);
  });
  if (!twice) return null;
  const end = new Placement(problem);
  for (const change of changes) end.apply(change);
  const direct: Change[] = [];
  for (const [index, change] of changes.entries()) {
    const { group, code, dimension } = change;
    if (lastTouch.get(group) !== index) continue;
    const from = binsOfGroup(problem, problem.itemBin, group);
    const to = binsOfGroup(problem, end.itemBin, group);
    const way = regroup({ group, from, to, hasPrimary: problem.hasPrimary[group] === 1, zoneOf: problem.zoneOf, code, dimension }, transferPrimary);
    if (!reaches(from, to, way)) return null;
    direct.push(...way);
  }
  return direct;
}

/** Without transfers a straight way may end with another primary than the search had in mind. */
function reaches(from: readonly number[], to: readonly number[], way: readonly Change[]): boolean {
  const bins = [...from];
  for (const change of way) {
    const at = bins.indexOf(change.from);
    if (change.kind === 'shift') bins[at] = change.to;
    else {
      bins[bins.indexOf(change.to)] = change.from;
      bins[at] = change.to;
    }
  }
  return bins[0] === to[0] && bins.every((bin) => to.includes(bin));
}

function isPossible(placement: Placement, { kind, group, from, to }: Change): boolean {
  const item = placement.itemOn(group, from);
  if (item < 0 || !mayLeave(placement, item)) return false;
  if (kind === 'shift') return placement.problem.open[to] === 1 && mayPlace(placement, item, to);
  const secondary = placement.itemOn(group, to);
  return secondary > item && isPrimaryItem(placement.problem, item) && mayTransfer(placement, item, secondary);
}

function raisesAbove(model: BalanceModel, placement: Placement, { kind, group, from, to }: Change, ceiling: number): boolean {
  const { itemRow } = placement.problem;
  const row = itemRow[placement.itemOn(group, from)]!;
  const rowBack = kind === 'transfer' ? itemRow[placement.itemOn(group, to)]! : -1;
  return model.exceeds(to, row, rowBack, ceiling);
}
