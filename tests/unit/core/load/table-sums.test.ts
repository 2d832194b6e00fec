import { describe, expect, it } from 'vitest';
import { createShardTable, NO_REPLICA, type ShardTable } from '@/lib/contract/shard-table';
import { carrySums, summingUp, tableSumsOf } from '@/lib/core/load/table-sums';
import { ROWS_PER_TURN } from '@/lib/platform/in-turns';
import { createRandom } from '@/lib/platform/random';

const NODES = 9;

function randomTable(shardCount: number, seed: number): ShardTable {
  const random = createRandom(`table-sums/${seed}`);
  const table = createShardTable({ shardCount, replicaMax: 3, nodeIds: Array.from({ length: NODES }, (_, index) => `n${index}`) });
  const { sizeBytes, keyCount, load } = table;
  for (let shardId = 0; shardId < shardCount; shardId += 1) {
    const first = random.integer(NODES);
    for (let column = 0; column < 3; column += 1) table.replicas[shardId * 3 + column] = random.next() < 0.02 ? NO_REPLICA : (first + column) % NODES;
    sizeBytes[shardId] = random.next() < 0.1 ? NaN : random.integer(1_000);
    keyCount[shardId] = random.integer(100);
    for (const column of [load.cpu, load.readsPerSecond, load.writesPerSecond, load.networkBytesPerSecond]) column[shardId] = random.integer(50);
  }
  return table;
}

describe('the sums of a table', () => {
  it.each([1, 2, 3])('are what its replicas come to one by one, over its portions too (seed %i)', (seed) => {
    const table = randomTable(2 * ROWS_PER_TURN + 17, seed);
    const { bytes, cpu, shards, primaries } = tableSumsOf(table);
    const known = [...table.sizeBytes].filter((size) => !Number.isNaN(size));
    const mean = known.reduce((sum, size) => sum + size, 0) / known.length;
    const expected = { bytes: new Float64Array(NODES), cpu: new Float64Array(NODES), shards: new Float64Array(NODES), primaries: new Float64Array(NODES) };
    for (const [at, node] of table.replicas.entries()) {
      if (node === NO_REPLICA) continue;
      const shardId = Math.floor(at / 3);
      expected.shards[node]! += 1;
      expected.bytes[node]! += Number.isNaN(table.sizeBytes[shardId]!) ? mean : table.sizeBytes[shardId]!;
      if (at % 3 !== 0) continue;
      expected.primaries[node]! += 1;
      expected.cpu[node]! += table.load.cpu[shardId]!;
    }
    expect(shards).toEqual(expected.shards);
    expect(primaries).toEqual(expected.primaries);
    expect(cpu).toEqual(expected.cpu);
    for (let node = 0; node < NODES; node += 1) expect(bytes[node]! / expected.bytes[node]!).toBeCloseTo(1, 9);
  });

  it('are summed up once, with rests between, and then at hand', () => {
    const table = randomTable(3 * ROWS_PER_TURN, 4);
    const summing = summingUp(table);
    let rests = 0;
    let last = summing.next();
    for (; last.done !== true; last = summing.next()) rests += 1;
    // One after each of the six columns, and between three portions of rows.
    expect(rests).toBe(8);
    expect(tableSumsOf(table)).toBe(last.value);
    expect(summingUp(table).next()).toEqual({ done: true, value: last.value });
  });

  it.each([5, 6, 7, 8])('after moves follow from those before, as if summed up anew, and an emptied node has nothing at all (seed %i)', (seed) => {
    const random = createRandom(`table-sums/moves/${seed}`);
    const before = randomTable(2_000, seed);
    before.load.cpu.forEach((_, shardId, cpu) => { cpu[shardId] = random.next(); });
    tableSumsOf(before);
    const replicas = before.replicas.slice();
    const moved = [...replicas.keys()].filter((at) => replicas[at] === 0 || random.next() < 0.1);
    for (const at of moved) replicas[at] = 1 + random.integer(NODES);
    const after = { ...before, replicas, nodeIds: [...before.nodeIds, 'newcomer'] };
    carrySums(before, after, moved.map((at) => Math.floor(at / 3)));
    const anew = tableSumsOf({ ...after });
    const { demand: _, ...carried } = tableSumsOf(after);
    for (const [name, summed] of Object.entries(carried)) {
      for (const [node, value] of summed.entries()) expect(Math.abs(value - anew[name as keyof typeof carried][node]!), `${name} of ${node}`).toBeLessThanOrEqual(1e-9 * Math.max(1, value));
      expect(summed[0]).toBe(0);
    }
  });
});
