import { describe, expect, it } from 'vitest';
import { emphasisOfNode, metricPicture, metricTables, ownerPicture, ownerTables } from '@/components/charts/map-pictures';
import { packColor } from '@/components/charts/color';
import { gridLayout } from '@/components/charts/shard-layout';
import { codesUsed, paintCells, paintStencil } from '@/components/charts/shard-pixels';
import { createRandom } from '@/lib/platform/random';
import { createShardTable } from '@/lib/contract/shard-table';

const RUNS = 20;

/** The work of one redraw that is ours: encode, paint, stencils. Printed, not judged: machines differ. The browser adds one putImageData and one drawImage per layer. */
function redrawMs(shardCount: number): { ownerMs: number; metricMs: number; pixels: Uint32Array } {
  const random = createRandom(shardCount);
  const table = createShardTable({ shardCount, replicaMax: 3, nodeIds: Array.from({ length: 40 }, (_, index) => `n${index}`) });
  for (let at = 0; at < table.replicas.length; at += 1) table.replicas[at] = random.integer(40);
  for (let shardId = 0; shardId < shardCount; shardId += 1) table.sizeBytes[shardId] = random.next() < 0.1 ? NaN : random.exponential(1e7);
  const layout = gridLayout(shardCount);
  const pixels = new Uint32Array(layout.cells.length);
  const empty = packColor(0, 0, 0);
  const ownerColors = ownerTables('dark');
  const metricColors = metricTables({ scheme: 'dark', palette: 'viridis', brightness: 1.5 });
  // Processor time, so that a busy machine does not count as ours.
  const meanMs = (work: () => void) => {
    work();
    const before = process.cpuUsage();
    for (let run = 0; run < RUNS; run += 1) work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000 / RUNS;
  };
  const draw = (picture: ReturnType<typeof ownerPicture>) => {
    paintCells(layout, picture, empty, pixels);
    const used = codesUsed(picture.codes);
    for (const { opaque } of picture.stencils) {
      if (opaque.some((bits, code) => bits !== 0 && used[code] === 1)) paintStencil(layout, picture.codes, opaque, pixels);
    }
  };
  const ownerMs = meanMs(() => draw(ownerPicture(table, { scheme: 'dark', colors: ownerColors, emphasis: emphasisOfNode(table, 3), blockLabels: [] })));
  const metricMs = meanMs(() => draw(metricPicture(table.sizeBytes, 'binary', { scheme: 'dark', colors: metricColors, emphasis: null, blockLabels: [] }).picture));
  return { ownerMs, metricMs, pixels };
}

describe('the time of a redraw', () => {
  it.each([16_384, 100_000])('%i shards: measured and printed', (shardCount) => {
    const { ownerMs, metricMs, pixels } = redrawMs(shardCount);
    console.log(JSON.stringify({ bench: 'shard-map-pixels', shardCount, ownerMs: Number(ownerMs.toFixed(2)), metricMs: Number(metricMs.toFixed(2)) }));
    expect(pixels.length).toBeGreaterThanOrEqual(shardCount);
  });
});
