'use client';

import { Button, Group, NativeSelect } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useSummary, useWriteAllowed } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { Panel } from '@/components/ui/panel';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { EmptyState } from '@/components/ui/states';
import { TimeText } from '@/components/ui/time-text';
import { offerUndo } from '@/components/ui/undo-notice';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { tierIn } from '@/lib/client/confirm-tier';
import { formatCount, formatRatio, plural } from '@/lib/client/format';
import type { PoolScaling } from '@/lib/contract/scaling-view';
import { DecisionDetails } from './decision-details';
import { draftChanges } from './policy-check';
import { SaveShadow } from './save-shadow';
import { SettingsDifference } from './settings-difference';
import type { PolicyForm } from './use-policy-form';
import classes from './decisions.module.css';

type Shadow = PoolScaling['shadows'][number];

interface ShadowsProps {
  readonly form: PolicyForm;
  readonly pool: PoolScaling;
}

/** Policies that are evaluated beside the active one and never act. */
export function ShadowsPanel({ form, pool }: ShadowsProps) {
  return (
    <Panel title="Shadow policies" note="evaluated beside the active one; they never act">
      <SaveShadow form={form} pool={pool} />
      {pool.shadows.length === 0
        ? <EmptyState title="No shadow policy">Under a name, the form is evaluated on live readings and compared with the active policy.</EmptyState>
        : pool.shadows.map((shadow) => <ShadowRow key={shadow.version.role} form={form} pool={pool} shadow={shadow} />)}
    </Panel>
  );
}

function ShadowRow({ form, pool, shadow }: ShadowsProps & { readonly shadow: Shadow }) {
  const clusterId = useClusterId();
  const api = useApi();
  const queries = useQueryClient();
  const write = useWriteAllowed();
  const nowMs = useNow();
  const [promoting, setPromoting] = useState(false);
  const { version, latest } = shadow;
  const { role } = version;
  const remove = useMutation(api.scaling.removeShadow.mutationOptions({ onSettled: () => void queries.invalidateQueries({ queryKey: api.scaling.key() }) }));
  const open = () => {
    const former = form.draft;
    form.fill({ ...version.policy, mode: pool.policy.mode });
    offerUndo({ message: `The form holds ${role} now`, onUndo: () => { form.fill(former); } });
  };
  return (
    <article className={classes['shadow']} aria-label={`Shadow policy ${role}`}>
      <p className={classes['name']}>{role} <span className={classes['dim']}>generation {version.generation}, saved by {version.savedBy.name} <TimeText atMs={version.savedAtMs} nowMs={nowMs} /></span></p>
      <span className={classes['dim']}>{agreementWords(shadow)}</span>
      {latest === null ? <span className={classes['dim']}>Not evaluated yet</span> : <DecisionDetails entry={latest} />}
      <Group gap="xs">
        <WriteButton write={write} onClick={() => { setPromoting(true); }}>Promote {role}</WriteButton>
        <Button variant="default" onClick={open}>Open in the form</Button>
        <WriteButton variant="default" write={write} loading={remove.isPending} note="Its generations are forgotten with it" onClick={() => { remove.mutate({ clusterId, pool: pool.pool, role }); }}>Remove</WriteButton>
      </Group>
      {remove.error !== null && <ProblemAlert problem={toApiProblem(remove.error)} />}
      <PromoteDialog form={form} pool={pool} shadow={shadow} opened={promoting} onClose={() => { setPromoting(false); }} />
    </article>
  );
}

function agreementWords({ evaluations, agreed }: Shadow): string {
  if (evaluations === 0) return 'No evaluation beside the active policy yet';
  return `Same size as the active policy in ${formatCount(agreed)} of ${plural(evaluations, 'evaluation')} (${formatRatio(agreed / evaluations)})`;
}

const PROMOTE_MODES = [{ value: 'automatic', label: 'Automatic: it acts' }, { value: 'scheduled', label: 'Scheduled: its schedules act' }, { value: 'manual', label: 'Manual: it recommends' }] as const;
type PromoteMode = (typeof PROMOTE_MODES)[number]['value'];

function PromoteDialog({ form, pool, shadow, opened, onClose }: ShadowsProps & { readonly shadow: Shadow; readonly opened: boolean; readonly onClose: () => void }) {
  const clusterId = useClusterId();
  const api = useApi();
  const queries = useQueryClient();
  const write = useWriteAllowed();
  const { name, environment } = useSummary();
  const [mode, setMode] = useState<PromoteMode>('manual');
  const { role, policy } = shadow.version;
  const edited = form.changes.length > 0;
  const promote = useMutation(api.scaling.promote.mutationOptions({
    onSuccess: (version) => {
      // What is being edited is kept: it is then told that a newer generation is in force.
      if (!edited) form.startOver({ policy: version.policy, generation: version.generation });
      void queries.invalidateQueries({ queryKey: api.scaling.key() });
      onClose();
    },
  }));
  const latest = shadow.latest?.record ?? null;
  return (
    <ConfirmDialog
      opened={opened} onClose={() => { promote.reset(); onClose(); }} title={`Make ${role} the active policy of ${name}?`} confirmLabel={`Promote ${role}`} cancelLabel="Keep the active one"
      tier={tierIn(environment, 'felt') === 'irreversible' ? 'irreversible' : 'felt'} typedName={name} typedWhat="cluster" pending={promote.isPending}
      problem={promote.error === null ? null : toApiProblem(promote.error)} blockedBy={write.reason}
      onConfirm={() => { promote.mutate({ clusterId, pool: pool.pool, role, generation: pool.generation, mode }); }}
    >
      <NativeSelect label="Mode" data={[...PROMOTE_MODES]} value={mode} onChange={(event) => { setMode(PROMOTE_MODES.find(({ value }) => value === event.currentTarget.value)?.value ?? 'manual'); }} />
      <p>
        It becomes generation {pool.generation + 1}. {agreementWords(shadow)}.
        {mode === 'automatic' && latest !== null && latest.decided !== latest.nodeCount && ` It would go from ${latest.nodeCount} to ${plural(latest.decided, 'node')} at its next evaluation; data moves then.`}
      </p>
      <SettingsDifference changes={draftChanges(pool.policy, { ...policy, mode })} from="Active" to={role} />
    </ConfirmDialog>
  );
}
