'use client';

import { Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useWriteAllowed } from '@/components/realtime/use-cluster';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { toApiProblem } from '@/lib/client/api-problem';
import { tierIn } from '@/lib/client/confirm-tier';

export interface FreezeDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Asks for the reason, which everybody sees until it is lifted. */
export function FreezeDialog({ opened, onClose }: FreezeDialogProps) {
  const clusterId = useClusterId();
  const name = useCluster((state) => state.summary?.name ?? clusterId);
  const environment = useCluster((state) => state.summary?.environment ?? 'production');
  const api = useApi();
  const write = useWriteAllowed();
  const [reason, setReason] = useState('');
  const mutation = useMutation(api.clusters.freeze.mutationOptions({ onSuccess: () => { setReason(''); onClose(); } }));
  return (
    <ConfirmDialog
      opened={opened}
      onClose={() => { mutation.reset(); onClose(); }}
      title={`Freeze automation on ${name}?`}
      confirmLabel="Freeze automation"
      cancelLabel="Keep it running"
      tier={tierIn(environment, 'felt') === 'irreversible' ? 'irreversible' : 'felt'}
      typedName={name}
      typedWhat="cluster"
      pending={mutation.isPending}
      problem={mutation.error === null ? null : toApiProblem(mutation.error)}
      blockedBy={write.reason ?? (reason.trim() === '' ? 'A reason is needed: the next person on call reads it.' : null)}
      onConfirm={() => mutation.mutate({ clusterId, reason: reason.trim() })}
    >
      <p>No automatic rebalance, scaling or repair starts, and running moves are held at their next safe point. Client traffic is not affected. It stays so until somebody lifts it.</p>
      <Textarea label="Reason" required value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={500} rows={3} data-autofocus />
    </ConfirmDialog>
  );
}
