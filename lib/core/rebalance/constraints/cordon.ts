import { refusal } from '@/lib/core/rebalance/refusals';
import type { NodeConstraint } from './constraint';

/** P5: an operator's word, for as long as it stands; maintenance is a cordon with an end. */
export const cordon: NodeConstraint = {
  name: 'cordoned',
  refusalFor: ({ node, nowMs }) => {
    if (node.cordoned) return refusal('cordoned', `${node.name} is cordoned: it accepts no new replicas`, { nodeId: node.id, remedy: 'Uncordon it' });
    if (node.maintenanceUntilMs === null || node.maintenanceUntilMs <= nowMs) return null;
    const remainingMs = node.maintenanceUntilMs - nowMs;
    return refusal('cordoned', `${node.name} is in maintenance for another ${Math.ceil(remainingMs / 1000)} s`, { nodeId: node.id, numbers: { remainingMs }, remedy: 'Activate it, or wait for the end of the maintenance' });
  },
};
