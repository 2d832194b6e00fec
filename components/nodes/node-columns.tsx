import { Anchor, Text } from '@mantine/core';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { Swatch } from '@/components/charts/legend';
import { livenessSentence, RESOURCE_LABELS, usageWords } from '@/components/charts/node-facts';
import { ownerStyleOf } from '@/components/charts/owner-style';
import { UtilizationBar } from '@/components/charts/utilization-bar';
import { Quantity, type QuantityKind } from '@/components/ui/quantity';
import { StatusBadge } from '@/components/ui/status-badge';
import { formatDuration, plural } from '@/lib/client/format';
import type { NodeStats } from '@/lib/contract/node';
import { RESOURCES, type Resource } from '@/lib/contract/resources';
import type { SafetyLines } from '@/lib/contract/settings';
import type { NodeRow } from './node-rows';

export interface CellContext {
  readonly clusterId: string;
  readonly safetyLines: SafetyLines | null;
}

export interface NodeColumn {
  readonly id: string;
  readonly label: string;
  /** What the number is over, on hover of the head. */
  readonly hint?: string;
  readonly widthRem: number;
  /** A figure: it stands at the right, under the others. */
  readonly numeric?: boolean;
  readonly shownByDefault: boolean;
  /** What it is sorted by; unknown is undefined and comes last. */
  readonly value: (row: NodeRow) => string | number | undefined;
  readonly render: (row: NodeRow, context: CellContext) => ReactNode;
}

const INTERVAL_HINT = 'Mean over the last observation interval';

function resourceColumn(resource: Resource): NodeColumn {
  const label = RESOURCE_LABELS[resource];
  return {
    id: resource, label, hint: 'Usage of capacity; the mark is the safety line', widthRem: 5.5, shownByDefault: true,
    value: ({ utilization }) => utilization[resource] ?? undefined,
    render: ({ node, utilization }, { safetyLines }) => (
      <UtilizationBar compact label={label} ratio={utilization[resource]} detail={usageWords(node, resource)} {...(safetyLines !== null && { safetyLine: safetyLines[resource] })} />
    ),
  };
}

function statColumn(stat: keyof NodeStats, label: string, kind: QuantityKind, shownByDefault: boolean, hint = INTERVAL_HINT, widthRem = 5.5): NodeColumn {
  return {
    id: stat, label, hint, widthRem, shownByDefault, numeric: true,
    value: ({ node }) => node.stats[stat] ?? undefined,
    render: ({ node }) => <Quantity kind={kind} value={node.stats[stat]} />,
  };
}

function countColumn(id: 'primaries' | 'shards', label: string): NodeColumn {
  return {
    id, label, widthRem: 4.6, shownByDefault: true, numeric: true,
    value: ({ counts }) => counts?.[id],
    render: ({ counts, leaderName }) => (leaderName === null ? <Quantity kind="count" value={counts?.[id] ?? null} /> : <Text span size="xs" c="dimmed">mirrors</Text>),
  };
}

/** Every column there is, in order. The first one cannot be hidden. */
export const NODE_COLUMNS: readonly NodeColumn[] = [
  { id: 'name', label: 'Node', widthRem: 8.5, shownByDefault: true, value: ({ node }) => node.name, render: nameCell },
  {
    id: 'status', label: 'Status', widthRem: 7, shownByDefault: true,
    value: ({ status }) => status.label,
    render: ({ node, status, stale, staleMs }) => (
      <>
        <StatusBadge status={status} variant="plain" title={livenessSentence(node.livenessReason)} />
        {stale && <Text size="xs" c="dimmed" lh={1.1}>{staleMs === null ? 'never read' : `${formatDuration(staleMs)} old`}</Text>}
        {node.flags.length > 0 && <Text size="xs" c="dimmed" lh={1.1} title={node.flags.map(({ metric, flag, came }) => `${metric} is ${flag}: ${came}`).join('; ')}>{plural(node.flags.length, 'number')} in doubt</Text>}
      </>
    ),
  },
  { id: 'zone', label: 'Zone', widthRem: 4.75, shownByDefault: true, value: ({ node }) => node.domain.zone ?? undefined, render: ({ node }) => node.domain.zone ?? <Unknown /> },
  {
    id: 'role', label: 'Role', widthRem: 9, shownByDefault: false,
    value: ({ leaderName }) => leaderName ?? '',
    render: ({ leaderName, followerCount }) => (leaderName === null ? (followerCount === 0 ? 'leader' : `leader of ${followerCount}`) : `follows ${leaderName}`),
  },
  countColumn('primaries', 'Primaries'),
  countColumn('shards', 'Shards'),
  ...RESOURCES.map(resourceColumn),
  {
    id: 'excess', label: 'Imbalance', hint: 'How far its worst resource is above the mean of the active leaders', widthRem: 6.75, shownByDefault: true,
    value: ({ excess }) => excess?.ratio,
    render: ({ excess }) => (excess === null ? <Unknown /> : <span title={`${RESOURCE_LABELS[excess.resource]} against the mean`}>{signedPercent(excess.ratio)} {RESOURCE_LABELS[excess.resource]}</span>),
  },
  statColumn('operationsPerSecond', 'Operations', 'ops', true),
  statColumn('readsPerSecond', 'Reads', 'rate', false),
  statColumn('writesPerSecond', 'Writes', 'rate', false),
  statColumn('latencyP99Ms', 'p99', 'latency', true, INTERVAL_HINT, 4.5),
  statColumn('keyCount', 'Keys', 'count-short', false, 'Copies held by the node'),
  statColumn('connections', 'Clients', 'count-short', false, 'Open connections'),
  statColumn('replicationLagBytes', 'Lag', 'bytes', false, 'Followers: bytes of the leader\'s stream not yet applied'),
  { id: 'address', label: 'Address', widthRem: 11, shownByDefault: false, value: ({ node }) => node.address, render: ({ node }) => <code>{node.address}</code> },
  { id: 'lifecycle', label: 'Wanted', hint: 'Lifecycle: what we want of the node', widthRem: 8, shownByDefault: false, value: ({ node }) => node.lifecycle, render: ({ node }) => node.lifecycle },
  { id: 'liveness', label: 'Believed', hint: 'Liveness: what we believe of the node', widthRem: 7, shownByDefault: false, value: ({ node }) => node.liveness, render: ({ node }) => node.liveness },
  { id: 'version', label: 'Version', widthRem: 6, shownByDefault: false, value: ({ node }) => node.version ?? undefined, render: ({ node }) => node.version ?? <Unknown /> },
  { id: 'pool', label: 'Pool', widthRem: 6, shownByDefault: false, value: ({ node }) => node.pool, render: ({ node }) => node.pool },
];

function nameCell({ node, colorIndex }: NodeRow, { clusterId }: CellContext): ReactNode {
  const style = colorIndex < 0 ? null : ownerStyleOf(colorIndex);
  return (
    <>
      {style === null ? <Swatch color="transparent" pattern="solid" /> : <Swatch color={style.css} pattern={style.pattern} />}
      {' '}<Anchor component={Link} href={`/${clusterId}/nodes/${encodeURIComponent(node.id)}`} size="xs" fw={550} title={node.address}>{node.name}</Anchor>
    </>
  );
}

function Unknown() {
  return <span className="ps-hatched" title="Unknown: not reported">–</span>;
}

/** 0.34 -> "+34 %", -0.05 -> "−5 %". */
function signedPercent(ratio: number): string {
  const percent = Math.round(ratio * 100);
  return `${percent > 0 ? '+' : percent < 0 ? '−' : ''}${Math.abs(percent)} %`;
}
