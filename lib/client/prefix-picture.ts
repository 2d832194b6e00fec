/**
 * What nodes hold and how even they are after the first so many steps of a plan. The
 * server tells both ends exactly; what lies between is summed here, while a handle is
 * dragged, by the model that the planner uses (bytes and keys: one copy per replica; cpu
 * and reads: the primary's node; writes: every replica's node; network: all of it on the
 * primary's node, the written share on a secondary's). Loads are those of the live table
 * and may have drifted since the plan was made, so the difference at the end is spread
 * over the steps: the first and the last picture are always the plan's own.
 */
import type { BalanceDimension, Imbalance, NodeHolding } from '@/lib/contract/imbalance';
import type { Node } from '@/lib/contract/node';
import type { Plan, PlanStep } from '@/lib/contract/plan';
import type { ShardTable } from '@/lib/contract/shard-table';
import { BALANCE_DIMENSIONS, type RESOURCES } from '@/lib/contract/vocabulary';

const QUANTITIES = ['shards', 'primaries', 'dataBytes', 'keyCount', 'operationsPerSecond', 'cpuCores', 'networkBytesPerSecond'] as const;
type Quantity = (typeof QUANTITIES)[number];
type Levels = Readonly<Record<Quantity, Float64Array>>;

export interface PrefixPicture {
  readonly holdings: readonly NodeHolding[];
  readonly imbalance: Imbalance;
}

type PicturedPlan = Pick<Plan, 'steps' | 'before' | 'after' | 'scope' | 'createdAtMs'>;
type PicturedNode = Pick<Node, 'id' | 'capacity' | 'usage' | 'lifecycle' | 'liveness' | 'cordoned' | 'quarantinedUntilMs' | 'maintenanceUntilMs'>;

/**
 * The picture after `stepCount` steps, 0 to all of them, measured over the nodes as they
 * are. What depends on plan and table alone is done once, since nodes change every second.
 * A few milliseconds for 20,000 steps.
 */
export function prefixPictures(plan: PicturedPlan, table: ShardTable): (stepCount: number, nodes: readonly PicturedNode[]) => PrefixPicture {
  const { before, after, steps } = plan;
  const indexes = new Map(before.holdings.map(({ nodeId }, index) => [nodeId, index]));
  const start = levelsOf(before.holdings);
  const ends = new Map(after.holdings.map((holding) => [holding.nodeId, holding]));
  const end = levelsOf(before.holdings.map((holding) => ends.get(holding.nodeId) ?? holding));
  const amounts = amountsOfSteps(steps, demandsOf(table));
  const ways = waysOf(steps, indexes);
  const whole = levelsAfter({ start, amounts, ways, stepCount: steps.length });
  return (stepCount, nodes) => {
    if (stepCount <= 0 || steps.length === 0) return { holdings: before.holdings, imbalance: before.imbalance };
    if (stepCount >= steps.length) return { holdings: after.holdings, imbalance: after.imbalance };
    const share = stepCount / steps.length;
    const levels = levelsAfter({ start, amounts, ways, stepCount });
    const basis = basisOf(plan, nodes);
    const measured = { start: imbalanceOfLevels(start, basis), end: imbalanceOfLevels(end, basis) };
    for (const quantity of QUANTITIES) {
      const level = levels[quantity];
      for (let index = 0; index < level.length; index += 1) level[index] = Math.max(0, level[index]! + (end[quantity][index]! - whole[quantity][index]!) * share);
    }
    return { holdings: holdingsOfLevels(levels, plan), imbalance: between(imbalanceOfLevels(levels, basis), measured, plan, share) };
  };
}

function levelsOf(holdings: readonly NodeHolding[]): Levels {
  return Object.fromEntries(QUANTITIES.map((quantity) => [quantity, Float64Array.from(holdings, (holding) => holding[quantity] ?? NaN)])) as unknown as Levels;
}

interface Flows {
  readonly start: Levels;
  /** What each step takes along, one array per quantity. */
  readonly amounts: Levels;
  readonly ways: Ways;
  readonly stepCount: number;
}

