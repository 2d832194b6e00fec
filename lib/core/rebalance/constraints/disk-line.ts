import { bytesInWords } from '@/lib/core/rebalance/amount-in-words';
import { refusal } from '@/lib/core/rebalance/refusals';
import type { NodeConstraint } from './constraint';

/** P5: a disk at its line takes nothing more, however small, until something has left. */
export const diskLine: NodeConstraint = {
  name: 'disk-line',
  refusalFor: ({ node, safetyLines }) => {
    const { disk: used } = node.usage;
    const { disk: capacity } = node.capacity;
    if (used === null || capacity === null || capacity <= 0 || used < safetyLines.disk * capacity) return null;
    const percent = (ratio: number) => `${Math.round(ratio * 100)} %`;
    return refusal('disk-line', `The disk of ${node.name} is ${percent(used / capacity)} full, its line is ${percent(safetyLines.disk)}`, {
      nodeId: node.id, numbers: { usedBytes: used, capacityBytes: capacity, utilization: used / capacity, line: safetyLines.disk },
      remedy: `Free ${bytesInWords(used - safetyLines.disk * capacity + 1, 'up')} on it, or raise the disk line above ${percent(used / capacity)}`,
    });
  },
};
