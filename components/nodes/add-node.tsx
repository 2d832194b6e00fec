'use client';

import { Autocomplete, Select, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { IconPlus } from '@tabler/icons-react';
import { memo, useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useWriteAllowed } from '@/components/realtime/use-cluster';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { tierIn } from '@/lib/client/confirm-tier';
import { noteAccepted } from './accepted-note';
import { useNodeSource } from './use-node-source';

const NOTHING = { zone: '', address: '', followerOf: null as string | null };

/** The button and its dialog: asks for what this kind of cluster needs, and no more. */
export const AddNode = memo(() => {
  const capabilities = useCluster((state) => state.summary?.capabilities ?? null);
  const kind = useCluster((state) => state.summary?.kind ?? null);
  const write = useWriteAllowed();
  const [opened, dialog] = useDisclosure(false);
  // Nodes with agents come by themselves: they enrol, and are accepted.
  if (capabilities === null || kind === 'http-agent') return null;
  return (
    <>
      <WriteButton
        write={write} onClick={dialog.open} leftSection={<IconPlus size={14} aria-hidden />}
        blockedBy={capabilities.addNode ? null : 'This kind of cluster cannot add nodes from here'}
      >
        Add node
      </WriteButton>
      <AddNodeDialog opened={opened} onClose={dialog.close} needsAddress={capabilities.addNodeNeeds === 'address'} hasFollowers={capabilities.replication === 'followers'} />
    </>
  );
});
AddNode.displayName = 'AddNode';

interface AddNodeDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly needsAddress: boolean;
  readonly hasFollowers: boolean;
}

function AddNodeDialog({ opened, onClose, needsAddress, hasFollowers }: AddNodeDialogProps) {
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const environment = useCluster((state) => state.summary?.environment ?? 'production');
  const clusterName = useCluster((state) => state.summary?.name ?? '');
  const nodes = useCluster((state) => state.nodes);
  const source = useNodeSource({ asked: opened });
  const [form, setForm] = useState(NOTHING);
  const close = () => {
    setForm(NOTHING);
    mutation.reset();
    onClose();
  };
  const mutation = useMutation(api.nodes.add.mutationOptions({
    onSuccess: ({ operation }) => {
      close();
      noteAccepted({ message: 'A node is being added.', clusterId, operationId: operation.id });
    },
  }));
  const zones = [...new Set(nodes?.flatMap((node) => node.domain.zone ?? []) ?? [])].sort();
  const leaders = (nodes ?? []).filter((node) => node.followerOf === null).map((node) => ({ value: node.id, label: node.name }));
  const address = form.address.trim();
  const zone = form.zone.trim();
  const tier = tierIn(environment, 'felt');
  return (
    <ConfirmDialog
      opened={opened} onClose={close} title="Add a node to the cluster?" confirmLabel="Add 1 node" cancelLabel="Add nothing"
      tier={tier === 'undoable' ? 'felt' : tier} typedName={clusterName} typedWhat="cluster" pending={mutation.isPending}
      problem={mutation.error === null ? null : toApiProblem(mutation.error)}
      blockedBy={write.reason ?? (needsAddress && source === null && address === '' ? 'The address of a running, empty process is needed.' : null)}
      onConfirm={() => mutation.mutate({
        clusterId, ...(address !== '' && { address }), ...(zone !== '' && { zone }), ...(form.followerOf !== null && { followerOf: form.followerOf }),
      })}
    >
      <p>{form.followerOf === null ? 'It joins empty. Data reaches it by a rebalance, which is planned and approved on its own.' : 'It joins as a follower and copies everything its leader holds.'}</p>
      {source !== null && address === '' && <p>It is made by {source.name} ({source.about}), and given back when it leaves.</p>}
      {needsAddress && (
        <TextInput
          label="Address" description={`${source === null ? '' : `Empty: ${source.name} makes one. `}host:port of a running, empty process; IPv6 in brackets`} required={source === null} value={form.address}
          onChange={(event) => setForm({ ...form, address: event.currentTarget.value })} maxLength={300} autoComplete="off" spellCheck={false} data-autofocus mb="xs"
        />
      )}
      {!needsAddress && (
        <Autocomplete label="Zone" description="Empty: the driver chooses" data={zones} value={form.zone} onChange={(next) => setForm({ ...form, zone: next })} maxLength={128} mb="xs" />
      )}
      {hasFollowers && (
        <Select
          label="Follower of" description="Empty: a leader of its own" data={leaders} value={form.followerOf} searchable clearable
          onChange={(followerOf) => setForm({ ...form, followerOf })}
        />
      )}
    </ConfirmDialog>
  );
}
