import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { Change } from './change';
import { mayPlace } from './constraints/registry';
import { mayLeave } from './constraints/source';
import { Placement } from './placement';
import type { Dimension, Problem } from './problem';
import { ItemsByBin } from './search/items-by-bin';

/**
 * What a run of neighbours may weigh more or less than the shards that were chosen, 0..1, of
 * every resource and in bytes.
 */
const TOLERANCE = 0.1;

/**
 * Shards that are alike can stand in for each other: of those on one node the ones that go
 * are then the last ones, and each target gets a run of neighbours. Engines that keep ranges
 * (Redis announces and stores slots as such, and its clients fetch them all when they meet a
 * slot that has gone) have less to say of one range than of a hundred scattered shards.
 * Sources, targets and their order stay as they are, so every prefix is as sound as before.
 * Only shards with one replica that move once.
 *
 * Alike are those that ask the same of every resource and cost the same to move; and also
 * those that ask the same of what is `evened`, as long as each target gets as much of all the
 * rest from each source, to a tenth, and every prefix holds all constraints. Nothing evened:
 * all shards of a source that is emptied. `null`: a plan that was weighed by all of it.
 */
export function inRanges(problem: Problem, changes: readonly Change[], evened: readonly BalanceDimension[] | null): readonly Change[] {
  const strict = new Kinds(problem, { bytes: true, ofEmptied: false, dimensions: problem.dimensions });
  if (evened === null) return withRuns(problem, changes, [strict]);
  const loose = new Kinds(problem, { bytes: false, ofEmptied: evened.length === 0, dimensions: problem.dimensions.filter(({ name }) => evened.includes(name)) });
  const result = withRuns(problem, changes, [loose, strict]);
  return isSound(problem, result) ? result : withRuns(problem, changes, [strict]);
}

/** By the first of the kinds by which a source's shards weigh what they did. */
function withRuns(problem: Problem, changes: readonly Change[], kindsInTurn: readonly Kinds[]): readonly Change[] {
  const start = new Placement(problem);
  const held = new ItemsByBin(start);
  const result = [...changes];
  const taken = new Set(changes.map(({ group }) => group));
  for (const [source, indexes] of singleShiftsBySource(problem, changes)) {
    const single = new Set(indexes.map((index) => changes[index]!.group));
    const free: number[] = [];
    for (const item of held.of(source)) {
      const group = problem.itemGroup[item]!;
      // What moves in another way is not free to stay.
      if ((!taken.has(group) || single.has(group)) && sizeOf(problem, group) === 1 && mayLeave(start, item)) free.push(group);
    }
    for (const kinds of kindsInTurn) {
      // Where some stay it matters which ones.
      if (kinds.ofEmptied && free.length > indexes.length) continue;
      assignByKind(result, { changes, indexes, free, kinds });
      if (kinds.isStrict || weighAlike(problem, { changes, result, indexes })) break;
    }
  }
  return result;
}

function assignByKind(result: Change[], { changes, indexes, free, kinds }: { readonly changes: readonly Change[]; readonly indexes: readonly number[]; readonly free: readonly number[]; readonly kinds: Kinds }): void {
  const byKind = new Map<number, { readonly going: number[]; readonly groups: number[] }>();
  for (const index of indexes) {
    result[index] = changes[index]!;
    const kind = kinds.of(changes[index]!.group);
    const known = byKind.get(kind);
    if (known === undefined) byKind.set(kind, { going: [index], groups: [] });
    else known.going.push(index);
  }
  for (const group of free) byKind.get(kinds.of(group))?.groups.push(group);
  for (const { going, groups } of byKind.values()) assignRuns(result, going, groups.slice(-going.length));
}

/** Does each target get from this source what it would have got, to the tolerance? */
function weighAlike({ itemRow, groupStart, groupBytes, dimensions }: Problem, { changes, result, indexes }: { readonly changes: readonly Change[]; readonly result: readonly Change[]; readonly indexes: readonly number[] }): boolean {
  const columns = dimensions.flatMap(({ requirement }) => (requirement === null ? [] : [requirement]));
  const before = new Map<number, Float64Array>(), after = new Map<number, Float64Array>();
  const add = (sums: Map<number, Float64Array>, { group, to }: Change) => {
    const sum = sums.get(to) ?? new Float64Array(columns.length + 1);
    sums.set(to, sum);
    const row = itemRow[groupStart[group]!]!;
    columns.forEach((column, index) => { sum[index]! += column[row]!; });
    sum[columns.length]! += groupBytes[group]!;
  };
  for (const index of indexes) {
    add(before, changes[index]!);
    add(after, result[index]!);
  }
  return [...before].every(([to, sum]) => sum.every((value, index) => Math.abs(after.get(to)![index]! - value) <= TOLERANCE * value));
}

function isSound(problem: Problem, changes: readonly Change[]): boolean {
  const placement = new Placement(problem);
  return changes.every((change) => {
    const isPossible = change.kind === 'transfer' || mayPlace(placement, placement.itemOn(change.group, change.from), change.to);
    if (isPossible) placement.apply(change);
    return isPossible;
  });
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
 * Numbers for shards: the same for those that ask the same of these resources and, if strict,
 * cost the same to move. Writing all of it into one word to compare by would be a third of a plan's time.
 */
class Kinds {
  readonly #bytes = new Numbers();
  readonly #refined: readonly { readonly requirement: Float64Array; readonly values: Numbers; readonly pairs: Numbers }[];
  readonly isStrict: boolean;
  /** Only for shards of sources that keep none. */
  readonly ofEmptied: boolean;

  constructor(private readonly problem: Problem, { bytes, ofEmptied, dimensions }: { readonly bytes: boolean; readonly ofEmptied: boolean; readonly dimensions: readonly Dimension[] }) {
    this.isStrict = bytes;
    this.ofEmptied = ofEmptied;
    this.#refined = dimensions.flatMap(({ requirement }) => (requirement === null ? [] : [{ requirement, values: new Numbers(), pairs: new Numbers() }]));
  }

  of(group: number): number {
    const { itemRow, groupStart, groupBytes, groupCount } = this.problem;
    const row = itemRow[groupStart[group]!]!;
    let kind = this.isStrict ? this.#bytes.of(groupBytes[group]!) : 0;
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
