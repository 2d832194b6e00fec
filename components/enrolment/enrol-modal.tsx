'use client';

import { ActionIcon, Button, CopyButton, Group, Modal, Radio, Select, Stack, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { Note } from '@/components/ui/note';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { TimeText } from '@/components/ui/time-text';
import { toApiProblem } from '@/lib/client/api-problem';
import { agentCommandOf } from './agent-command';
import classes from './enrolment.module.css';

const HOUR_MS = 3_600_000;
const LIFETIMES = [{ value: String(HOUR_MS), label: '1 hour' }, { value: String(24 * HOUR_MS), label: '1 day' }, { value: String(7 * 24 * HOUR_MS), label: '7 days' }];

export interface EnrolModalProps {
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Makes a token and shows, once, the command that enrols a node with it. */
export function EnrolModal({ opened, onClose }: EnrolModalProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="Enrol a node" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      {opened && <EnrolForm onClose={onClose} />}
    </Modal>
  );
}

function EnrolForm({ onClose }: { readonly onClose: () => void }) {
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const [accept, setAccept] = useState<'by-hand' | 'at-once'>('by-hand');
  const [lifetime, setLifetime] = useState(LIFETIMES[0]!.value);
  const issue = useMutation(api.agents.issueToken.mutationOptions());
  if (issue.data !== undefined) return <IssuedToken token={issue.data.token} expiresAtMs={issue.data.expiresAtMs} onClose={onClose} />;
  return (
    <form onSubmit={(event) => { event.preventDefault(); issue.mutate({ clusterId, acceptByRule: accept === 'at-once', ttlMs: Number(lifetime) }); }}>
      <Stack gap="sm">
        <p>A token lets one node in, once. Nobody is dialled: the node calls this console.</p>
        <Radio.Group label="When the node has enrolled" value={accept} onChange={(value) => setAccept(value === 'at-once' ? 'at-once' : 'by-hand')}>
          <Stack gap="xs" mt={6}>
            <Radio value="by-hand" label="It waits" description="It is shown as joining and owns nothing until somebody accepts it." />
            <Radio value="at-once" label="It is a member at once" description="It may be given shards by the next plan." />
          </Stack>
        </Radio.Group>
        <Select label="The token is good for" data={LIFETIMES} value={lifetime} onChange={(value) => setLifetime(value ?? LIFETIMES[0]!.value)} allowDeselect={false} />
        {issue.error !== null && <ProblemAlert problem={toApiProblem(issue.error)} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>Cancel</Button>
          <Button type="submit" loading={issue.isPending} disabled={!write.allowed} title={write.reason ?? undefined} data-autofocus>Make a token</Button>
        </Group>
      </Stack>
    </form>
  );
}

function IssuedToken({ token, expiresAtMs, onClose }: { readonly token: string; readonly expiresAtMs: number; readonly onClose: () => void }) {
  const [fields, setFields] = useState({ dataDir: './node-data', port: '7001', zone: '' });
  const command = agentCommandOf({ ...fields, token, managerUrl: window.location.origin });
  const field = (name: keyof typeof fields) => ({ value: fields[name], onChange: (event: { readonly currentTarget: { readonly value: string } }) => { const { value } = event.currentTarget; setFields((before) => ({ ...before, [name]: value })); } });
  return (
    <Stack gap="sm">
      <Note tone="warning" title="Copy it now: it is shown this once">
        <p>The token enrols one node, until <TimeText atMs={expiresAtMs} />. Only its hash is kept here.</p>
      </Note>
      <div className={classes['fields']}>
        <TextInput label="Data folder" {...field('dataDir')} />
        <TextInput label="Port" inputMode="numeric" {...field('port')} />
        <TextInput label="Zone" placeholder="none" {...field('zone')} />
      </div>
      <div className={classes['command']}>
        <pre className={classes['text']} tabIndex={0} aria-label="Command that enrols the node">{command}</pre>
        <CopyButton value={command}>
          {({ copied, copy }) => (
            <ActionIcon variant="default" onClick={copy} aria-label={copied ? 'Copied' : 'Copy the command'}>
              {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
            </ActionIcon>
          )}
        </CopyButton>
      </div>
      <p className={classes['about']}>
        This runs the reference node. An agent of your own calls <code>POST {window.location.origin}/api/agent/v1/enrol</code> with the token; the protocol is
        described in the documentation and at <code>/api/agent/v1/openapi.json</code>.
      </p>
      <Group justify="flex-end"><Button onClick={onClose}>Done, I have copied it</Button></Group>
    </Stack>
  );
}
