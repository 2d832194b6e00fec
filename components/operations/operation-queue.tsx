'use client';

import { ActionIcon, Button, Progress, Tooltip } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import Link from 'next/link';
import { useState } from 'react';
import { OperationBrakes } from '@/components/layout/operation-footer';
import { operationTitle, progressWords, shareOf } from '@/components/layout/operation-progress';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useSummary, useWriteAllowed } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { ApiCall } from '@/components/ui/api-call';
import { Panel } from '@/components/ui/panel';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { EmptyState } from '@/components/ui/states';
import { StatusBadge } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import { toApiProblem } from '@/lib/client/api-problem';
import { executionWords } from '@/lib/client/status';
import type { Operation } from '@/lib/contract/operation';
import { isTerminal } from '@/lib/contract/vocabulary';
import { doingWords, positionWords, preemptionWords } from './operation-words';
import { useNameOfNode } from './use-name-of-node';
import classes from './operation-queue.module.css';

/** What runs on top, and below it what waits, in the order in which it will run. */
export function OperationQueue() {
  const clusterId = useClusterId();
  const open = useSummary().operations.filter(({ status }) => !isTerminal(status));
  const running = open.filter(({ status }) => status !== 'pending');
  const waiting = open.filter(({ status }) => status === 'pending').sort((a, b) => (a.queuePosition ?? Infinity) - (b.queuePosition ?? Infinity));
  const ids = waiting.map(({ id }) => id);
  const order = useReorder(ids);
  return (
    <Panel title="Queue" note="one runs at a time, the rest wait in this order" {...(ids.length > 1 && { actions: <ApiCall method="PUT" path={`/clusters/${clusterId}/operations/queue`} body={{ operationIds: ids }} /> })}>
      {open.length === 0 && (
        <EmptyState title="Nothing runs and nothing waits" action={<Button component={Link} variant="default" href={`/${clusterId}/operations/new`}>Make a plan</Button>}>
          A rebalance starts with a plan that you can look at first.
        </EmptyState>
      )}
      {order.problem !== null && <ProblemAlert problem={order.problem} title="The order stays as it was" />}
      {open.length > 0 && (
        <ol className={classes['queue']} aria-label="Queue">
          {running.map((operation) => <QueueItem key={operation.id} operation={operation} />)}
          {waiting.map((operation, index) => (
            <QueueItem key={operation.id} operation={operation} {...(waiting.length > 1 && { move: { index, last: waiting.length - 1, ...order } })} />
          ))}
        </ol>
      )}
      <p role="status" className={classes['said']}>{order.said}</p>
    </Panel>
  );
}

interface Reorder {
  readonly pending: boolean;
  readonly swap: (index: number, by: -1 | 1, title: string) => void;
}

/** The whole order is sent: what changed meanwhile is refused by the server and not guessed at. */
function useReorder(ids: readonly string[]) {
  const clusterId = useClusterId();
  const api = useApi();
  const [said, setSaid] = useState('');
  const mutation = useMutation(api.operations.reorder.mutationOptions());
  const swap = (index: number, by: -1 | 1, title: string) => {
    const operationIds = [...ids];
    const moved = operationIds[index];
    const other = operationIds[index + by];
    if (moved === undefined || other === undefined) return;
    operationIds[index] = other;
    operationIds[index + by] = moved;
    setSaid('');
    mutation.mutate({ clusterId, operationIds }, { onSuccess: () => { setSaid(`${title} is now ${index + by + 1} of ${ids.length} that wait.`); } });
  };
  return { said, swap, pending: mutation.isPending, problem: mutation.error === null ? null : toApiProblem(mutation.error) };
}

interface QueueItemProps {
  readonly operation: Operation;
  /** Absent: there is nothing to change places with. */
  readonly move?: Reorder & { readonly index: number; readonly last: number };
}

function QueueItem({ operation, move }: QueueItemProps) {
  const clusterId = useClusterId();
  const nowMs = useNow();
  const nameOf = useNameOfNode();
  const title = operationTitle(operation, nameOf);
  const position = positionWords(operation);
  const preempted = preemptionWords(operation);
  const share = shareOf(operation);
  return (
    <li className={classes['item']} data-running={operation.status !== 'pending' || undefined}>
      <div className={classes['main']}>
        <div className={classes['head']}>
          <Link className={classes['name']} href={`/${clusterId}/operations/${operation.id}`}>{title}</Link>
          <StatusBadge status={executionWords(operation.status)} />
          {operation.urgency === 'emergency' && <StatusBadge status={{ tone: 'critical', label: 'Emergency' }} />}
          {position !== null && <span className={classes['dim']}>{position}</span>}
        </div>
        <p className={classes['dim']}>Asked for by {operation.createdBy.name}, <TimeText atMs={operation.createdAtMs} nowMs={nowMs} />{operation.status === 'pending' ? '' : `. ${doingWords(operation)}`}</p>
        {operation.urgencyReason !== null && <p className={classes['dim']}>Urgent: {operation.urgencyReason}</p>}
        {preempted !== null && operation.preemptedBy !== null && <p className={classes['dim']}>{preempted}: <Link className={classes['name']} href={`/${clusterId}/operations/${operation.preemptedBy.operationId}`}>the one that took its turn</Link></p>}
        {operation.progress.movesTotal > 0 && (
          <div className={classes['progress']}>
            {operation.status !== 'pending' && share !== null && <Progress value={share * 100} size="sm" aria-label={`${title}: done`} />}
            <span className={classes['dim']}>{progressWords(operation.progress)}</span>
          </div>
        )}
      </div>
      <div className={classes['actions']}>
        {move !== undefined && <MoveButtons title={title} move={move} />}
        <OperationBrakes operation={operation} />
      </div>
    </li>
  );
}

function MoveButtons({ title, move }: { readonly title: string; readonly move: NonNullable<QueueItemProps['move']> }) {
  const write = useWriteAllowed();
  const ways = [
    { by: -1, label: `Earlier: ${title}`, edge: move.index === 0, reason: 'It is the next one already', Shape: IconArrowUp },
    { by: 1, label: `Later: ${title}`, edge: move.index === move.last, reason: 'It is the last one already', Shape: IconArrowDown },
  ] as const;
  return ways.map(({ by, label, edge, reason, Shape }) => {
    const blocked = write.reason ?? (edge ? reason : move.pending ? 'The order is being changed' : null);
    return (
      <Tooltip key={by} label={blocked ?? label}>
        <ActionIcon
          variant="default" size="input-xs" aria-label={label} aria-description={blocked ?? undefined} {...(blocked !== null && { 'data-disabled': true, 'aria-disabled': true })}
          onClick={() => { if (blocked === null) move.swap(move.index, by, title); }}
        >
          <Shape size={14} aria-hidden />
        </ActionIcon>
      </Tooltip>
    );
  });
}
