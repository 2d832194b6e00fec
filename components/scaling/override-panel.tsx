'use client';

import { Group, NumberInput, SimpleGrid, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useSummary, useWriteAllowed } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { ApiCall } from '@/components/ui/api-call';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { Fold } from '@/components/ui/fold';
import { Note } from '@/components/ui/note';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { TimeText } from '@/components/ui/time-text';
import { WriteButton } from '@/components/ui/write-button';
import { fieldOfPointer, toApiProblem } from '@/lib/client/api-problem';
import { tierIn } from '@/lib/client/confirm-tier';
import { formatDuration, plural } from '@/lib/client/format';
import type { PoolScaling } from '@/lib/contract/scaling-view';

const MINUTE_MS = 60_000;

/** A node count that an operator fixes, over every rule, until it expires. */
export function OverridePanel({ pool }: { readonly pool: PoolScaling }) {
  const clusterId = useClusterId();
  const api = useApi();
  const queries = useQueryClient();
  const write = useWriteAllowed();
  const nowMs = useNow();
  const clear = useMutation(api.scaling.clearOverride.mutationOptions({ onSettled: () => void queries.invalidateQueries({ queryKey: api.scaling.key() }) }));
  const { override } = pool;
  if (override === null) return <Fold title="Fix the node count" note="over every rule, until it expires"><OverrideForm pool={pool} /></Fold>;
  return (
    <Note tone="warning" title={`Held at ${plural(override.nodeCount, 'node')} by ${override.setBy.name}`} role="status">
      <p>{override.reason}</p>
      <p>Until <TimeText atMs={override.expiresAtMs} />, <TimeText atMs={override.expiresAtMs} nowMs={nowMs} />. Rules and schedules wait.</p>
      <Group mt="xs"><WriteButton variant="default" write={write} loading={clear.isPending} onClick={() => { clear.mutate({ clusterId, pool: pool.pool }); }}>Let the policy decide again</WriteButton></Group>
      {clear.error !== null && <ProblemAlert problem={toApiProblem(clear.error)} />}
    </Note>
  );
}

function OverrideForm({ pool }: { readonly pool: PoolScaling }) {
  const clusterId = useClusterId();
  const api = useApi();
  const queries = useQueryClient();
  const write = useWriteAllowed();
  const { name, environment } = useSummary();
  const [nodeCount, setNodeCount] = useState<number | string>(pool.latest?.record.nodeCount ?? '');
  const [minutes, setMinutes] = useState<number | string>(60);
  const [reason, setReason] = useState('');
  const [asking, setAsking] = useState(false);
  const set = useMutation(api.scaling.setOverride.mutationOptions({ onSuccess: () => { setAsking(false); void queries.invalidateQueries({ queryKey: api.scaling.key() }); } }));
  const faults = { nodeCount: countFault(nodeCount, pool), minutes: minutesFault(minutes), reason: reason.trim() === '' ? 'Say why' : null };
  const problem = set.error === null ? null : toApiProblem(set.error);
  const refused = (field: string) => (problem === null || problem.lost ? null : problem.errors?.find(({ pointer }) => fieldOfPointer(pointer) === field)?.detail ?? null);
  const blockedBy = faults.nodeCount ?? faults.minutes ?? faults.reason;
  const ask = { nodeCount: Number(nodeCount), durationMs: Number(minutes) * MINUTE_MS, reason: reason.trim() };
  return (
    <Stack gap="xs">
      <SimpleGrid cols={{ base: 2 }} spacing="sm">
        <NumberInput label="Nodes" value={nodeCount} onChange={setNodeCount} error={faults.nodeCount ?? refused('nodeCount')} />
        <NumberInput label="For" suffix=" min" value={minutes} onChange={setMinutes} error={faults.minutes ?? refused('durationMs')} />
      </SimpleGrid>
      <TextInput label="Reason" description="Shown to everybody until it expires" value={reason} onChange={(event) => { setReason(event.currentTarget.value); }} error={refused('reason')} />
      <Group gap="xs">
        <WriteButton variant="default" write={write} blockedBy={blockedBy} onClick={() => { setAsking(true); }}>{blockedBy === null ? `Hold at ${plural(ask.nodeCount, 'node')}` : 'Hold the node count'}</WriteButton>
        {blockedBy === null && <ApiCall method="PUT" path={`/clusters/${clusterId}/scaling/${pool.pool}/override`} body={ask} />}
      </Group>
      <ConfirmDialog
        opened={asking} onClose={() => { set.reset(); setAsking(false); }} title={`Hold ${name} at ${plural(ask.nodeCount, 'node')}?`}
        confirmLabel={`Hold at ${plural(ask.nodeCount, 'node')}`} cancelLabel="Let the policy decide" tier={tierIn(environment, 'felt') === 'irreversible' ? 'irreversible' : 'felt'}
        typedName={name} typedWhat="cluster" pending={set.isPending} problem={problem} blockedBy={write.reason ?? blockedBy} onConfirm={() => { set.mutate({ clusterId, pool: pool.pool, ...ask }); }}
      >
        <p>For {formatDuration(ask.durationMs)}, rules and schedules of the pool {pool.pool} wait. In the mode automatic, nodes are added or taken away until there are {ask.nodeCount}.</p>
      </ConfirmDialog>
    </Stack>
  );
}

function countFault(nodeCount: number | string, { policy: { bounds } }: PoolScaling): string | null {
  const count = Number(nodeCount);
  if (nodeCount === '' || !Number.isInteger(count)) return 'A whole number is needed';
  return count < bounds.nodeCountMin || count > bounds.nodeCountMax ? `From ${bounds.nodeCountMin} to ${bounds.nodeCountMax}, the bounds of the policy` : null;
}

function minutesFault(minutes: number | string): string | null {
  const count = Number(minutes);
  if (minutes === '' || !(count >= 1)) return 'At least 1 min';
  return count > 43_200 ? 'At most 43,200 min (30 days)' : null;
}
