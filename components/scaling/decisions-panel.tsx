'use client';

import { Group, NativeSelect, Switch } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { parseAsBoolean, parseAsString, useQueryState } from 'nuqs';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { EmptyState, LoadingState, NoMatchState, ProblemState } from '@/components/ui/states';
import { TimeText } from '@/components/ui/time-text';
import { toApiProblem } from '@/lib/client/api-problem';
import { ACTIVE_ROLE } from '@/lib/contract/scaling-view';
import { DecisionDetails } from './decision-details';
import classes from './decisions.module.css';

const SHOWN_MAX = 100;

/** The newest evaluations of a policy, also those that held, with what each rule saw and what had the last word. */
export function DecisionsPanel({ pool }: { readonly pool: string }) {
  const clusterId = useClusterId();
  const api = useApi();
  const nowMs = useNow();
  const [role, setRole] = useQueryState('policy', parseAsString.withDefault(ACTIVE_ROLE));
  const [actions, setActions] = useQueryState('actions', parseAsBoolean.withDefault(false));
  const scaling = useQuery(api.scaling.get.queryOptions({ input: { clusterId, pool } }));
  const log = useQuery({ ...api.scaling.decisions.queryOptions({ input: { clusterId, pool, role, limit: SHOWN_MAX } }), refetchInterval: 10_000 });
  const roles = [ACTIVE_ROLE, ...(scaling.data?.shadows ?? []).map(({ version }) => version.role)];
  const all = log.data?.decisions ?? [];
  const shown = actions ? all.filter(({ record }) => record.action !== 'hold') : all;
  return (
    <Panel title="Decisions" note={`the newest ${SHOWN_MAX}, also those that held`}>
      <Group gap="md" mb="xs">
        <NativeSelect aria-label="Policy" value={role} onChange={(event) => void setRole(event.currentTarget.value)} data={roles.includes(role) ? roles : [...roles, role]} />
        <Switch label="Only those that did not hold" checked={actions} onChange={(event) => void setActions(event.currentTarget.checked)} />
      </Group>
      {log.isPending && <LoadingState what="the decisions" />}
      {log.error !== null && <ProblemState what="the decisions" problem={toApiProblem(log.error)} onRetry={() => void log.refetch()} />}
      {log.data !== undefined && all.length === 0 && <EmptyState title="Nothing evaluated yet">The first decision follows the first reading of the pool.</EmptyState>}
      {all.length > 0 && shown.length === 0 && <NoMatchState what="decisions" total={all.length} onClear={() => void setActions(false)} />}
      <ol className={classes['list']}>
        {shown.map((entry) => (
          <li key={`${entry.record.generation} ${entry.record.atMs}`}>
            <span className={classes['dim']}><TimeText atMs={entry.record.atMs} nowMs={nowMs} />, generation {entry.record.generation}, {entry.record.mode}</span>
            <DecisionDetails entry={entry} />
          </li>
        ))}
      </ol>
    </Panel>
  );
}
