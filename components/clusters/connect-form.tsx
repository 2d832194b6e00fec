'use client';

import { Button, Group, SegmentedControl, Stack, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '@/components/realtime/live-provider';
import { useConnection } from '@/components/realtime/use-live-store';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { fieldOfPointer, toApiProblem, type ApiProblem } from '@/lib/client/api-problem';
import { AGENT_FIELDS, connectionOf, connectRequestOf, REDIS_FIELDS, type ConnectFields } from '@/lib/client/connect-request';
import { fieldErrorsOf } from '@/lib/client/field-errors';
import { ConnectClusterSchema } from '@/lib/contract/cluster';
import { SimulatorConnectionSchema } from '@/lib/contract/connection';
import { AgentFieldset } from './agent-fieldset';
import type { ConnectFormApi } from './connect-form-api';
import { ConnectionTestResult } from './connection-test-result';
import { RedisFieldset } from './redis-fieldset';
import { SimulatorFieldset } from './simulator-fieldset';
import classes from './clusters.module.css';

type Kind = ConnectFields['connection']['kind'];

const SIMULATOR_FIELDS = SimulatorConnectionSchema.parse({ kind: 'simulator' });
const KINDS = [{ value: 'simulator', label: 'Simulator' }, { value: 'redis-cluster', label: 'Redis or Valkey cluster' }, { value: 'http-agent', label: 'Nodes with agents' }];
const FIELDS_OF_KIND: Readonly<Record<Kind, ConnectFields['connection']>> = { 'simulator': SIMULATOR_FIELDS, 'redis-cluster': REDIS_FIELDS, 'http-agent': AGENT_FIELDS };
const ENVIRONMENTS = ['development', 'staging', 'production'];

export interface ConnectFormProps {
  readonly onConnected: (clusterId: string) => void;
  readonly onCancel?: () => void;
}

/** Asks for what one kind of cluster needs, tries it, and keeps it. */
export function ConnectForm({ onConnected, onCancel }: ConnectFormProps) {
  const [kind, setKind] = useState<Kind>('simulator');
  const api = useApi();
  const { state } = useConnection();
  const form = useForm<ConnectFields>({
    mode: 'uncontrolled',
    initialValues: { name: '', environment: 'development', connection: SIMULATOR_FIELDS },
    // The schema of the request decides: what passes here is what the server takes.
    validate: (fields) => fieldErrorsOf(ConnectClusterSchema, connectRequestOf(fields)) ?? {},
  });
  const test = useMutation(api.clusters.test.mutationOptions());
  const connect = useMutation(api.clusters.connect.mutationOptions({ onSuccess: (cluster) => onConnected(cluster.id), onError: (error) => showOnFields(form, toApiProblem(error)) }));
  const changeKind = (next: Kind) => {
    const { name, environment } = form.getValues();
    test.reset();
    connect.reset();
    form.setValues({ name, environment, connection: FIELDS_OF_KIND[next] });
    form.clearErrors();
    setKind(next);
  };
  const onTest = () => {
    const { errors } = form.validate();
    // A name is not needed to try a connection.
    if (Object.keys(errors).some((path) => path.startsWith('connection'))) return;
    form.clearFieldError('name');
    test.mutate({ connection: connectionOf(form.getValues().connection) });
  };
  const offline = state.status === 'live' ? null : 'The connection to the server is lost';
  return (
    <form onSubmit={form.onSubmit((fields) => connect.mutate(connectRequestOf(fields)))} noValidate>
      <Stack gap="sm">
        <SegmentedControl data={KINDS} value={kind} onChange={(value) => changeKind(value as Kind)} aria-label="Kind of cluster" fullWidth />
        <div className={classes['pair']}>
          <TextInput label="Name" required maxLength={64} placeholder={kind === 'simulator' ? 'Demo' : 'Sessions EU'} data-autofocus key={form.key('name')} {...form.getInputProps('name')} />
          <div>
            <span className={classes['label']} id="environment-label">Environment</span>
            <SegmentedControl data={ENVIRONMENTS} fullWidth aria-labelledby="environment-label" key={form.key('environment')} {...form.getInputProps('environment')} />
          </div>
        </div>
        {kind === 'simulator' && <SimulatorFieldset form={form} />}
        {kind === 'redis-cluster' && <RedisFieldset form={form} />}
        {kind === 'http-agent' && <AgentFieldset form={form} />}
        {test.data !== undefined && <ConnectionTestResult result={test.data} />}
        {test.error !== null && <ProblemAlert title="The test found a problem" problem={toApiProblem(test.error)} />}
        {connect.error !== null && <ProblemAlert problem={toApiProblem(connect.error)} />}
        <Group justify="space-between" gap="xs">
          <Button variant="default" onClick={onTest} loading={test.isPending} disabled={offline !== null}>Test the connection</Button>
          <Group gap="xs">
            {onCancel && <Button variant="default" onClick={onCancel}>Cancel</Button>}
            <Button type="submit" loading={connect.isPending} disabled={offline !== null} title={offline ?? undefined}>Connect the cluster</Button>
          </Group>
        </Group>
      </Stack>
    </form>
  );
}

function showOnFields(form: ConnectFormApi, problem: ApiProblem): void {
  if (problem.lost) return;
  for (const { pointer, detail } of problem.errors ?? []) form.setFieldError(fieldOfPointer(pointer), detail);
}
