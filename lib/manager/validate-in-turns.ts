import type { Plan, Refusal } from '@/lib/contract/plan';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { validatePlan, validation, type ValidationContext } from '@/lib/core/rebalance/validate-plan';
import { inTurns, isShortList } from '@/lib/platform/in-turns';

/** Is the plan still true of this state? Of a long one it is found out in portions, between which others get their turn. */
export function validateInTurns(plan: Plan, state: ClusterState, context: ValidationContext): Promise<Refusal[]> {
  return isShortList(plan.steps) ? Promise.resolve(validatePlan(plan, state, context)) : inTurns(validation(plan, state, context));
}
