import { BalanceModel, type ObjectiveTerm } from './balance-model';
import type { Change } from './change';
import { mayPlace, mayTransfer } from './constraints/registry';
import { mayLeave } from './constraints/source';
import { Placement } from './placement';
import { isPrimaryItem, type Problem } from './problem';
import { binsOfGroup, regroup } from './regroup';
import { Effort } from './search/effort';
import type { SearchControl } from './strategies/strategy';

const ROUNDING = 1e-12;
const ROUNDS_MAX = 30;
/** About a second once time is up. */
const GRACE_LOOKS = 1_000_000;

interface Trajectory {
  readonly problem: Problem;
  readonly changes: readonly Change[];
  readonly objective: readonly ObjectiveTerm[];
  readonly transferPrimary: boolean;
  readonly search: Pick<SearchControl, 'interruptedBy'>;
}

/**
 * A search may touch a shard twice (A to B, later B to C, or back to A); carrying that
 * out would copy its data twice. Here each shard goes straight from start to end, in the
 * order of the last touch; a step that is not yet possible, or would raise the score,
 * waits until others have made way. Best is an order in which the score only falls, next
 * one in which it is never above the start's. Shards for which even that never comes
 * keep the way that was searched, which is known to hold.
 */
export function coalesced(trajectory: Trajectory): readonly Change[] {
  let ways = straightWays(trajectory);
  if (ways.size === 0) return trajectory.changes;
  const effort = new Effort(trajectory.search, { graceLooks: GRACE_LOOKS });
  const falling = schedule(trajectory, withWays(trajectory.changes, ways), { falling: true, effort });
  if (falling.waiting.length === 0) return falling.ordered;
  for (let round = 0; round < ROUNDS_MAX && ways.size > 0 && !effort.isOver; round += 1) {
    const { ordered, waiting } = schedule(trajectory, withWays(trajectory.changes, ways), { falling: false, effort });
    if (waiting.length === 0) return ordered;
    const stuck = new Set(waiting.map(({ group }) => group));
    const left = new Map([...ways].filter(([group]) => !stuck.has(group)));
    // Nobody waits for a straightened shard of their own: the latest one is in the others' way.
    ways = left.size < ways.size ? left : new Map([...ways].slice(0, -1));
  }
  return trajectory.changes;
}

/** For every shard touched more than once, its straight way, in the order of first touch. */
function straightWays({ problem, changes, transferPrimary }: Trajectory): ReadonlyMap<number, readonly Change[]> {
  const touches = new Map<number, Change[]>();
  for (const change of changes) {
    const known = touches.get(change.group);
    if (known === undefined) touches.set(change.group, [change]);
    else known.push(change);
  }
  const ways = new Map<number, readonly Change[]>();
  for (const [group, [first, ...others]] of touches) {
    if (first === undefined || others.length === 0) continue;
    const from = binsOfGroup(problem, problem.itemBin, group);
    const to = follow(from, [first, ...others]);
    const { code, dimension } = first;
    const way = regroup({ group, from, to, hasPrimary: problem.hasPrimary[group] === 1, zoneOf: problem.zoneOf, code, dimension }, transferPrimary);
    if (isShorter(way, [first, ...others]) && endsAlike(follow(from, way), to)) ways.set(group, way);
  }
  return ways;
}

/** Copies count first: a role costs nothing to hand over. */
function isShorter(way: readonly Change[], searched: readonly Change[]): boolean {
  const copies = (changes: readonly Change[]) => changes.filter(({ kind }) => kind === 'shift').length;
  return copies(way) < copies(searched) || (copies(way) === copies(searched) && way.length < searched.length);
}

/** The straight ways at the place of their shard's last change, all else as it was. */
function withWays(changes: readonly Change[], ways: ReadonlyMap<number, readonly Change[]>): Change[] {
  const lastTouch = new Map(changes.map(({ group }, index) => [group, index]));
  return changes.flatMap((change, index) => {
    const way = ways.get(change.group);
    if (way === undefined) return [change];
    return lastTouch.get(change.group) === index ? way : [];
  });
}

/** As many of the changes as can be made one after the other, and those that never can. */
function schedule({ problem, objective }: Trajectory, changes: readonly Change[], { falling, effort }: { readonly falling: boolean; readonly effort: Effort }): { ordered: Change[]; waiting: readonly Change[] } {
  const placement = new Placement(problem);
  const model = new BalanceModel(placement, objective);
  let score = model.score();
  const ordered: Change[] = [];
  let waiting = changes;
  for (;;) {
    const blocked = new Set<number>();
    const still: Change[] = [];
    effort.spend(waiting.length);
    for (const change of waiting) {
      const { from, group } = change;
      if (blocked.has(group) || !isPossible(placement, change) || raisesAbove(model, placement, change, score + ROUNDING)) {
        blocked.add(group);
        still.push(change);
        continue;
      }
      const wasWorst = falling && model.worstExcess(from) >= score - ROUNDING;
      placement.apply(change);
      ordered.push(change);
      if (wasWorst) score = Math.min(score, model.score());
    }
    if (still.length === 0 || still.length === waiting.length || effort.isOver) return { ordered, waiting: still };
    waiting = still;
  }
}

/** The bins of a group's items after changes to it. */
function follow(from: readonly number[], changes: readonly Change[]): number[] {
  const bins = [...from];
  for (const { kind, from: source, to } of changes) {
    const at = bins.indexOf(source);
    if (kind === 'transfer') bins[bins.indexOf(to)] = source;
    bins[at] = to;
  }
  return bins;
}

/** The same bins with the same primary. */
function endsAlike(one: readonly number[], other: readonly number[]): boolean {
  return one[0] === other[0] && one.every((bin) => other.includes(bin));
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
