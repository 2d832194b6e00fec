'use client';

import { Group } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { Note } from '@/components/ui/note';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { TimeText } from '@/components/ui/time-text';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { plural } from '@/lib/client/format';
import type { ScalingProposal } from '@/lib/contract/scaling-view';

/** An action that waits for a person; it is decided anew when approved. */
export function ProposalNote({ pool, proposal }: { readonly pool: string; readonly proposal: ScalingProposal }) {
  const clusterId = useClusterId();
  const api = useApi();
  const queries = useQueryClient();
  const write = useWriteAllowed();
  const nowMs = useNow();
  const refresh = () => void queries.invalidateQueries({ queryKey: api.scaling.key() });
  const approve = useMutation(api.scaling.approve.mutationOptions({ onSettled: refresh }));
  const reject = useMutation(api.scaling.reject.mutationOptions({ onSettled: refresh }));
  const error = approve.error ?? reject.error;
  const { action, from, to } = proposal;
  const verb = action === 'scale-out' ? `Add ${plural(to - from, 'node')}` : `Remove ${plural(from - to, 'node')}`;
  const ask = { clusterId, pool, proposalId: proposal.id };
  return (
    <Note tone="warning" title={`${verb}? The policy asks for a person to agree`} role="status">
      <p>{proposal.text}</p>
      <p>From {from} to {plural(to, 'node')}. Expires <TimeText atMs={proposal.expiresAtMs} nowMs={nowMs} />; it is decided anew when approved.</p>
      <Group gap="xs" mt="xs">
        <WriteButton write={write} loading={approve.isPending} onClick={() => { approve.mutate(ask); }}>{verb}</WriteButton>
        <WriteButton variant="default" write={write} loading={reject.isPending} note="Not proposed again before it would have expired" onClick={() => { reject.mutate(ask); }}>Keep {plural(from, 'node')}</WriteButton>
      </Group>
      {error !== null && <ProblemAlert problem={toApiProblem(error)} />}
    </Note>
  );
}
