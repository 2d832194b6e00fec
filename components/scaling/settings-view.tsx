'use client';

import { useQuery } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { Panel } from '@/components/ui/panel';
import { LoadingState, ProblemState } from '@/components/ui/states';
import { toApiProblem } from '@/lib/client/api-problem';
import { SettingsForm } from './settings-form';
import { UtilizationPanel } from './utilization-panel';
import classes from './scaling.module.css';

/** When the manager rebalances by itself, and the thresholds it goes by. */
export function SettingsView() {
  const clusterId = useClusterId();
  const api = useApi();
  const settings = useQuery(api.settings.get.queryOptions({ input: { clusterId } }));
  return (
    <div className={classes['columns']}>
      <div className={classes['column']}>
        {settings.isPending && <Panel><LoadingState what="the settings" /></Panel>}
        {settings.error !== null && <Panel><ProblemState what="the settings" problem={toApiProblem(settings.error)} onRetry={() => void settings.refetch()} /></Panel>}
        {settings.data !== undefined && <SettingsForm stored={settings.data} />}
      </div>
      <div className={classes['column']}>{settings.data !== undefined && <UtilizationPanel settings={settings.data.settings} />}</div>
    </div>
  );
}
