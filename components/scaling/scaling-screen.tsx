'use client';

import { useQuery } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { Panel } from '@/components/ui/panel';
import { LoadingState, ProblemState } from '@/components/ui/states';
import { toApiProblem } from '@/lib/client/api-problem';
import { DecisionPanel } from './decision-panel';
import classes from './scaling.module.css';

// The form brings the validator along and the charts their library: the decision is read meanwhile.
const SettingsForm = dynamic(() => import('./settings-form').then((module) => module.SettingsForm), { loading: () => <Panel><LoadingState what="the form" /></Panel> });
const UtilizationPanel = dynamic(() => import('./utilization-panel').then((module) => module.UtilizationPanel), { loading: () => <Panel><LoadingState what="the charts" /></Panel> });

/** When automation acts, when it only recommends, and the thresholds it goes by. */
export function ScalingScreen() {
  const clusterId = useClusterId();
  const api = useApi();
  const settings = useQuery(api.settings.get.queryOptions({ input: { clusterId } }));
  return (
    <div className={classes['screen']}>
      <h1 className={classes['title']}>Scaling and thresholds</h1>
      <div className={classes['columns']}>
        <div className={classes['column']}>
          {settings.isPending && <Panel><LoadingState what="the settings" /></Panel>}
          {settings.error !== null && <Panel><ProblemState what="the settings" problem={toApiProblem(settings.error)} onRetry={() => void settings.refetch()} /></Panel>}
          {settings.data !== undefined && <SettingsForm stored={settings.data} />}
        </div>
        <div className={classes['column']}>
          <DecisionPanel />
          {settings.data !== undefined && <UtilizationPanel settings={settings.data.settings} />}
        </div>
      </div>
    </div>
  );
}
