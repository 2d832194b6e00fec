'use client';

import { Accordion, Checkbox, NumberInput, PasswordInput, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ConnectFormApi } from './connect-form';
import classes from './clusters.module.css';

/** Where a Redis or Valkey cluster is and how one gets in. */
export function RedisFieldset({ form }: { readonly form: ConnectFormApi }) {
  const [tls, setTls] = useState(false);
  form.watch('connection.tls.enabled', ({ value }) => setTls(value));
  const field = (name: string) => ({ key: form.key(`connection.${name}`), ...form.getInputProps(`connection.${name}`) });
  const check = (name: string) => ({ key: form.key(`connection.${name}`), ...form.getInputProps(`connection.${name}`, { type: 'checkbox' }) });
  // One wrong address makes an error below the list; the list is what shows it.
  const seedError = Object.entries(form.errors).find(([path]) => path.startsWith('connection.seeds'))?.[1];
  return (
    <fieldset className={classes['fieldset']}>
      <legend className="ps-visually-hidden">Redis or Valkey cluster</legend>
      <TagsInput
        label="Addresses"
        description="host:port of any members to start from; Enter after each. One that does not answer does no harm"
        placeholder="10.0.0.5:6379"
        required
        acceptValueOnBlur
        splitChars={[',', ' ']}
        maxTags={32}
        {...field('seeds')}
        error={seedError}
      />
      <div className={classes['pair']}>
        <TextInput label="User name" description="Blank: the default user" autoComplete="off" {...field('username')} />
        <PasswordInput label="Password" description="Kept on the server, never shown again" autoComplete="new-password" {...field('password')} />
      </div>
      <Switch label="Connect with TLS" {...check('tls.enabled')} />
      {tls && <Checkbox label="Verify the servers' certificates" description="Without it anybody on the way can read and change what is sent" {...check('tls.rejectUnauthorized')} />}
      <Accordion variant="default" chevronPosition="left" classNames={{ control: classes['accordion'] ?? '' }}>
        <Accordion.Item value="more">
          <Accordion.Control>{tls ? 'Certificates and timing' : 'Timing'}</Accordion.Control>
          <Accordion.Panel>
            <div className={classes['stack']}>
              {tls && (
                <>
                  <TextInput label="Server name" description="Checked against the certificates; blank: the host of the address" {...field('tls.serverName')} />
                  <Textarea label="Certificate authority (PEM)" description="Blank: those of the system" autosize minRows={2} maxRows={6} spellCheck={false} {...field('tls.caPem')} />
                  <Textarea label="Client certificate (PEM)" autosize minRows={2} maxRows={6} spellCheck={false} {...field('tls.certPem')} />
                  <Textarea label="Client key (PEM)" autosize minRows={2} maxRows={6} spellCheck={false} {...field('tls.keyPem')} />
                </>
              )}
              <NumberInput label="A node has to answer within" min={100} max={60_000} suffix=" ms" thousandSeparator="," {...field('commandTimeoutMs')} />
            </div>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </fieldset>
  );
}
