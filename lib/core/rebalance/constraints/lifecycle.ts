import { refusal } from '@/lib/core/rebalance/refusals';
import type { NodeConstraint } from './constraint';

/** P5: only an active node receives; one that joins or leaves does not. */
export const lifecycle: NodeConstraint = {
  name: 'lifecycle',
  refusalFor: ({ node }) => (node.lifecycle === 'active' ? null : refusal('lifecycle', `${node.name} is ${node.lifecycle}: only active nodes receive shards`, { nodeId: node.id, remedy: 'Make it active' })),
};
