'use client';

import { StalePanel } from '@/components/ui/panel';
import { useFreshness } from '@/components/realtime/use-cluster';
import { FreezeNotice } from './freeze-notice';
import { HealthHeadline } from './health-headline';
import { ImbalancePanel } from './imbalance-panel';
import { KeyNumbers } from './key-numbers';
import { OperationPanel } from './operation-panel';
import { RecentEventsPanel } from './recent-events-panel';
import { ScalingPanel } from './scaling-panel';
import { WarningsPanel } from './warnings-panel';
import classes from './overview.module.css';

/** Is it healthy, what is it doing, why: the first screen. */
export function OverviewScreen() {
  const freshness = useFreshness();
  return (
    <StalePanel {...freshness}>
      <div className={classes['screen']}>
        <HealthHeadline />
        <FreezeNotice />
        <KeyNumbers />
        <div className={classes['columns']}>
          <div className={classes['column']}>
            <ImbalancePanel />
            <RecentEventsPanel />
          </div>
          <div className={classes['column']}>
            <OperationPanel />
            <ScalingPanel />
            <WarningsPanel />
          </div>
        </div>
      </div>
    </StalePanel>
  );
}
