import { describe, expect, it } from 'vitest';
import { carryShardHealth, shardHealthOf } from '@/lib/core/health/shard-health';
import { createRandom } from '@/lib/platform/random';
import { nodeNamed, stateOf, tableOf } from '@/tests/support/cluster-states';

const IDS = ['a', 'b', 'c', 'd', 'e'];

describe('the health of shards', () => {
  it.each([1, 2, 3, 4, 5, 6])('after moves and deaths is what counting anew says, whatever was carried over (seed %i)', (seed) => {
    const random = createRandom(`shard-health/${seed}`);
    const liveness = () => (random.next() < (seed % 2 === 0 ? 0 : 0.3) ? 'dead' as const : 'alive' as const);
    let nodes = IDS.map((id) => nodeNamed(id, { liveness: liveness() }));
    let table = tableOf(IDS, Array.from({ length: 60 }, (_, shardId) => [0, 1].map((column) => IDS[(shardId + column) % IDS.length]!)));
    for (let round = 0; round < 60; round += 1) {
      shardHealthOf(stateOf(nodes, table, 2));
      const replicas = table.replicas.slice();
      const moved = Array.from({ length: 1 + random.integer(4) }, () => random.integer(replicas.length));
      for (const at of moved) replicas[at] = random.integer(IDS.length);
      const after = { ...table, replicas };
      carryShardHealth(table, after, moved.map((at) => Math.floor(at / 2)));
      if (random.next() < 0.2) nodes = nodes.map((node) => ({ ...node, liveness: liveness() }));
      table = after;
      expect(shardHealthOf(stateOf(nodes, table, 2))).toEqual(shardHealthOf(stateOf(nodes, { ...table }, 2)));
    }
  });
});
