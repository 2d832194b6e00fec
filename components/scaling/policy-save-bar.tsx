'use client';

import { Button, Group } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { ApiCall } from '@/components/ui/api-call';
import { Fold } from '@/components/ui/fold';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { plural } from '@/lib/client/format';
import { ACTIVE_ROLE, type PoolScaling } from '@/lib/contract/scaling-view';
import { SettingsDifference } from './settings-difference';
import { blockedByFaults, policyFaults, type PolicyForm } from './use-policy-form';
import classes from './scaling.module.css';

interface SaveBarProps {
  readonly form: PolicyForm;
  readonly pool: PoolScaling;
}

/** What is changed, and the button that keeps it as the active policy. */
export function PolicySaveBar({ form, pool }: SaveBarProps) {
  const clusterId = useClusterId();
  const api = useApi();
  const queries = useQueryClient();
  const write = useWriteAllowed();
  const refresh = () => void queries.invalidateQueries({ queryKey: api.scaling.key() });
  const save = useMutation(api.scaling.savePolicy.mutationOptions({
    onSuccess: (version) => {
      form.startOver({ policy: version.policy, generation: version.generation });
      refresh();
    },
    onError: (error) => {
      const problem = toApiProblem(error);
      form.refuse(policyFaults(problem));
      // Another generation: the answer of the pool shows what is stored, and what differs.
      if (!problem.lost && problem.status === 409) refresh();
    },
  }));
  const overtaken = pool.generation > form.base.generation ? 'Somebody else saved meanwhile: see above' : null;
  const unchanged = form.changes.length === 0 && form.base.generation > 0 ? 'Nothing is changed' : null;
  const blockedBy = blockedByFaults(form) ?? overtaken ?? unchanged;
  const submit = () => {
    if (form.policy === null || blockedBy !== null) return;
    save.mutate({ clusterId, pool: pool.pool, role: ACTIVE_ROLE, generation: form.base.generation, policy: form.policy });
  };
  return (
    <div className={classes['saveBar']}>
      {form.changes.length > 0 && (
        <Fold title={plural(form.changes.length, 'change')} note={form.changes.slice(0, 2).map(({ path }) => path).join(', ')}>
          <div className={classes['scroll']} tabIndex={0} role="region" aria-label="Changes"><SettingsDifference changes={form.changes} from="Now" to="New" /></div>
        </Fold>
      )}
      {save.error !== null && <ProblemAlert problem={toApiProblem(save.error)} />}
      <Group gap="xs">
        <WriteButton write={write} blockedBy={blockedBy} loading={save.isPending} onClick={submit}>Save as generation {form.base.generation + 1}</WriteButton>
        {form.changes.length > 0 && <Button variant="default" onClick={() => { form.startOver(form.base); }}>Discard changes</Button>}
        {form.policy !== null && <ApiCall method="PUT" path={`/clusters/${clusterId}/scaling/${pool.pool}/policies/${ACTIVE_ROLE}`} body={{ generation: form.base.generation, policy: form.policy }} />}
        <span className={classes['dim']} role="status">{blockedBy ?? plural(form.changes.length, 'change')}; {pool.generation === 0 ? 'the default is in force' : `generation ${pool.generation} is in force`}</span>
      </Group>
    </div>
  );
}
