'use client';

import { Progress } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import Link from 'next/link';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useWriteAllowed } from '@/components/realtime/use-cluster';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { StatusBadge } from '@/components/ui/status-badge';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { tierIn } from '@/lib/client/confirm-tier';
import { plural } from '@/lib/client/format';
import { executionWords } from '@/lib/client/status';
import type { Operation } from '@/lib/contract/operation';
import { isTerminal } from '@/lib/contract/vocabulary';
import { operationTitle, progressWords, shareOf } from './operation-progress';
import classes from './operation-footer.module.css';

/** The operation that runs, or else the next that waits. */
export function useRunningOperation(): Operation | null {
  return useCluster((state) => {
    const open = state.summary?.operations.filter((operation) => !isTerminal(operation.status)) ?? [];
    return open.find((operation) => operation.status !== 'pending') ?? open[0] ?? null;
  });
}

/** What runs, on every screen: how far it is, and the brakes. */
export function OperationFooter({ operation }: { readonly operation: Operation }) {
  const clusterId = useClusterId();
  const name = useNodeName(operation.nodeId);
  const waiting = useCluster((state) => state.summary?.operations.filter((other) => other.status === 'pending' && other.id !== operation.id).length ?? 0);
  const share = shareOf(operation);
  const title = operationTitle(operation, () => name);
  return (
    <section className={classes['footer']} aria-label="Running operation">
      <div className={classes['head']}>
        <Link href={`/${clusterId}/operations/${operation.id}`} className={classes['title']}>{title}</Link>
        <StatusBadge status={executionWords(operation.status)} {...(operation.statusReason !== null && { title: operation.statusReason })} />
        {waiting > 0 && <span className={classes['waiting']}>{plural(waiting, 'operation')} waiting</span>}
      </div>
      <div className={classes['progress']}>
        <Progress value={(share ?? 0) * 100} size="sm" aria-label={`${title}: done`} />
        <span className={classes['words']} title={progressWords(operation.progress)}>{progressWords(operation.progress)}</span>
      </div>
      <OperationBrakes operation={operation} compact />
    </section>
  );
}

/** Pause, resume and stop, each saying what it does and does not do. Also used by the operation's own page. */
export function OperationBrakes({ operation, compact = false }: { readonly operation: Operation; readonly compact?: boolean }) {
  const size = compact ? 'compact-sm' : 'xs';
  const api = useApi();
  const write = useWriteAllowed();
  const environment = useCluster((state) => state.summary?.environment ?? 'production');
  const clusterName = useCluster((state) => state.summary?.name ?? '');
  const [stopping, dialog] = useDisclosure(false);
  const pause = useMutation(api.operations.pause.mutationOptions());
  const resume = useMutation(api.operations.resume.mutationOptions());
  const cancel = useMutation(api.operations.cancel.mutationOptions({ onSuccess: dialog.close }));
  const failed = pause.error ?? resume.error;
  const input = { operationId: operation.id };
  const waits = operation.status === 'pending';
  const left = operation.progress.movesTotal - operation.progress.movesDone - operation.progress.movesFailed;
  return (
    <div className={classes['brakes']}>
      {failed !== null && <ProblemAlert problem={toApiProblem(failed)} />}
      {operation.status === 'running' && (
        <WriteButton size={size} variant="default" write={write} loading={pause.isPending} onClick={() => pause.mutate(input)} note="Client traffic is not affected">Pause moves</WriteButton>
      )}
      {operation.status === 'paused' && (
        <WriteButton size={size} write={write} loading={resume.isPending} onClick={() => resume.mutate(input)}>Resume moves</WriteButton>
      )}
      {!isTerminal(operation.status) && operation.status !== 'canceling' && (
        <WriteButton size={size} variant="default" write={write} onClick={dialog.open}>{waits ? 'Take off the queue' : 'Stop'}</WriteButton>
      )}
      <ConfirmDialog
        opened={stopping}
        onClose={() => { cancel.reset(); dialog.close(); }}
        title={waits ? 'Take this operation off the queue?' : 'Stop this operation after the moves in flight?'}
        confirmLabel={waits ? 'Take it off the queue' : stopLabel(operation.progress.movesInFlight)}
        cancelLabel={waits ? 'Keep it waiting' : 'Keep running'}
        tier={tierIn(environment, 'felt') === 'irreversible' ? 'irreversible' : 'felt'}
        typedName={clusterName}
        typedWhat="cluster"
        danger
        pending={cancel.isPending}
        problem={cancel.error === null ? null : toApiProblem(cancel.error)}
        blockedBy={write.reason}
        onConfirm={() => cancel.mutate(input)}
      >
        <p>
          {operation.progress.movesTotal > 0 && `${plural(Math.max(0, left), 'move')} of ${operation.progress.movesTotal.toLocaleString('en-US')} will not be made. `}
          {waits && operation.progress.movesDone === 0 ? 'It has changed nothing so far. ' : 'What has moved stays where it is, which is a complete and valid placement; what is in flight is finished first. '}
          Client traffic is not affected.
        </p>
      </ConfirmDialog>
    </div>
  );
}

function stopLabel(movesInFlight: number): string {
  return movesInFlight === 0 ? 'Stop after this batch' : `Stop after this batch of ${plural(movesInFlight, 'move')}`;
}

function useNodeName(nodeId: string | null): string {
  return useCluster((state) => (nodeId === null ? '' : state.nodes?.find((node) => node.id === nodeId)?.name ?? nodeId));
}
