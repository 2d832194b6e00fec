'use client';

import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useStable } from '@/components/charts/use-stable';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { toApiProblem, type ApiProblem } from '@/lib/client/api-problem';
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { BacktestAnswer, BacktestSeries } from '@/lib/contract/scaling-view';

/** Long enough that a drag asks a few times a second and not at every pixel. */
const DEBOUNCE_MS = 250;

export interface BacktestState {
  /** The newest answer, also while the next one is on its way. */
  readonly answer: BacktestAnswer | null;
  /** What is shown is not (yet) that of the form as it stands. */
  readonly pending: boolean;
  readonly problem: ApiProblem | null;
}

/**
 * What the policy in the form would have done. The newest question takes the place of an
 * older one, whose request is aborted, so that a late answer never overwrites a newer one.
 * `generation`: the active policy, which it is held against.
 */
export function useBacktest({ pool, generation, policy, series }: { readonly pool: string; readonly generation: number; readonly policy: PolicyDocument | null; readonly series: BacktestSeries | null }): BacktestState {
  const clusterId = useClusterId();
  const api = useApi();
  const wanted = useStable(policy === null || series === null ? null : { policy, series }, sameJson);
  const [asked] = useDebouncedValue(wanted, DEBOUNCE_MS);
  const query = useQuery({
    queryKey: ['backtest', clusterId, pool, generation, asked],
    queryFn: ({ signal }) => {
      if (asked === null) throw new Error('A disabled query does not ask');
      return api.scaling.backtest.call({ clusterId, pool, ...asked }, { signal });
    },
    enabled: asked !== null,
    placeholderData: keepPreviousData,
    staleTime: 60_000,
    gcTime: 60_000,
  });
  return {
    answer: query.error === null ? query.data ?? null : null,
    pending: wanted !== null && (wanted !== asked || query.isFetching),
    problem: query.error === null || asked === null ? null : toApiProblem(query.error),
  };
}

function sameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
