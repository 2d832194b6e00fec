'use client';

import { Stack } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useNow } from '@/components/realtime/use-live-store';
import { Note } from '@/components/ui/note';
import { Panel } from '@/components/ui/panel';
import { LoadingState, ProblemState } from '@/components/ui/states';
import { TimeText } from '@/components/ui/time-text';
import { toApiProblem } from '@/lib/client/api-problem';
import { plural } from '@/lib/client/format';
import type { Provisioning } from '@/lib/contract/provisioner';
import classes from './scaling.module.css';

/** Tries and findings change without an event. */
const LOOK_AGAIN_MS = 5_000;

/** What makes the nodes of this cluster: its choice, what is under way, what failed, what a person should know. */
export function ProvisionerPanel() {
  const clusterId = useClusterId();
  const api = useApi();
  const provisioning = useQuery({ ...api.scaling.provisioning.queryOptions({ input: { clusterId } }), refetchInterval: LOOK_AGAIN_MS });
  const { data, error } = provisioning;
  return (
    <Panel title="Where nodes come from" note={data?.provisioner?.name ?? ''}>
      {data !== undefined ? <State provisioning={data} /> : error !== null
        ? <ProblemState what="the provisioner" problem={toApiProblem(error)} onRetry={() => void provisioning.refetch()} />
        : <LoadingState what="the provisioner" />}
    </Panel>
  );
}

function State({ provisioning }: { readonly provisioning: Provisioning }) {
  const { provisioner, offered, provisions, findings } = provisioning;
  const members = provisions.filter(({ status }) => status === 'joined').length;
  const underWay = provisions.filter(({ status }) => status !== 'joined');
  return (
    <Stack gap="sm">
      {provisioner === null
        ? <p className={classes['text']}>Nothing makes nodes for this cluster, so a policy cannot grow it by itself. {offered.length > 0 ? `Choose ${offered.map(({ name }) => name).join(' or ')} under Thresholds.` : 'The configuration file names no provisioner for this kind of cluster.'}</p>
        : <p className={classes['text']}>{provisioner.about}. {members === 0 ? 'No member was made by it.' : `${plural(members, 'member')} made by it; a scale-in takes those first and gives them back.`}</p>}
      <Resting provisioning={provisioning} />
      {findings.map((finding) => <Note key={`${finding.code} ${finding.intentId ?? ''}`} tone="warning" title={FINDING_TITLES[finding.code]}><p>{finding.message}</p></Note>)}
      {underWay.length > 0 && <UnderWay provisions={underWay} />}
    </Stack>
  );
}

function Resting({ provisioning: { restingUntilMs, failures, lastFailure } }: { readonly provisioning: Provisioning }) {
  const nowMs = useNow();
  if (lastFailure === null || failures === 0) return null;
  const rests = restingUntilMs !== null && restingUntilMs > nowMs;
  return (
    <Note tone="warning" title={`${plural(failures, 'order')} in a row came to nothing`}>
      <p>{lastFailure.message} (<TimeText atMs={lastFailure.atMs} nowMs={nowMs} />)</p>
      <p>{rests ? <>A policy asks again at <TimeText atMs={restingUntilMs} />; a person may ask before.</> : 'A policy may ask again.'}</p>
    </Note>
  );
}

function UnderWay({ provisions }: { readonly provisions: Provisioning['provisions'] }) {
  const nowMs = useNow();
  return (
    <div className={classes['scroll']} tabIndex={0} role="region" aria-label="Nodes under way">
      <table className={classes['difference']}>
        <thead><tr><th scope="col">Node</th><th scope="col">State</th><th scope="col">Tries</th><th scope="col">Asked for</th></tr></thead>
        <tbody>
          {provisions.map(({ intentId, address, status, attempts, nextTryAtMs, lastFailure, askedAtMs, reason }) => (
            <tr key={intentId}>
              <th scope="row">{address ?? intentId}</th>
              <td>{STATUS_WORDS[status]}{lastFailure !== null ? `: ${lastFailure.message}` : reason !== null ? `: ${reason}` : ''}</td>
              <td>{attempts}{nextTryAtMs !== null && nextTryAtMs > nowMs && <>, next <TimeText atMs={nextTryAtMs} /></>}</td>
              <td><TimeText atMs={askedAtMs} nowMs={nowMs} /></td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const STATUS_WORDS = { asked: 'asked for', ready: 'ready to join', joined: 'member', returning: 'to be given back' } as const;

const FINDING_TITLES = {
  'not-returned': 'Not given back yet', 'still-member': 'To be given back, and still a member', 'not-member': 'Left running', 'late': 'Came too late',
  'stranger': 'Nobody here asked for it', 'failing': 'The provisioner does not answer', 'unknown-provisioner': 'Its provisioner is not configured any more',
} as const satisfies Record<Provisioning['findings'][number]['code'], string>;
