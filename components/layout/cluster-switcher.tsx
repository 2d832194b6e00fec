'use client';

import { Menu, UnstyledButton } from '@mantine/core';
import { IconPlus, IconSelector } from '@tabler/icons-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useCluster } from '@/components/realtime/use-cluster';
import { useFleet } from '@/components/realtime/use-live-store';
import { EnvironmentTag } from '@/components/ui/environment-tag';
import { ToneIcon } from '@/components/ui/status-badge';
import { healthWords } from '@/lib/client/status';
import { navItemOf } from './nav-items';
import classes from './cluster-switcher.module.css';

/** Which cluster is shown, and the way to the others: the same screen of another one. */
export function ClusterSwitcher() {
  const clusterId = useClusterId();
  const { clusters } = useFleet();
  const summary = useCluster((state) => state.summary);
  const screen = navItemOf(usePathname())?.path ?? 'overview';
  const entry = clusters?.find((cluster) => cluster.id === clusterId);
  const name = summary?.name ?? entry?.name ?? clusterId;
  const environment = summary?.environment ?? entry?.environment;
  return (
    <Menu position="bottom-start" width={280} withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes['switcher']} aria-label={`Cluster ${name}: switch to another`}>
          {/* eslint-disable-next-line @next/next/no-img-element -- a static SVG of 300 bytes has nothing to optimise */}
          <img src="/icon.svg" alt="" width={20} height={20} />
          <span className={classes['name']}>{name}</span>
          {environment !== undefined && <span className={classes['tag']} data-environment={environment}><EnvironmentTag environment={environment} /></span>}
          <IconSelector size={14} aria-hidden className={classes['chevron']} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>Clusters</Menu.Label>
        {clusters?.map((cluster) => (
          <Menu.Item
            key={cluster.id}
            component={Link}
            href={`/${cluster.id}/${screen}`}
            aria-current={cluster.id === clusterId ? 'true' : undefined}
            leftSection={<ToneIcon tone={healthWords(cluster.healthStatus).tone} />}
            rightSection={<EnvironmentTag environment={cluster.environment} />}
          >
            {cluster.name} <span className={classes['status']}>{healthWords(cluster.healthStatus).label}</span>
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item component={Link} href={`/${clusterId}/settings?connect=true`} leftSection={<IconPlus size={14} aria-hidden />}>Connect a cluster</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
