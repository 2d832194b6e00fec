'use client';

import { Select } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useWriteAllowed } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { offerUndo } from '@/components/ui/undo-notice';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { tierIn } from '@/lib/client/confirm-tier';
import { formatDuration } from '@/lib/client/format';
import type { Node } from '@/lib/contract/node';
import type { NodeChecks } from './use-node-checks';
import { reportProblem } from './use-node-mutations';

const DURATIONS_MS = [15 * 60_000, 3_600_000, 4 * 3_600_000, 24 * 3_600_000, 7 * 24 * 3_600_000];
const DURATION_MIN_MS = 60_000;

/** Maintenance on (with its end) and off; off also takes a drained node back into service. */
export function MaintenanceAction({ node, checks }: { readonly node: Node; readonly checks: NodeChecks }) {
  const nowMs = useNow();
  const inMaintenance = node.maintenanceUntilMs !== null && node.maintenanceUntilMs > nowMs;
  return (
    <>
      {!inMaintenance && <StartMaintenance node={node} checks={checks} />}
      {(inMaintenance || node.lifecycle === 'drained') && <Activate node={node} inMaintenance={inMaintenance} checks={checks} />}
    </>
  );
}

function StartMaintenance({ node, checks }: { readonly node: Node; readonly checks: NodeChecks }) {
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const environment = useCluster((state) => state.summary?.environment ?? 'production');
  const [opened, dialog] = useDisclosure(false);
  const [durationMs, setDurationMs] = useState(DURATIONS_MS[1]!);
  const mutation = useMutation(api.nodes.deactivate.mutationOptions({ onSuccess: dialog.close }));
  const tier = tierIn(environment, 'felt');
  return (
    <>
      <WriteButton variant="default" write={write} blockedBy={checks.reasonsAgainst('maintain')[0] ?? null} onClick={dialog.open}>Maintenance</WriteButton>
      <ConfirmDialog
        opened={opened} onClose={() => { mutation.reset(); dialog.close(); }} title={`Put ${node.name} into maintenance for ${formatDuration(durationMs)}?`}
        confirmLabel={`Start ${formatDuration(durationMs)} of maintenance`} cancelLabel="Keep it in service" tier={tier === 'undoable' ? 'felt' : tier}
        typedName={node.name} typedWhat="node" pending={mutation.isPending} problem={mutation.error === null ? null : toApiProblem(mutation.error)} blockedBy={write.reason}
        onConfirm={() => mutation.mutate({ clusterId, nodeId: node.id, durationMs })}
      >
        <p>Its silence is then expected: no alarm is raised, it is not called dead and no repair starts. Nothing new is placed on it; what it holds stays there. It ends by itself.</p>
        {checks.notesOf('maintain').map((note) => <p key={note}>{note}</p>)}
        <Select
          label="For" allowDeselect={false} value={String(durationMs)} onChange={(value) => { if (value !== null) setDurationMs(Number(value)); }}
          data={DURATIONS_MS.map((ms) => ({ value: String(ms), label: formatDuration(ms) }))}
        />
      </ConfirmDialog>
    </>
  );
}

function Activate({ node, inMaintenance, checks }: { readonly node: Node; readonly inMaintenance: boolean; readonly checks: NodeChecks }) {
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const nowMs = useNow();
  const deactivate = useMutation(api.nodes.deactivate.mutationOptions());
  const activate = useMutation(api.nodes.activate.mutationOptions());
  const act = async () => {
    const leftMs = (node.maintenanceUntilMs ?? nowMs) - nowMs;
    try {
      await activate.mutateAsync({ clusterId, nodeId: node.id });
    } catch (error) {
      reportProblem(`${node.name} was not activated`, error);
      return;
    }
    if (!inMaintenance) return;
    const onUndo = () => deactivate.mutate(
      { clusterId, nodeId: node.id, durationMs: Math.max(DURATION_MIN_MS, Math.round(leftMs)) },
      { onError: (error) => reportProblem(`${node.name} is not in maintenance again`, error) },
    );
    offerUndo({ message: `The maintenance of ${node.name} is over`, onUndo });
  };
  const label = inMaintenance ? 'End maintenance' : 'Activate';
  return <WriteButton variant="default" write={write} blockedBy={checks.reasonsAgainst('activate')[0] ?? null} loading={activate.isPending} onClick={() => void act()}>{label}</WriteButton>;
}
