import { refusal } from '@/lib/core/rebalance/refusals';
import type { PlacementConstraint } from './constraint';

/** P3: two replicas on one node are one replica. */
export const replicaConflict: PlacementConstraint = {
  name: 'replica-conflict',
  allows: (placement, item, bin) => placement.itemOn(placement.problem.itemGroup[item]!, bin) === -1,
  explain: (placement, item, bin) => {
    const shardId = placement.problem.itemGroup[item]!;
    const nodeId = placement.problem.binIds[bin]!;
    return refusal('replica-conflict', `${nodeId} already holds a replica of shard ${shardId}`, { nodeId, shardId });
  },
};
