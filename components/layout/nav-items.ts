import { IconActivityHeartbeat, IconAdjustments, IconArrowsShuffle, IconChartLine, IconGridDots, IconHistory, IconServer2, IconSitemap, type Icon } from '@tabler/icons-react';

export interface NavItem {
  /** Last part of the address: /{clusterId}/{path}. */
  readonly path: string;
  readonly label: string;
  readonly icon: Icon;
  /** Second key of its shortcut: g, then this. */
  readonly key: string;
  /** What is found there, for the command palette. */
  readonly about: string;
}

export const NAV_ITEMS: readonly NavItem[] = [
  { path: 'overview', label: 'Overview', icon: IconActivityHeartbeat, key: 'o', about: 'Health, key numbers, what runs and why' },
  { path: 'topology', label: 'Topology', icon: IconSitemap, key: 't', about: 'Zones, nodes and followers' },
  { path: 'shards', label: 'Shards', icon: IconGridDots, key: 's', about: 'The shard map by owner and by load' },
  { path: 'nodes', label: 'Nodes', icon: IconServer2, key: 'n', about: 'All nodes with their load; cordon, drain, decommission' },
  { path: 'operations', label: 'Operations', icon: IconArrowsShuffle, key: 'p', about: 'Plan a rebalance, follow it, read its report' },
  { path: 'scaling', label: 'Scaling', icon: IconChartLine, key: 'c', about: 'Thresholds, modes and decisions' },
  { path: 'events', label: 'Events', icon: IconHistory, key: 'e', about: 'What happened and who did it' },
  { path: 'settings', label: 'Settings', icon: IconAdjustments, key: ',', about: 'Clusters, appearance, freeze' },
];

/** The screen of an address such as /c1/nodes/n2; `null` outside of the known ones. */
export function navItemOf(pathname: string): NavItem | null {
  const path = pathname.split('/')[2];
  return NAV_ITEMS.find((item) => item.path === path) ?? null;
}
