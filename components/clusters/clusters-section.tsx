'use client';

import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { parseAsBoolean, useQueryState } from 'nuqs';
import { IconPlus } from '@tabler/icons-react';
import { useApi } from '@/components/realtime/live-provider';
import { useConnection, useFleet } from '@/components/realtime/use-live-store';
import { lazyDialog } from '@/components/ui/lazy-dialog';
import { Panel } from '@/components/ui/panel';
import { EmptyState, LoadingState, ProblemState } from '@/components/ui/states';
import { toApiProblem } from '@/lib/client/api-problem';
import { ClusterRow } from './cluster-row';
import type { ConnectDialogProps } from './connect-dialog';
import classes from './clusters.module.css';

const ConnectDialog = lazyDialog<ConnectDialogProps>(async () => (await import('./connect-dialog')).ConnectDialog);

/** All connected clusters; connecting another and letting one go. */
export function ClustersSection() {
  const router = useRouter();
  const { clusters: fleet } = useFleet();
  const { state } = useConnection();
  const query = useQuery(useApi().clusters.list.queryOptions());
  const [connecting, setConnecting] = useQueryState('connect', parseAsBoolean.withDefault(false));
  return (
    <Panel
      title="Clusters"
      flush
      actions={<Button leftSection={<IconPlus size={14} aria-hidden />} onClick={() => void setConnecting(true)}>Connect a cluster</Button>}
    >
      {query.isPending && <LoadingState what="clusters" />}
      {query.isError && <ProblemState what="clusters" problem={toApiProblem(query.error)} onRetry={() => void query.refetch()} />}
      {query.data?.clusters.length === 0 && <EmptyState title="No cluster is connected" />}
      {query.data !== undefined && query.data.clusters.length > 0 && (
        <ul className={classes['list']}>
          {query.data.clusters.map((cluster) => (
            <ClusterRow
              key={cluster.id}
              cluster={cluster}
              health={fleet?.find((entry) => entry.id === cluster.id)?.healthStatus ?? cluster.health.status}
              blockedBy={state.status === 'live' ? null : 'The connection to the server is lost'}
            />
          ))}
        </ul>
      )}
      <ConnectDialog
        opened={connecting}
        onClose={() => void setConnecting(null)}
        onConnected={(clusterId) => router.push(`/${clusterId}/overview`)}
      />
    </Panel>
  );
}
