import { refusal } from '@/lib/core/rebalance/refusals';
import type { NodeConstraint } from './constraint';

/** A follower has what its leader has; shards are placed on leaders. */
export const follower: NodeConstraint = {
  name: 'follower',
  refusalFor: ({ node }) => (node.followerOf === null
    ? null
    : refusal('follower', `${node.name} follows ${node.followerOf}: shards are placed on leaders`, { nodeId: node.id })),
};
