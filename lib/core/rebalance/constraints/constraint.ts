import type { Node } from '@/lib/contract/node';
import type { Refusal, RefusalCode } from '@/lib/contract/plan';
import type { SafetyLines } from '@/lib/contract/settings';
import type { Placement } from '@/lib/core/rebalance/placement';

/** What decides whether a node may receive anything at all. */
export interface NodeFacts {
  readonly node: Node;
  readonly nowMs: number;
  readonly safetyLines: SafetyLines;
}

/** Of a node alone: asked once per node and plan. */
export interface NodeConstraint {
  readonly name: RefusalCode;
  /** Why nothing may be placed on the node now; `null` = no objection. */
  refusalFor(facts: NodeFacts): Refusal | null;
}

/** Of an item and a bin in the placement as it is: asked for every candidate, so `allows` allocates nothing. */
export interface PlacementConstraint {
  readonly name: RefusalCode;
  allows(placement: Placement, item: number, bin: number): boolean;
  /** The numbers behind a `false` of `allows`. */
  explain(placement: Placement, item: number, bin: number): Refusal;
}
