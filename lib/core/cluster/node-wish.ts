import type { Lifecycle, Node } from '@/lib/contract/node';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterState } from './cluster-state';

/** What we want of one node; stored, and laid over what is observed. */
export interface NodeWish {
  readonly lifecycle: Lifecycle;
  readonly cordoned: boolean;
  readonly maintenanceUntilMs: number | null;
}

/**
 * N1: the only lifecycle transitions there are. A drain may be called off (draining or
 * drained back to active); a decommission that has begun to leave may only end or,
 * while nothing left yet, go back to drained.
 */
export const LIFECYCLE_TRANSITIONS: Readonly<Record<Lifecycle, readonly Lifecycle[]>> = {
  joining: ['active', 'decommissioned'],
  active: ['draining', 'decommissioning'],
  draining: ['drained', 'active'],
  drained: ['active', 'decommissioning'],
  decommissioning: ['decommissioned', 'drained', 'active'],
  decommissioned: ['joining'],
};

export interface IllegalTransition {
  readonly code: 'illegal-transition';
  readonly from: Lifecycle;
  readonly to: Lifecycle;
  readonly legal: readonly Lifecycle[];
}

/** The wish after a lifecycle change; refused when the table does not list it. Setting what is already so is legal. */
export function wishLifecycle(wish: NodeWish, to: Lifecycle): Result<NodeWish, IllegalTransition> {
  const legal = LIFECYCLE_TRANSITIONS[wish.lifecycle];
  if (wish.lifecycle !== to && !legal.includes(to)) return err({ code: 'illegal-transition', from: wish.lifecycle, to, legal });
  return ok({ ...wish, lifecycle: to });
}

export function wishOf(node: Node): NodeWish {
  return { lifecycle: node.lifecycle, cordoned: node.cordoned, maintenanceUntilMs: node.maintenanceUntilMs };
}

/** The state with one node's wish laid over it; the same state when the node is unknown. */
export function applyWish(state: ClusterState, nodeId: string, wish: NodeWish): ClusterState {
  const node = state.nodes.get(nodeId);
  if (node === undefined) return state;
  const nodes = new Map(state.nodes);
  nodes.set(nodeId, { ...node, ...wish });
  return { ...state, revision: state.revision + 1, nodes };
}
