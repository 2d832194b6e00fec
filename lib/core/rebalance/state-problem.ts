import { BALANCE_DIMENSIONS, type BalanceDimension } from '@/lib/contract/imbalance';
import type { Node } from '@/lib/contract/node';
import type { Refusal } from '@/lib/contract/plan';
import type { Resource } from '@/lib/contract/resources';
import { NO_CONSTRAINTS, type PlanConstraints } from '@/lib/contract/plan-options';
import type { SafetyLines } from '@/lib/contract/settings';
import { NO_REPLICA, type ShardTable } from '@/lib/contract/shard-table';
import { acceptsPlacement, type ClusterState } from '@/lib/core/cluster/cluster-state';
import { balanceBasisOf, type BalanceBasis } from '@/lib/core/load/balance-basis';
import { leaderIndexesOf, leadersOf } from '@/lib/core/load/holdings';
import { demandAt, readingDemand, secondaryNetworkOf, type DemandColumn, type ShardDemand } from '@/lib/core/load/shard-demand';
import { atOnce, ROWS_PER_TURN } from '@/lib/platform/in-turns';
import { refusalOfNode } from './constraints/registry';
import { planLimitsOf } from './plan-limits';
import type { BinCapacity, Dimension, Problem } from './problem';
import { refusal } from './refusals';

export interface ProblemOptions {
  readonly nowMs: number;
  readonly safetyLines: SafetyLines;
  /** Nodes to be emptied: they neither receive nor count for balance. */
  readonly evacuate: ReadonlySet<string>;
  readonly constraints?: PlanConstraints | undefined;
}

type Items = Pick<Problem, 'groupStart' | 'hasPrimary' | 'itemGroup' | 'itemRow' | 'itemBin'>;

/**
 * The adapter from a cluster to the problem: bins = leaders by id, groups = shards, items
 * = replicas in table order. Moves in flight count as landed for balance, while for
 * capacity the target carries the arrival in full on top of what it reports (P4).
 * The state must have passed `checkInput`.
 */
export function problemFromState(state: ClusterState, options: ProblemOptions): Problem {
  return atOnce(problemInTurns(state, options));
}

/** `problemFromState` as work with rests: of 300,000 replicas it would hold everybody for 40 ms. */
export function* problemInTurns(state: ClusterState, options: ProblemOptions): Generator<void, Problem> {
  const { shards: table } = state;
  const leaders = leadersOf(state);
  const demand = yield* readingDemand(table);
  const items = yield* itemsOf(table, leaderIndexesOf(leaders, table.nodeIds));
  const constraints = options.constraints ?? NO_CONSTRAINTS;
  const excluded = new Set(constraints.excludedNodeIds);
  const pinned = new Uint8Array(table.shardCount);
  for (const shardId of constraints.pinnedShardIds) pinned[shardId] = 1;
  const closedBecause = leaders.map((node) => closedReason(node, options, excluded));
  const scored = Uint8Array.from(leaders, (node) => (acceptsPlacement(node, options.nowMs) && !options.evacuate.has(node.id) ? 1 : 0));
  const binOfId = new Map(leaders.map((node, bin) => [node.id, bin]));
  const groupBytes = new Float64Array(table.shardCount);
  yield* byRows(table.shardCount, (shardId) => { groupBytes[shardId] = demandAt(demand.bytes, shardId); });
  const basis = balanceBasisOf(leaders, scored, yield* replicatedBytes(items, groupBytes));
  const inFlight = new Uint8Array(table.shardCount);
  const { zoneOf, zoneCount } = zonesOf(leaders);
  const dimensions = yield* dimensionsOf({ leaders, table, demand, basis, items, groupBytes, safetyLines: options.safetyLines });
  const problem: Problem = {
    binIds: leaders.map((node) => node.id),
    binOfId,
    scored,
    open: Uint8Array.from(closedBecause, (reason) => (reason === null ? 1 : 0)),
    closedBecause,
    readable: Uint8Array.from(leaders, (node) => (node.liveness === 'alive' || node.liveness === 'suspect' ? 1 : 0)),
    evacuating: Uint8Array.from(leaders, (node) => (options.evacuate.has(node.id) ? 1 : 0)),
    sealed: Uint8Array.from(leaders, (node) => (excluded.has(node.id) && !options.evacuate.has(node.id) ? 1 : 0)),
    zoneOf,
    zoneCount,
    dimensions,
    dimensionIndex: Object.fromEntries(BALANCE_DIMENSIONS.map((name, index) => [name, index])) as Record<BalanceDimension, number>,
    groupCount: table.shardCount,
    ...items,
    inFlight,
    pinned,
    groupBytes,
    unknownSizeCount: demand.bytes.unknownCount,
    limits: planLimitsOf(constraints, { dimensions, scored, zoneOf }),
  };
  landInFlight(problem, state);
  return problem;
}

