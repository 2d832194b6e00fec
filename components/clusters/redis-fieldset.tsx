'use client';

import { Accordion, Checkbox, NumberInput, PasswordInput, Switch, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { ConnectFormApi } from './connect-form-api';
import classes from './clusters.module.css';

/** Where a Redis or Valkey cluster is and how one gets in. */
export function RedisFieldset({ form }: { readonly form: ConnectFormApi }) {
  const [tls, setTls] = useState(false);
  form.watch('connection.tls.enabled', ({ value }) => setTls(value));
  const key = (name: string) => form.key(`connection.${name}`);
  const field = (name: string) => form.getInputProps(`connection.${name}`);
  const check = (name: string) => form.getInputProps(`connection.${name}`, { type: 'checkbox' });
  // One wrong address makes an error below the list; the list is what shows it.
  const seedError = Object.entries(form.errors).find(([path]) => path.startsWith('connection.seeds'))?.[1];
  return (
    <fieldset className={classes['fieldset']}>
      <legend className="ps-visually-hidden">Redis or Valkey cluster</legend>
      <TagsInput
        key={key('seeds')}
        label="Addresses"
        description="host:port of any members to start from, or names: dns+name:port, dnssrv+_service._tcp.name. Enter after each; one that does not answer does no harm"
        placeholder="10.0.0.5:6379"
        required
        acceptValueOnBlur
        splitChars={[',', ' ']}
        maxTags={32}
        {...field('seeds')}
        error={seedError}
      />
      <div className={classes['pair']}>
        <TextInput key={key('username')} label="User name" description="Blank: the default user" autoComplete="off" {...field('username')} />
        <PasswordInput key={key('password')} label="Password" description="Kept on the server, never shown again" autoComplete="new-password" {...field('password')} />
      </div>
      <Switch key={key('tls.enabled')} label="Connect with TLS" {...check('tls.enabled')} />
      {tls && <Checkbox key={key('tls.rejectUnauthorized')} label="Verify the servers' certificates" description="Without it anybody on the way can read and change what is sent" {...check('tls.rejectUnauthorized')} />}
      <Accordion variant="default" chevronPosition="left" classNames={{ control: classes['accordion'] ?? '' }}>
        <Accordion.Item value="more">
          <Accordion.Control>{tls ? 'Certificates and timing' : 'Timing'}</Accordion.Control>
          <Accordion.Panel>
            <div className={classes['stack']}>
              {tls && (
                <>
                  <TextInput key={key('tls.serverName')} label="Server name" description="Checked against the certificates; blank: the host of the address" {...field('tls.serverName')} />
                  <Textarea key={key('tls.caPem')} label="Certificate authority (PEM)" description="Blank: those of the system" rows={3} spellCheck={false} {...field('tls.caPem')} />
                  <Textarea key={key('tls.certPem')} label="Client certificate (PEM)" rows={3} spellCheck={false} {...field('tls.certPem')} />
                  <Textarea key={key('tls.keyPem')} label="Client key (PEM)" rows={3} spellCheck={false} {...field('tls.keyPem')} />
                </>
              )}
              <NumberInput key={key('commandTimeoutMs')} label="A node has to answer within" min={100} max={60_000} suffix=" ms" thousandSeparator="," {...field('commandTimeoutMs')} />
            </div>
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </fieldset>
  );
}
