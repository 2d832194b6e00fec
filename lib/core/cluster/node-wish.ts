import type { Lifecycle, Node } from '@/lib/contract/node';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterState } from './cluster-state';

/** What we want of one node; stored, and laid over what is observed. */
export interface NodeWish {
  readonly lifecycle: Lifecycle;
  readonly cordoned: boolean;
  readonly maintenanceUntilMs: number | null;
}

/** What must hold for a transition; `node-checks.ts` knows how each is checked and refused. */
export type Precondition =
  | 'answers' | 'member' | 'leader' | 'can-move' | 'can-remove' | 'holds-nothing' | 'not-last' | 'copies-fit' | 'no-operation' | 'not-frozen' | 'fresh-picture';

/** What a node that is joining must be to be made a member, by hand or by rule. */
export const TO_ACCEPT: readonly Precondition[] = ['answers', 'no-operation', 'not-frozen', 'fresh-picture'];
const TO_ACTIVATE: readonly Precondition[] = ['answers', 'member'];
const TO_DRAIN: readonly Precondition[] = ['can-move', 'leader', 'no-operation', 'not-frozen', 'fresh-picture'];
const TO_LEAVE: readonly Precondition[] = ['can-remove', 'holds-nothing', 'not-last', 'copies-fit', 'no-operation', 'not-frozen', 'fresh-picture'];

/**
 * N1: the only lifecycle transitions there are, and what each needs. A drain may be called
 * off (draining or drained back to active); a decommission that has begun to leave may only
 * end or, while nothing left yet, go back. A transition that an operation makes on its way
 * (draining to drained) is checked on the node itself by the operation besides. A node that is
 * joining becomes active by being made a member (acceptance), never by a wish alone.
 */
export const LIFECYCLE_TRANSITIONS: Readonly<Record<Lifecycle, Partial<Readonly<Record<Lifecycle, readonly Precondition[]>>>>> = {
  joining: { active: TO_ACTIVATE, decommissioned: ['holds-nothing'] },
  active: { draining: TO_DRAIN, decommissioning: TO_LEAVE },
  draining: { drained: ['holds-nothing'], active: [] },
  drained: { active: ['no-operation'], decommissioning: TO_LEAVE },
  decommissioning: { decommissioned: ['holds-nothing'], drained: [], active: [] },
  decommissioned: { joining: [] },
};

export interface IllegalTransition {
  readonly code: 'illegal-transition';
  readonly from: Lifecycle;
  readonly to: Lifecycle;
  readonly legal: readonly Lifecycle[];
}

/** What the table asks for this transition; refused when it does not list it. Setting what is already so is legal and needs nothing. */
export function preconditionsOf(from: Lifecycle, to: Lifecycle): Result<readonly Precondition[], IllegalTransition> {
  if (from === to) return ok([]);
  const needs = LIFECYCLE_TRANSITIONS[from][to];
  return needs === undefined ? err({ code: 'illegal-transition', from, to, legal: Object.keys(LIFECYCLE_TRANSITIONS[from]) as Lifecycle[] }) : ok(needs);
}

/** The wish after a lifecycle change; refused when the table does not list it. */
export function wishLifecycle(wish: NodeWish, to: Lifecycle): Result<NodeWish, IllegalTransition> {
  const legal = preconditionsOf(wish.lifecycle, to);
  return legal.ok ? ok({ ...wish, lifecycle: to }) : legal;
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
