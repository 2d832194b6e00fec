'use client';

import Link from 'next/link';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useSummary } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { Quantity } from '@/components/ui/quantity';
import { EmptyState } from '@/components/ui/states';
import { TimeText } from '@/components/ui/time-text';
import { plural } from '@/lib/client/format';
import type { ScalingDecision } from '@/lib/contract/scaling';
import classes from './overview.module.css';

/** The scaler's last word, also when it is "hold", with the numbers of every rule. */
export function ScalingPanel() {
  const clusterId = useClusterId();
  const { scaling } = useSummary();
  return (
    <Panel title="Scaling decision" actions={<Link href={`/${clusterId}/scaling`} className={classes['dim']}>Policy</Link>}>
      {scaling === null
        ? <EmptyState title="No decision yet">The first one follows the first complete observations.</EmptyState>
        : <Decision decision={scaling} />}
    </Panel>
  );
}

function headOf({ action, nodeCount, nodeCountDecided }: ScalingDecision): string {
  switch (action) {
    case 'hold': return `Hold at ${plural(nodeCount, 'node')}`;
    case 'scale-out': return `Recommends scaling out: ${nodeCount} to ${plural(nodeCountDecided, 'node')}`;
    case 'scale-in': return `Recommends scaling in: ${nodeCount} to ${plural(nodeCountDecided, 'node')}`;
    case 'rebalance': return `Recommends a rebalance instead of scaling, at ${plural(nodeCount, 'node')}`;
  }
}

/** The scaler counts a node that is still being filled by what it holds, so its mean is not the plain one then. */
function overNodes(aggregate: ScalingDecision['conditions'][number]['aggregate'], { effectiveNodes, nodeCount }: ScalingDecision): string {
  if (aggregate === 'max') return 'highest node';
  if (aggregate === 'p90') return '90th percentile';
  return effectiveNodes < nodeCount - 0.05 ? `mean, as ${effectiveNodes.toFixed(1)} full nodes` : 'mean';
}

function Decision({ decision }: { readonly decision: ScalingDecision }) {
  const nowMs = useNow();
  return (
    <div className={classes['decision']}>
      <p className={classes['decisionHead']}>{headOf(decision)}</p>
      <p className={classes['message']} style={{ margin: 0 }}>{decision.message}</p>
      <p className={classes['dim']}>
        Bound by {decision.boundBy.replaceAll('-', ' ')}, recommended {plural(decision.nodeCountRecommended, 'node')}, <TimeText atMs={decision.atMs} nowMs={nowMs} />
      </p>
      {decision.conditions.length > 0 && (
        <table className={classes['conditions']}>
          <thead>
            <tr><th scope="col">Resource</th><th scope="col">Over nodes</th><th scope="col">Utilization</th><th scope="col">Target</th><th scope="col">Nodes wanted</th></tr>
          </thead>
          <tbody>
            {decision.conditions.map((condition) => (
              <tr key={condition.resource}>
                <th scope="row">{condition.resource}</th>
                <td>{overNodes(condition.aggregate, decision)}</td>
                <td><Quantity kind="ratio" value={condition.utilization} unknownTitle="Unknown, which holds: it never allows a scale-in" /></td>
                <td><Quantity kind="ratio" value={condition.target} /></td>
                <td><Quantity kind="count" value={condition.nodeCountWanted} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
