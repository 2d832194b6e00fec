'use client';

import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useWriteAllowed } from '@/components/realtime/use-cluster';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem, type ApiProblem } from '@/lib/client/api-problem';
import { noteAccepted } from './accepted-note';
import type { NodeRow } from './node-rows';

/**
 * For a node that is gone: others take over, and what it held is copied again. What only it
 * has comes to light with the server's answer; then its name is typed, or the rest is repaired.
 */
export function RepairAction({ row }: { readonly row: Pick<NodeRow, 'node' | 'counts'> }) {
  const { node, counts } = row;
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const canRepair = useCluster((state) => state.summary?.capabilities.repair ?? false);
  const [opened, dialog] = useDisclosure(false);
  const mutation = useMutation(api.nodes.repair.mutationOptions({
    onSuccess: ({ operation }) => {
      dialog.close();
      noteAccepted({ message: `${node.name} is being repaired.`, clusterId, operationId: operation.id });
    },
  }));
  if (!canRepair || (node.liveness !== 'dead' && node.liveness !== 'unreachable')) return null;
  const problem = mutation.error === null ? null : toApiProblem(mutation.error);
  const loses = losesData(problem);
  return (
    <>
      <WriteButton write={write} onClick={dialog.open}>Repair</WriteButton>
      <ConfirmDialog
        opened={opened} onClose={() => { mutation.reset(); dialog.close(); }} title={`Let others take over from ${node.name}?`}
        confirmLabel={loses ? 'Repair and lose this data' : 'Repair 1 node'} cancelLabel="Wait for it" tier={loses ? 'irreversible' : 'felt'} danger={loses} typedName={node.name} typedWhat="node"
        pending={mutation.isPending} problem={problem} blockedBy={write.reason}
        onConfirm={() => mutation.mutate({ clusterId, nodeId: node.id, ...(loses && { confirmName: node.name }) })}
      >
        <p>
          {`${node.name} is ${node.liveness}. Secondaries that have every acknowledged write take over ${counts === null ? 'what it served' : `the ${counts.primaries.toLocaleString('en-US')} shards it served`}, and ${counts === null ? 'everything' : `all ${counts.shards.toLocaleString('en-US')} copies`} it held are made again on other nodes. When it comes back it is empty, and takes part again.`}
        </p>
        {loses && <WriteButton variant="default" write={write} loading={mutation.isPending} onClick={() => mutation.mutate({ clusterId, nodeId: node.id, partial: true })}>Repair the rest without these shards</WriteButton>}
      </ConfirmDialog>
    </>
  );
}

function losesData(problem: ApiProblem | null): boolean {
  return problem?.lost === false && problem.refusals?.some(({ constraint }) => constraint === 'data-loss') === true;
}
