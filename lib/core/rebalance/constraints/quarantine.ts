import { refusal } from '@/lib/core/rebalance/refusals';
import type { NodeConstraint } from './constraint';

/** P5, N6: a node that went up and down receives nothing until its hold-down ends. */
export const quarantine: NodeConstraint = {
  name: 'quarantined',
  refusalFor: ({ node, nowMs }) => {
    if (node.quarantinedUntilMs === null || node.quarantinedUntilMs <= nowMs) return null;
    const remainingMs = node.quarantinedUntilMs - nowMs;
    return refusal('quarantined', `${node.name} was flapping and is in quarantine for another ${Math.ceil(remainingMs / 1000)} s`, { nodeId: node.id, numbers: { remainingMs }, remedy: 'Wait for the end of the quarantine' });
  },
};
