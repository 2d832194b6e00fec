'use client';

import { Button, Group, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { ApiCall } from '@/components/ui/api-call';
import { Fold } from '@/components/ui/fold';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { WriteButton } from '@/components/ui/write-button';
import { fieldOfPointer, toApiProblem, type ApiProblem } from '@/lib/client/api-problem';
import { plural } from '@/lib/client/format';
import { ACTIVE_ROLE, PolicyRoleSchema, type PoolScaling } from '@/lib/contract/scaling-view';
import { SettingsDifference } from './settings-difference';
import type { PolicyForm } from './use-policy-form';
import classes from './scaling.module.css';

interface SaveBarProps {
  readonly form: PolicyForm;
  readonly pool: PoolScaling;
}

/** What is changed, and the two ways to keep it: as the active policy, or beside it as a shadow. */
export function PolicySaveBar({ form, pool }: SaveBarProps) {
  const clusterId = useClusterId();
  const api = useApi();
  const queries = useQueryClient();
  const write = useWriteAllowed();
  const refresh = () => void queries.invalidateQueries({ queryKey: api.scaling.key() });
  const refuse = (error: unknown) => {
    const problem = toApiProblem(error);
    form.refuse(fieldsOf(problem));
    // Another generation: the answer of the pool shows what is stored, and what differs.
    if (!problem.lost && problem.status === 409) refresh();
  };
  const save = useMutation(api.scaling.savePolicy.mutationOptions({
    onSuccess: (version) => {
      form.startOver({ policy: version.policy, generation: version.generation });
      refresh();
    },
    onError: refuse,
  }));
  const shadow = useMutation(api.scaling.savePolicy.mutationOptions({ onSuccess: refresh, onError: refuse }));
  const wrong = Object.keys(form.errors).length;
  const mend = wrong > 0 ? `${plural(wrong, 'field')} to mend first` : null;
  const overtaken = pool.generation > form.base.generation ? 'Somebody else saved meanwhile: see above' : null;
  const unchanged = form.changes.length === 0 && form.base.generation > 0 ? 'Nothing is changed' : null;
  const blockedBy = mend ?? overtaken ?? unchanged;
  const error = save.error ?? shadow.error;
  const submit = () => {
    if (form.policy === null || blockedBy !== null) return;
    shadow.reset();
    save.mutate({ clusterId, pool: pool.pool, role: ACTIVE_ROLE, generation: form.base.generation, policy: form.policy });
  };
  return (
    <div className={classes['saveBar']}>
      {form.changes.length > 0 && (
        <Fold title={plural(form.changes.length, 'change')} note={form.changes.slice(0, 2).map(({ path }) => path).join(', ')}>
          <div className={classes['scroll']} tabIndex={0} role="region" aria-label="Changes"><SettingsDifference changes={form.changes} from="Now" to="New" /></div>
        </Fold>
      )}
      {error !== null && <ProblemAlert problem={toApiProblem(error)} />}
      <Group gap="xs">
        <WriteButton write={write} blockedBy={blockedBy} loading={save.isPending} onClick={submit}>Save as generation {form.base.generation + 1}</WriteButton>
        {form.changes.length > 0 && <Button variant="default" onClick={() => { form.startOver(form.base); }}>Discard changes</Button>}
        {form.policy !== null && <ApiCall method="PUT" path={`/clusters/${clusterId}/scaling/${pool.pool}/policies/${ACTIVE_ROLE}`} body={{ generation: form.base.generation, policy: form.policy }} />}
        <span className={classes['dim']} role="status">{blockedBy ?? plural(form.changes.length, 'change')}; {pool.generation === 0 ? 'the default is in force' : `generation ${pool.generation} is in force`}</span>
      </Group>
      <ShadowSave form={form} pool={pool} blockedBy={mend} pending={shadow.isPending} onSave={(role) => {
        if (form.policy === null) return;
        save.reset();
        shadow.mutate({ clusterId, pool: pool.pool, role, generation: generationOf(pool, role), policy: { ...form.policy, mode: 'shadow' } });
      }} />
    </div>
  );
}

function generationOf(pool: PoolScaling, role: string): number {
  return pool.shadows.find(({ version }) => version.role === role)?.version.generation ?? 0;
}

interface ShadowSaveProps extends SaveBarProps {
  readonly blockedBy: string | null;
  readonly pending: boolean;
  readonly onSave: (role: string) => void;
}

function ShadowSave({ pool, blockedBy, pending, onSave }: ShadowSaveProps) {
  const write = useWriteAllowed();
  const [role, setRole] = useState('');
  const fault = role === '' ? null : role === ACTIVE_ROLE ? 'That is the name of the active one' : PolicyRoleSchema.safeParse(role).error?.issues[0]?.message ?? null;
  const replaced = generationOf(pool, role);
  return (
    <Group gap="xs" align="flex-start">
      <TextInput aria-label="Name of the shadow policy" placeholder="name of a shadow" value={role} error={fault} onChange={(event) => { setRole(event.currentTarget.value); }} w="11rem" />
      <WriteButton variant="default" write={write} blockedBy={blockedBy ?? fault ?? (role === '' ? 'Give the shadow a name' : null)} loading={pending} note="Evaluated beside the active policy; it never acts" onClick={() => { onSave(role); }}>
        {replaced === 0 ? 'Save as a shadow' : `Replace generation ${replaced} of this shadow`}
      </WriteButton>
    </Group>
  );
}

/** "#/policy/rules/0/target" -> "rules.0.target". */
function fieldsOf(problem: ApiProblem): Record<string, string> {
  if (problem.lost) return {};
  return Object.fromEntries((problem.errors ?? []).map(({ pointer, detail }) => [fieldOfPointer(pointer).replace(/^policy\./, ''), detail]));
}
