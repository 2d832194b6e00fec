/**
 * What the optimiser works on: items are to be assigned to bins, starting from an
 * assignment that exists. It is the problem of the Google/ROADEF/EURO challenge 2012
 * (machine reassignment) with a few freedoms that a live cluster needs, so that one
 * engine serves both: a cluster's shards and the public instances.
 *
 * Cost = sum over resources r of lineWeight[r] x sum over bins max(0, usage[b, r] - line[b, r])
 *      + sum over balance terms of weight x sum over bins max(0, target x free(resource1) - free(resource2))
 *      + itemMoveWeight x sum of the move costs of items away from home
 *      + groupMoveWeight x max over groups of the number of its items away from home
 *      + binMoveWeight x sum over items of binMoveCost[initial bin, bin]
 *
 * where free = capacity - usage. Every term is a sum of convex functions of what one bin
 * holds; several lines for one quantity (a safety line, the even share, twice the even
 * share) are several resources with the same requirements. All sums stay below 2^53, so
 * doubles are exact on integer input.
 *
 * Everything of the size of the problem is a typed array. B bins, N items, G groups, R
 * resources, W rows.
 */
export interface AssignmentModel {
  readonly binCount: number;
  readonly itemCount: number;
  readonly groupCount: number;
  readonly resourceCount: number;

  /** W x R, row-major, 0 and up. */
  readonly requirement: Float64Array;
  /** N, row of `requirement`; items may share one. */
  readonly itemRow: Int32Array;
  /** N. Items of one group never share a bin. */
  readonly itemGroup: Int32Array;
  /** N, the bin at the start. */
  readonly initial: Int32Array;
  /** N, 1 = stays where it is. */
  readonly pinned: Uint8Array;
  /** N, 0 and up: cost of being away from home. */
  readonly itemMoveCost: Float64Array;
  /**
   * item: an item's home is its initial bin. group: a bin where any item of its group began is home
   * to all of them, since the data is there already (a primary role handed over moves no bytes).
   */
  readonly home: 'item' | 'group';

  /** B x R. Usage that no item accounts for. */
  readonly baseUsage: Float64Array;
  /** B x R, Infinity = unlimited. At least the usage at the start: what is broken already is priced by a line, not forbidden. */
  readonly capacity: Float64Array;
  /** B x R, usage above it costs; Infinity = never. */
  readonly line: Float64Array;
  /** R, 0 and up. */
  readonly lineWeight: Float64Array;
  /** R, 1 = a moving item takes room on its initial bin too, all moves being simultaneous. */
  readonly transient: Uint8Array;
  /** B, 1 = items may arrive that did not begin here. */
  readonly open: Uint8Array;

  readonly balances: readonly BalanceTermModel[];

  /** B, failure domain. */
  readonly location: Int32Array;
  readonly locationCount: number;
  /** G, at least so many different locations hold items of the group. */
  readonly spreadMin: Int32Array;
  /** B, within which dependencies are to be met. */
  readonly neighbourhood: Int32Array;
  readonly neighbourhoodCount: number;
  /** Group a depends on b: every neighbourhood that holds an item of a holds one of b. G + 1 offsets into `dependencies`. */
  readonly dependencyStart: Int32Array;
  readonly dependencies: Int32Array;

  readonly itemMoveWeight: number;
  readonly groupMoveWeight: number;
  readonly binMoveWeight: number;
  /** B x B or `null` for none. */
  readonly binMoveCost: Float64Array | null;
}

/** Costs weight x max(0, target x free(resource1) - free(resource2)) on every bin. */
export interface BalanceTermModel {
  readonly resource1: number;
  readonly resource2: number;
  readonly target: number;
  readonly weight: number;
}
