import { BalanceModel, type ObjectiveTerm } from './balance-model';
import type { Change } from './change';
import { mayPlace, mayTransfer } from './constraints/registry';
import { mayLeave } from './constraints/source';
import { Placement } from './placement';
import type { Problem } from './problem';
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
 * its data twice. Where one way from start to end holds the same promises, the detour is
 * dropped: each such shard goes straight to its end at its last (or else its first) place
 * in the order. Kept as searched when neither order is feasible throughout.
 */
export function coalesced(trajectory: Trajectory): readonly Change[] {
  const { problem, changes } = trajectory;
  const touched = new Map<number, number[]>();
  changes.forEach(({ group }, index) => {
    const indexes = touched.get(group);
    if (indexes === undefined) touched.set(group, [index]);
    else indexes.push(index);
  });
  const detours = new Map([...touched].filter(([, indexes]) => indexes.length > 1));
  if (detours.size === 0) return changes;
  const end = new Placement(problem);
  for (const change of changes) end.apply(change);
  const direct = new Map<number, readonly Change[]>();
  for (const [group, indexes] of detours) {
    const { code, dimension } = changes[indexes[0]!]!;
    const from = binsOfGroup(problem, problem.itemBin, group);
    const way = regroup(
      { group, from, to: binsOfGroup(problem, end.itemBin, group), hasPrimary: problem.hasPrimary[group] === 1, zoneOf: problem.zoneOf, code, dimension },
      trajectory.transferPrimary,
    );
    if (way.length < indexes.length) direct.set(group, way);
  }
  for (const place of ['last', 'first'] as const) {
    const candidate = changes.flatMap((change, index) => {
      const way = direct.get(change.group);
      const indexes = detours.get(change.group);
      if (way === undefined || indexes === undefined) return [change];
      return index === (place === 'last' ? indexes.at(-1) : indexes[0]) ? way : [];
    });
    if (endsAt(problem, candidate, end) && holdsThroughout(trajectory, candidate)) return candidate;
  }
  return changes;
}

/** Without transfers a straight way may end with another primary than the search had in mind. */
function endsAt(problem: Problem, changes: readonly Change[], end: Placement): boolean {
  const placement = new Placement(problem);
  for (const change of changes) placement.apply(change);
  for (let group = 0; group < problem.groupCount; group += 1) {
    const reached = binsOfGroup(problem, placement.itemBin, group);
    const wanted = binsOfGroup(problem, end.itemBin, group);
    if (problem.hasPrimary[group] === 1 && reached[0] !== wanted[0]) return false;
  }
  return true;
}

/** Is every change possible in turn, with no prefix of a higher score than the one before? */
function holdsThroughout({ problem, objective }: Trajectory, changes: readonly Change[]): boolean {
  const placement = new Placement(problem);
  const model = new BalanceModel(placement, objective);
  let score = model.score();
  for (const change of changes) {
    const item = placement.itemOn(change.group, change.from);
    if (item < 0 || !mayLeave(placement, item)) return false;
    if (change.kind === 'shift' ? !(problem.open[change.to] === 1 && mayPlace(placement, item, change.to)) : !isPossibleTransfer(placement, item, change)) return false;
    const wasWorst = model.worstExcess(change.from) >= score - ROUNDING;
    placement.apply(change);
    if (model.worstExcess(change.to) > score + ROUNDING) return false;
    if (wasWorst) score = Math.min(score, model.score());
  }
  return true;
}

function isPossibleTransfer(placement: Placement, primary: number, { group, to }: Change): boolean {
  const secondary = placement.itemOn(group, to);
  return secondary > primary && primary === placement.problem.groupStart[group] && mayTransfer(placement, primary, secondary);
}
