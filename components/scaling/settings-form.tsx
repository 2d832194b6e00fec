'use client';

import { Alert, Button, Group } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { ApiCall } from '@/components/ui/api-call';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { WriteButton } from '@/components/ui/write-button';
import { fieldOfPointer, toApiProblem } from '@/lib/client/api-problem';
import { plural } from '@/lib/client/format';
import type { VersionedSettings } from '@/lib/contract/settings';
import { HealthFields } from './health-fields';
import { SettingsDifference } from './settings-difference';
import { ObservationFields, RebalancingFields, SafetyFields, ScalingFields } from './settings-fields';
import { checkSettings, differencesBetween, valuesOf, type SettingsValues } from './settings-values';
import classes from './scaling.module.css';

/**
 * The settings as a form over the generation it was opened on (R4). A newer generation
 * that somebody else stored meanwhile is not overwritten: the form says so, shows what
 * differs, and keeps what was typed.
 */
export function SettingsForm({ stored }: { readonly stored: VersionedSettings }) {
  const clusterId = useClusterId();
  const api = useApi();
  const queries = useQueryClient();
  const write = useWriteAllowed();
  const [base, setBase] = useState(stored);
  const [edited, setEdited] = useState(() => valuesOf(stored.settings));
  const form = useForm<SettingsValues>({
    mode: 'uncontrolled',
    initialValues: valuesOf(stored.settings),
    validate: (values) => ({ ...checkSettings(values).errors }),
    validateInputOnChange: true,
    onValuesChange: setEdited,
  });
  const startOver = (from: VersionedSettings) => {
    const values = valuesOf(from.settings);
    setBase(from);
    setEdited(values);
    form.setInitialValues(values);
    form.setValues(values);
    form.clearErrors();
  };
  const save = useMutation(api.settings.update.mutationOptions({
    onSuccess: (saved) => {
      startOver(saved);
      void queries.invalidateQueries({ queryKey: api.settings.key() });
    },
    onError: (error) => {
      const problem = toApiProblem(error);
      if (!problem.lost) for (const field of problem.errors ?? []) form.setFieldError(fieldOfPointer(field.pointer).replace(/^settings\./, ''), field.detail);
    },
  }));
  const checked = checkSettings(edited);
  const changes = differencesBetween(valuesOf(base.settings), edited);
  const overtaken = stored.generation > base.generation ? stored : null;
  const blockedBy = changes.length === 0 ? 'Nothing is changed' : checked.settings === null ? `${plural(Object.keys(checked.errors).length, 'field')} to mend first` : overtaken !== null ? 'Somebody else saved meanwhile: see above' : null;
  const submit = () => {
    if (form.validate().hasErrors || checked.settings === null || blockedBy !== null) return;
    save.mutate({ clusterId, generation: base.generation, settings: checked.settings });
  };
  return (
    <form className={classes['column']} onSubmit={(event) => { event.preventDefault(); submit(); }} noValidate>
      {overtaken !== null && (
        <Alert color="yellow" title={`Generation ${overtaken.generation} was saved meanwhile; this form began with ${base.generation}`}>
          <SettingsDifference changes={differencesBetween(valuesOf(base.settings), valuesOf(overtaken.settings))} from="Began with" to="Saved now" />
          <Group gap="xs" mt="xs">
            <Button variant="default" onClick={() => { startOver(overtaken); }}>Take what is saved</Button>
            <Button variant="default" onClick={() => { setBase(overtaken); }}>Keep my changes on top of it</Button>
          </Group>
        </Alert>
      )}
      <RebalancingFields form={form} />
      <ScalingFields form={form} />
      <SafetyFields form={form} />
      <HealthFields form={form} />
      <ObservationFields form={form} />
      <div className={classes['saveBar']}>
        {changes.length > 0 && <SettingsDifference changes={changes} from="Now" to="New" />}
        {save.error !== null && <ProblemAlert problem={toApiProblem(save.error)} />}
        <Group gap="xs">
          <WriteButton write={write} blockedBy={blockedBy} loading={save.isPending} onClick={submit}>Save as generation {base.generation + 1}</WriteButton>
          {changes.length > 0 && <Button variant="default" onClick={() => { startOver(base); }}>Discard changes</Button>}
          {checked.settings !== null && <ApiCall method="PUT" path={`/clusters/${clusterId}/settings`} body={{ generation: base.generation, settings: checked.settings }} />}
          <span className={classes['dim']}>{blockedBy ?? plural(changes.length, 'change')}; generation {base.generation} is in force</span>
        </Group>
      </div>
    </form>
  );
}
