import type { ShardTable } from '@/lib/contract/shard-table';

/** Who holds what, without sizes and loads: what owner maps and layouts need, and what changes seldom. */
export type ShardPlacement = Pick<ShardTable, 'shardCount' | 'replicaMax' | 'nodeIds' | 'replicas'>;

/**
 * Where each shard is drawn. A layout is a picture of `columns` x `rows` cells, one pixel
 * each before scaling; `cells` says which shard is in a cell and `cellOf` the reverse.
 * `order` is the reading order, along which ranges are selected: shard ids in the plain
 * grid, owner by owner in the grouped one.
 */
export interface ShardLayout {
  readonly columns: number;
  readonly rows: number;
  /** columns x rows, row-major: shard id, or -1 for an empty cell. */
  readonly cells: Int32Array;
  /** Shard id -> cell. */
  readonly cellOf: Int32Array;
  /** Reading position -> shard id. */
  readonly order: Int32Array;
  /** Shard id -> reading position. */
  readonly positionOf: Int32Array;
  /** One per owner in the grouped layout, else none. */
  readonly blocks: readonly LayoutBlock[];
}

export interface LayoutBlock {
  /** -1: shards without a primary. */
  readonly nodeIndex: number;
  readonly shardCount: number;
  /** Cells of the block's body; its label is drawn in the `labelRows` above. */
  readonly column: number;
  readonly row: number;
  readonly columns: number;
  readonly rows: number;
}

export const EMPTY_CELL = -1;

/** Shards in id order in a grid as square as it gets: 16,384 give 128 x 128. */
export function gridLayout(shardCount: number): ShardLayout {
  const columns = Math.max(1, Math.ceil(Math.sqrt(shardCount)));
  const rows = Math.max(1, Math.ceil(shardCount / columns));
  const cells = new Int32Array(columns * rows).fill(EMPTY_CELL);
  const identity = new Int32Array(shardCount);
  for (let shardId = 0; shardId < shardCount; shardId += 1) {
    cells[shardId] = shardId;
    identity[shardId] = shardId;
  }
  return { columns, rows, cells, cellOf: identity, order: identity, positionOf: identity, blocks: [] };
}

export interface GroupedLayoutOptions {
  /** Width to height of the space, so that the blocks fill it. */
  readonly aspect: number;
  /** Cells kept free above each block for its label. */
  readonly labelRows: number;
  /** Dictionary indexes that get a block even when they own nothing: an empty node is shown, not forgotten. */
  readonly nodeIndexes: readonly number[];
  /** Size of a block in shards when another picture has a fuller one beside which this is seen; else the fullest block decides. */
  readonly blockShardsMin?: number;
}

/**
 * One block per owner of the primaries, all of one size, filled row by row: how full a
 * block is shows the node's share without a number. Blocks stand in dictionary order, so
 * a node keeps its place while shards move.
 */
export function groupedLayout(table: ShardPlacement, options: GroupedLayoutOptions): ShardLayout {
  const members = shardsByOwner(table, options.nodeIndexes);
  const largest = Math.max(1, options.blockShardsMin ?? 0, ...members.map((member) => member.shardIds.length));
  const blockColumns = Math.max(1, Math.ceil(Math.sqrt(largest)));
  const blockRows = Math.max(1, Math.ceil(largest / blockColumns));
  const stepRows = blockRows + options.labelRows + 1;
  const perLine = blocksPerLine({ count: members.length, stepColumns: blockColumns + 1, stepRows, aspect: options.aspect });
  const columns = Math.max(1, perLine * (blockColumns + 1) - 1);
  const rows = Math.max(1, Math.ceil(members.length / perLine) * stepRows - 1);

  const cells = new Int32Array(columns * rows).fill(EMPTY_CELL);
  const cellOf = new Int32Array(table.shardCount);
  const order = new Int32Array(table.shardCount);
  const positionOf = new Int32Array(table.shardCount);
  let position = 0;
  const blocks = members.map(({ nodeIndex, shardIds }, index): LayoutBlock => {
    const column = (index % perLine) * (blockColumns + 1);
    const row = Math.floor(index / perLine) * stepRows + options.labelRows;
    for (const [place, shardId] of shardIds.entries()) {
      const cell = (row + Math.floor(place / blockColumns)) * columns + column + (place % blockColumns);
      cells[cell] = shardId;
      cellOf[shardId] = cell;
      order[position] = shardId;
      positionOf[shardId] = position;
      position += 1;
    }
    return { nodeIndex, shardCount: shardIds.length, column, row, columns: blockColumns, rows: blockRows };
  });
  return { columns, rows, cells, cellOf, order, positionOf, blocks };
}

/** Neighbours of different owners, as a share of all, above which the plain grid is mere confetti. */
const SCATTERED_SHARE = 0.25;

/** By owner where shards are scattered over the nodes, by id where each node holds long ranges, as Redis slots do. */
export function suitableLayout({ shardCount, replicaMax, replicas }: ShardPlacement): 'id' | 'owner' {
  let changes = 0;
  for (let shardId = 1; shardId < shardCount; shardId += 1) {
    if (replicas[shardId * replicaMax] !== replicas[(shardId - 1) * replicaMax]) changes += 1;
  }
  return changes > shardCount * SCATTERED_SHARE ? 'owner' : 'id';
}

function shardsByOwner(table: ShardPlacement, nodeIndexes: readonly number[]): { nodeIndex: number; shardIds: number[] }[] {
  const lists = new Map<number, number[]>(nodeIndexes.map((nodeIndex) => [nodeIndex, []]));
  for (let shardId = 0; shardId < table.shardCount; shardId += 1) {
    const nodeIndex = table.replicas[shardId * table.replicaMax]!;
    const list = lists.get(nodeIndex);
    if (list === undefined) lists.set(nodeIndex, [shardId]);
    else list.push(shardId);
  }
  return [...lists].sort(([a], [b]) => a - b).map(([nodeIndex, shardIds]) => ({ nodeIndex, shardIds }));
}

/** The number of blocks a line that lets a cell be largest in a space of this aspect. */
function blocksPerLine(options: { count: number; stepColumns: number; stepRows: number; aspect: number }): number {
  const { count, stepColumns, stepRows, aspect } = options;
  let best = 1;
  let bestCell = 0;
  for (let perLine = 1; perLine <= count; perLine += 1) {
    const cell = Math.min(aspect / (perLine * stepColumns), 1 / (Math.ceil(count / perLine) * stepRows));
    if (cell > bestCell) {
      bestCell = cell;
      best = perLine;
    }
  }
  return best;
}
