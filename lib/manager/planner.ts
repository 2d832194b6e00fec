import type { Plan } from '@/lib/contract/plan';
import type { Throttle } from '@/lib/contract/settings';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { estimateSeconds, type MeasuredSpeed } from '@/lib/core/execution/estimate';
import type { RebalanceRequest } from '@/lib/core/rebalance/check-input';
import { planRebalance, type RebalanceContext } from '@/lib/core/rebalance/plan-rebalance';
import { assertNever } from '@/lib/platform/assert';
import { ok, type Result } from '@/lib/platform/result';
import { planReplacement, planReverse, type ReplaceWish, type ReverseWish } from './known-moves';

/** What is to be planned: searched for, or known from elsewhere. */
export type PlanWish =
  | {
    readonly kind: 'search';
    readonly request: RebalanceRequest;
    /** Evaluations that the search may use; absent: by the size of the cluster. */
    readonly workMax?: number | undefined;
  }
  | ({ readonly kind: 'reverse' } & ReverseWish)
  | ({ readonly kind: 'replace' } & ReplaceWish);

/** One plan to be made: plain data, so that another thread can make it. */
export interface PlanJob {
  readonly state: ClusterState;
  readonly wish: PlanWish;
  readonly context: Omit<RebalanceContext, 'estimateSeconds' | 'search'>;
  /** What moving takes here, for the estimate of time. */
  readonly pace: { readonly throttle: Throttle; readonly speed: MeasuredSpeed | null };
}

export interface PlanJobOptions {
  /** Aborted: the search ends at its next look, and the answer is `canceled`. */
  readonly signal?: AbortSignal | undefined;
  /** Share of the work that is done, 0..1. */
  readonly onProgress?: ((share: number) => void) | undefined;
  /** Not turned away when many are waiting: somebody has begun what depends on it. */
  readonly urgent?: boolean | undefined;
}

/** busy: too many wait. canceled: the caller gave up. crashed: the thread that made it ended; the next one gets a new thread. */
export interface PlannerFailure {
  readonly code: 'busy' | 'canceled' | 'crashed';
  readonly message: string;
}

/** Makes plans without holding up whoever asks; given by the composition root. */
export interface Planner {
  plan(job: PlanJob, options?: PlanJobOptions): Promise<Result<Plan, PlannerFailure>>;
  /** A plan that nobody waits for, so that the next ones run compiled code. `null`: others want plans, or there was practice enough. Absent where time is virtual. */
  practise?(job: PlanJob, signal: AbortSignal): Promise<Plan | null>;
  close(): Promise<void>;
}

/** Makes the job's plan here and now. */
export function planOf({ state, wish, context: given, pace }: PlanJob, search: Omit<NonNullable<RebalanceContext['search']>, 'workMax'> = {}): Plan {
  const context = { ...given, estimateSeconds: (work: { readonly bytes: number; readonly moves: number }) => estimateSeconds(work, pace.throttle, pace.speed) };
  switch (wish.kind) {
    case 'search': return planRebalance(state, wish.request, { ...context, search: { ...search, workMax: wish.workMax } });
    case 'reverse': return planReverse(state, wish, context);
    case 'replace': return planReplacement(state, wish, context);
    default: return assertNever(wish);
  }
}

/** In the caller's own thread: for virtual time, where everything is to happen in one order. */
export const planInPlace: Planner = {
  plan: (job) => Promise.resolve(ok(planOf(job))),
  close: () => Promise.resolve(),
};
