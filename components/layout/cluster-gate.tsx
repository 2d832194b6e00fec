'use client';

import { Button } from '@mantine/core';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useCluster } from '@/components/realtime/use-cluster';
import { useFleet } from '@/components/realtime/use-live-store';
import { EmptyState, ErrorState, LoadingState } from '@/components/ui/states';

/** Shows the screen once there is something to show; afterwards never takes it away, whatever the connection does. */
export function ClusterGate({ children }: { readonly children: ReactNode }) {
  const known = useCluster((state) => state.summary !== null);
  const gone = useCluster((state) => state.gone);
  const { connection } = useFleet();
  if (gone) {
    return (
      <EmptyState title="This cluster is not connected to this console" action={<Button component={Link} href="/" variant="default">To the clusters</Button>}>
        It was disconnected, or it never was. The cluster itself is not touched by that.
      </EmptyState>
    );
  }
  if (known) return children;
  if (connection.status === 'offline' || connection.status === 'reconnecting') {
    return <ErrorState what="the cluster" problem={{ lost: true, detail: 'The server cannot be reached. The console goes on trying and shows the cluster as soon as it answers.' }} />;
  }
  return <LoadingState what="the cluster" />;
}
