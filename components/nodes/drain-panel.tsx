'use client';

import { Anchor } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { Panel } from '@/components/ui/panel';
import { LoadingState, ProblemState } from '@/components/ui/states';
import { ToneIcon } from '@/components/ui/status-badge';
import { toApiProblem } from '@/lib/client/api-problem';
import { plural } from '@/lib/client/format';
import type { Tone } from '@/lib/client/status';
import type { DrainHoldup } from '@/lib/contract/health';
import type { Node } from '@/lib/contract/node';
import classes from './liveness.module.css';

const REFRESH_MS = 2_000;
const TONES: Readonly<Record<DrainHoldup['code'], Tone>> = {
  'moving': 'busy', 'waiting': 'neutral', 'paused': 'notice', 'move-failed': 'critical', 'refused-by-planner': 'warning', 'not-planned': 'warning', 'ended': 'warning',
};

/** While a node is being emptied: what is still on it, by cause and by name. */
export function DrainPanel({ node }: { readonly node: Node }) {
  const clusterId = useClusterId();
  const api = useApi();
  const query = useQuery(api.nodes.drainStatus.queryOptions({ input: { clusterId, nodeId: node.id }, refetchInterval: REFRESH_MS }));
  const status = query.data;
  return (
    <Panel
      title="Drain" note={status !== undefined && (status.shards === 0 ? 'it holds nothing' : `${plural(status.shards, 'replica')} left, ${plural(status.primaries, 'primary', 'primaries')} among them`)}
      actions={status?.operationId != null && <Anchor component={Link} size="xs" href={`/${clusterId}/operations/${status.operationId}`}>The operation</Anchor>}
    >
      {status === undefined && query.isPending && <LoadingState what="what is left" />}
      {status === undefined && query.isError && <ProblemState what="what is left" problem={toApiProblem(query.error)} onRetry={() => void query.refetch()} />}
      {status?.shards === 0 && <p className={classes['why']}>Nothing is left on it. Whether that is so is read from the node itself before it may leave.</p>}
      {status !== undefined && status.shards > 0 && <ul className={classes['holdups']} aria-label="What holds the drain up">{status.holdups.map((holdup) => <Holdup key={holdup.message} holdup={holdup} />)}</ul>}
    </Panel>
  );
}

function Holdup({ holdup: { code, message, shardCount, shardIds } }: { readonly holdup: DrainHoldup }) {
  const more = shardCount - shardIds.length;
  return (
    <li>
      <ToneIcon tone={TONES[code]} />
      <div>
        {message}
        <div className={classes['shardIds']}>Shards {shardIds.join(', ')}{more > 0 && ` and ${more} more`}</div>
      </div>
    </li>
  );
}
