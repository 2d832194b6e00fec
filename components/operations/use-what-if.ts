'use client';

import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useStable } from '@/components/charts/use-stable';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { toApiProblem, type ApiProblem } from '@/lib/client/api-problem';
import type { Plan, PlanRequest, WhatIf } from '@/lib/contract/plan';

/** Long enough that a drag asks a few times a second and not at every pixel. */
const DEBOUNCE_MS = 250;

export interface WhatIfState {
  /** The newest answer, also while the next one is on its way. `null`: none yet, or nothing can be asked. */
  readonly whatIf: WhatIf | null;
  /** The answer shown is not (yet) that of what the form says. */
  readonly pending: boolean;
  /** Why the newest question got no plan. */
  readonly problem: ApiProblem | null;
}

/**
 * What the form as it stands would plan. One question at a time: a newer one takes the
 * place of an older one, whose request is aborted, so that an answer that comes late
 * never overwrites a newer one. Its own key, because pushed events make kept plans old,
 * and would have this asked again at every event of a running operation.
 */
export function useWhatIf(request: PlanRequest | null): WhatIfState {
  const clusterId = useClusterId();
  const api = useApi();
  const wanted = useStable(request, sameJson);
  const [asked] = useDebouncedValue(wanted, DEBOUNCE_MS);
  const query = useQuery({
    ...api.plans.whatIf.queryOptions({ input: { clusterId, ...(asked ?? NOTHING_ASKED) }, queryKey: ['what-if', clusterId, asked] }),
    enabled: asked !== null,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    // An answer can have megabytes of steps, and the cluster has changed by the time one comes back to it.
    gcTime: 0,
  });
  return {
    whatIf: asked === null || query.error !== null ? null : query.data ?? null,
    pending: wanted !== asked || query.isFetching,
    problem: asked === null || query.error === null ? null : toApiProblem(query.error),
  };
}

/** Stands where a disabled query needs an input; it is never sent. */
const NOTHING_ASKED = { strategy: 'optimal' } as const;

function sameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** Do the two answer the same question? By what the server made of it, defaults filled in. */
export function sameQuestion(a: Question, b: Question): boolean {
  const asked = ({ strategy, scope, threshold, options }: Question) => [strategy, scope, threshold, options];
  return sameJson(asked(a), asked(b));
}

type Question = Pick<Plan, 'strategy' | 'scope' | 'threshold' | 'options'>;
