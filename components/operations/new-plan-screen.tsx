'use client';

import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import { useMemo, useRef, useState } from 'react';
import { useNodeNames } from '@/components/charts/node-names';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useLiveView, useWriteAllowed } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { LoadingState, ProblemState } from '@/components/ui/states';
import { toApiProblem } from '@/lib/client/api-problem';
import type { Plan } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import { PlanForm } from './plan-form';
import { requestOf, usePlanUrl, type PlanUrl, type SetPlanUrl } from './plan-url';
import { scopeWords, STRATEGY_WORDS } from './plan-words';
import { useWhatIf } from './use-what-if';
import { WhatIfBar } from './what-if-bar';
import classes from './plan.module.css';

// The maps, tables and dialogs of a review are wanted only once there is a plan.
const PlanReview = dynamic(() => import('./plan-review').then((module) => module.PlanReview), { loading: () => <Panel><LoadingState what="the review" /></Panel> });

const WhatIfPanel = dynamic(() => import('./what-if-panel').then((module) => module.WhatIfPanel), { loading: () => <Panel><LoadingState what="the what-if" /></Panel> });

const NOTHING_IN_FORCE = {};

/** Choose while looking at what it would bring, preview, look closely, approve. */
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
      {settings.data === undefined && <Panel>{settings.error === null ? <LoadingState what="the settings" /> : <ProblemState what="the settings" problem={toApiProblem(settings.error)} onRetry={() => void settings.refetch()} />}</Panel>}
      {settings.data !== undefined && (
        <Planning url={url} setUrl={setUrl} settings={settings.data.settings} plan={url.plan === '' ? null : plan.data ?? null}>
          {url.plan !== '' && plan.isPending && <Panel><LoadingState what="the plan" /></Panel>}
          {plan.error !== null && <Panel><ProblemState what="the plan" problem={toApiProblem(plan.error)} onRetry={() => void plan.refetch()} /></Panel>}
        </Planning>
      )}
    </div>
  );
}

interface PlanningProps {
  readonly url: PlanUrl;
  readonly setUrl: SetPlanUrl;
  readonly settings: VersionedSettings['settings'];
  readonly plan: Plan | null;
  /** In the place of the review while there is none to show. */
  readonly children: React.ReactNode;
}

function Planning({ url, setUrl, settings, plan, children }: PlanningProps) {
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const shardCount = useCluster((state) => state.shards?.shardCount ?? null);
  const nodeIds = useCluster((state) => state.shards?.nodeIds ?? null);
  const names = useNodeNames(nodeIds ?? NO_IDS);
  const asked = useMemo(() => requestOf(url, shardCount ?? 0, settings), [url, shardCount, settings]);
  // Until the shards are known nobody can tell whether the ranges in the address are right.
  const { request, missing } = shardCount === null ? NOT_YET : asked;
  const whatIf = useWhatIf(request);
  const review = useRef<HTMLDivElement>(null);
  const preview = useMutation(api.plans.preview.mutationOptions({ onSuccess: (made) => { setUrl({ plan: made.id }); } }));
  return (
    <div className={classes['planning']}>
      <FormColumn url={url} plan={plan} nameOf={names.nameOf}>
        <PlanForm url={url} setUrl={setUrl} settings={settings} shardCount={shardCount ?? 0} request={request} weightsInForce={whatIf.whatIf?.options.weights ?? NOTHING_IN_FORCE} />
        {preview.error !== null && <ProblemAlert problem={toApiProblem(preview.error)} title="No plan could be made" />}
        <WhatIfBar
          state={whatIf} plan={plan} missing={missing} write={write} previewing={preview.isPending}
          onPreview={() => { if (request !== null) preview.mutate({ clusterId, ...request }, { onSuccess: () => { bringInto(review.current); } }); }}
        />
      </FormColumn>
      <div ref={review} className={classes['review']} tabIndex={-1} role="region" aria-label="Review">
        {url.plan === '' && <WhatIfPanel state={whatIf} missing={missing} names={names} settings={settings} />}
        {children}
        {plan !== null && <PlanReview key={plan.id} plan={plan} settings={settings} />}
      </div>
    </div>
  );
}

/** Who pressed the button far down the form looks at the answer next. */
function bringInto(review: HTMLDivElement | null): void {
  if (review === null) return;
  review.focus({ preventScroll: true });
  // The form folds first where it stands above the review.
  requestAnimationFrame(() => {
    const { top } = review.getBoundingClientRect();
    if (top < 0 || top > window.innerHeight / 2) review.scrollIntoView({ block: 'start' });
  });
}

const NO_IDS: readonly string[] = [];
const NOT_YET = { request: null, missing: 'The shards are still being read' } as const;

/** On a narrow screen a plan under review comes first: the form folds into a line above it. */
function FormColumn({ url, plan, nameOf, children }: { readonly url: PlanUrl; readonly plan: Plan | null; readonly nameOf: (nodeId: string) => string; readonly children: React.ReactNode }) {
  const [opened, setOpened] = useState<string | null>(null);
  const folded = plan !== null && opened !== url.plan;
  return (
    <div className={classes['form']} data-folded={folded || undefined}>
      {plan !== null && (
        <div className={classes['foldedForm']}>
          <span>{STRATEGY_WORDS[plan.strategy].label}, {scopeWords(plan.scope, nameOf)}</span>
          <Button variant="default" size="compact-xs" aria-expanded={!folded} onClick={() => { setOpened(folded ? url.plan : null); }}>{folded ? 'Change what to plan' : 'Fold the form'}</Button>
        </div>
      )}
      <div className={classes['formBody']}>{children}</div>
    </div>
  );
}
