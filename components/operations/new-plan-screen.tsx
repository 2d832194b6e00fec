'use client';

import { useQuery } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useLiveView } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { EmptyState, LoadingState, ProblemState } from '@/components/ui/states';
import { toApiProblem } from '@/lib/client/api-problem';
import { PlanForm } from './plan-form';
import { usePlanUrl } from './plan-url';
import classes from './operations.module.css';

// The maps, tables and dialogs of a review are wanted only once there is a plan.
const PlanReview = dynamic(() => import('./plan-review').then((module) => module.PlanReview), { loading: () => <Panel><LoadingState what="the review" /></Panel> });

/** Choose, preview, look, approve. */
export function NewPlanScreen() {
  useLiveView('nodes');
  useLiveView('shards');
  const clusterId = useClusterId();
  const api = useApi();
  const [url, setUrl] = usePlanUrl();
  const settings = useQuery(api.settings.get.queryOptions({ input: { clusterId } }));
  const plan = useQuery(api.plans.get.queryOptions({ input: { planId: url.plan }, enabled: url.plan !== '', staleTime: Infinity }));
  return (
    <div className={classes['screen']}>
      <h1 className={classes['title']}>New plan</h1>
      <div className={classes['planning']}>
        {settings.data !== undefined && <PlanForm url={url} setUrl={(change) => void setUrl(change)} settings={settings.data.settings} />}
        {settings.data === undefined && (settings.error === null ? <LoadingState what="the settings" /> : <ProblemState what="the settings" problem={toApiProblem(settings.error)} onRetry={() => void settings.refetch()} />)}
        <div className={classes['review']}>
          {url.plan === '' && <Panel><EmptyState title="No plan yet">Choose a strategy and a scope. The preview shows every move with its reason, before anything happens.</EmptyState></Panel>}
          {url.plan !== '' && plan.isPending && <Panel><LoadingState what="the plan" /></Panel>}
          {plan.error !== null && <Panel><ProblemState what="the plan" problem={toApiProblem(plan.error)} onRetry={() => void plan.refetch()} /></Panel>}
          {plan.data !== undefined && settings.data !== undefined && <PlanReview key={plan.data.id} plan={plan.data} settings={settings.data.settings} />}
        </div>
      </div>
    </div>
  );
}
