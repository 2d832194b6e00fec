import type { Plan } from '@/lib/contract/plan';

/** A longer one is not worth its memory: reading it takes a small part of what running it does. */
const STEPS_MAX = 20_000;

/**
 * The plan that was kept last, so that approving it a moment later need not read back what
 * was written just now. It stands in storage all the same: this is no second truth. Only
 * an approval changes a stored plan, and whoever tries one takes it from here first.
 */
export class RecentPlan {
  #plan: Plan | null = null;

  /** It has been stored. */
  remember(plan: Plan): void {
    this.#plan = plan.steps.length <= STEPS_MAX ? plan : null;
  }

  find(planId: string): Plan | null {
    return this.#plan?.id === planId ? this.#plan : null;
  }

  forget(planId: string): void {
    if (this.#plan?.id === planId) this.#plan = null;
  }
}
