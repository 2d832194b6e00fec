import type { Risk } from '@/lib/contract/plan';
import type { ForeseenMove } from '../driver';
import type { ClusterCore } from './cluster-core';
import { NODE } from './cluster-parameters';
import { isServing } from './phantom-node';

/** Fuller than this after the moves is worth a warning. */
const FULL_SHARE = 0.9;

/**
 * PhantomDB keeps data on disk, and a copy that finds no room is refused by its target; so
 * what it can foresee is room, and ends that do not serve.
 */
export function foreseeMoves(core: ClusterCore, moves: readonly ForeseenMove[]): Risk[] {
  const risks: Risk[] = [];
  const loads = core.loads();
  const arriving = new Map<string, number>();
  for (const { shardId, targetNodeId } of moves) arriving.set(targetNodeId, (arriving.get(targetNodeId) ?? 0) + (core.workload.sizeBytes[shardId] ?? 0));
  for (const nodeId of new Set(moves.flatMap((move) => [move.sourceNodeId, move.targetNodeId]))) {
    const node = core.node(nodeId);
    if (node === null || !isServing(node)) risks.push({ code: 'not-inspected', severity: 'danger', message: `${nodeId} does not serve: nothing can be copied from or to it`, nodeId, shardId: null });
  }
  for (const [nodeId, bytes] of arriving) {
    const node = core.node(nodeId);
    if (node === null) continue;
    const usedBytes = loads[node.index]!.diskBytes;
    const share = (usedBytes + bytes) / NODE.diskBytes;
    if (share <= FULL_SHARE) continue;
    const numbers = { usedBytes, arrivingBytes: bytes, capacityBytes: NODE.diskBytes };
    const full = `The disk of ${nodeId} would be at ${Math.round(share * 100)} % if nothing were given back before all has arrived`;
    risks.push({ code: 'target-memory', severity: share > 1 ? 'danger' : 'warning', message: full, nodeId, shardId: null, numbers });
  }
  return risks;
}
