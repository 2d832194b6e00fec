'use client';

import { useQuery } from '@tanstack/react-query';
import { FreezeControl } from '@/components/layout/freeze-control';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useSummary } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { EmptyState, LoadingState, ProblemState } from '@/components/ui/states';
import { TimeText } from '@/components/ui/time-text';
import { toApiProblem } from '@/lib/client/api-problem';
import classes from './settings.module.css';

const HISTORY_MAX = 50;

/** Whether automation may act on this cluster, and who stopped it when and why. */
export function FreezePanel() {
  const clusterId = useClusterId();
  const { freeze, name } = useSummary();
  const history = useQuery(useApi().events.list.queryOptions({
    input: { clusterId, type: ['automation.frozen', 'automation.unfrozen'], limit: HISTORY_MAX },
  }));
  return (
    <Panel title={`Automation of ${name}`} actions={<FreezeControl />}>
      <p className={classes['state']}>
        {freeze === null
          ? 'Automation may act. What it does by itself is set on the Scaling screen.'
          : <>Frozen by {freeze.by} since <TimeText atMs={freeze.sinceMs} />: {freeze.reason}</>}
      </p>
      <h3 className={classes['subheading']}>History of the freeze</h3>
      {history.isPending && <LoadingState what="the history" />}
      {history.isError && <ProblemState what="the history" problem={toApiProblem(history.error)} onRetry={() => void history.refetch()} />}
      {history.data?.events.length === 0 && <EmptyState title="It was never frozen" />}
      {history.data !== undefined && history.data.events.length > 0 && (
        <ol className={classes['history']} reversed>
          {history.data.events.map((event) => (
            <li key={event.id}>
              {event.type === 'automation.unfrozen' && <><strong>Lifted</strong> by {event.actor.name}: </>}{event.message} <span className={classes['dim']}><TimeText atMs={event.atMs} /></span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
