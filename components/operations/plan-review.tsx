'use client';

import { useQueryState, debounce } from 'nuqs';
import { memo, useDeferredValue, useMemo } from 'react';
import { frontierOf } from '@/components/charts/frontier';
import { useNodeNames, type NodeNames } from '@/components/charts/node-names';
import { useCluster } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { RefusalList } from '@/components/ui/refusal-list';
import { LoadingState } from '@/components/ui/states';
import { plural } from '@/lib/client/format';
import { prefixPictures } from '@/lib/client/prefix-picture';
import type { Plan } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import type { ShardTable } from '@/lib/contract/shard-table';
import { WEIGHED_DIMENSIONS } from '@/lib/contract/vocabulary';
import { FrontierPanel } from './frontier-panel';
import { HoldingBars } from './holding-bars';
import { ImbalanceTable } from './imbalance-table';
import { MapsAfter } from './maps-after';
import { parseAsStop, stopIn } from './plan-url-codecs';
import { RiskList } from './risk-list';
import { StepsTable } from './steps-table';
import { usePlacement } from './use-placement';
import { VerdictPanel } from './verdict-panel';
import classes from './plan.module.css';

type Settings = VersionedSettings['settings'];
const NO_IDS: readonly string[] = [];
/** A bound that prints as 0 % says nothing. */
const WORTH_TELLING = 0.000_5;
/** The address follows a drag at its end, so that the rest of the screen is not drawn at every pixel of it. */
const ADDRESS_AFTER_MS = 400;

/** Everything about a plan before it is approved: verdict, guard rails, where to stop, maps, bars, moves with reasons, refusals, risks. */
export const PlanReview = memo(({ plan, settings }: { readonly plan: Plan; readonly settings: Settings }) => {
  const [stop, setStop] = useQueryState('stop', parseAsStop.withOptions({ limitUrlUpdates: debounce(ADDRESS_AFTER_MS) }));
  const choosable = plan.steps.length > 1 && plan.scope.kind !== 'evacuate';
  const stepCount = choosable ? stopIn(stop, plan) : plan.steps.length;
  const table = usePlacement();
  const names = useNodeNames(table?.nodeIds ?? NO_IDS);
  const frontier = useMemo(() => frontierOf(plan), [plan]);
  // The verdict is read while the rest is drawn, in slices between which the page answers.
  const drawn = useDeferredValue<Plan | null>(plan, null);
  return (
    <>
      <VerdictPanel plan={plan} stop={frontier.at(stepCount)} settings={settings} names={names} />
      {choosable && <FrontierPanel frontier={frontier} stepCount={stepCount} onChange={(count) => void setStop(count === plan.steps.length ? null : { count, planId: plan.id })} />}
      {drawn === null ? <Panel><LoadingState what="the maps" /></Panel> : <Pictures plan={drawn} stepCount={stepCount} table={table} names={names} settings={settings} />}
      {drawn !== null && drawn.steps.length > 0 && <StepsTable plan={drawn} stepCount={stepCount} names={names} />}
      {drawn !== null && <WhyNot plan={drawn} names={names} />}
      {drawn !== null && <Risks plan={drawn} names={names} />}
    </>
  );
});
PlanReview.displayName = 'PlanReview';

interface PicturesProps {
  readonly plan: Plan;
  readonly stepCount: number;
  readonly table: ShardTable | null;
  readonly names: NodeNames;
  readonly settings: Settings;
}

/** Maps, imbalance and bars of the chosen beginning. They follow the handle as fast as they can, and never hold it up. */
function Pictures({ plan, stepCount: wanted, table, names, settings }: PicturesProps) {
  const stepCount = useDeferredValue(wanted);
  const moved = useMemo(() => plan.steps.slice(0, stepCount), [plan, stepCount]);
  const whole = stepCount === plan.steps.length;
  return (
    <>
      {moved.length > 0 && table !== null && (
        <Panel title="Shard map" note={`before and after ${whole ? 'the whole plan' : `the first ${plural(stepCount, 'move')}`}, by the owner of the primary`}>
          <Overtaken table={table} plan={plan} />
          <MapsAfter table={table} steps={moved} whole={whole} nameOf={names.nameOf} />
        </Panel>
      )}
      <Panel title="Balance" note={plan.steps.length === 0 ? 'as it is' : `before and after ${whole ? 'the whole plan' : `the first ${plural(stepCount, 'move')}`}`}>
        <Balance plan={plan} stepCount={stepCount} table={table} names={names} settings={settings} />
      </Panel>
    </>
  );
}