/** Source and target of each step, by place in `before.holdings`; -1 = not there. */
interface Ways {
  readonly source: Int32Array;
  readonly target: Int32Array;
}

function waysOf(steps: readonly PlanStep[], indexes: ReadonlyMap<string, number>): Ways {
  return {
    source: Int32Array.from(steps, (step) => indexes.get(step.sourceNodeId) ?? -1),
    target: Int32Array.from(steps, (step) => indexes.get(step.targetNodeId) ?? -1),
  };
}

function levelsAfter({ start, amounts, ways: { source, target }, stepCount }: Flows): Levels {
  const levels = {} as Record<Quantity, Float64Array>;
  for (const quantity of QUANTITIES) {
    const level = start[quantity].slice();
    const amount = amounts[quantity];
    for (let step = 0; step < stepCount; step += 1) {
      if (source[step]! >= 0) level[source[step]!]! -= amount[step]!;
      if (target[step]! >= 0) level[target[step]!]! += amount[step]!;
    }
    levels[quantity] = level;
  }
  return levels;
}

type Demands = Readonly<Record<'bytes' | 'keys' | 'cpu' | 'reads' | 'writes' | 'network', (shardId: number) => number>>;

/** An unknown row counts as the mean of the known ones, as it does in the plan. */
function demandsOf(table: ShardTable): Demands {
  const of = (values: Float32Array | Float64Array) => {
    let sum = 0;
    let known = 0;
    for (const value of values) {
      if (!(value >= 0 && value < Infinity)) continue;
      sum += value;
      known += 1;
    }
    const fill = known === 0 ? 0 : sum / known;
    return (shardId: number) => {
      const value = values[shardId] ?? NaN;
      return value >= 0 && value < Infinity ? value : fill;
    };
  };
  const { load } = table;
  return { bytes: of(table.sizeBytes), keys: of(table.keyCount), cpu: of(load.cpu), reads: of(load.readsPerSecond), writes: of(load.writesPerSecond), network: of(load.networkBytesPerSecond) };
}

function amountsOfSteps(steps: readonly PlanStep[], demands: Demands): Levels {
  const amounts = Object.fromEntries(QUANTITIES.map((quantity) => [quantity, new Float64Array(steps.length)])) as unknown as Record<Quantity, Float64Array>;
  steps.forEach((step, index) => {
    const { shardId } = step;
    const [reads, writes, network] = [demands.reads(shardId), demands.writes(shardId), demands.network(shardId)];
    const written = reads + writes > 0 ? (network * writes) / (reads + writes) : 0;
    const [copy, role] = [step.kind === 'move' ? 1 : 0, step.kind === 'transfer' || step.role === 'primary' ? 1 : 0];
    amounts.shards[index] = copy;
    amounts.primaries[index] = role;
    if (step.kind === 'move') {
      amounts.dataBytes[index] = step.bytes ?? demands.bytes(shardId);
      amounts.keyCount[index] = step.keyCount ?? demands.keys(shardId);
    }
    amounts.cpuCores[index] = role * demands.cpu(shardId);
    amounts.operationsPerSecond[index] = role * reads + copy * writes;
    amounts.networkBytesPerSecond[index] = role * (network - written) + copy * written;
  });
  return amounts;
}

/** A quantity that is unknown at both ends is unknown between them too; an empty node holds 0 of everything. */
function holdingsOfLevels(levels: Levels, plan: PicturedPlan): NodeHolding[] {
  return plan.before.holdings.map(({ nodeId }, index) => {
    const quantity = (name: Quantity) => {
      const value = levels[name][index]!;
      return Number.isNaN(value) ? null : value;
    };
    return {
      nodeId, shards: Math.round(levels.shards[index]!), primaries: Math.round(levels.primaries[index]!), dataBytes: quantity('dataBytes'), keyCount: quantity('keyCount'),
      operationsPerSecond: quantity('operationsPerSecond'), cpuCores: quantity('cpuCores'), networkBytesPerSecond: quantity('networkBytesPerSecond'),
    };
  });
}

