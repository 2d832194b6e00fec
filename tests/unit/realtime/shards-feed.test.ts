import { createHash } from 'node:crypto';
import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import { applyShardDelta, decodeShardTable } from '@/lib/client/decode';
import { createShardTable, type ShardTable } from '@/lib/contract/shard-table';
import { tableSumsOf } from '@/lib/core/load/table-sums';
import { ROWS_PER_TURN } from '@/lib/platform/in-turns';
import { LOAD_TOLERANCE, ShardsFeed } from '@/lib/realtime/shards-feed';
import type { FeedChange } from '@/lib/realtime/view-feed';
import { clusterViewOf } from '@/tests/support/cluster-views';

const UNSETTLED = { settle: false } as const;

function evenTable(shardCount: number): ShardTable {
  const table = createShardTable({ shardCount, replicaMax: 2, nodeIds: ['a', 'b', 'c'] });
  for (let shardId = 0; shardId < shardCount; shardId += 1) table.replicas.set([shardId % 3, (shardId + 1) % 3], shardId * 2);
  table.sizeBytes.fill(1_000);
  table.keyCount.fill(10);
  for (const column of Object.values(table.load) as Float32Array[]) column.fill(100);
  return table;
}

function changed(table: ShardTable, change: (copy: ShardTable) => void): ShardTable {
  const { load } = table;
  const copy = {
    ...table, replicas: table.replicas.slice(), sizeBytes: table.sizeBytes.slice(), keyCount: table.keyCount.slice(),
    load: { cpu: load.cpu.slice(), readsPerSecond: load.readsPerSecond.slice(), writesPerSecond: load.writesPerSecond.slice(), networkBytesPerSecond: load.networkBytesPerSecond.slice() },
  };
  change(copy);
  return copy;
}

function rowsOf(change: FeedChange): number[] {
  if (change.kind !== 'delta' || change.body.view !== 'shards') return [];
  const { indexes } = change.body.rows;
  return [...new Uint32Array(indexes.buffer.slice(indexes.byteOffset, indexes.byteOffset + indexes.byteLength))].sort((a, b) => a - b);
}

/** For comparing what is large: `toEqual` goes through columns number by number, which takes seconds. */
function digestOf(value: unknown): string {
  return createHash('sha256').update(serialize(value)).digest('hex');
}

function tableSent(feed: ShardsFeed): ShardTable {
  const body = feed.snapshot();
  if (body.view !== 'shards') throw new Error('not a shards snapshot');
  // A message is encoded before the feed goes on, and so is this copy.
  return decodeShardTable(structuredClone(body.table));
}

