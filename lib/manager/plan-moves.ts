import type { MoveRecord } from '@/lib/contract/operation';
import type { Plan, PlanStep } from '@/lib/contract/plan';

/** The journal of steps that have not begun. */
export function movesOf(steps: readonly PlanStep[]): MoveRecord[] {
  return steps.map((step, index) => ({ index, step, status: 'pending', attempt: 0, bytesDone: 0, keysDone: 0, startedAtMs: null, finishedAtMs: null, failure: null }));
}

/** What the steps move; for all of a plan what the plan says, which has a guess for unknown sizes. */
export function bytesOf(steps: readonly PlanStep[], plan: Plan): number {
  return steps.length === plan.steps.length ? plan.bytes : steps.reduce((sum, step) => sum + (step.kind === 'move' ? step.bytes ?? 0 : 0), 0);
}
