'use client';

import { Alert, List } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { noteAccepted } from './accepted-note';
import type { NodeRow } from './node-rows';
import type { NodeChecks } from './use-node-checks';

/** The irreversible one: what would be refused is said before, the server decides again. */
export function DecommissionAction({ row, checks }: { readonly row: NodeRow; readonly checks: NodeChecks }) {
  const { node } = row;
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const [opened, dialog] = useDisclosure(false);
  const mutation = useMutation(api.nodes.decommission.mutationOptions({
    onSuccess: ({ operation }) => {
      dialog.close();
      noteAccepted({ message: `${node.name} is leaving the cluster.`, clusterId, operationId: operation.id });
    },
  }));
  const blocking = checks.reasonsAgainst('decommission');
  const notes = checks.notesOf('decommission');
  return (
    <>
      <WriteButton variant="default" color="red" write={write} onClick={dialog.open}>Decommission</WriteButton>
      <ConfirmDialog
        opened={opened} onClose={() => { mutation.reset(); dialog.close(); }} title={`Remove ${node.name} from the cluster for good?`}
        confirmLabel="Decommission 1 node" cancelLabel="Keep the node" tier="irreversible" typedName={node.name} typedWhat="node" danger
        pending={mutation.isPending} problem={mutation.error === null ? null : toApiProblem(mutation.error)}
        blockedBy={write.reason ?? (blocking.length === 0 ? null : 'It cannot be done as things are now.')}
        onConfirm={() => mutation.mutate({ clusterId, nodeId: node.id, confirmName: node.name })}
      >
        <p>The manager reads from the node itself that it is empty, and makes it leave. It does not come back by itself.</p>
        {blocking.length > 0 && (
          <Alert color="red" variant="light" title="Now refused because" mb="xs">
            <List size="sm">{blocking.map((reason) => <List.Item key={reason}>{reason}</List.Item>)}</List>
          </Alert>
        )}
        {notes.length > 0 && <List size="sm" mb="xs">{notes.map((note) => <List.Item key={note}>{note}</List.Item>)}</List>}
      </ConfirmDialog>
    </>
  );
}
