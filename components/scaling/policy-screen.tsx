'use client';

import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useSummary } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { LoadingState, ProblemState } from '@/components/ui/states';
import { toApiProblem } from '@/lib/client/api-problem';
import { PolicyEditor } from './policy-editor';

/** Everything about the scaling of one pool. */
export function PolicyScreen({ pool }: { readonly pool: string }) {
  const clusterId = useClusterId();
  const api = useApi();
  const scaling = useQuery(api.scaling.get.queryOptions({ input: { clusterId, pool } }));
  useFreshWithDecisions();
  if (scaling.data !== undefined) return <PolicyEditor key={pool} pool={scaling.data} />;
  if (scaling.error !== null) return <Panel><ProblemState what="the scaling policy" problem={toApiProblem(scaling.error)} onRetry={() => void scaling.refetch()} /></Panel>;
  return <Panel><LoadingState what="the scaling policy" /></Panel>;
}

/** Every evaluation is pushed with the summary; what shadows came to beside it has to be asked for. */
function useFreshWithDecisions(): void {
  const api = useApi();
  const queries = useQueryClient();
  const evaluatedAtMs = useSummary().scaling?.atMs ?? null;
  useEffect(() => {
    if (evaluatedAtMs !== null) void queries.invalidateQueries({ queryKey: api.scaling.get.key() });
  }, [evaluatedAtMs, api, queries]);
}