function closedReason(node: Node, options: ProblemOptions, excluded: ReadonlySet<string>): Refusal | null {
  if (options.evacuate.has(node.id)) return refusal('out-of-scope', `${node.name} is being emptied`, { nodeId: node.id });
  if (excluded.has(node.id)) return refusal('excluded', `${node.name} is left out of this plan by request`, { nodeId: node.id });
  return refusalOfNode({ node, nowMs: options.nowMs, safetyLines: options.safetyLines });
}

/** One row after the other, with a rest after so many of them. */
function* byRows(rowCount: number, work: (row: number) => void): Generator<void, void> {
  for (let from = 0; from < rowCount; from += ROWS_PER_TURN) {
    const until = Math.min(rowCount, from + ROWS_PER_TURN);
    for (let row = from; row < until; row += 1) work(row);
    yield;
  }
}

function* itemsOf(table: ShardTable, leaderOfIndex: Int32Array): Generator<void, Items> {
  const { shardCount, replicaMax, replicas } = table;
  let itemCount = 0;
  yield* byRows(replicas.length, (at) => { if (replicas[at] !== NO_REPLICA) itemCount += 1; });
  const items: Items = {
    groupStart: new Int32Array(shardCount + 1),
    hasPrimary: new Uint8Array(shardCount),
    itemGroup: new Int32Array(itemCount),
    itemRow: new Int32Array(itemCount),
    itemBin: new Int32Array(itemCount),
  };
  let item = 0;
  yield* byRows(shardCount, (shardId) => {
    items.groupStart[shardId] = item;
    for (let column = 0; column < replicaMax; column += 1) {
      const index = replicas[shardId * replicaMax + column]!;
      if (index === NO_REPLICA) continue;
      if (column === 0) items.hasPrimary[shardId] = 1;
      items.itemGroup[item] = shardId;
      items.itemRow[item] = column === 0 ? shardId : shardCount + shardId;
      items.itemBin[item] = leaderOfIndex[index] ?? NO_REPLICA;
      item += 1;
    }
  });
  items.groupStart[shardCount] = item;
  return items;
}

function* replicatedBytes({ itemGroup, itemBin }: Items, groupBytes: Float64Array): Generator<void, number> {
  let bytes = 0;
  yield* byRows(itemGroup.length, (item) => { if (itemBin[item]! >= 0) bytes += groupBytes[itemGroup[item]!]!; });
  return bytes;
}

function zonesOf(leaders: readonly Node[]): { zoneOf: Int32Array; zoneCount: number } {
  const indexes = new Map<string | null, number>();
  const zoneOf = Int32Array.from(leaders, ({ domain }) => {
    const known = indexes.get(domain.zone);
    if (known !== undefined) return known;
    indexes.set(domain.zone, indexes.size);
    return indexes.size - 1;
  });
  return { zoneOf, zoneCount: indexes.size };
}

interface Sources {
  readonly leaders: readonly Node[];
  readonly table: ShardTable;
  readonly demand: ShardDemand;
  readonly basis: BalanceBasis;
  readonly items: Items;
  readonly groupBytes: Float64Array;
  readonly safetyLines: SafetyLines;
}

