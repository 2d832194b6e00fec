import type { ReactNode } from 'react';
import { AppShell } from '@/components/layout/app-shell';
import { ClusterProvider } from '@/components/realtime/cluster-provider';

interface ClusterLayoutProps {
  readonly children: ReactNode;
  readonly params: Promise<{ readonly clusterId: string }>;
}

export default async function ClusterLayout({ children, params }: ClusterLayoutProps) {
  const { clusterId } = await params;
  return (
    <ClusterProvider key={clusterId} clusterId={decodeURIComponent(clusterId)}>
      <AppShell>{children}</AppShell>
    </ClusterProvider>
  );
}
