'use client';

import { useMantineColorScheme } from '@mantine/core';
import { Spotlight, spotlight, type SpotlightActionData, type SpotlightActionGroupData } from '@mantine/spotlight';
import { IconClockHour4, IconKey, IconMoon, IconSearch, IconSun, IconTopologyStar3 } from '@tabler/icons-react';
import { useRouter } from 'next/navigation';
import { useEffect, useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useCluster, useLiveView } from '@/components/realtime/use-cluster';
import { useFleet, useNow } from '@/components/realtime/use-live-store';
import { ToneIcon } from '@/components/ui/status-badge';
import { useZone } from '@/components/ui/zone-provider';
import { healthWords, nodeWords } from '@/lib/client/status';
import { NAV_ITEMS } from './nav-items';
import classes from './command-palette.module.css';

const RESULTS_MAX = 20;

/** Ctrl/Cmd-K: screens, nodes, clusters and switches by name. Opens whenever `openCount` grows. */
export function CommandPalette({ openCount }: { readonly openCount: number }) {
  const [opened, setOpened] = useState(false);
  const [query, setQuery] = useState('');
  useEffect(() => {
    if (openCount > 0) spotlight.toggle();
  }, [openCount]);
  const actions: SpotlightActionGroupData[] = [
    { group: 'Screens', actions: useScreenActions() },
    { group: 'Keys', actions: useKeyActions(query) },
    { group: 'Nodes', actions: useNodeActions() },
    { group: 'Clusters', actions: useClusterActions() },
    { group: 'Actions', actions: useSwitchActions() },
  ];
  return (
    <>
      {opened && <NodesWhileOpen />}
      <Spotlight
        actions={actions}
        shortcut={null}
        query={query}
        onQueryChange={setQuery}
        attributes={{ content: { 'aria-label': 'Command palette' } }}
        classNames={{ content: classes['content'] ?? '', action: classes['action'] ?? '' }}
        overlayProps={{ blur: 0 }}
        onSpotlightOpen={() => setOpened(true)}
        onSpotlightClose={() => setOpened(false)}
        nothingFound="Nothing of that name"
        highlightQuery
        scrollable
        maxHeight={420}
        limit={RESULTS_MAX}
        searchProps={{ leftSection: <IconSearch size={16} aria-hidden />, placeholder: 'Screen, node, key, cluster or action', 'aria-label': 'Search screens, nodes, keys, clusters and actions' }}
      />
    </>
  );
}

/** The nodes are kept fresh for the palette only while somebody searches. */
function NodesWhileOpen() {
  useLiveView('nodes');
  return null;
}

/** Whatever is typed may be a key: the last resort of every search. */
function useKeyActions(query: string): SpotlightActionData[] {
  const clusterId = useClusterId();
  const router = useRouter();
  const key = query.trim();
  if (key === '') return [];
  return [{
    id: 'key',
    label: `Where is the key ${key}?`,
    description: 'Its shard, its primary and its secondaries',
    leftSection: <IconKey size={18} stroke={1.6} aria-hidden />,
    onClick: () => router.push(`/${clusterId}/shards?${new URLSearchParams({ key }).toString()}`),
  }];
}

function useScreenActions(): SpotlightActionData[] {
  const clusterId = useClusterId();
  const router = useRouter();
  return NAV_ITEMS.map((item) => ({
    id: `screen ${item.path}`,
    label: item.label,
    description: item.about,
    leftSection: <item.icon size={18} stroke={1.6} aria-hidden />,
    onClick: () => router.push(`/${clusterId}/${item.path}`),
  }));
}

function useNodeActions(): SpotlightActionData[] {
  const clusterId = useClusterId();
  const router = useRouter();
  const nodes = useCluster((state) => state.nodes);
  const nowMs = useNow();
  return (nodes ?? []).map((node) => {
    const words = nodeWords(node, nowMs);
    return {
      id: `node ${node.id}`,
      label: node.name,
      description: [words.label, node.domain.zone, node.address].filter((part) => part !== null).join(' · '),
      leftSection: <ToneIcon tone={words.tone} size={18} />,
      onClick: () => router.push(`/${clusterId}/nodes/${encodeURIComponent(node.id)}`),
    };
  });
}

function useClusterActions(): SpotlightActionData[] {
  const router = useRouter();
  const { clusters } = useFleet();
  return (clusters ?? []).map((cluster) => ({
    id: `cluster ${cluster.id}`,
    label: cluster.name,
    description: `${healthWords(cluster.healthStatus).label} · ${cluster.environment} · ${cluster.kind}`,
    leftSection: <IconTopologyStar3 size={18} stroke={1.6} aria-hidden />,
    onClick: () => router.push(`/${cluster.id}/overview`),
  }));
}

function useSwitchActions(): SpotlightActionData[] {
  const { setColorScheme } = useMantineColorScheme();
  const { zone, setZone } = useZone();
  return [
    { id: 'scheme dark', label: 'Dark colours', leftSection: <IconMoon size={18} stroke={1.6} aria-hidden />, onClick: () => setColorScheme('dark') },
    { id: 'scheme light', label: 'Light colours', leftSection: <IconSun size={18} stroke={1.6} aria-hidden />, onClick: () => setColorScheme('light') },
    {
      id: 'zone', label: zone === 'utc' ? 'Show times in my zone' : 'Show times in UTC',
      leftSection: <IconClockHour4 size={18} stroke={1.6} aria-hidden />, onClick: () => setZone(zone === 'utc' ? 'viewer' : 'utc'),
    },
  ];
}
