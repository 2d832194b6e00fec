'use client';

import { Group, NativeSelect, SegmentedControl } from '@mantine/core';
import dynamic from 'next/dynamic';
import { parseAsString, parseAsStringLiteral, useQueryState } from 'nuqs';
import { useCluster, useLiveView } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { LoadingState } from '@/components/ui/states';
import type { LiveState } from '@/lib/client/live-state';
import classes from './scaling.module.css';

// Each view brings the validator along: what is not looked at is not loaded.
const PolicyScreen = dynamic(() => import('./policy-screen').then((module) => module.PolicyScreen), { loading: () => <Panel><LoadingState what="the policy" /></Panel> });
const DecisionsPanel = dynamic(() => import('./decisions-panel').then((module) => module.DecisionsPanel), { loading: () => <Panel><LoadingState what="the decisions" /></Panel> });
const SettingsView = dynamic(() => import('./settings-view').then((module) => module.SettingsView), { loading: () => <Panel><LoadingState what="the settings" /></Panel> });

const VIEWS = ['policy', 'decisions', 'settings'] as const;
const VIEW_LABELS = { policy: 'Policy', decisions: 'Decisions', settings: 'Thresholds' } as const;

/** The policy of a pool, what it decided, and the settings the manager itself goes by. */
export function ScalingScreen() {
  useLiveView('nodes');
  const pools = useCluster(poolsOf);
  const [view, setView] = useQueryState('view', parseAsStringLiteral(VIEWS).withDefault('policy'));
  const [wanted, setWanted] = useQueryState('pool', parseAsString);
  const pool = wanted ?? pools[0] ?? null;
  return (
    <div className={classes['screen']}>
      <Group justify="space-between" gap="xs">
        <h1 className={classes['title']}>Scaling and thresholds</h1>
        <Group gap="xs">
          {pools.length > 1 && view !== 'settings' && <NativeSelect aria-label="Pool" value={pool ?? ''} onChange={(event) => void setWanted(event.currentTarget.value)} data={[...pools]} />}
          <SegmentedControl aria-label="View" value={view} onChange={(value) => void setView(value)} data={VIEWS.map((value) => ({ value, label: VIEW_LABELS[value] }))} />
        </Group>
      </Group>
      {view === 'settings' && <SettingsView />}
      {view !== 'settings' && pool === null && <Panel><LoadingState what="the pools of the cluster" /></Panel>}
      {view === 'policy' && pool !== null && <PolicyScreen pool={pool} />}
      {view === 'decisions' && pool !== null && <DecisionsPanel key={pool} pool={pool} />}
    </div>
  );
}

/** The pools that have nodes, in order of their names. */
function poolsOf({ nodes }: LiveState): readonly string[] {
  return [...new Set((nodes ?? []).map(({ pool }) => pool))].sort();
}