/** The maps begin from what is now; where that is no longer what the plan was made from, it is said. */
function Overtaken({ table, plan }: { readonly table: ShardTable; readonly plan: Plan }) {
  const count = useMemo(() => {
    const indexes = new Map(table.nodeIds.map((nodeId, index) => [nodeId, index]));
    // Later moves of a shard begin where earlier ones of the plan put it.
    const seen = new Set<number>();
    return plan.steps.filter(({ shardId, sourceNodeId }) => {
      if (seen.has(shardId)) return false;
      seen.add(shardId);
      return !table.replicas.subarray(shardId * table.replicaMax, (shardId + 1) * table.replicaMax).includes(indexes.get(sourceNodeId) ?? -2);
    }).length;
  }, [table, plan]);
  if (count === 0) return null;
  return <p className={classes['about']}>{plural(count, 'shard')} of the plan {count === 1 ? 'has' : 'have'} moved since it was made: “Before” is the cluster as it is now.</p>;
}

function Balance({ plan, stepCount, table, names, settings }: PicturesProps) {
  const nodes = useCluster((state) => state.nodes);
  const pictureAt = useMemo(() => (table === null ? null : prefixPictures(plan, table)), [plan, table]);
  const picture = useMemo(() => (pictureAt === null || nodes === null ? plan.after : pictureAt(stepCount, nodes)), [pictureAt, nodes, stepCount, plan]);
  const whole = stepCount === plan.steps.length;
  const weighed = WEIGHED_DIMENSIONS[plan.strategy];
  const worst = weighed.reduce<(typeof weighed)[number] | null>((first, next) => ((plan.before.imbalance[next] ?? -1) > (first === null ? -1 : plan.before.imbalance[first] ?? -1) ? next : first), null);
  const bound = Object.fromEntries((plan.proof?.imbalance ?? []).map(({ dimension, lowerBound }) => [dimension, lowerBound]));
  const columns = plan.steps.length === 0
    ? [{ label: 'Now', imbalance: plan.before.imbalance }]
    : [
        { label: 'Before', imbalance: plan.before.imbalance },
        { label: whole ? 'After' : `After ${stepCount.toLocaleString('en-US')}`, imbalance: picture.imbalance },
        ...(whole ? [] : [{ label: 'After all', imbalance: plan.after.imbalance }]),
      ];
  return (
    <>
      <ImbalanceTable columns={[...columns, ...(Object.values(bound).every((value) => value < WORTH_TELLING) ? [] : [{ label: 'Never below', imbalance: bound, bound: true }])]} weighed={{ dimensions: weighed, threshold: plan.threshold }} />
      <HoldingBars before={plan.before.holdings} after={plan.steps.length === 0 ? null : picture.holdings} names={names} worst={worst} safetyLines={{ ...settings.safetyLines, ...plan.options.safetyLines }} />
    </>
  );
}

function WhyNot({ plan, names }: { readonly plan: Plan; readonly names: NodeNames }) {
  const note = plan.refusals.length === 0 ? 'no candidate was turned down' : `${plural(plan.refusals.length, 'kind')} of candidates turned down`;
  return (
    <Panel title="Why not otherwise" note={note}>
      {plan.refusals.length === 0
        ? <p className={classes['about']}>No constraint stood in the way of this plan.</p>
        : <div className={classes['refusals']} tabIndex={0} role="region" aria-label="Why not otherwise"><RefusalList refusals={plan.refusals} label="Candidates turned down" nameOf={names.nameOf} /></div>}
    </Panel>
  );
}

/** Dangers stand beside the verdict: they keep the plan from being run. */
function Risks({ plan, names }: { readonly plan: Plan; readonly names: NodeNames }) {
  const risks = plan.risks.filter(({ severity }) => severity !== 'danger');
  if (risks.length === 0) return null;
  return (
    <Panel title="Risks" note="known before the first move">
      <RiskList risks={risks} names={names} />
    </Panel>
  );
}