describe('the shards feed', () => {
  it('sends a row whose placement changed at once, and only that row', () => {
    const before = evenTable(1_000);
    const feed = new ShardsFeed(clusterViewOf({ shards: before }));
    const after = changed(before, (table) => { table.replicas[500 * 2] = 1; });
    expect(rowsOf(feed.advance(clusterViewOf({ shards: after }), UNSETTLED))).toEqual([500]);
    expect(feed.unsettled).toBe(false);
  });

  it('sends a load that moved past the tolerance at once, however much else moved within it', () => {
    const before = evenTable(12_800);
    const feed = new ShardsFeed(clusterViewOf({ shards: before }));
    const after = changed(before, (table) => {
      table.load.cpu.fill(100 * (1 + LOAD_TOLERANCE / 2));
      table.load.cpu[77] = 100 * (1 + LOAD_TOLERANCE * 1.1);
      table.load.cpu[12_799] = 100 * (1 - LOAD_TOLERANCE * 1.1);
    });
    const rows = rowsOf(feed.advance(clusterViewOf({ shards: after }), UNSETTLED));
    expect(rows).toContain(77);
    expect(rows).toContain(12_799);
    expect(rows.length).toBe(100 + 2);
    expect(feed.unsettled).toBe(true);
  });

  it('sends a value that became known or unknown at once, and nothing for NaN that stays NaN', () => {
    const before = changed(evenTable(100), (table) => { table.sizeBytes[1] = NaN; table.keyCount.fill(NaN); });
    const feed = new ShardsFeed(clusterViewOf({ shards: before }));
    const after = changed(before, (table) => { table.sizeBytes[1] = 5; table.sizeBytes[2] = NaN; });
    expect(rowsOf(feed.advance(clusterViewOf({ shards: after }), UNSETTLED))).toEqual([1, 2]);
  });

  it('keeps the noise of nearly idle shards off the wire', () => {
    const before = changed(evenTable(1_000), (table) => { table.load.cpu[3] = 0.01; });
    const feed = new ShardsFeed(clusterViewOf({ shards: before }));
    const after = changed(before, (table) => { table.load.cpu[3] = 0.05; });
    feed.advance(clusterViewOf({ shards: after }), UNSETTLED);
    // Five times as much, and still nothing beside the mean of 100: it goes out in turn, not at once.
    const noticeable = changed(after, (table) => { table.load.cpu[3] = 0.09; table.load.cpu[4] = 106; });
    expect(rowsOf(feed.advance(clusterViewOf({ shards: noticeable }), UNSETTLED))).toContain(4);
  });

  it('[R1] leads every client to exactly the server\'s table once nothing changes any more', () => {
    const before = evenTable(5_000);
    const feed = new ShardsFeed(clusterViewOf({ shards: before }));
    let client = tableSent(feed);
    const after = changed(before, (table) => {
      table.load.readsPerSecond.forEach((value, row) => { table.load.readsPerSecond[row] = value * (1 + ((row % 7) - 3) / 100); });
    });
    const view = clusterViewOf({ shards: after });
    let deltas = 0;
    for (let settle = false; deltas === 0 || feed.unsettled; settle = true) {
      const change = feed.advance(view, { settle });
      deltas += 1;
      if (change.kind === 'delta' && change.body.view === 'shards') client = applyShardDelta(client, change.body.rows);
      expect(deltas).toBeLessThan(20);
    }
    expect(client.load.readsPerSecond).toEqual(after.load.readsPerSecond);
    expect(client).toEqual({ ...after, epoch: new Float64Array(5_000) });
  });

  it('gives a client that joins between two deltas exactly the picture the next delta starts from', () => {
    const before = evenTable(1_000);
    const feed = new ShardsFeed(clusterViewOf({ shards: before }));
    const early = tableSent(feed);
    const drifted = changed(before, (table) => { table.load.cpu.fill(103); table.replicas[0] = 2; });
    const first = feed.advance(clusterViewOf({ shards: drifted }), UNSETTLED);
    const late = tableSent(feed);
    const moved = changed(drifted, (table) => { table.load.cpu.fill(104); table.replicas[20] = 2; });
    const second = feed.advance(clusterViewOf({ shards: moved }), UNSETTLED);
    const apply = (table: ShardTable, change: FeedChange) => {
      if (change.kind !== 'delta' || change.body.view !== 'shards') throw new Error(`no delta: ${change.kind}`);
      return applyShardDelta(table, change.body.rows);
    };
    expect(apply(late, second)).toEqual(apply(apply(early, first), second));
  });

  it('sends a dictionary that grew with the delta, and a table of another shape as a snapshot', () => {
    const before = evenTable(100);
    const feed = new ShardsFeed(clusterViewOf({ shards: before }));
    const grown = { ...changed(before, (table) => { table.replicas[0] = 3; }), nodeIds: ['a', 'b', 'c', 'd'] };
    const change = feed.advance(clusterViewOf({ shards: grown }), UNSETTLED);
    expect(change).toMatchObject({ kind: 'delta', body: { rows: { nodeIds: ['a', 'b', 'c', 'd'] } } });
    expect(feed.advance(clusterViewOf({ shards: evenTable(101) }), UNSETTLED).kind).toBe('replaced');
    expect(tableSent(feed).shardCount).toBe(101);
  });

  it.each([{ settle: false }, { settle: true }])('prepared in turns it says the same as at once, and until then its picture stays as it is (%o)', (options) => {
    const before = evenTable(80_000);
    const after = changed(before, (table) => {
      table.load.cpu.forEach((value, row) => { table.load.cpu[row] = value * (1 + (row % 13) / 100); });
      table.sizeBytes[79_999] = NaN;
      table.replicas[40_000] = 2;
    });
    const view = clusterViewOf({ shards: after });
    const [atOnce, inTurns] = [new ShardsFeed(clusterViewOf({ shards: before })), new ShardsFeed(clusterViewOf({ shards: before }))];
    const digestBefore = digestOf(tableSent(atOnce));
    // As it is before a reading is shown.
    tableSumsOf(after);
    let rests = 0;
    for (const _ of inTurns.preparing(view, options)) {
      rests += 1;
      expect(digestOf(tableSent(inTurns))).toBe(digestBefore);
    }
    // After each portion of rows, then before the choice among them and before what is sent.
    expect(rests).toBe(Math.floor(80_000 / ROWS_PER_TURN) + 2);
    expect(digestOf(inTurns.advance(view, options))).toBe(digestOf(atOnce.advance(view, options)));
    expect(digestOf(tableSent(inTurns))).toBe(digestOf(tableSent(atOnce)));
    expect(digestOf(tableSent(inTurns))).not.toBe(digestBefore);
  });

  it('what was prepared for another picture is of no use', () => {
    const before = evenTable(40_000);
    const stale = changed(before, (table) => { table.load.cpu.fill(200); });
    const newest = changed(before, (table) => { table.load.cpu[5] = 200; });
    const feed = new ShardsFeed(clusterViewOf({ shards: before }));
    for (const _ of feed.preparing(clusterViewOf({ shards: stale }), UNSETTLED)) continue;
    expect(rowsOf(feed.advance(clusterViewOf({ shards: newest }), UNSETTLED))).toEqual([5]);
  });

  it('of a table in which only the placement changed, the numbers that were put off stay so', () => {
    const before = evenTable(1_000);
    const feed = new ShardsFeed(clusterViewOf({ shards: before }));
    const drifted = changed(before, (table) => { table.load.cpu.fill(101); });
    feed.advance(clusterViewOf({ shards: drifted }), UNSETTLED);
    const replicas = drifted.replicas.slice();
    replicas[600 * 2] = 1;
    const moved = { ...drifted, replicas };
    expect(rowsOf(feed.advance(clusterViewOf({ shards: moved }), UNSETTLED))).toEqual([600]);
    expect(feed.unsettled).toBe(true);
    for (let turn = 0; feed.unsettled && turn < 20; turn += 1) feed.advance(clusterViewOf({ shards: moved }), { settle: true });
    expect(tableSent(feed).load.cpu).toEqual(moved.load.cpu);
  });
});
