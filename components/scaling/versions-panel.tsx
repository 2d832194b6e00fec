'use client';

import { Button, Group } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useSummary, useWriteAllowed } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { Fold } from '@/components/ui/fold';
import { Panel } from '@/components/ui/panel';
import { EmptyState, LoadingState, ProblemState } from '@/components/ui/states';
import { TimeText } from '@/components/ui/time-text';
import { offerUndo } from '@/components/ui/undo-notice';
import { toApiProblem } from '@/lib/client/api-problem';
import { tierIn } from '@/lib/client/confirm-tier';
import { plural } from '@/lib/client/format';
import { ACTIVE_ROLE, type PolicyVersion, type PoolScaling } from '@/lib/contract/scaling-view';
import { draftChanges } from './policy-check';
import { SettingsDifference } from './settings-difference';
import type { PolicyForm } from './use-policy-form';
import classes from './decisions.module.css';

interface VersionsProps {
  readonly form: PolicyForm;
  readonly pool: PoolScaling;
}

/** Every generation that is kept, each against the one in force, and the way back to it. */
export function VersionsPanel({ form, pool }: VersionsProps) {
  const clusterId = useClusterId();
  const api = useApi();
  const kept = useQuery(api.scaling.versions.queryOptions({ input: { clusterId, pool: pool.pool, role: ACTIVE_ROLE } }));
  return (
    <Panel title="Versions" note="every generation that was saved">
      {kept.isPending && <LoadingState what="the versions" />}
      {kept.error !== null && <ProblemState what="the versions" problem={toApiProblem(kept.error)} onRetry={() => void kept.refetch()} />}
      {kept.data?.versions.length === 0 && <EmptyState title="No version saved yet">The policy in force follows from the settings until one is saved.</EmptyState>}
      {kept.data?.versions.map((version) => <VersionRow key={version.generation} form={form} pool={pool} version={version} />)}
    </Panel>
  );
}

function VersionRow({ form, pool, version }: VersionsProps & { readonly version: PolicyVersion }) {
  const nowMs = useNow();
  const [restoring, setRestoring] = useState(false);
  const { generation, savedBy, savedAtMs, policy } = version;
  const inForce = generation === pool.generation;
  const changes = draftChanges(policy, pool.policy);
  const open = () => {
    const former = form.draft;
    form.fill(policy);
    offerUndo({ message: `The form holds generation ${generation} now`, onUndo: () => { form.fill(former); } });
  };
  return (
    <article className={classes['shadow']} aria-label={`Generation ${generation}`}>
      <p className={classes['name']}>Generation {generation}{inForce && ', in force'} <span className={classes['dim']}>{policy.name}, {policy.mode}; saved by {savedBy.name} <TimeText atMs={savedAtMs} nowMs={nowMs} /></span></p>
      {!inForce && <Fold title={changes.length === 0 ? 'The same as in force' : `${plural(changes.length, 'value')} differ from what is in force`}><SettingsDifference changes={changes} from={`Generation ${generation}`} to="In force" /></Fold>}
      {!inForce && (
        <Group gap="xs">
          <Button variant="default" onClick={open}>Open in the form</Button>
          <Button variant="default" onClick={() => { setRestoring(true); }}>Restore generation {generation}</Button>
        </Group>
      )}
      <RestoreDialog form={form} pool={pool} version={version} opened={restoring} onClose={() => { setRestoring(false); }} />
    </article>
  );
}

function RestoreDialog({ form, pool, version, opened, onClose }: VersionsProps & { readonly version: PolicyVersion; readonly opened: boolean; readonly onClose: () => void }) {
  const clusterId = useClusterId();
  const api = useApi();
  const queries = useQueryClient();
  const write = useWriteAllowed();
  const { name, environment } = useSummary();
  const edited = form.changes.length > 0;
  const restore = useMutation(api.scaling.restore.mutationOptions({
    onSuccess: (saved) => {
      if (!edited) form.startOver({ policy: saved.policy, generation: saved.generation });
      void queries.invalidateQueries({ queryKey: api.scaling.key() });
      onClose();
    },
  }));
  return (
    <ConfirmDialog
      opened={opened} onClose={() => { restore.reset(); onClose(); }} title={`Go back to generation ${version.generation}?`} confirmLabel={`Restore generation ${version.generation}`} cancelLabel={`Keep generation ${pool.generation}`}
      tier={tierIn(environment, 'felt') === 'irreversible' ? 'irreversible' : 'felt'} typedName={name} typedWhat="cluster" pending={restore.isPending}
      problem={restore.error === null ? null : toApiProblem(restore.error)} blockedBy={write.reason}
      onConfirm={() => { restore.mutate({ clusterId, pool: pool.pool, role: ACTIVE_ROLE, generation: pool.generation, from: version.generation }); }}
    >
      <p>It is saved again as generation {pool.generation + 1}, in the mode {version.policy.mode}. Nothing is lost: generation {pool.generation} stays in this list.</p>
      <SettingsDifference changes={draftChanges(pool.policy, version.policy)} from="In force" to="Restored" />
    </ConfirmDialog>
  );
}
