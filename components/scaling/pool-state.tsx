'use client';

import { Stack } from '@mantine/core';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { TimeText } from '@/components/ui/time-text';
import { formatDuration, plural } from '@/lib/client/format';
import type { PoolScaling } from '@/lib/contract/scaling-view';
import { DecisionDetails } from './decision-details';
import { OverridePanel } from './override-panel';
import { ProposalNote } from './proposal-note';
import classes from './policy.module.css';

/** What the policy in force says now, and what people have set against it. */
export function PoolState({ pool }: { readonly pool: PoolScaling }) {
  const nowMs = useNow();
  const { latest, leadTime, nextOccurrences } = pool;
  const [next] = nextOccurrences;
  return (
    <Panel title="Now" note={latest === null ? 'not evaluated yet' : <>evaluated <TimeText atMs={latest.record.atMs} nowMs={nowMs} /></>}>
      <Stack gap="sm">
        {pool.proposal !== null && <ProposalNote pool={pool.pool} proposal={pool.proposal} />}
        {latest === null ? <p className={classes['text']}>The first decision follows the first reading.</p> : <DecisionDetails entry={latest} />}
        <p className={classes['dim']}>
          A node ordered now is of use in {formatDuration(leadTime.totalMs)} ({formatDuration(leadTime.provisionMs)} to get it, {formatDuration(leadTime.moveMs)} to fill it;
          {' '}{leadTime.sampleCount === 0 ? 'assumed, none was added yet' : `learned from ${plural(leadTime.sampleCount, 'scale-out')}`}).
        </p>
        {next !== undefined && <p className={classes['dim']}>Next schedule: {next.scheduleId}, <TimeText atMs={next.startMs} /> to <TimeText atMs={next.endMs} />.</p>}
        <OverridePanel pool={pool} />
      </Stack>
    </Panel>
  );
}
