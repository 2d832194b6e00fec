'use client';

import type { PoolScaling } from '@/lib/contract/scaling-view';
import { Note } from '@/components/ui/note';
import { BacktestPanel } from './backtest-panel';
import { PolicyChartPanel } from './policy-chart-panel';
import { PolicyFields } from './policy-fields';
import { PolicySaveBar } from './policy-save-bar';
import { usePolicyForm } from './use-policy-form';
import { PolicyOvertaken } from './policy-overtaken';
import { PoolState } from './pool-state';
import { ProvisionerPanel } from './provisioner-panel';
import { ShadowsPanel } from './shadows-panel';
import { VersionsPanel } from './versions-panel';
import layout from './policy.module.css';
import classes from './scaling.module.css';

/**
 * A policy as a form over the generation it was opened on (R4), beside what it reads, what
 * it would have done, and what stands around it.
 */
export function PolicyEditor({ pool }: { readonly pool: PoolScaling }) {
  const stored = { policy: pool.policy, generation: pool.generation };
  const form = usePolicyForm(stored);
  return (
    <div className={layout['layout']}>
      <div className={layout['aside']}>
        <PolicyChartPanel form={form} pool={pool} />
        <BacktestPanel form={form} pool={pool.pool} />
      </div>
      <form className={classes['column']} onSubmit={(event) => { event.preventDefault(); }} noValidate aria-label="Scaling policy">
        {pool.problems.map((problem) => (
          <Note key={problem.generation} tone="warning" title={`Generation ${problem.generation} cannot be read; the one before it stays in force`}>
            <p>{problem.message}</p>
          </Note>
        ))}
        <PoolState pool={pool} />
        <ProvisionerPanel />
        <PolicyOvertaken form={form} stored={stored} />
        <PolicyFields form={form} />
        <PolicySaveBar form={form} pool={pool} />
        <ShadowsPanel form={form} pool={pool} />
        <VersionsPanel form={form} pool={pool} />
      </form>
    </div>
  );
}
