'use client';

import { Group, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { ACTIVE_ROLE, PolicyRoleSchema, type PoolScaling } from '@/lib/contract/scaling-view';
import { blockedByFaults, policyFaults, type PolicyForm } from './use-policy-form';

/** Keeps what is in the form beside the active policy, under a name. */
export function SaveShadow({ form, pool }: { readonly form: PolicyForm; readonly pool: PoolScaling }) {
  const clusterId = useClusterId();
  const api = useApi();
  const queries = useQueryClient();
  const write = useWriteAllowed();
  const [role, setRole] = useState('');
  const refresh = () => void queries.invalidateQueries({ queryKey: api.scaling.key() });
  const save = useMutation(api.scaling.savePolicy.mutationOptions({
    onSuccess: refresh,
    onError: (error) => {
      form.refuse(policyFaults(toApiProblem(error)));
      refresh();
    },
  }));
  const fault = role === '' ? null : role === ACTIVE_ROLE ? 'That is the name of the active one' : PolicyRoleSchema.safeParse(role).error?.issues[0]?.message ?? null;
  const replaced = pool.shadows.find(({ version }) => version.role === role)?.version.generation ?? 0;
  const submit = () => {
    if (form.policy === null) return;
    save.mutate({ clusterId, pool: pool.pool, role, generation: replaced, policy: { ...form.policy, mode: 'shadow' } });
  };
  return (
    <>
      <Group gap="xs" align="flex-start">
        <TextInput aria-label="Name of the shadow policy" placeholder="name of a shadow" value={role} error={fault} onChange={(event) => { setRole(event.currentTarget.value); }} w="11rem" />
        <WriteButton variant="default" write={write} blockedBy={blockedByFaults(form) ?? fault ?? (role === '' ? 'Give the shadow a name' : null)} loading={save.isPending} note="Evaluated beside the active policy; it never acts" onClick={submit}>
          {replaced === 0 ? 'Save the form as a shadow' : `Replace generation ${replaced} of this shadow`}
        </WriteButton>
      </Group>
      {save.error !== null && <ProblemAlert problem={toApiProblem(save.error)} />}
    </>
  );
}
