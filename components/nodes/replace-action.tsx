'use client';

import { Alert, Autocomplete, List, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useWriteAllowed } from '@/components/realtime/use-cluster';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { noteAccepted } from './accepted-note';
import type { NodeRow } from './node-rows';
import { useNodeSource } from './use-node-source';

const NOTHING = { address: '', zone: '' };

/** A new node in the place of this one: it joins, the data goes over, and the old one leaves for good. */
export function ReplaceAction({ row }: { readonly row: Pick<NodeRow, 'node' | 'counts'> }) {
  const { node, counts } = row;
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const capabilities = useCluster((state) => state.summary?.capabilities ?? null);
  const frozen = useCluster((state) => state.summary?.freeze?.reason ?? null);
  const zones = useCluster((state) => [...new Set(state.nodes?.flatMap(({ domain }) => domain.zone ?? []) ?? [])].sort());
  const [opened, dialog] = useDisclosure(false);
  const source = useNodeSource({ asked: opened });
  const [form, setForm] = useState(NOTHING);
  const close = () => { setForm(NOTHING); mutation.reset(); dialog.close(); };
  const mutation = useMutation(api.nodes.replace.mutationOptions({
    onSuccess: ({ operation }) => {
      close();
      noteAccepted({ message: `${node.name} is being replaced.`, clusterId, operationId: operation.id });
    },
  }));
  const against = reasonsAgainst({ row, capabilities, frozen });
  const needsAddress = capabilities?.addNodeNeeds === 'address';
  const address = form.address.trim();
  const isGone = node.liveness === 'dead' || node.liveness === 'unreachable';
  const problem = mutation.error === null ? null : toApiProblem(mutation.error);
  // What only the dead node has comes to light with the server's answer; pressing again accepts it.
  const losesData = problem?.lost === false && problem.refusals?.some(({ constraint }) => constraint === 'data-loss') === true && capabilities?.repair === true;
  const zone = form.zone.trim();
  return (
    <>
      <WriteButton variant="default" write={write} onClick={dialog.open}>Replace</WriteButton>
      <ConfirmDialog
        opened={opened} onClose={close} title={`Replace ${node.name} by a new node?`} confirmLabel={losesData ? 'Replace and lose this data' : 'Replace 1 node'} cancelLabel="Keep the node"
        tier="irreversible" typedName={node.name} typedWhat="node" danger pending={mutation.isPending} problem={problem}
        blockedBy={write.reason ?? (against.length > 0 ? 'It cannot be done as things are now.' : needsAddress && source === null && address === '' ? 'The address of a running, empty process is needed.' : null)}
        onConfirm={() => { mutation.mutate({ clusterId, nodeId: node.id, confirmName: node.name, ...(address !== '' && { address }), ...(zone !== '' && { zone }), ...(losesData && { acceptLoss: true }) }); }}
      >
        <p>
          {isGone && node.followerOf === null
            ? `A new node joins, others take over what ${node.name} served, its copies are made again on the new node, and ${node.name} leaves. It does not come back by itself.`
            : node.followerOf === null
            ? `A new node joins, ${counts === null ? 'everything' : `all ${counts.shards.toLocaleString('en-US')} replicas`} that ${node.name} holds go over to it, and ${node.name} leaves once it is verified empty. Until then it can be called off: what was done is taken back. Clients are served throughout.`
            : `A new follower joins in its place, and ${node.name} leaves.`}
        </p>
        {against.length > 0 && <Alert color="red" variant="light" title="Now refused because" mb="xs"><List size="sm">{against.map((reason) => <List.Item key={reason}>{reason}</List.Item>)}</List></Alert>}
        {needsAddress
          ? (
            <TextInput
              label="Address of the new node" description={`${source === null ? '' : `Empty: ${source.name} makes one. `}host:port of a running, empty process; IPv6 in brackets`} required={source === null} value={form.address}
              onChange={(event) => { setForm({ ...form, address: event.currentTarget.value }); }} maxLength={300} autoComplete="off" spellCheck={false} mb="xs"
            />
          )
          : <Autocomplete label="Zone of the new node" description={`Empty: ${node.domain.zone ?? 'the one of the old node'}`} data={zones} value={form.zone} onChange={(next) => { setForm({ ...form, zone: next }); }} maxLength={128} mb="xs" />}
      </ConfirmDialog>
    </>
  );
}

interface Given {
  readonly row: Pick<NodeRow, 'node'>;
  readonly capabilities: { readonly addNode: boolean; readonly removeNode: boolean } | null;
  readonly frozen: string | null;
}

/** What can be told from here; the server decides again, and knows more. */
function reasonsAgainst({ row: { node }, capabilities, frozen }: Given): string[] {
  const reasons: string[] = [];
  if (capabilities?.addNode === false) reasons.push('This kind of cluster cannot add nodes from here');
  if (capabilities?.removeNode === false) reasons.push('This kind of cluster cannot remove nodes from here');
  if (frozen !== null) reasons.push(`Frozen: ${frozen}`);
  if (node.lifecycle !== 'active' && node.lifecycle !== 'drained') reasons.push(`${node.name} is ${node.lifecycle}; only an active or drained node can be replaced`);
  return reasons;
}