/** Rows 0..N-1 are what primaries require, N..2N-1 what secondaries do; without secondaries the second half is left out. */
function* dimensionsOf(sources: Sources): Generator<void, Dimension[]> {
  const { table, demand, basis } = sources;
  const rowCount = table.replicaMax > 1 ? 2 * table.shardCount : table.shardCount;
  const { bytes, cpu, reads, writes, network } = demand;
  const column = function* (columns: readonly DemandColumn[], primary: (shardId: number) => number, secondary: (shardId: number) => number): Generator<void, Float64Array | null> {
    if (!columns.every(({ known }) => known)) return null;
    const values = new Float64Array(rowCount);
    yield* byRows(table.shardCount, (shardId) => {
      values[shardId] = primary(shardId);
      if (rowCount > table.shardCount) values[table.shardCount + shardId] = secondary(shardId);
    });
    return values;
  };
  const none = () => 0;
  const one = () => 1;
  const sizeOf = (shardId: number) => sources.groupBytes[shardId]!;
  const data = yield* column([bytes], sizeOf, sizeOf);
  const requirements: Record<BalanceDimension, Float64Array | null> = {
    cpu: yield* column([cpu], (shardId) => demandAt(cpu, shardId), none),
    memory: yield* scaled(data, basis.memoryPerByte),
    disk: yield* scaled(data, basis.diskPerByte),
    network: yield* column(
      [network],
      (shardId) => demandAt(network, shardId),
      (shardId) => secondaryNetworkOf(demandAt(network, shardId), demandAt(reads, shardId), demandAt(writes, shardId)),
    ),
    operations: yield* column([reads, writes], (shardId) => demandAt(reads, shardId) + demandAt(writes, shardId), (shardId) => demandAt(writes, shardId)),
    data,
    shards: yield* column([], one, one),
    primaries: yield* column([], one, none),
  };
  const dimensions: Dimension[] = [];
  for (const name of BALANCE_DIMENSIONS) {
    const isResource = name === 'cpu' || name === 'memory' || name === 'disk' || name === 'network';
    dimensions.push({ name, requirement: requirements[name], divisor: basis.divisors[name], capacity: isResource ? yield* capacityOf(name, requirements[name], sources) : null });
  }
  return dimensions;
}

/** One and the same column where nothing is scaled: a million shards need no third copy. */
function* scaled(data: Float64Array | null, factor: number | null): Generator<void, Float64Array | null> {
  if (data === null || factor === null) return null;
  if (factor === 1) return data;
  const values = new Float64Array(data.length);
  yield* byRows(data.length, (row) => { values[row] = data[row]! * factor; });
  return values;
}

function* capacityOf(resource: Resource, requirement: Float64Array | null, { leaders, items, safetyLines }: Sources): Generator<void, BinCapacity> {
  const attributed = new Float64Array(leaders.length);
  // Only for nodes that do not tell what they use.
  if (requirement !== null && leaders.some((node) => node.usage[resource] === null)) {
    yield* byRows(items.itemBin.length, (item) => {
      const bin = items.itemBin[item]!;
      if (bin >= 0) attributed[bin]! += requirement[items.itemRow[item]!]!;
    });
  }
  return {
    limit: Float64Array.from(leaders, (node) => (node.capacity[resource] === null ? Infinity : node.capacity[resource] * safetyLines[resource])),
    used: Float64Array.from(leaders, (node, bin) => node.usage[resource] ?? (requirement === null ? NaN : attributed[bin]!)),
    transient: resource === 'memory' || resource === 'disk',
  };
}

/** A move in flight whose source still holds the shard: the item counts as landed, its target's space as taken. */
function landInFlight(problem: Problem, state: ClusterState): void {
  for (const move of state.inFlight) {
    if (!(move.shardId < problem.groupCount)) continue;
    problem.inFlight[move.shardId] = 1;
    const source = problem.binOfId.get(move.sourceNodeId);
    const target = problem.binOfId.get(move.targetNodeId);
    if (source === undefined || target === undefined || holds(problem, move.shardId, target)) continue;
    for (let item = problem.groupStart[move.shardId]!; item < problem.groupStart[move.shardId + 1]!; item += 1) {
      if (problem.itemBin[item] !== source) continue;
      problem.itemBin[item] = target;
      for (const { requirement, capacity } of problem.dimensions) {
        if (requirement !== null && capacity !== null) capacity.used[target]! += requirement[problem.itemRow[item]!]!;
      }
    }
  }
}

function holds(problem: Problem, group: number, bin: number): boolean {
  return problem.itemBin.subarray(problem.groupStart[group], problem.groupStart[group + 1]).includes(bin);
}
