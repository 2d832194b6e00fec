'use client';

import { NumberInput, Radio, Select, SimpleGrid, Stack, Switch } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useQuery } from '@tanstack/react-query';
import { RESOURCE_LABELS } from '@/components/charts/node-facts';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { Panel } from '@/components/ui/panel';
import { RESOURCES, STRATEGIES } from '@/lib/contract/vocabulary';
import type { SettingsValues } from './settings-values';

export type SettingsFormOf = UseFormReturnType<SettingsValues>;
type Form = SettingsFormOf;

const STRATEGY_LABELS = { 'load-based': 'Load based', 'round-robin': 'Round robin', 'consistent-hashing': 'Consistent hashing', optimal: 'Optimal' } as const;

/** A number with its unit. Limits are checked by the schema, so that a wrong one is told and not silently bent. */
export function NumberField({ form, path, label, unit, about }: { readonly form: Form; readonly path: string; readonly label: string; readonly unit?: string; readonly about?: string }) {
  return (
    <NumberInput
      label={label}
      {...(about !== undefined && { description: about })}
      {...(unit !== undefined && { suffix: ` ${unit}` })}
      inputWrapperOrder={['label', 'description', 'input', 'error']}
      decimalScale={2}
      key={form.key(path)}
      {...form.getInputProps(path)}
    />
  );
}

export function RebalancingFields({ form }: { readonly form: Form }) {
  return (
    <Panel title="Rebalancing">
      <Stack gap="md">
        <Radio.Group label="Mode" key={form.key('rebalancing.mode')} {...form.getInputProps('rebalancing.mode')}>
          <Stack gap="xs" mt={6}>
            <Radio value="manual" label="Manual" description="Only a person starts a rebalance." />
            <Radio value="automatic" label="Automatic" description="The manager plans and runs one by itself when a rule below holds and nothing forbids it." />
          </Stack>
        </Radio.Group>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NumberField form={form} path="rebalancing.imbalanceThreshold" label="Imbalance threshold" unit="%" about="(highest - mean) / mean over nodes, 1 to 100" />
          <Select
            label="Strategy" description="Used by automatic plans, offered first in manual ones" allowDeselect={false}
            data={STRATEGIES.map((value) => ({ value, label: STRATEGY_LABELS[value] }))}
            key={form.key('rebalancing.strategy')} {...form.getInputProps('rebalancing.strategy')}
          />
        </SimpleGrid>
        <Switch label="Act when a node joined or left" key={form.key('rebalancing.onTopologyChange')} {...form.getInputProps('rebalancing.onTopologyChange', { type: 'checkbox' })} />
        <Switch label="Act when the imbalance stays above the threshold" key={form.key('rebalancing.aboveThreshold')} {...form.getInputProps('rebalancing.aboveThreshold', { type: 'checkbox' })} />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NumberField form={form} path="rebalancing.holdMs" label="Hold" unit="s" about="How long it must stay above, so that a burst moves nothing" />
          <NumberField form={form} path="rebalancing.cooldownMs" label="Cooldown" unit="s" about="Least time from the end of one to the next" />
        </SimpleGrid>
        <SimpleGrid cols={{ base: 1, xs: 3 }}>
          <NumberField form={form} path="throttle.movesInFlightMax" label="Moves at once" about="In the whole cluster, 1 to 256" />
          <NumberField form={form} path="throttle.movesPerNodeMax" label="Moves per node" about="At either end, 1 to 64" />
          <NumberField form={form} path="throttle.bytesPerSecondMax" label="Bandwidth" unit="MiB/s" about="Empty: no limit" />
        </SimpleGrid>
      </Stack>
    </Panel>
  );
}

export function ScalingFields({ form }: { readonly form: Form }) {
  return (
    <Panel title="Scaling" note="how many nodes there should be">
      <Stack gap="md">
        <Radio.Group label="Mode" key={form.key('scaling.mode')} {...form.getInputProps('scaling.mode')}>
          <Stack gap="xs" mt={6}>
            <Radio value="recommend" label="Recommend" description="Says how many nodes it would run and why; changes nothing." />
            <Radio value="off" label="Off" description="Nothing is evaluated." />
          </Stack>
        </Radio.Group>
        <SimpleGrid cols={{ base: 2, xs: 4 }}>
          {RESOURCES.map((resource) => <NumberField key={resource} form={form} path={`scaling.targetUtilization.${resource}`} label={`${RESOURCE_LABELS[resource]} target`} unit="%" />)}
        </SimpleGrid>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <NumberField form={form} path="scaling.nodeCountMin" label="Fewest nodes" />
          <NumberField form={form} path="scaling.nodeCountMax" label="Most nodes" />
        </SimpleGrid>
        <ProvisionerField form={form} />
      </Stack>
    </Panel>
  );
}

/** Which of the provisioners that the configuration file names; where there is no choice, that is said. */
function ProvisionerField({ form }: { readonly form: Form }) {
  const clusterId = useClusterId();
  const api = useApi();
  const { data } = useQuery(api.scaling.provisioning.queryOptions({ input: { clusterId } }));
  const offered = data?.offered ?? [];
  return (
    <Select
      label="New nodes come from" clearable disabled={offered.length === 0}
      description={data === undefined ? 'Asking the server' : offered.length === 0 ? 'The configuration file names no provisioner for this kind of cluster' : 'Empty: what comes with the kind of cluster, which is nothing unless it is simulated'}
      data={offered.map(({ name, about }) => ({ value: name, label: `${name}: ${about}` }))}
      key={form.key('scaling.provisioner')} {...form.getInputProps('scaling.provisioner')}
    />
  );
}

export function SafetyFields({ form }: { readonly form: Form }) {
  return (
    <Panel title="Safety lines" note="no move may bring a node above them">
      <SimpleGrid cols={{ base: 2, xs: 4 }}>
        {RESOURCES.map((resource) => <NumberField key={resource} form={form} path={`safetyLines.${resource}`} label={RESOURCE_LABELS[resource]} unit="%" />)}
      </SimpleGrid>
    </Panel>
  );
}

export function ObservationFields({ form }: { readonly form: Form }) {
  return (
    <Panel title="Observation">
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <NumberField form={form} path="observationIntervalMs" label="Read every" unit="s" about="0.25 to 60; stale after two intervals" />
      </SimpleGrid>
    </Panel>
  );
}
