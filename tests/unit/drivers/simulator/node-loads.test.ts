import { describe, expect, it } from 'vitest';
import { SimulatorConnectionSchema } from '@/lib/contract/connection';
import { PhantomCluster } from '@/lib/drivers/simulator/phantom-cluster';
import { shardSumsOf } from '@/lib/drivers/simulator/node-loads';

describe('what the shards of a node ask of it', () => {
  it('is, to the bit, what all shards sum up to, though after a change of owner only its nodes are summed up', () => {
    const { core } = PhantomCluster.create(SimulatorConnectionSchema.parse({ kind: 'simulator', nodeCount: 6, shardCount: 300, zoneCount: 3, replicationFactor: 3 }));
    const before = structuredClone(core.demand().sums);
    for (let shardId = 0; shardId < 40; shardId += 1) {
      const holders = [...core.placement.holders(shardId)];
      const [source, target] = [holders[shardId % 3]!, core.nodes.findIndex((_, index) => !holders.includes(index))];
      if (shardId % 4 === 0) core.placement.promote(shardId, holders[1]!);
      else core.placement.replace(shardId, source, target);
      core.ownershipChanged(shardId, shardId % 4 === 0 ? null : source);
      if (shardId % 3 === 0) core.demand();
      if (shardId === 20) {
        core.nodes[2]!.running = false;
        core.nodeChanged(core.nodes[2]!);
      }
    }
    const { sums, factors } = core.demand();
    expect(sums).toEqual(shardSumsOf(core.nodes, core.placement, core.workload, factors));
    expect(sums).not.toEqual(before);
  });
});
