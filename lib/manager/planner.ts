import type { Plan } from '@/lib/contract/plan';
import type { Throttle } from '@/lib/contract/settings';
import type { ClusterState } from '@/lib/core/cluster/cluster-state';
import { estimateSeconds, type MeasuredSpeed } from '@/lib/core/execution/estimate';
import type { RebalanceRequest } from '@/lib/core/rebalance/check-input';
import { planRebalance, type RebalanceContext } from '@/lib/core/rebalance/plan-rebalance';
import { ok, type Result } from '@/lib/platform/result';

/** One plan to be made: plain data, so that another thread can make it. */
export interface PlanJob {
  readonly state: ClusterState;
  readonly request: RebalanceRequest;
  readonly context: Omit<RebalanceContext, 'estimateSeconds' | 'search'>;
  /** What moving takes here, for the estimate of time. */
  readonly pace: { readonly throttle: Throttle; readonly speed: MeasuredSpeed | null };
  /** Evaluations that the search may use; absent: by the size of the cluster. */
  readonly workMax?: number | undefined;
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
  close(): Promise<void>;
}

/** Makes the job's plan here and now. */
export function planOf({ state, request, context, pace, workMax }: PlanJob, search: Omit<NonNullable<RebalanceContext['search']>, 'workMax'> = {}): Plan {
  return planRebalance(state, request, { ...context, estimateSeconds: (work) => estimateSeconds(work, pace.throttle, pace.speed), search: { ...search, workMax } });
}

/** In the caller's own thread: for virtual time, where everything is to happen in one order. */
export const planInPlace: Planner = {
  plan: (job) => Promise.resolve(ok(planOf(job))),
  close: () => Promise.resolve(),
};
