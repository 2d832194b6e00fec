'use client';

import { Anchor } from '@mantine/core';
import Link from 'next/link';
import { memo } from 'react';
import { Swatch } from '@/components/charts/legend';
import { NodeBars } from '@/components/charts/node-bars';
import { livenessSentence } from '@/components/charts/node-facts';
import { ownerStyleOf } from '@/components/charts/owner-style';
import { StatusBadge } from '@/components/ui/status-badge';
import { formatBytes, formatDuration, plural } from '@/lib/client/format';
import type { StatusWords } from '@/lib/client/status';
import type { Node } from '@/lib/contract/node';
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
        <span>{heldWords(primaryCount, shardCount)}</span>
        {stale && <span className={classes.age}>{ageText(staleMs)}</span>}
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
