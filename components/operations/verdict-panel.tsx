'use client';

import type { StopPoint } from '@/components/charts/frontier';
import type { NodeNames } from '@/components/charts/node-names';
import { useNow } from '@/components/realtime/use-live-store';
import { Note } from '@/components/ui/note';
import { Panel } from '@/components/ui/panel';
import { TimeText } from '@/components/ui/time-text';
import { formatBytes, formatCount, formatRatio, formatSecondsRange } from '@/lib/client/format';
import type { Plan } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import { ApprovePlan } from './approve-plan';
import { BoundExplained } from './bound-explained';
import { GuardRailList } from './guard-rails';
import { gainedWords, isBest, PRESET_WORDS } from './objective-words';
import { RiskList } from './risk-list';
import { scopeWords, STRATEGY_WORDS } from './plan-words';
import classes from './plan.module.css';

interface VerdictPanelProps {
  readonly plan: Plan;
  readonly stop: StopPoint;
  readonly settings: VersionedSettings['settings'];
  readonly names: NodeNames;
}

/** The answer in a sentence, what it costs and is worth, what it would break, and the button. */
export function VerdictPanel({ plan, stop, settings, names }: VerdictPanelProps) {
  const preset = plan.strategy === 'optimal' && plan.options.preset !== null ? `, ${PRESET_WORDS[plan.options.preset].label.toLowerCase()}` : '';
  return (
    <Panel title="Verdict" note={<>{STRATEGY_WORDS[plan.strategy].label}{preset}, {scopeWords(plan.scope, names.nameOf)}, made <TimeText atMs={plan.createdAtMs} /></>}>
      <StatusNote plan={plan} />
      <p className={classes['verdict']}>{plan.verdict.message}</p>
      {plan.steps.length > 0 && <Facts plan={plan} stop={stop} />}
      <Dangers plan={plan} names={names} />
      <GuardRailList rails={plan.guardRails} names={names} />
      <BoundExplained plan={plan} />
      <ApprovePlan plan={plan} stepCount={stop.stepCount} bytes={stop.bytes} settings={settings} nameOf={names.nameOf} />
    </Panel>
  );
}

/** What the nodes themselves showed to be in the way. It is looked at again when the plan is to run. */
function Dangers({ plan, names }: Pick<VerdictPanelProps, 'plan' | 'names'>) {
  const dangers = plan.risks.filter(({ severity }) => severity === 'danger');
  if (dangers.length === 0) return null;
  return <div className={classes['dangers']}><Note tone="critical" title="Cannot be run while this is so"><RiskList risks={dangers} names={names} /></Note></div>;
}

/** What is no longer to be relied on. */
function StatusNote({ plan }: { readonly plan: Plan }) {
  const nowMs = useNow();
  if (plan.status === 'superseded') return <div className={classes['statusNote']}><Note tone="warning" title="Overtaken">The cluster has changed so that this plan no longer holds. Preview again for one that does.</Note></div>;
  if (plan.status === 'approved') return <div className={classes['statusNote']}><Note tone="notice" title="Approved already">It runs or has run; the operations show how far it is.</Note></div>;
  if (plan.status === 'expired' || nowMs > plan.expiresAtMs) return <div className={classes['statusNote']}><Note tone="warning" title="Expired">It was made for the cluster of {<TimeText atMs={plan.createdAtMs} />} and cannot be run any more. Preview again: it takes the same form.</Note></div>;
  return null;
}

function Facts({ plan, stop }: { readonly plan: Plan; readonly stop: StopPoint }) {
  const whole = stop.stepCount === plan.steps.length;
  const share = plan.bytes > 0 ? stop.bytes / plan.bytes : stop.stepCount / Math.max(1, plan.steps.length);
  const { low, high } = plan.estimatedSeconds;
  const score = whole ? plan.after.score : stop.score;
  const { before } = plan;
  return (
    <dl className={classes['facts']}>
      <Fact label="Moves" value={formatCount(stop.stepCount)} note={whole ? wavesWords(plan) : `of ${formatCount(plan.steps.length)}`} />
      <Fact label="Data moved" value={formatBytes(stop.bytes)} note={whole ? '' : `of ${formatBytes(plan.bytes)}`} />
      <Fact label="Takes about" value={formatSecondsRange(whole ? plan.estimatedSeconds : { low: low * share, high: high * share })} note="at the set throttle" />
      <Fact label="Score" value={`${before.score.toFixed(3)} → ${score === null ? 'unknown' : score.toFixed(3)}`} note="0 is even" />
      {/* Who chooses the shards is not after the best placement of all. */}
      {plan.scope.kind !== 'shards' && <Gained plan={plan} stop={stop} />}
      {plan.scope.kind !== 'shards' && <Gap plan={plan} whole={whole} />}
    </dl>
  );
}

/** "at most 3.2 %, from the best possible". */
function Gap({ plan: { proof }, whole }: { readonly plan: Plan; readonly whole: boolean }) {
  const of = whole ? 'from the best possible' : 'from the best possible, the whole plan';
  if (proof === null || proof.gap === null) return <Fact label="Gap" value="unknown" note={proof === null ? 'not proven' : 'nothing is scored'} />;
  return isBest(proof.gap) ? <Fact label="Gap" value="none" note="proven best possible" /> : <Fact label="Gap" value={`at most ${formatRatio(proof.gap)}`} note={of} />;
}

/** Where little cost is left, any gap looks large: what was reached of what could be reached says it better. */
function Gained({ plan: { proof, steps }, stop }: { readonly plan: Plan; readonly stop: StopPoint }) {
  if (proof === null || proof.missing === null || stop.gainShare === null) return null;
  if (stop.stepCount < steps.length) return <Fact label="Gained" value={formatRatio(stop.gainShare)} note="of what the whole plan gains" />;
  return <Fact label="Gained" value={`at least ${gainedWords(1 - proof.missing)}`} note="of what is possible" />;
}

function wavesWords({ waves }: Plan): string {
  return waves.length === 0 ? '' : `in ${formatCount(waves.length)} ${waves.length === 1 ? 'wave' : 'waves'}`;
}

function Fact({ label, value, note }: { readonly label: string; readonly value: string; readonly note: string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{value}{note !== '' && <span className={classes['factNote']}>{note}</span>}</dd>
    </div>
  );
}
