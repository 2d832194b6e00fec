'use client';

import { FREEZE_CAUSES } from '@/components/layout/freeze-control';
import { UnfreezeAction } from '@/components/layout/unfreeze-action';
import { useSummary } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { Note } from '@/components/ui/note';
import { TimeText } from '@/components/ui/time-text';
import classes from './overview.module.css';

/** While automation is frozen: by what, why, and the way out. */
export function FreezeNotice() {
  const { freeze } = useSummary();
  const nowMs = useNow();
  if (freeze === null) return null;
  return (
    <Note tone={freeze.cause === 'operator' ? 'notice' : 'critical'} title="Automation is frozen: no automatic rebalance, scaling or repair">
      <p>{FREEZE_CAUSES[freeze.cause]}, by {freeze.by} <TimeText atMs={freeze.sinceMs} nowMs={nowMs} />: {freeze.reason}</p>
      {freeze.cause !== 'operator' && <p className={classes['dim']}>Look at the nodes, the network between them and this manager, and what they share. The freeze itself touches no client. Nothing goes on by itself until somebody lifts the freeze.</p>}
      <div className={classes['wayOut']}><UnfreezeAction /></div>
    </Note>
  );
}
