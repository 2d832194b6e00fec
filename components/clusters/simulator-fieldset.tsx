'use client';

import { Checkbox, NumberInput } from '@mantine/core';
import type { ConnectFormApi } from './connect-form';
import classes from './clusters.module.css';

/** A simulated cluster needs nothing but its size. */
export function SimulatorFieldset({ form }: { readonly form: ConnectFormApi }) {
  const field = (name: string) => ({ key: form.key(`connection.${name}`), ...form.getInputProps(`connection.${name}`) });
  return (
    <fieldset className={classes['fieldset']}>
      <legend className="ps-visually-hidden">Simulated cluster</legend>
      <p className={classes['help']}>PhantomDB runs inside this server on a virtual clock: nodes, shards, load and failures behave as in a real cluster, and nothing outside is touched.</p>
      <div className={classes['grid']}>
        <NumberInput label="Nodes" min={1} max={2_000} {...field('nodeCount')} />
        <NumberInput label="Zones" min={1} max={9} {...field('zoneCount')} />
        <NumberInput label="Shards" min={1} max={1_000_000} thousandSeparator="," {...field('shardCount')} />
        <NumberInput label="Copies of a shard" min={1} max={3} {...field('replicationFactor')} />
        <NumberInput label="Speed" description="Simulated seconds per second" min={1} max={100} suffix=" x" {...field('speed')} />
        <NumberInput label="Seed" description="The same seed, the same cluster" min={0} {...field('seed')} />
      </div>
      <Checkbox
        label="The last node starts without its share, so that there is something to rebalance"
        key={form.key('connection.lastNodeEmpty')}
        {...form.getInputProps('connection.lastNodeEmpty', { type: 'checkbox' })}
      />
    </fieldset>
  );
}
