'use client';

import { Slider } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useNodeNames } from '@/components/charts/node-names';
import { PlanMaps } from '@/components/charts/plan-maps';
import { useCluster } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { RefusalList } from '@/components/ui/refusal-list';
import { TimeText } from '@/components/ui/time-text';
import { formatBytes, formatCount, formatSecondsRange, plural } from '@/lib/client/format';
import { applyPlacement } from '@/lib/contract/apply-placement';
import type { Plan } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import { WEIGHED_DIMENSIONS } from '@/lib/contract/vocabulary';
import { ApprovePlan } from './approve-plan';
import { HoldingBars } from './holding-bars';
import { ImbalanceTable } from './imbalance-table';
import { StepsTable } from './steps-table';
import { scopeWords, STRATEGY_WORDS } from './plan-words';
import classes from './operations.module.css';

/** Everything about a plan before it is approved: verdict, numbers, maps, bars, moves with reasons, refusals, risks. */
export function PlanReview({ plan, settings }: { readonly plan: Plan; readonly settings: VersionedSettings['settings'] }) {
  const [stepCount, setStepCount] = useState(plan.steps.length);
  const table = useCluster((state) => state.shards);
  const names = useNodeNames(table?.nodeIds ?? []);
  const steps = useMemo(() => plan.steps.slice(0, stepCount), [plan, stepCount]);
  const bytes = useMemo(() => steps.reduce((sum, step) => sum + (step.kind === 'move' ? step.bytes ?? 0 : 0), 0), [steps]);
  const after = useMemo(() => (table === null ? null : applyPlacement(table, steps)), [table, steps]);
  const whole = stepCount === plan.steps.length;
  return (
    <>
      <Panel title="Verdict" note={<>{STRATEGY_WORDS[plan.strategy].label}, {scopeWords(plan.scope, names.nameOf)}, made <TimeText atMs={plan.createdAtMs} /></>}>
        <p className={classes['verdict']}>{plan.verdict.message}</p>
        {plan.steps.length > 0 && (
          <dl className={classes['facts']}>
            <Fact label="Moves" value={formatCount(stepCount)} />
            <Fact label="Data moved" value={formatBytes(whole ? plan.bytes : bytes)} />
            <Fact label="Takes about" value={formatSecondsRange(scaled(plan.estimatedSeconds, plan.bytes > 0 ? (whole ? 1 : bytes / plan.bytes) : 1))} />
            <Fact label="Score" value={`${plan.before.score.toFixed(3)} → ${plan.after.score.toFixed(3)}`} note="0 is even" />
          </dl>
        )}
        {plan.steps.length > 1 && plan.scope.kind === 'cluster' && (
          <div className={classes['slider']}>
            <span id="stop-here">Stop after {plural(stepCount, 'move')} of {formatCount(plan.steps.length)}; every beginning of the plan is valid and an improvement</span>
            <Slider min={1} max={plan.steps.length} value={stepCount} onChange={setStepCount} label={(value) => formatCount(value)} thumbProps={{ 'aria-labelledby': 'stop-here' }} thumbLabel="Stop after so many moves" />
          </div>
        )}
        <ApprovePlan plan={plan} stepCount={stepCount} bytes={whole ? plan.bytes : bytes} settings={settings} nameOf={names.nameOf} />
      </Panel>
      {plan.risks.length > 0 && (
        <Panel title="Risks" note="known before the first move">
          <ul className={classes['risks']}>
            {plan.risks.map((risk, index) => <li key={`${risk.code} ${index}`}><IconAlertTriangle size={14} aria-hidden /> <span>{risk.message}</span> <code>{risk.code}</code></li>)}
          </ul>
        </Panel>
      )}
      {plan.steps.length > 0 && table !== null && after !== null && (
        <Panel title="Shard map" note="coloured by the owner of the primary"><PlanMaps before={table} after={after} nameOf={names.nameOf} /></Panel>
      )}
      <Panel title="Balance" note={plan.steps.length > 0 ? 'before and after the whole plan' : 'as it is'}>
        <ImbalanceTable columns={[{ label: 'Before', imbalance: plan.before.imbalance }, ...(plan.steps.length > 0 ? [{ label: 'After', imbalance: plan.after.imbalance }] : [])]} weighed={{ dimensions: WEIGHED_DIMENSIONS[plan.strategy], threshold: plan.threshold }} />
        <HoldingBars plan={plan} names={names} />
      </Panel>
      {plan.steps.length > 0 && <StepsTable steps={steps} names={names} planId={plan.id} />}
      {plan.refusals.length > 0 && (
        <Panel title="Why not otherwise" note={`${plural(plan.refusals.length, 'kind')} of candidates turned down`}><RefusalList refusals={plan.refusals} label="Candidates turned down" /></Panel>
      )}
    </>
  );
}

function Fact({ label, value, note }: { readonly label: string; readonly value: string; readonly note?: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}{note !== undefined && <span className={classes['dim']}> {note}</span>}</dd>
    </div>
  );
}

function scaled(range: { readonly low: number; readonly high: number }, share: number): { low: number; high: number } {
  return { low: range.low * share, high: range.high * share };
}
