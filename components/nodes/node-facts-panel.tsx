'use client';

import { Anchor } from '@mantine/core';
import Link from 'next/link';
import { ageOf } from '@/components/charts/node-facts';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { StatusBadge } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import { formatCount, formatRelative } from '@/lib/client/format';
import { lifecycleWords, livenessWords } from '@/lib/client/status';
import type { Node } from '@/lib/contract/node';
import type { NodeRow } from './node-rows';
import classes from './nodes.module.css';

/** Who the node is. */
export function IdentityPanel({ row, followers }: { readonly row: NodeRow; readonly followers: readonly Node[] }) {
  const clusterId = useClusterId();
  const { node, leaderName } = row;
  const { region, zone, rack, host } = node.domain;
  const domain = Object.entries({ region, zone, rack, host }).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]));
  const labels = Object.entries(node.labels);
  return (
    <Panel title="Identity">
      <dl className={classes.facts}>
        <dt>Id</dt><dd><code>{node.id}</code></dd>
        <dt>Address</dt><dd><code>{node.address}</code></dd>
        <dt>Role</dt>
        <dd>{node.followerOf === null ? 'leader' : <>follower of <Anchor component={Link} size="sm" href={`/${clusterId}/nodes/${encodeURIComponent(node.followerOf)}`}>{leaderName}</Anchor></>}</dd>
        {followers.length > 0 && (
          <>
            <dt>Followers</dt>
            <dd>{followers.map((follower) => <div key={follower.id}><Anchor component={Link} size="sm" href={`/${clusterId}/nodes/${encodeURIComponent(follower.id)}`}>{follower.name}</Anchor></div>)}</dd>
          </>
        )}
        <dt>Stands in</dt><dd>{domain.length === 0 ? 'unknown' : domain.join(', ')}</dd>
        <dt>Pool</dt><dd>{node.pool}</dd>
        <dt>Version</dt><dd>{node.version ?? 'unknown'}</dd>
        <dt>Incarnation</dt><dd title="Grows with every restart of the process, as far as the engine tells">{formatCount(node.incarnation)}</dd>
        {labels.length > 0 && <><dt>Labels</dt><dd>{labels.map(([name, value]) => <div key={name}>{name}={value}</div>)}</dd></>}
      </dl>
    </Panel>
  );
}

/** How it is, what is wanted of it, and why. */
export function StatePanel({ row }: { readonly row: NodeRow }) {
  const { node, stale } = row;
  const nowMs = useNow();
  const ageMs = ageOf(node, nowMs);
  return (
    <Panel title="State">
      <dl className={classes.facts}>
        <dt>Liveness</dt>
        <dd>
          <StatusBadge status={livenessWords(node.liveness)} /> <span>since <TimeText atMs={node.livenessSinceMs} nowMs={nowMs} /></span>
        </dd>
        <dt>Lifecycle</dt><dd><StatusBadge status={lifecycleWords(node.lifecycle)} /></dd>
        <dt>New replicas</dt><dd>{placementWords(node, nowMs)}</dd>
        <dt>Maintenance</dt><dd>{node.maintenanceUntilMs !== null && node.maintenanceUntilMs > nowMs ? <>ends <TimeText atMs={node.maintenanceUntilMs} nowMs={nowMs} /></> : 'none'}</dd>
        <dt>Quarantine</dt><dd>{node.quarantinedUntilMs !== null ? <>nothing is placed on it; ends <TimeText atMs={node.quarantinedUntilMs} nowMs={nowMs} /></> : 'none'}</dd>
        <dt>Values</dt><dd className={stale ? 'ps-hatched' : undefined}>{ageMs === null ? 'never read' : `read ${formatRelative(ageMs)}${stale ? ', stale' : ''}`}</dd>
      </dl>
    </Panel>
  );
}

/** P5 in words: whether anything new may be placed on it, and what forbids it first. */
export function placementWords(node: Node, nowMs: number): string {
  if (node.followerOf !== null) return 'none: it mirrors its leader';
  if (node.lifecycle !== 'active') return `none: it is ${node.lifecycle}`;
  if (node.liveness !== 'alive') return `none: it is ${node.liveness}`;
  if (node.cordoned) return 'none: cordoned';
  if (node.quarantinedUntilMs !== null && node.quarantinedUntilMs > nowMs) return 'none: in quarantine';
  if (node.maintenanceUntilMs !== null && node.maintenanceUntilMs > nowMs) return 'none: in maintenance';
  return 'accepted';
}
