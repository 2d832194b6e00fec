'use client';

import { RESOURCE_LABELS } from '@/components/charts/node-facts';
import { useSummary } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { Quantity } from '@/components/ui/quantity';
import { EmptyState } from '@/components/ui/states';
import { TimeText } from '@/components/ui/time-text';
import { plural } from '@/lib/client/format';
import type { ScalingDecision } from '@/lib/contract/scaling';
import classes from './scaling.module.css';

const GUARD_WORDS: Readonly<Record<ScalingDecision['boundBy'], string>> = {
  'within-target': 'every resource is within its target',
  'target-utilization': 'the target of a resource',
  'minimum': 'the fewest nodes allowed',
  'maximum': 'the most nodes allowed',
  'unknown-metrics': 'metrics that are unknown',
  'unhealthy': 'a node that is not alive',
  'operation-running': 'a running operation',
  'frozen': 'the freeze',
  'skew': 'uneven load: rebalance first',
  'off': 'scaling is off',
  'stale-observation': 'a stale picture',
  'prediction': 'what is expected',
  'schedule': 'a schedule',
  'override': 'the override by an operator',
  'stabilization': 'the highest need of the window',
  'rate-limit': 'the limit per step',
  'zone-multiple': 'the zones, which are kept even',
  'cooldown': 'the cooldown',
  'safety-line': 'the safety lines, with one node less',
  'approval': 'a person who has to agree',
};

/** The newest evaluation, also when it is to hold: what each rule wanted and what had the last word. */
export function DecisionPanel() {
  const { scaling } = useSummary();
  const nowMs = useNow();
  return (
    <Panel title="Newest recommendation" note={scaling !== null && <>evaluated <TimeText atMs={scaling.atMs} nowMs={nowMs} /></>}>
      {scaling === null ? <EmptyState title="Nothing evaluated yet">The first recommendation follows the first reading.</EmptyState> : <Decision decision={scaling} />}
    </Panel>
  );
}

function Decision({ decision }: { readonly decision: ScalingDecision }) {
  return (
    <>
      <p className={classes['decision']}>{headline(decision)}</p>
      <p className={classes['text']}>{decision.message}</p>
      <p className={classes['dim']}>Last word: {GUARD_WORDS[decision.boundBy]} (<code>{decision.boundBy}</code>)</p>
      <table className={classes['difference']}>
        <thead><tr><th scope="col">Rule</th><th scope="col">Mean now</th><th scope="col">Target</th><th scope="col">Nodes wanted</th></tr></thead>
        <tbody>
          {decision.conditions.map((condition) => (
            <tr key={condition.resource}>
              <th scope="row">{RESOURCE_LABELS[condition.resource]}</th>
              <td><Quantity kind="ratio" value={condition.utilization} /></td>
              <td><Quantity kind="ratio" value={condition.target} /></td>
              <td>{condition.nodeCountWanted ?? 'holds'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function headline({ action, nodeCount, nodeCountDecided }: ScalingDecision): string {
  switch (action) {
    case 'hold': return `Hold at ${plural(nodeCount, 'node')}`;
    case 'scale-out': return `Would grow from ${nodeCount} to ${plural(nodeCountDecided, 'node')}`;
    case 'scale-in': return `Would shrink from ${nodeCount} to ${plural(nodeCountDecided, 'node')}`;
    case 'rebalance': return `Would rebalance and keep ${plural(nodeCount, 'node')}`;
  }
}
