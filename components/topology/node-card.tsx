'use client';

import { Anchor } from '@mantine/core';
import Link from 'next/link';
import { Swatch } from '@/components/charts/legend';
import { NodeBars } from '@/components/charts/node-bars';
import { ageOf, livenessSentence } from '@/components/charts/node-facts';
import { ownerStyleOf } from '@/components/charts/owner-style';
import type { ShardCounts } from '@/components/charts/shard-counts';
import { StatusBadge } from '@/components/ui/status-badge';
import { formatDuration, plural } from '@/lib/client/format';
import { nodeWords } from '@/lib/client/status';
import type { Node } from '@/lib/contract/node';
import type { SafetyLines } from '@/lib/contract/settings';
import classes from './topology.module.css';

export interface NodeCardProps {
  readonly node: Node;
  readonly href: string;
  readonly nowMs: number;
  readonly stale: boolean;
  /** Place in the shard table's dictionary; -1 when it never held anything. */
  readonly colorIndex: number;
  readonly counts: ShardCounts | null;
  readonly safetyLines: SafetyLines | null;
}

/** A leader as a box: who, how it is, how full, how much it holds. */
export function LeaderCard({ node, href, nowMs, stale, colorIndex, counts, safetyLines }: NodeCardProps) {
  return (
    <article className={`${classes.card ?? ''} ${stale ? 'ps-hatched' : ''}`} data-tone={nodeWords(node, nowMs).tone} aria-label={node.name}>
      <NodeHead {...{ node, href, nowMs, colorIndex }} />
      <div className={classes.fact} title={livenessSentence(node.livenessReason)}>
        {counts === null ? 'Holds no shard' : `${plural(counts.primaries, 'primary', 'primaries')} of ${plural(counts.shards, 'shard')}`}
        {stale && <span className={classes.age}> · {ageText(node, nowMs)}</span>}
      </div>
      <NodeBars node={node} safetyLines={safetyLines} />
    </article>
  );
}

/** A follower as a strip below its leader. */
export function FollowerCard({ node, href, nowMs, stale, leaderZone }: Pick<NodeCardProps, 'node' | 'href' | 'nowMs' | 'stale'> & { readonly leaderZone: string | null }) {
  const lag = node.stats.replicationLagBytes;
  const elsewhere = node.domain.zone !== null && node.domain.zone !== leaderZone ? ` · ${node.domain.zone}` : '';
  return (
    <article className={`${classes.card ?? ''} ${classes.follower ?? ''} ${stale ? 'ps-hatched' : ''}`} data-tone={nodeWords(node, nowMs).tone} aria-label={`${node.name}, follower`}>
      <NodeHead {...{ node, href, nowMs }} colorIndex={-1} />
      <div className={classes.fact}>
        follower{elsewhere}
        {stale ? <span className={classes.age}> · {ageText(node, nowMs)}</span> : lag !== null && ` · lag ${lag === 0 ? 'none' : `${lag.toLocaleString('en-US')} B`}`}
      </div>
    </article>
  );
}

function NodeHead({ node, href, nowMs, colorIndex }: Pick<NodeCardProps, 'node' | 'href' | 'nowMs' | 'colorIndex'>) {
  const style = colorIndex < 0 ? null : ownerStyleOf(colorIndex);
  return (
    <div className={classes.cardHead}>
      {style !== null && <Swatch color={style.css} pattern={style.pattern} />}
      <Anchor component={Link} href={href} className={classes.name} title={node.address}>{node.name}</Anchor>
      <StatusBadge status={nodeWords(node, nowMs)} variant="plain" title={livenessSentence(node.livenessReason)} />
    </div>
  );
}

export function ageText(node: Node, nowMs: number): string {
  const ageMs = ageOf(node, nowMs);
  return ageMs === null ? 'never read' : `as of ${formatDuration(ageMs)} ago`;
}
