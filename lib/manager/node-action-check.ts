import type { NodeAction, NodeActionCheck } from '@/lib/contract/health';
import type { Node } from '@/lib/contract/node';
import { isTerminal } from '@/lib/contract/operation';
import { isLeader } from '@/lib/core/cluster/cluster-state';
import { checkNodeAction } from '@/lib/core/cluster/node-checks';
import { holdingsOf } from '@/lib/core/load/holdings';
import type { ManagerResources } from './manager-resources';

/** What speaks against this action on this node now. */
export function checkOfNode({ model, driver, clock }: ManagerResources, action: NodeAction, node: Node): NodeActionCheck {
  const held = isLeader(node) && model.state.placementMonotonicMs !== null ? holdingsOf(model.state).find((holding) => holding.nodeId === node.id) : undefined;
  return checkNodeAction(action, node, {
    nodes: [...model.nodes.values()],
    held: held === undefined ? null : { shards: held.shards, primaries: held.primaries },
    capabilities: driver.capabilities,
    replicationFactor: model.state.engine?.replicationFactor ?? 1,
    operationOpen: model.operations.some(({ nodeIds, joins, status }) => nodeIds.includes(node.id) || (!isTerminal(status) && joins.some(({ address }) => address === node.address))),
    frozen: model.freeze?.reason ?? null,
    staleMs: model.stale ? clock.monotonicMs() - (model.state.observedMonotonicMs ?? 0) : null,
    nowMs: clock.wallMs(),
  });
}
