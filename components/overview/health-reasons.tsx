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
  const nodes = reason.nodeIds.slice(0, NODES_MAX).map((id) => ({ id, name: names.get(id) ?? id }));
  return (
    <li className={classes['reason']}>
      <span title={label}><ToneIcon tone={tone} /><span className="ps-visually-hidden">{label}: </span></span>
      <span>
        {linked(reason.message, nodes).map((part) => (typeof part === 'string'
          ? part
          : <Link key={part.id} className={classes['jump']} href={`/${clusterId}/nodes/${encodeURIComponent(part.id)}`}>{part.name}</Link>))}
        {reason.shardIds.length > 0 && <> <Link className={classes['jump']} href={`/${clusterId}/shards?view=table&ids=${reason.shardIds.join(',')}`}>{linkWords(reason)}</Link></>}
      </span>
    </li>
  );
}

interface NamedNode {
  readonly id: string;
  readonly name: string;
}

function linkWords({ shardCount, shardIds }: HealthReason): string {
  if (shardCount <= shardIds.length) return 'show';
  return shardIds.length === 1 ? 'show the first' : `the first ${shardIds.length} of them`;
}

/** The message with the names in it as links; when it names none of them, the first ones are appended. */
export function linked(message: string, nodes: readonly NamedNode[]): readonly (string | NamedNode)[] {
  let parts: (string | NamedNode)[] = [message];
  for (const node of nodes) {
    const at = parts.findIndex((part) => typeof part === 'string' && placeOf(node.name, part) >= 0);
    const text = parts[at];
    if (typeof text !== 'string') continue;
    const start = placeOf(node.name, text);
    parts = [...parts.slice(0, at), text.slice(0, start), node, text.slice(start + node.name.length), ...parts.slice(at + 1)].filter((part) => part !== '');
  }
  return parts.length > 1 || typeof parts[0] !== 'string' ? parts : [message, ...nodes.flatMap((node) => [' ', node])];
}

/** Where the whole name stands, not as the beginning of a longer one; -1: nowhere. */
function placeOf(name: string, text: string): number {
  const ends = (character: string | undefined) => character === undefined || character === ' ' || character === ',';
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) if (ends(text[at - 1]) && ends(text[at + name.length])) return at;
  return -1;
}

function sameNames(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([id, name]) => b.get(id) === name);
}

/** "3 zones, all of their nodes alive"; "alive: 3 of 4 nodes of zone-b, all of the 2 other zones". Nothing where zones are not known. */
export function zoneLine(zones: readonly ZoneHealth[]): string | null {
  if (zones.length === 0) return null;
  const broken = zones.filter((zone) => zone.nodesAlive < zone.nodesTotal);
  if (broken.length === 0) return `${plural(zones.length, 'zone')}, all of their nodes alive`;
  const parts = broken.map(({ zone, nodesAlive, nodesTotal }) => `${nodesAlive} of ${plural(nodesTotal, 'node')} of ${zone}`);
  const whole = zones.length - broken.length;
  return `Alive: ${parts.join(', ')}${whole > 0 ? `, all of ${whole === 1 ? 'the other zone' : `the ${whole} other zones`}` : ''}`;
}
