/** What the bars per node can measure: a share of a capacity with its safety line where both are known, else the plain amount with the mean. */
import { formatBytes, formatByteRate, formatCores, formatCount, formatRate, formatRatio } from '@/lib/client/format';
import type { BalanceDimension, NodeHolding } from '@/lib/contract/imbalance';
import type { Node } from '@/lib/contract/node';
import type { SafetyLines } from '@/lib/contract/settings';
import { RESOURCES } from '@/lib/contract/vocabulary';

export interface HoldingRow {
  readonly nodeId: string;
  readonly before: number | null;
  readonly after: number | null;
}

export interface HoldingMeasure {
  readonly rows: readonly HoldingRow[];
  /** Right end of the scale. */
  readonly top: number;
  /** Where the line is drawn; `null` = there is none. */
  readonly line: { readonly at: number; readonly kind: 'safety' | 'mean' } | null;
  readonly print: (value: number | null) => string;
}

interface MeasureInput {
  readonly before: readonly NodeHolding[];
  /** `null`: nothing is to change. */
  readonly after: readonly NodeHolding[] | null;
  readonly nodes: readonly Pick<Node, 'id' | 'usage' | 'capacity'>[];
  readonly safetyLines: SafetyLines;
}

const AMOUNTS: Readonly<Record<BalanceDimension, { readonly of: (holding: NodeHolding) => number | null; readonly print: (value: number | null) => string }>> = {
  cpu: { of: ({ cpuCores }) => cpuCores, print: formatCores },
  memory: { of: ({ dataBytes }) => dataBytes, print: formatBytes },
  disk: { of: ({ dataBytes }) => dataBytes, print: formatBytes },
  data: { of: ({ dataBytes }) => dataBytes, print: formatBytes },
  network: { of: ({ networkBytesPerSecond }) => networkBytesPerSecond, print: formatByteRate },
  operations: { of: ({ operationsPerSecond }) => operationsPerSecond, print: (value) => formatRate(value, 'ops') },
  shards: { of: ({ shards }) => shards, print: formatCount },
  primaries: { of: ({ primaries }) => primaries, print: formatCount },
};

export function measureOf(dimension: BalanceDimension, input: MeasureInput): HoldingMeasure {
  return utilizationMeasure(dimension, input) ?? amountMeasure(dimension, input);
}

function amountMeasure(dimension: BalanceDimension, { before, after }: MeasureInput): HoldingMeasure {
  const { of, print } = AMOUNTS[dimension];
  const ends = new Map(after?.map((holding) => [holding.nodeId, holding]));
  const rows = before.map((holding) => ({ nodeId: holding.nodeId, before: of(holding), after: after === null ? null : of(ends.get(holding.nodeId) ?? holding) }));
  const known = rows.flatMap((row) => row.after ?? row.before ?? []);
  const mean = known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
  return { rows, top: topOf(rows, 0), line: mean === null || mean === 0 ? null : { at: mean, kind: 'mean' }, print };
}

/** What a node reports as used now, changed by what the plan takes and brings; `null` where capacities or uses are unknown. */
function utilizationMeasure(dimension: BalanceDimension, { before, after, nodes, safetyLines }: MeasureInput): HoldingMeasure | null {
  const resource = RESOURCES.find((known) => known === dimension);
  if (resource === undefined) return null;
  const known = new Map(nodes.map((node) => [node.id, node]));
  const ends = new Map(after?.map((holding) => [holding.nodeId, holding]));
  const perAmount = resource === 'memory' ? memoryPerByte(before, nodes) : 1;
  const rows = before.map((holding): HoldingRow => {
    const node = known.get(holding.nodeId);
    const [usage, capacity] = [node?.usage[resource] ?? null, node?.capacity[resource] ?? null];
    const [amountBefore, amountAfter] = [AMOUNTS[dimension].of(holding), AMOUNTS[dimension].of(ends.get(holding.nodeId) ?? holding)];
    if (usage === null || capacity === null || capacity <= 0) return { nodeId: holding.nodeId, before: null, after: null };
    const change = after === null || amountBefore === null || amountAfter === null ? null : (amountAfter - amountBefore) * perAmount;
    return { nodeId: holding.nodeId, before: usage / capacity, after: change === null ? null : Math.max(0, usage + change) / capacity };
  });
  if (rows.every((row) => row.before === null)) return null;
  return { rows, top: topOf(rows, 1), line: { at: safetyLines[resource], kind: 'safety' }, print: formatRatio };
}

/** Where there is a disk, memory is a cache that follows the data; else a byte of data is a byte of memory. */
function memoryPerByte(before: readonly NodeHolding[], nodes: MeasureInput['nodes']): number {
  if (nodes.every((node) => node.usage.disk === null && node.capacity.disk === null)) return 1;
  const held = before.reduce((sum, holding) => sum + (holding.dataBytes ?? 0), 0);
  const ids = new Set(before.map(({ nodeId }) => nodeId));
  const used = nodes.reduce((sum, node) => sum + (ids.has(node.id) ? node.usage.memory ?? 0 : 0), 0);
  return held > 0 ? Math.min(1, used / held) : 1;
}

function topOf(rows: readonly HoldingRow[], least: number): number {
  return rows.reduce((top, row) => Math.max(top, row.before ?? 0, row.after ?? 0), Math.max(least, 1e-9));
}

/** Dimensions of which anything is known. */
export function knownDimensions(before: readonly NodeHolding[], dimensions: readonly BalanceDimension[]): BalanceDimension[] {
  return dimensions.filter((dimension) => before.some((holding) => AMOUNTS[dimension].of(holding) !== null));
}
