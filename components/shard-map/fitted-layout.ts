import { gridLayout, groupedLayout, type ShardLayout, type ShardPlacement } from '@/components/charts/shard-layout';

const LABEL_HEIGHT_PX = 15;
const LABEL_WIDTH_MIN_PX = 42;
/** The share of the picture's height that labels may take from a block. */
const LABEL_SHARE_MAX = 0.5;

export interface FitOptions {
  readonly kind: 'id' | 'owner';
  readonly widthPx: number;
  readonly heightPx: number;
  readonly nodeIndexes: readonly number[];
}

/** The layout that fits the space; in the grouped one blocks get room for a label where a label can be read. */
export function fittedLayout(placement: ShardPlacement, options: FitOptions): ShardLayout {
  if (options.kind === 'id') return gridLayout(placement.shardCount);
  const { nodeIndexes } = options;
  const widthPx = Math.max(1, options.widthPx);
  const aspect = widthPx / Math.max(1, options.heightPx);
  const bare = groupedLayout(placement, { aspect, labelRows: 0, nodeIndexes });
  const cellPx = Math.min(widthPx / bare.columns, options.heightPx / bare.rows);
  const block = bare.blocks[0];
  const labelRows = Math.ceil(LABEL_HEIGHT_PX / cellPx);
  if (block === undefined || block.columns * cellPx < LABEL_WIDTH_MIN_PX || labelRows > Math.max(2, block.rows * LABEL_SHARE_MAX)) return bare;
  return groupedLayout(placement, { aspect, labelRows, nodeIndexes });
}
