'use client';

import { NumberInput } from '@mantine/core';
import type { ConnectFormApi } from './connect-form-api';
import classes from './clusters.module.css';

/** Nothing is dialled: nodes with agents come by themselves, each with a token. */
export function AgentFieldset({ form }: { readonly form: ConnectFormApi }) {
  const key = (name: string) => form.key(`connection.${name}`);
  const field = (name: string) => form.getInputProps(`connection.${name}`);
  return (
    <fieldset className={classes['fieldset']}>
      <legend className="ps-visually-hidden">Nodes with agents</legend>
      <p className={classes['help']}>Any database whose nodes run an agent. Nodes enrol with a token that is made for each of them once the cluster is connected; the number of shards cannot be changed later.</p>
      <div className={classes['grid']}>
        <NumberInput key={key('sharding.shardCount')} label="Shards" min={1} max={1_048_576} thousandSeparator="," {...field('sharding.shardCount')} />
        <NumberInput key={key('replicationFactor')} label="Copies of a shard" min={1} max={5} {...field('replicationFactor')} />
        <NumberInput key={key('answerTimeoutMs')} label="Answer time-out" min={100} max={10_000} suffix=" ms" {...field('answerTimeoutMs')} />
      </div>
    </fieldset>
  );
}
