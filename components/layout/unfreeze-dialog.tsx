'use client';

import { useMutation } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useLiveView, useWriteAllowed } from '@/components/realtime/use-cluster';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { toApiProblem } from '@/lib/client/api-problem';
import { tierIn } from '@/lib/client/confirm-tier';
import { plural } from '@/lib/client/format';
import type { Node } from '@/lib/contract/node';

export interface UnfreezeDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

const NAMED_MAX = 5;

/** What is wrong now, and what follows from letting automation act all the same. */
export function UnfreezeDialog({ opened, onClose }: UnfreezeDialogProps) {
  useLiveView('nodes');
  const clusterId = useClusterId();
  const environment = useCluster((state) => state.summary?.environment ?? 'production');
  const api = useApi();
  const write = useWriteAllowed();
  const name = useCluster((state) => state.summary?.name ?? clusterId);
  const freeze = useCluster((state) => state.summary?.freeze ?? null);
  const silent = useCluster((state) => state.nodes?.filter((node) => node.liveness === 'unreachable' || node.liveness === 'dead') ?? null);
  const mutation = useMutation(api.clusters.unfreeze.mutationOptions({ onSuccess: onClose }));
  return (
    <ConfirmDialog
      opened={opened && freeze !== null}
      onClose={() => { mutation.reset(); onClose(); }}
      title={`Let automation act on ${name} again?`}
      confirmLabel="Let automation act again"
      cancelLabel="Keep it frozen"
      tier={tierIn(environment, 'felt') === 'irreversible' ? 'irreversible' : 'felt'}
      typedName={name}
      typedWhat="cluster"
      pending={mutation.isPending}
      problem={mutation.error === null ? null : toApiProblem(mutation.error)}
      blockedBy={write.reason}
      onConfirm={() => mutation.mutate({ clusterId })}
    >
      {freeze !== null && <p>It was frozen because: {freeze.reason}</p>}
      <p>{silentWords(silent)}</p>
      <p>Automatic rebalancing, repair and scaling may start again as their settings say. What was paused stays paused until somebody resumes it.</p>
    </ConfirmDialog>
  );
}

function silentWords(silent: readonly Node[] | null): string {
  if (silent === null) return 'Which nodes are silent is not known yet.';
  if (silent.length === 0) return 'Every node answers now.';
  const names = silent.slice(0, NAMED_MAX).map((node) => node.name).join(', ');
  const more = silent.length > NAMED_MAX ? ` and ${silent.length - NAMED_MAX} more` : '';
  return `${plural(silent.length, 'node')} still ${silent.length === 1 ? 'does' : 'do'} not answer: ${names}${more}. You have seen that: they freeze nothing again until they have come back once, and may be called dead and repaired.`;
}
