import type { Plan, Refusal } from '@/lib/contract/plan';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { validatePlan, validation, type ValidationContext } from '@/lib/core/rebalance/validate-plan';
import { inTurns, isShortList, ROWS_PER_TURN } from '@/lib/platform/in-turns';

/** Is the plan still true of this state? Of a long one, or where there are many shards, it is found out in portions, between which others get their turn. */
export function validateInTurns(plan: Plan, state: ClusterState, context: ValidationContext): Promise<Refusal[]> {
  const isQuick = isShortList(plan.steps) && state.shards.replicas.length <= ROWS_PER_TURN;
  return isQuick ? Promise.resolve(validatePlan(plan, state, context)) : inTurns(validation(plan, state, context));
}
