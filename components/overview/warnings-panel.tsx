'use client';

import { useSummary } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { ToneIcon } from '@/components/ui/status-badge';
import classes from './overview.module.css';

/** What the engine reports that blocks or blurs something, and what can be done about it. Absent when there is nothing. */
export function WarningsPanel() {
  const { warnings, observationError } = useSummary();
  if (warnings.length === 0 && observationError === null) return null;
  return (
    <Panel title="Warnings of the engine" flush>
      <ul className={classes['rows']}>
        {observationError !== null && (
          <li className={classes['row']}>
            <ToneIcon tone="critical" />
            <div className={classes['message']}>The last reading failed: {observationError}</div>
          </li>
        )}
        {warnings.map((warning, index) => (
          <li key={`${warning.code} ${warning.nodeId ?? ''} ${warning.shardId ?? ''} ${index}`} className={classes['row']}>
            <ToneIcon tone="warning" />
            <div className={classes['message']}>
              {warning.message}
              {warning.remedy !== null && <p className={classes['remedy']}>{warning.remedy}</p>}
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
