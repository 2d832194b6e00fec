import { refusal } from '@/lib/core/rebalance/refusals';
import { capacityNeedOf } from './capacity';
import type { PlacementConstraint } from './constraint';

/** The request's reserve: enough stays free everywhere to take over from the largest node or zone. */
export const headroom: PlacementConstraint = {
  name: 'headroom',
  allows: (placement, item, bin) => placement.problem.limits.headroomShare === 0 || capacityNeedOf(placement, item, bin, 1 - placement.problem.limits.headroomShare) === null,
  explain: (placement, item, bin) => {
    const { binIds, itemGroup, limits } = placement.problem;
    const need = capacityNeedOf(placement, item, bin, 1 - limits.headroomShare);
    const nodeId = binIds[bin]!;
    const shardId = itemGroup[item]!;
    const percent = Math.round(limits.headroomShare * 100);
    return refusal('headroom', `${nodeId} keeps ${percent} % of its ${need?.dimension ?? 'resources'} line free, to take over when the largest part of the cluster is lost; shard ${shardId} does not fit into the rest`, {
      nodeId, shardId, numbers: { headroomShare: limits.headroomShare, ...(need !== null && { used: need.used, arriving: need.arriving, line: need.line }) },
      remedy: 'Plan without headroom, or add a node first',
    });
  },
};
