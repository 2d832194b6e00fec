'use client';

import Link from 'next/link';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useCluster, useLiveView } from '@/components/realtime/use-cluster';
import { ToneIcon } from '@/components/ui/status-badge';
import { plural } from '@/lib/client/format';
import { severityWords } from '@/lib/client/status';
import type { HealthReason, ZoneHealth } from '@/lib/contract/health';
import classes from './overview.module.css';

const REASONS_MAX = 8;
const NODES_MAX = 4;

/** What is the matter, most severe first, each with the way to the nodes and shards it is about. */
export function HealthReasons({ reasons }: { readonly reasons: readonly HealthReason[] }) {
  return reasons.length === 0 ? null : <ReasonList reasons={reasons} />;
}

function ReasonList({ reasons }: { readonly reasons: readonly HealthReason[] }) {
  // For their names; a healthy cluster's overview does without the nodes.
  useLiveView('nodes');
  const more = reasons.length - REASONS_MAX;
  return (
    <ul className={classes['details']}>
      {reasons.slice(0, REASONS_MAX).map((reason) => <Reason key={`${reason.code} ${reason.message}`} reason={reason} />)}
      {more > 0 && <li className={classes['reason']}><span /><span>and {plural(more, 'more reason')}</span></li>}
    </ul>
  );
}

function Reason({ reason }: { readonly reason: HealthReason }) {
  const clusterId = useClusterId();
  const { tone, label } = severityWords(reason.severity);
  const names = useCluster((state) => new Map(state.nodes?.map((node) => [node.id, node.name])), sameNames);
  const nodes = reason.nodeIds.slice(0, NODES_MAX);
  return (
    <li className={classes['reason']}>
      <span title={label}><ToneIcon tone={tone} /><span className="ps-visually-hidden">{label}: </span></span>
      <span>
        <span>{reason.message}</span>
        {nodes.length > 0 && nodes.map((nodeId) => <span key={nodeId}> <Link className={classes['jump']} href={`/${clusterId}/nodes/${encodeURIComponent(nodeId)}`}>{names.get(nodeId) ?? nodeId}</Link></span>)}
        {reason.shardIds.length > 0 && <> <Link className={classes['jump']} href={`/${clusterId}/shards?view=table&ids=${reason.shardIds.join(',')}`}>{reason.shardCount > reason.shardIds.length ? `first ${reason.shardIds.length} shards` : plural(reason.shardCount, 'shard')}</Link></>}
      </span>
    </li>
  );
}

function sameNames(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([id, name]) => b.get(id) === name);
}

/** "zone-a 4 of 4 alive, zone-b 2 of 4 alive"; nothing where zones are not known. */
export function zoneLine(zones: readonly ZoneHealth[]): string | null {
  if (zones.length === 0) return null;
  const whole = zones.filter((zone) => zone.nodesAlive === zone.nodesTotal);
  if (whole.length === zones.length) return `${plural(zones.length, 'zone')}, all of their nodes alive`;
  const broken = zones.filter((zone) => zone.nodesAlive < zone.nodesTotal).map(({ zone, nodesAlive, nodesTotal }) => `${zone} ${nodesAlive} of ${nodesTotal}`);
  return `${plural(zones.length, 'zone')}; alive in ${broken.join(', ')}${whole.length > 0 ? `, all in the other ${whole.length === 1 ? 'one' : whole.length}` : ''}`;
}