interface Basis {
  /** By place in `before.holdings`: does the node count for balance? */
  readonly scored: readonly boolean[];
  readonly divisors: Readonly<Record<BalanceDimension, readonly number[]>>;
}

/** What each dimension is measured against: the capacity, where every node that counts tells one. */
function basisOf(plan: PicturedPlan, nodes: readonly PicturedNode[]): Basis {
  const known = new Map(nodes.map((node) => [node.id, node]));
  const evacuated = plan.scope.kind === 'evacuate' ? plan.scope.nodeIds : [];
  const rows = plan.before.holdings.map(({ nodeId }) => known.get(nodeId) ?? null);
  const scored = rows.map((node) => node !== null && acceptedShards(node, plan.createdAtMs) && !evacuated.includes(node.id));
  const counting = rows.filter((node, index) => node !== null && scored[index] === true);
  const ones = rows.map(() => 1);
  const capacity = (resource: (typeof RESOURCES)[number]) => (counting.every((node) => (node?.capacity[resource] ?? 0) > 0) ? rows.map((node) => node?.capacity[resource] ?? 1) : null);
  const onDisk = counting.some((node) => node !== null && (node.capacity.disk !== null || node.usage.disk !== null));
  const [cpu, memory, disk] = [capacity('cpu') ?? ones, capacity('memory') ?? ones, capacity('disk') ?? ones];
  return {
    scored,
    divisors: { cpu, memory, disk, network: capacity('network') ?? cpu, operations: cpu, data: onDisk ? disk : memory, shards: ones, primaries: ones },
  };
}

function acceptedShards(node: PicturedNode, atMs: number): boolean {
  return node.lifecycle === 'active' && node.liveness === 'alive' && !node.cordoned && (node.quarantinedUntilMs ?? 0) <= atMs && (node.maintenanceUntilMs ?? 0) <= atMs;
}

const LEVEL_OF: Readonly<Record<BalanceDimension, Quantity>> = {
  cpu: 'cpuCores', memory: 'dataBytes', disk: 'dataBytes', data: 'dataBytes', network: 'networkBytesPerSecond', operations: 'operationsPerSecond', shards: 'shards', primaries: 'primaries',
};

/** (max - mean) / mean over the nodes that count, the mean being the utilization of the pool as a whole. */
function imbalanceOfLevels(levels: Levels, { scored, divisors }: Basis): Imbalance {
  const of = (dimension: BalanceDimension): number | null => {
    const level = levels[LEVEL_OF[dimension]];
    let [max, sum, weight] = [0, 0, 0];
    scored.forEach((counts, index) => {
      if (!counts) return;
      const divisor = divisors[dimension][index]!;
      max = Math.max(max, level[index]! / divisor);
      sum += level[index]!;
      weight += divisor;
    });
    return sum > 0 && Number.isFinite(sum) ? Math.max(0, (max * weight) / sum - 1) : null;
  };
  return Object.fromEntries(BALANCE_DIMENSIONS.map((dimension) => [dimension, of(dimension)])) as Imbalance;
}

/** The measured imbalance, put right by what the same measure is off by at the two ends that the plan knows. */
function between(here: Imbalance, measured: { readonly start: Imbalance; readonly end: Imbalance }, plan: PicturedPlan, share: number): Imbalance {
  const of = (dimension: BalanceDimension): number | null => {
    const [value, first, last] = [here[dimension], plan.before.imbalance[dimension], plan.after.imbalance[dimension]];
    const [measuredFirst, measuredLast] = [measured.start[dimension], measured.end[dimension]];
    if (first === null || last === null) return null;
    if (value === null || measuredFirst === null || measuredLast === null) return first + (last - first) * share;
    return Math.max(0, value + (first - measuredFirst) * (1 - share) + (last - measuredLast) * share);
  };
  return Object.fromEntries(BALANCE_DIMENSIONS.map((dimension) => [dimension, of(dimension)])) as Imbalance;
}
