import { refusal } from '@/lib/core/rebalance/refusals';
import type { NodeConstraint } from './constraint';

/** P5: only a node that answers receives. */
export const liveness: NodeConstraint = {
  name: 'liveness',
  refusalFor: ({ node }) => (node.liveness === 'alive'
    ? null
    : refusal('liveness', `${node.name} is ${node.liveness}: only nodes that answer receive shards`, { nodeId: node.id, numbers: { silentMs: node.livenessReason.silentMs }, remedy: 'It must answer again' })),
};
