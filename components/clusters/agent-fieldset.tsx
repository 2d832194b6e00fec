'use client';

import { NumberInput, Select, Textarea } from '@mantine/core';
import { useState } from 'react';
import type { ShardingFields } from '@/lib/client/connect-request';
import type { ConnectFormApi } from './connect-form-api';
import classes from './clusters.module.css';

type Method = ShardingFields['method'];

const METHODS: readonly { readonly value: Method; readonly label: string; readonly about: string }[] = [
  { value: 'hash', label: 'Hash', about: 'A hash of the key, modulo the number of shards: even, and no order.' },
  { value: 'ring', label: 'Ring', about: 'Consistent hashing: each shard has points on a ring, a key belongs to the next one.' },
  { value: 'range', label: 'Range', about: 'Keys in order, divided at boundaries: neighbours stay together.' },
  { value: 'directory', label: 'Directory', about: 'The longest prefix a key begins with names its shard; the rest is hashed.' },
];

/** Nothing is dialled: nodes with agents come by themselves, each with a token. */
export function AgentFieldset({ form }: { readonly form: ConnectFormApi }) {
  const [method, setMethod] = useState<Method>('hash');
  form.watch('connection.sharding.method', ({ value }) => { setMethod(METHODS.find((each) => each.value === value)?.value ?? 'hash'); });
  const key = (name: string) => form.key(`connection.${name}`);
  const field = (name: string) => form.getInputProps(`connection.${name}`);
  // One wrong line makes an error below the list; the text is what shows it.
  const listError = (name: string) => Object.entries(form.errors).find(([path]) => path.startsWith(`connection.sharding.${name}`))?.[1];
  return (
    <fieldset className={classes['fieldset']}>
      <legend className="ps-visually-hidden">Nodes with agents</legend>
      <p className={classes['help']}>Any database whose nodes run an agent. Nodes are not looked up, neither by address nor by DNS: they enrol with a token that is made for each of them once the cluster is connected, and call. How keys find their shard cannot be changed later.</p>
      <Select
        key={key('sharding.method')} label="Sharding" description={METHODS.find((each) => each.value === method)?.about} allowDeselect={false}
        data={METHODS.map(({ value, label }) => ({ value, label }))} {...field('sharding.method')}
      />
      {method === 'range' && (
        <Textarea
          key={key('sharding.boundaries')} label="Boundaries" description="A key a line, ascending: each begins a shard; before the first is a shard as well" rows={4} spellCheck={false} required
          {...field('sharding.boundaries')} error={listError('boundaries')}
        />
      )}
      {method === 'directory' && (
        <Textarea
          key={key('sharding.entries')} label="Directory" description="A line each: prefix = shard, such as tenant-7: = 12" rows={4} spellCheck={false} {...field('sharding.entries')} error={listError('entries')}
        />
      )}
      <div className={classes['grid']}>
        {method !== 'range' && <NumberInput key={key('sharding.shardCount')} label="Shards" min={1} max={1_048_576} thousandSeparator="," {...field('sharding.shardCount')} />}
        {method === 'ring' && <NumberInput key={key('sharding.pointsPerShard')} label="Points of a shard" min={1} max={1_024} {...field('sharding.pointsPerShard')} />}
        <NumberInput key={key('replicationFactor')} label="Copies of a shard" min={1} max={5} {...field('replicationFactor')} />
        <NumberInput key={key('answerTimeoutMs')} label="Answer time-out" min={100} max={10_000} suffix=" ms" {...field('answerTimeoutMs')} />
      </div>
    </fieldset>
  );
}
