import type { Capabilities } from '@/lib/contract/cluster';
import type { Node } from '@/lib/contract/node';
import type { Refusal } from '@/lib/contract/plan';
import { isLeader } from '@/lib/core/cluster/cluster-state';
import type { ClusterModel } from './cluster-model';
import { refusal } from './commands';

/** Why these nodes may not leave the cluster, whatever they hold; empty = they may. */
export function leavingRefusals(model: ClusterModel, capabilities: Capabilities, leaving: readonly Node[]): Refusal[] {
  const refusals: Refusal[] = [];
  const nodeId = leaving.length === 1 ? leaving[0]!.id : null;
  const names = leaving.map(({ name }) => name).join(', ').slice(0, 200);
  if (!capabilities.removeNode) refusals.push(refusal('not-supported', 'This kind of cluster cannot remove nodes from here', { nodeId }));
  const ids = new Set(leaving.map(({ id }) => id));
  const remaining = [...model.nodes.values()].filter((node) => isLeader(node) && node.lifecycle !== 'decommissioned' && !ids.has(node.id));
  const leaders = leaving.filter(isLeader);
  if (leaders.length > 0 && remaining.length === 0) refusals.push(refusal('last-node', leaving.length === 1 ? `${names} is the last node` : `${names} are all there are`, { nodeId }));
  const replicationFactor = model.state.engine?.replicationFactor ?? 1;
  if (leaders.length > 0 && remaining.length > 0 && capabilities.replication === 'per-shard' && remaining.length < replicationFactor) {
    refusals.push(refusal('replication-factor', `${remaining.length} nodes cannot hold ${replicationFactor} copies of each shard`, { nodeId, numbers: { remaining: remaining.length, replicationFactor } }));
  }
  if (model.freeze !== null) refusals.push(refusal('frozen', `Frozen: ${model.freeze.reason}`));
  const busy = leaving.find((node) => model.operations.some((operation) => operation.nodeIds.includes(node.id)));
  if (busy !== undefined) refusals.push(refusal('operation-running', `An operation on ${busy.name} is running or waiting`, { nodeId: busy.id }));
  return refusals;
}
