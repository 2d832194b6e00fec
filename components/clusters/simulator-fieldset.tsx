'use client';

import { Checkbox, NumberInput, Select } from '@mantine/core';
import { ROUTING_CHOICES } from '@/lib/contract/vocabulary';
import type { ConnectFormApi } from './connect-form-api';
import classes from './clusters.module.css';

/** A simulated cluster needs nothing but its size. */
export function SimulatorFieldset({ form }: { readonly form: ConnectFormApi }) {
  const key = (name: string) => form.key(`connection.${name}`);
  const field = (name: string) => form.getInputProps(`connection.${name}`);
  return (
    <fieldset className={classes['fieldset']}>
      <legend className="ps-visually-hidden">Simulated cluster</legend>
      <p className={classes['help']}>PhantomDB runs inside this server on a virtual clock: nodes, shards, load and failures behave as in a real cluster, and nothing outside is touched.</p>
      <div className={classes['grid']}>
        <NumberInput key={key('nodeCount')} label="Nodes" min={1} max={2_000} {...field('nodeCount')} />
        <NumberInput key={key('zoneCount')} label="Zones" min={1} max={9} {...field('zoneCount')} />
        <NumberInput key={key('shardCount')} label="Shards" min={1} max={1_000_000} thousandSeparator="," {...field('shardCount')} />
        <NumberInput key={key('replicationFactor')} label="Copies of a shard" min={1} max={3} {...field('replicationFactor')} />
        <NumberInput key={key('speed')} label="Speed" description="Simulated seconds per second" min={1} max={100} suffix=" x" {...field('speed')} />
        <Select key={key('clientRouting')} label="Clients connect by" data={ROUTING_CHOICES.map((value) => ({ value, label: value.replaceAll('-', ' ') }))} allowDeselect={false} {...field('clientRouting')} />
        <NumberInput key={key('seed')} label="Seed" description="The same seed, the same cluster" min={0} {...field('seed')} />
      </div>
      <Checkbox
        label="The last node starts without its share, so that there is something to rebalance"
        key={form.key('connection.lastNodeEmpty')}
        {...form.getInputProps('connection.lastNodeEmpty', { type: 'checkbox' })}
      />
    </fieldset>
  );
}
