import type { Change } from './change';
import { mayLeave } from './constraints/source';
import { Placement } from './placement';
import type { Problem } from './problem';
import { ItemsByBin } from './search/items-by-bin';

/**
 * Shards that are alike in everything can stand in for each other: of those on one node
 * the ones that go are then the last ones, and each target gets a run of neighbours.
 * Engines that keep ranges (Redis announces and stores slots as such) have less to say of
 * one range than of a hundred scattered shards. Sources, targets and their order stay as
 * they are, so every prefix is as sound as before. Only shards with one replica that move once.
 */
export function inRanges(problem: Problem, changes: readonly Change[]): readonly Change[] {
  const start = new Placement(problem);
  const held = new ItemsByBin(start);
  const result = [...changes];
  const taken = new Set(changes.map(({ group }) => group));
  const kinds = new Kinds(problem);
  for (const [source, indexes] of singleShiftsBySource(problem, changes)) {
    const byKind = new Map<number, { readonly going: number[]; readonly groups: number[] }>();
    for (const index of indexes) {
      const kind = kinds.of(changes[index]!.group);
      const known = byKind.get(kind);
      if (known === undefined) byKind.set(kind, { going: [index], groups: [] });
      else known.going.push(index);
    }
    const single = new Set(indexes.map((index) => changes[index]!.group));
    const sizes = new Set(indexes.map((index) => problem.groupBytes[changes[index]!.group]!));
    for (const item of held.of(source)) {
      const group = problem.itemGroup[item]!;
      if (!sizes.has(problem.groupBytes[group]!)) continue;
      // What moves in another way is not free to stay.
      if ((taken.has(group) && !single.has(group)) || sizeOf(problem, group) !== 1 || !mayLeave(start, item)) continue;
      byKind.get(kinds.of(group))?.groups.push(group);
    }
    for (const { going, groups } of byKind.values()) assignRuns(result, going, groups.slice(-going.length));
  }
  return result;
}

function sizeOf({ groupStart }: Problem, group: number): number {
  return groupStart[group + 1]! - groupStart[group]!;
}

function singleShiftsBySource(problem: Problem, changes: readonly Change[]): Map<number, number[]> {
  const touches = new Map<number, number>();
  for (const { group } of changes) touches.set(group, (touches.get(group) ?? 0) + 1);
  const bySource = new Map<number, number[]>();
  changes.forEach(({ kind, group, from }, index) => {
    if (kind !== 'shift' || touches.get(group) !== 1 || sizeOf(problem, group) !== 1) return;
    const known = bySource.get(from);
    if (known === undefined) bySource.set(from, [index]);
    else known.push(index);
  });
  return bySource;
}

/**
 * Numbers for shards: the same for those that ask the same of every resource and cost the same
 * to move. Writing all of it into one word to compare by would be a third of a plan's time.
 */
class Kinds {
  readonly #bytes = new Numbers();
  readonly #refined: readonly { readonly requirement: Float64Array; readonly values: Numbers; readonly pairs: Numbers }[];

  constructor(private readonly problem: Problem) {
    this.#refined = problem.dimensions.flatMap(({ requirement }) => (requirement === null ? [] : [{ requirement, values: new Numbers(), pairs: new Numbers() }]));
  }

  of(group: number): number {
    const { itemRow, groupStart, groupBytes, groupCount } = this.problem;
    const row = itemRow[groupStart[group]!]!;
    let kind = this.#bytes.of(groupBytes[group]!);
    // Neither has more numbers than there are shards, so a pair of them is one number of its own.
    for (const { requirement, values, pairs } of this.#refined) kind = pairs.of(kind * groupCount + values.of(requirement[row]!));
    return kind;
  }
}

/** Numbers values from 0 in the order in which they are met. */
class Numbers {
  readonly #known = new Map<number, number>();

  of(value: number): number {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const made = this.#known.size;
    this.#known.set(value, made);
    return made;
  }
}

/** `groups` ascending, as many as there are changes: one run per target, targets in the order of their first change. */
function assignRuns(changes: Change[], going: readonly number[], groups: readonly number[]): void {
  if (groups.length < going.length) return;
  const byTarget = new Map<number, number[]>();
  for (const index of going) {
    const { to } = changes[index]!;
    const known = byTarget.get(to);
    if (known === undefined) byTarget.set(to, [index]);
    else known.push(index);
  }
  let next = 0;
  for (const indexes of byTarget.values()) {
    for (const index of indexes) {
      changes[index] = { ...changes[index]!, group: groups[next]! };
      next += 1;
    }
  }
}
