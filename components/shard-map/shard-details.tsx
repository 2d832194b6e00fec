'use client';

import { CloseButton, Group, Text } from '@mantine/core';
import { Fragment } from 'react';
import { StatusBadge } from '@/components/ui/status-badge';
import { moveWords } from '@/lib/client/status';
import { formatBytes, formatCount } from '@/lib/client/format';
import type { ShardFacts } from './shard-facts';
import { NodeLink, NodeSwatch, type NodeNames } from '@/components/charts/node-names';
import classes from './shard-map.module.css';

interface FactsProps {
  readonly facts: ShardFacts;
  readonly names: NodeNames;
}

/** The details of one shard, with links; stays while the map lives on. */
export function ShardDetails({ facts, names, clusterId, onClose }: FactsProps & { readonly clusterId: string; readonly onClose: () => void }) {
  const { primaryNodeId, secondaryNodeIds, move } = facts;
  return (
    <section aria-label={`Shard ${facts.shardId}`}>
      <Group justify="space-between" wrap="nowrap">
        <h3 className={classes.heading}>Shard {formatCount(facts.shardId)}</h3>
        <CloseButton size="sm" aria-label="Close the details" onClick={onClose} />
      </Group>
      <dl className={classes.facts}>
        <dt>Primary</dt>
        <dd>{primaryNodeId === null ? <StatusBadge status={{ tone: 'critical', label: 'No primary' }} /> : <NodeLink {...{ nodeId: primaryNodeId, names, clusterId }} />}</dd>
        <dt>Secondaries</dt>
        <dd>{secondaryNodeIds.length === 0 ? 'none' : secondaryNodeIds.map((nodeId) => <div key={nodeId}><NodeLink {...{ nodeId, names, clusterId }} /></div>)}</dd>
        <MetricRows facts={facts} />
        {move !== null && (
          <>
            <dt>Move</dt>
            <dd>
              <StatusBadge status={moveWords(move.status)} /> from {names.nameOf(move.sourceNodeId)} to {names.nameOf(move.targetNodeId)}
              {move.bytes !== null && `, ${formatBytes(move.bytesDone)} of ${formatBytes(move.bytes)}`}
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}

/** The same facts small, beside the pointer. */
export function ShardTooltip({ facts, names }: FactsProps) {
  const { primaryNodeId, secondaryNodeIds, move } = facts;
  return (
    <>
      <Text size="xs" fw={600}>Shard {formatCount(facts.shardId)}</Text>
      <Text size="xs" component="div" className={classes.tooltipOwner}>
        {primaryNodeId === null ? 'No primary' : <><NodeSwatch nodeId={primaryNodeId} names={names} /> {names.nameOf(primaryNodeId)}</>}
      </Text>
      {secondaryNodeIds.length > 0 && <Text size="xs" c="dimmed">secondaries {secondaryNodeIds.map(names.nameOf).join(', ')}</Text>}
      <dl className={classes.facts}><MetricRows facts={facts} /></dl>
      {move !== null && <Text size="xs">{moveWords(move.status).label} to {names.nameOf(move.targetNodeId)}</Text>}
    </>
  );
}

function MetricRows({ facts }: { readonly facts: ShardFacts }) {
  return facts.metrics.map(({ metric, label, text, quality }) => (
    <Fragment key={metric}>
      <dt>{label}</dt>
      <dd>{text}{quality !== '' && <span className={classes.quality}> {quality}</span>}</dd>
    </Fragment>
  ));
}
