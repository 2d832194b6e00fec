import type { Refusal } from '@/lib/contract/plan';
import type { Placement } from '@/lib/core/rebalance/placement';
import { capacity, hasRoomForRole } from './capacity';
import type { NodeConstraint, NodeFacts, PlacementConstraint } from './constraint';
import { cordon } from './cordon';
import { diskLine } from './disk-line';
import { follower } from './follower';
import { headroom } from './headroom';
import { lifecycle } from './lifecycle';
import { liveness } from './liveness';
import { arrivals, bytesLimit, departures } from './plan-limits';
import { quarantine } from './quarantine';
import { replicaConflict } from './replica-conflict';
import { zoneSpread } from './zone-spread';

/** In the order in which an operator wants to hear of them. */
const NODE_CONSTRAINTS: readonly NodeConstraint[] = [follower, lifecycle, liveness, cordon, quarantine, diskLine];

/** Cheapest first. */
const PLACEMENT_CONSTRAINTS: readonly PlacementConstraint[] = [replicaConflict, arrivals, departures, bytesLimit, zoneSpread, capacity, headroom];

/** Why nothing may be placed on the node; `null` = it is open. */
export function refusalOfNode(facts: NodeFacts): Refusal | null {
  for (const constraint of NODE_CONSTRAINTS) {
    const found = constraint.refusalFor(facts);
    if (found !== null) return found;
  }
  return null;
}

/** May the item come to the open bin as the placement is now? */
export function mayPlace(placement: Placement, item: number, bin: number, except?: PlacementConstraint): boolean {
  for (const constraint of PLACEMENT_CONSTRAINTS) {
    if (constraint !== except && !constraint.allows(placement, item, bin)) return false;
  }
  return true;
}

/** May the group's primary role go from one of its items to the other? It places no data, but it brings load. */
export function mayTransfer(placement: Placement, primary: number, secondary: number): boolean {
  const bin = placement.itemBin[secondary]!;
  return bin >= 0 && placement.problem.scored[bin] === 1 && placement.problem.sealed[bin] === 0 && hasRoomForRole(placement, primary, secondary);
}

/** The first reason why the item may not come to the bin; `null` = it may. */
export function refusalOfPlacement(placement: Placement, item: number, bin: number): Refusal | null {
  const closed = placement.problem.closedBecause[bin];
  if (closed !== null && closed !== undefined) return closed;
  const broken = PLACEMENT_CONSTRAINTS.find((constraint) => !constraint.allows(placement, item, bin));
  return broken?.explain(placement, item, bin) ?? null;
}
