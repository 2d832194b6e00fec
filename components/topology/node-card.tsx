'use client';

import { Anchor, VisuallyHidden } from '@mantine/core';
import Link from 'next/link';
import { memo } from 'react';
import { Swatch } from '@/components/charts/legend';
import { NodeBars } from '@/components/charts/node-bars';
import { livenessSentence, RESOURCE_LABELS, usageWords } from '@/components/charts/node-facts';
import { ownerStyleOf } from '@/components/charts/owner-style';
import { UtilizationBar } from '@/components/charts/utilization-bar';
import { StatusBadge, ToneIcon } from '@/components/ui/status-badge';
import { formatBytes, formatDuration, plural } from '@/lib/client/format';
import type { StatusWords } from '@/lib/client/status';
import type { Node } from '@/lib/contract/node';
import { RESOURCES, utilizationOf } from '@/lib/contract/resources';
import type { SafetyLines } from '@/lib/contract/settings';
import classes from './topology.module.css';

/** Plain values wherever possible: a card is drawn again only when one of them changed. */
export interface NodeCardProps {
  readonly node: Node;
  readonly href: string;
  readonly status: StatusWords;
  readonly stale: boolean;
  /** Age of stale values; `null` for fresh ones and for those never read. */
  readonly staleMs: number | null;
  /** Place in the shard table's dictionary; -1 when it never held anything. */
  readonly colorIndex: number;
  readonly primaryCount: number;
  /** `null` while unknown. */
  readonly shardCount: number | null;
  readonly safetyLines: SafetyLines | null;
}

/** A leader as a box: who, how it is, how full, how much it holds. */
export const LeaderCard = memo((props: NodeCardProps) => {
  const { node, status, stale, staleMs, primaryCount, shardCount, safetyLines } = props;
  return (
    <article className={`${classes.card ?? ''} ${stale ? 'ps-hatched' : ''}`} data-tone={status.tone} aria-label={node.name}>
      <NodeHead {...props} />
      <div className={classes.fact}>
        {stale ? <span className={classes.age}>{ageText(staleMs)}</span> : heldWords(primaryCount, shardCount)}
      </div>
      <NodeBars node={node} safetyLines={safetyLines} />
    </article>
  );
});
LeaderCard.displayName = 'LeaderCard';

function heldWords(primaryCount: number, shardCount: number | null): string {
  if (shardCount === null) return 'Holdings not known yet';
  return shardCount === 0 ? 'Holds no shard' : `${plural(primaryCount, 'primary', 'primaries')} of ${plural(shardCount, 'shard')}`;
}

/** A follower as a strip below its leader. */
export const FollowerCard = memo((props: NodeCardProps & { readonly leaderZone: string | null }) => {
  const { node, status, stale, staleMs, leaderZone } = props;
  const elsewhere = node.domain.zone !== null && node.domain.zone !== leaderZone ? ` · ${node.domain.zone}` : '';
  return (
    <article className={`${classes.card ?? ''} ${classes.follower ?? ''} ${stale ? 'ps-hatched' : ''}`} data-tone={status.tone} aria-label={`${node.name}, follower`}>
      <NodeHead {...props} colorIndex={-1} />
      <div className={classes.fact}>follower{elsewhere} · {stale ? ageText(staleMs) : `lag ${formatBytes(node.stats.replicationLagBytes)}`}</div>
    </article>
  );
});
FollowerCard.displayName = 'FollowerCard';

/** A leader when there are many: its name, what is unusual about it, and its fullest resource. */
export const CompactCard = memo((props: NodeCardProps) => {
  const { node, status, stale, staleMs, safetyLines } = props;
  const utilization = utilizationOf(node);
  const fullest = RESOURCES.reduce((most, one) => ((utilization[one] ?? -1) > (utilization[most] ?? -1) ? one : most));
  const usual = status.tone === 'ok' && !stale;
  return (
    <article className={`${classes.card ?? ''} ${classes.compact ?? ''} ${stale ? 'ps-hatched' : ''}`} data-tone={status.tone} aria-label={node.name} title={`${status.label}; ${livenessSentence(node.livenessReason)}`}>
      <CompactHead {...props} />
      {usual
        ? <UtilizationBar narrow label={RESOURCE_LABELS[fullest]} ratio={utilization[fullest]} detail={usageWords(node, fullest)} {...(safetyLines !== null && { safetyLine: safetyLines[fullest] })} />
        : <span className={classes.fact}><span>{status.label}</span>{stale && <span>{ageText(staleMs)}</span>}</span>}
    </article>
  );
});
CompactCard.displayName = 'CompactCard';

export const CompactFollowerCard = memo((props: NodeCardProps) => (
  <article className={`${classes.card ?? ''} ${classes.compact ?? ''} ${props.stale ? 'ps-hatched' : ''}`} data-tone={props.status.tone} aria-label={`${props.node.name}, follower`} title={props.status.label}>
    <CompactHead {...props} colorIndex={-1} />
  </article>
));
CompactFollowerCard.displayName = 'CompactFollowerCard';

function CompactHead({ node, href, status, colorIndex }: Pick<NodeCardProps, 'node' | 'href' | 'status' | 'colorIndex'>) {
  const style = colorIndex < 0 ? null : ownerStyleOf(colorIndex);
  return (
    <div className={classes.cardHead}>
      {style !== null && <Swatch color={style.css} pattern={style.pattern} />}
      <Anchor component={Link} href={href} className={classes.name}>{node.name}</Anchor>
      <ToneIcon tone={status.tone} /><VisuallyHidden>{status.label}</VisuallyHidden>
    </div>
  );
}

function NodeHead({ node, href, status, colorIndex }: Pick<NodeCardProps, 'node' | 'href' | 'status' | 'colorIndex'>) {
  const style = colorIndex < 0 ? null : ownerStyleOf(colorIndex);
  return (
    <div className={classes.cardHead}>
      {style !== null && <Swatch color={style.css} pattern={style.pattern} />}
      <Anchor component={Link} href={href} className={classes.name} title={node.address}>{node.name}</Anchor>
      <StatusBadge status={status} variant="plain" title={livenessSentence(node.livenessReason)} />
    </div>
  );
}

export function ageText(staleMs: number | null): string {
  return staleMs === null ? 'never read' : `as of ${formatDuration(staleMs)} ago`;
}
