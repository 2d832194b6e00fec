'use client';

import { Button, Group } from '@mantine/core';
import Link from 'next/link';
import type { ReactNode } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useCluster } from '@/components/realtime/use-cluster';
import { TimeText } from '@/components/ui/time-text';
import type { EventFilter } from '@/lib/client/event-query';
import { formatCount } from '@/lib/client/format';
import type { DomainEvent } from '@/lib/contract/events';
import classes from './events.module.css';

/** Everything that one event says, with the way to what it is about. */
export function EventDetails({ event, onFilter }: { readonly event: DomainEvent; readonly onFilter: (change: Partial<EventFilter>) => void }) {
  const clusterId = useClusterId();
  const nodeName = useCluster((state) => state.nodes?.find((node) => node.id === event.nodeId)?.name ?? event.nodeId);
  return (
    <div className={classes['details']}>
      <dl className={classes['facts']}>
        <Fact name="At"><TimeText atMs={event.atMs} /></Fact>
        <Fact name="By">{event.actor.name} ({event.actor.kind})</Fact>
        <Fact name="Number in the log">{formatCount(event.sequence)}</Fact>
        {event.nodeId !== null && <Fact name="Node"><Link href={`/${clusterId}/nodes/${encodeURIComponent(event.nodeId)}`}>{nodeName}</Link></Fact>}
        {event.shardId !== null && <Fact name="Shard">{formatCount(event.shardId)}</Fact>}
        {event.operationId !== null && <Fact name="Operation"><Link href={`/${clusterId}/operations/${event.operationId}`}>{event.operationId}</Link></Fact>}
        {event.planId !== null && <Fact name="Plan">{event.planId}</Fact>}
        {Object.entries(event.data).map(([name, value]) => <Fact key={name} name={name}>{value === null ? 'unknown' : String(value)}</Fact>)}
      </dl>
      <Group gap="xs">
        <Button variant="default" size="compact-xs" onClick={() => onFilter({ types: [event.type] })}>Only {event.type}</Button>
        {event.nodeId !== null && <Button variant="default" size="compact-xs" onClick={() => onFilter({ nodeId: event.nodeId })}>Only this node</Button>}
        {event.operationId !== null && <Button variant="default" size="compact-xs" onClick={() => onFilter({ operationId: event.operationId })}>Only this operation</Button>}
      </Group>
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return <div className={classes['fact']}><dt>{name}</dt><dd>{children}</dd></div>;
}
