import { bytesInWords } from '@/lib/core/rebalance/amount-in-words';
import { refusal } from '@/lib/core/rebalance/refusals';
import type { PlacementConstraint } from './constraint';

/** The request's limit on copies that come to one node. */
export const arrivals: PlacementConstraint = {
  name: 'arrivals',
  allows: ({ arrivals: counts, problem }, _item, bin) => counts[bin]! < problem.limits.arrivalsPerBinMax,
  explain: ({ arrivals: counts, problem }, item, bin) => {
    const nodeId = problem.binIds[bin]!;
    const arriving = counts[bin]!;
    return refusal('arrivals', `${arriving} copies go to ${nodeId} already, as many as the plan may send to one node`, {
      nodeId, shardId: problem.itemGroup[item]!, numbers: { arriving, arrivalsMax: problem.limits.arrivalsPerBinMax }, remedy: 'Allow more arrivals per node, or plan again once these have landed',
    });
  },
};

/** The request's limit on copies that leave one node; a node that is emptied has none. */
export const departures: PlacementConstraint = {
  name: 'departures',
  allows: ({ departures: counts, itemBin, problem }, item) => {
    const from = itemBin[item]!;
    return from < 0 || problem.evacuating[from] === 1 || counts[from]! < problem.limits.departuresPerBinMax;
  },
  explain: ({ departures: counts, itemBin, problem }, item) => {
    const from = itemBin[item]!;
    const nodeId = problem.binIds[from] ?? 'the node';
    return refusal('departures', `${counts[from] ?? 0} copies leave ${nodeId} already, as many as the plan may take from one node`, {
      nodeId: problem.binIds[from], shardId: problem.itemGroup[item]!, numbers: { departing: counts[from] ?? 0, departuresMax: problem.limits.departuresPerBinMax }, remedy: 'Allow more departures per node, or plan again once these have left',
    });
  },
};

/** The request's limit on what the whole plan moves. */
export const bytesLimit: PlacementConstraint = {
  name: 'bytes-limit',
  allows: ({ bytesMoved, problem }, item) => bytesMoved + problem.groupBytes[problem.itemGroup[item]!]! <= problem.limits.bytesMax,
  explain: ({ bytesMoved, problem }, item) => {
    const shardId = problem.itemGroup[item]!;
    const bytes = problem.groupBytes[shardId]!;
    return refusal('bytes-limit', `Shard ${shardId} has ${bytesInWords(bytes)}: with the ${bytesInWords(bytesMoved)} planned already that is more than the plan may move`, {
      shardId, numbers: { bytes, bytesPlanned: bytesMoved, bytesMax: problem.limits.bytesMax }, remedy: `Allow at least ${bytesInWords(bytesMoved + bytes, 'up')}`,
    });
  },
};
