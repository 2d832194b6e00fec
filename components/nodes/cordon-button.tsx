'use client';

import { useState } from 'react';
import { useCluster, useWriteAllowed } from '@/components/realtime/use-cluster';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { WriteButton } from '@/components/ui/write-button';
import { tierIn } from '@/lib/client/confirm-tier';
import { plural } from '@/lib/client/format';
import type { Node } from '@/lib/contract/node';
import { useCordon } from './use-node-mutations';

interface CordonButtonProps {
  readonly nodes: readonly Node[];
  /** true: cordon; false: uncordon. */
  readonly cordoned: boolean;
  /** The server's reason against it; `null` when there is none. */
  readonly blockedBy?: string | null;
}

/** Cordons or uncordons nodes: at once and with an undo, in production after a question. */
export function CordonButton({ nodes, cordoned, blockedBy = null }: CordonButtonProps) {
  const write = useWriteAllowed();
  const environment = useCluster((state) => state.summary?.environment ?? 'production');
  const clusterName = useCluster((state) => state.summary?.name ?? '');
  const { set, pending } = useCordon();
  const [asking, setAsking] = useState(false);
  const verb = cordoned ? 'Cordon' : 'Uncordon';
  const label = nodes.length === 1 ? verb : `${verb} ${plural(nodes.length, 'node')}`;
  const tier = tierIn(environment, 'undoable');
  const act = () => {
    setAsking(false);
    void set(nodes, cordoned, true);
  };
  return (
    <>
      <WriteButton variant="default" write={write} blockedBy={blockedBy} loading={pending} onClick={() => (tier === 'undoable' ? act() : setAsking(true))}>{label}</WriteButton>
      {tier !== 'undoable' && (
        <ConfirmDialog
          opened={asking} onClose={() => setAsking(false)} title={`${verb} ${nodes.length === 1 ? nodes[0]!.name : plural(nodes.length, 'node')}?`}
          confirmLabel={label} cancelLabel="Leave as it is" tier={tier} typedName={clusterName} typedWhat="cluster" pending={pending} problem={null}
          blockedBy={write.reason} onConfirm={act}
        >
          <p>{cordoned ? 'No new replica is placed there. What it holds stays and is served.' : 'New replicas may be placed there again.'}</p>
        </ConfirmDialog>
      )}
    </>
  );
}
