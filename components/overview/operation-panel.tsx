'use client';

import { Progress } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { OperationBrakes, useRunningOperation } from '@/components/layout/operation-footer';
import { operationTitle, progressWords, shareOf } from '@/components/layout/operation-progress';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { EmptyState } from '@/components/ui/states';
import { StatusBadge } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import { executionWords } from '@/lib/client/status';
import type { Operation } from '@/lib/contract/operation';
import classes from './overview.module.css';

/** What runs now; when nothing does, how the last one ended. */
export function OperationPanel() {
  const clusterId = useClusterId();
  const running = useRunningOperation();
  const last = useQuery(useApi().operations.list.queryOptions({ input: { clusterId, limit: 1 }, enabled: running === null }));
  const shown = running ?? last.data?.operations[0] ?? null;
  return (
    <Panel title={running === null ? 'Last operation' : 'Running operation'} actions={<Link href={`/${clusterId}/operations`} className={classes['dim']}>All operations</Link>}>
      {shown === null
        ? <EmptyState title={last.isPending ? 'Looking for operations' : 'Nothing has been moved yet'}>A rebalance is planned first, and nothing moves before you approve it.</EmptyState>
        : <OperationCard operation={shown} running={running !== null} />}
    </Panel>
  );
}

function OperationCard({ operation, running }: { readonly operation: Operation; readonly running: boolean }) {
  const clusterId = useClusterId();
  const nowMs = useNow();
  const title = operationTitle(operation, (nodeId) => nodeId);
  const share = shareOf(operation);
  return (
    <div className={classes['operation']}>
      <div className={classes['operationHead']}>
        <Link href={`/${clusterId}/operations/${operation.id}`}><strong>{title}</strong></Link>
        <StatusBadge status={executionWords(operation.status)} />
        <span className={classes['dim']}>
          by {operation.createdBy.name}, <TimeText atMs={operation.finishedAtMs ?? operation.startedAtMs ?? operation.createdAtMs} nowMs={nowMs} />
        </span>
      </div>
      {operation.statusReason !== null && <p className={classes['dim']}>{operation.statusReason}</p>}
      {share !== null && <Progress value={share * 100} size="sm" aria-label={`${title}: done`} />}
      {operation.progress.movesTotal > 0 && <p className={classes['dim']}>{progressWords(operation.progress)}</p>}
      {running && <OperationBrakes operation={operation} />}
    </div>
  );
}
