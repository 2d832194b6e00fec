import type { BalanceDimension } from '@/lib/contract/imbalance';
import type { Refusal } from '@/lib/contract/plan';

/**
 * The rebalancing problem, free of engines and of how it was read: bins (leader nodes)
 * hold items (replicas) that belong to groups (shards). It is a vector bin-packing
 * problem with a given start, the shape of the machine-reassignment literature
 * (Google/ROADEF/EURO challenge 2012): machine = bin, process = item, service = group,
 * location = zone, transient resource = dimension with `transient`.
 *
 * Everything of the size of the cluster is a typed array. What an item requires is read
 * through `itemRow`, a row of the requirement columns: replicas of one shard share rows,
 * and the first item of a group with a primary is its primary, so that handing the
 * primary role over is exchanging the bins of two items.
 */
export interface Problem {
  /** Node ids by bin, sorted: equal states give equal problems. */
  readonly binIds: readonly string[];
  readonly binOfId: ReadonlyMap<string, number>;
  /** 1 = counts for balance: may hold shards in the long run. */
  readonly scored: Uint8Array;
  /** 1 = an item may arrive. Every open bin is scored. */
  readonly open: Uint8Array;
  /** Why a closed bin is closed, `null` for open ones. */
  readonly closedBecause: readonly (Refusal | null)[];
  /** 1 = data can be read from it: an item may leave. */
  readonly readable: Uint8Array;
  /** 1 = to be emptied. */
  readonly evacuating: Uint8Array;
  /** 1 = the request leaves it out: nothing arrives and nothing leaves. */
  readonly sealed: Uint8Array;
  readonly zoneOf: Int32Array;
  readonly zoneCount: number;

  readonly dimensions: readonly Dimension[];
  readonly dimensionIndex: Readonly<Record<BalanceDimension, number>>;

  readonly groupCount: number;
  /** groupCount + 1 offsets into the items; items of a group are adjacent. */
  readonly groupStart: Int32Array;
  /** 1 = the group's first item is its primary. */
  readonly hasPrimary: Uint8Array;
  /** 1 = nothing of the group may be planned: one of its moves is in flight. */
  readonly inFlight: Uint8Array;
  /** 1 = the request wants the group where it is. */
  readonly pinned: Uint8Array;
  readonly itemGroup: Int32Array;
  readonly itemRow: Int32Array;
  /** Bin at the start; -1 = on a node that is no bin (unknown or gone). In-flight moves count as landed. */
  readonly itemBin: Int32Array;
  /** Bytes that moving one item of the group costs; unknown sizes filled with the mean. */
  readonly groupBytes: Float64Array;
  /** Groups of unknown size. */
  readonly unknownSizeCount: number;
  readonly limits: PlanLimits;
}

/** What one plan may do in all; Infinity = as much as it likes. */
export interface PlanLimits {
  readonly arrivalsPerBinMax: number;
  readonly departuresPerBinMax: number;
  readonly bytesMax: number;
  /**
   * Share of every limit that stays free, 0..1, so that the rest can take over from the largest bin or zone: where all
   * stay below limit x (1 - share) and what is lost spreads in proportion, nobody passes its limit.
   */
  readonly headroomShare: number;
}

/** One component of the load vector. */
export interface Dimension {
  readonly name: BalanceDimension;
  /** Requirement per row; `null` = unknown, the dimension takes no part. */
  readonly requirement: Float64Array | null;
  /** Per bin, above 0: evenness is equal level / divisor. */
  readonly divisor: Float64Array;
  /** Capacity per bin; `null` = the dimension has none. */
  readonly capacity: BinCapacity | null;
}

export interface BinCapacity {
  /** Safety line x capacity per bin; Infinity where the capacity is unknown. */
  readonly limit: Float64Array;
  /** In use at the start, arrivals in flight counted in full; NaN = unknown. */
  readonly used: Float64Array;
  /** Space is taken on both ends: within a plan the source's is not counted as free, until reclaim is measured (P4). */
  readonly transient: boolean;
}

/** Row of an item's requirements is also its role. */
export function isPrimaryItem(problem: Problem, item: number): boolean {
  const group = problem.itemGroup[item]!;
  return problem.hasPrimary[group] === 1 && problem.groupStart[group] === item;
}
