'use client';

import { Button } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconPlus } from '@tabler/icons-react';
import Link from 'next/link';
import { parseAsString, useQueryState } from 'nuqs';
import { operationTitle, progressWords } from '@/components/layout/operation-progress';
import { OperationBrakes } from '@/components/layout/operation-footer';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useLiveView, useSummary } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { EmptyState, LoadingState, ProblemState } from '@/components/ui/states';
import { StatusBadge } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatBytes, formatDuration, plural } from '@/lib/client/format';
import { executionWords } from '@/lib/client/status';
import type { Operation } from '@/lib/contract/operation';
import { isTerminal } from '@/lib/contract/vocabulary';
import classes from './operations.module.css';

const PAGE_SIZE = 25;

/** What runs, what waits, what was. */
export function OperationsScreen() {
  useLiveView('nodes');
  const clusterId = useClusterId();
  const { operations } = useSummary();
  return (
    <div className={classes['screen']}>
      <div className={classes['head']}>
        <h1 className={classes['title']}>Operations</h1>
        <Button component={Link} href={`/${clusterId}/operations/new`} className={classes['spacer'] ?? ''} leftSection={<IconPlus size={14} aria-hidden />}>New plan</Button>
      </div>
      <Panel title="Queue" note="one runs at a time, the rest wait in this order">
        {operations.length === 0
          ? <EmptyState title="Nothing runs and nothing waits">A rebalance starts with a plan that you can look at first.</EmptyState>
          : <div className={classes['live']}>{operations.map((operation) => <QueuedOperation key={operation.id} operation={operation} />)}</div>}
      </Panel>
      <History />
    </div>
  );
}

function QueuedOperation({ operation }: { readonly operation: Operation }) {
  const clusterId = useClusterId();
  const nameOf = useNameOfNode();
  return (
    <div className={classes['head']}>
      <Link className={classes['link']} href={`/${clusterId}/operations/${operation.id}`}><strong>{operationTitle(operation, nameOf)}</strong></Link>
      <StatusBadge status={executionWords(operation.status)} />
      <span className={classes['dim']}>{operation.progress.movesTotal > 0 ? progressWords(operation.progress) : `by ${operation.createdBy.name}`}</span>
      <div className={classes['spacer']}><OperationBrakes operation={operation} /></div>
    </div>
  );
}

function History() {
  const clusterId = useClusterId();
  const api = useApi();
  const nowMs = useNow();
  const nameOf = useNameOfNode();
  const [cursor, setCursor] = useQueryState('before', parseAsString.withDefault('').withOptions({ history: 'push' }));
  const list = useQuery(api.operations.list.queryOptions({ input: { clusterId, limit: PAGE_SIZE, ...(cursor !== '' && { cursor }) }, placeholderData: keepPreviousData }));
  const ended = list.data?.operations.filter((operation) => isTerminal(operation.status)) ?? [];
  const next = list.data?.nextCursor ?? null;
  return (
    <Panel title="History" note="newest first">
      {list.isPending && <LoadingState what="operations" />}
      {list.error !== null && <ProblemState what="operations" problem={toApiProblem(list.error)} onRetry={() => void list.refetch()} />}
      {list.data !== undefined && ended.length === 0 && <EmptyState title="No operation has ended yet" />}
      {ended.length > 0 && (
        <div className={classes['tableScroll']} tabIndex={0} role="region" aria-label="Ended operations">
          <table className={classes['table']}>
            <thead><tr><th scope="col">Operation</th><th scope="col">Ended as</th><th scope="col">Moves</th><th scope="col">Data</th><th scope="col">Took</th><th scope="col">By</th><th scope="col">Ended</th></tr></thead>
            <tbody>
              {ended.map((operation) => (
                <tr key={operation.id}>
                  <th scope="row"><Link className={classes['link']} href={`/${clusterId}/operations/${operation.id}`}>{operationTitle(operation, nameOf)}</Link></th>
                  <td><StatusBadge status={executionWords(operation.status)} {...(operation.statusReason !== null && { title: operation.statusReason })} /></td>
                  <td>{operation.progress.movesTotal === 0 ? '–' : `${operation.progress.movesDone.toLocaleString('en-US')} of ${plural(operation.progress.movesTotal, 'move')}`}</td>
                  <td>{operation.progress.movesTotal === 0 ? '–' : formatBytes(operation.progress.bytesDone)}</td>
                  <td>{operation.startedAtMs !== null && operation.finishedAtMs !== null ? formatDuration(operation.finishedAtMs - operation.startedAtMs) : 'did not start'}</td>
                  <td>{operation.createdBy.name}</td>
                  <td>{operation.finishedAtMs === null ? '–' : <TimeText atMs={operation.finishedAtMs} nowMs={nowMs} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className={classes['pages']}>
        {cursor !== '' && <Button variant="default" onClick={() => void setCursor('')}>Newest</Button>}
        {next !== null && <Button variant="default" onClick={() => void setCursor(next)}>Older</Button>}
      </div>
    </Panel>
  );
}

/** Names of nodes that are still there; the id of those that left. */
export function useNameOfNode(): (nodeId: string) => string {
  const pairs = useCluster((state) => state.nodes?.flatMap((node) => [node.id, node.name]) ?? null);
  return (nodeId) => {
    const at = pairs?.indexOf(nodeId) ?? -1;
    return at < 0 ? nodeId : pairs?.[at + 1] ?? nodeId;
  };
}
