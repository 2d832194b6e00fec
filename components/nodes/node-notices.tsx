'use client';

import { Group } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { UnfreezeAction } from '@/components/layout/unfreeze-action';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useWriteAllowed } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { Note } from '@/components/ui/note';
import { TimeText } from '@/components/ui/time-text';
import { WriteButton } from '@/components/ui/write-button';
import { plural } from '@/lib/client/format';
import type { MetricFlag, Node } from '@/lib/contract/node';
import { assertNever } from '@/lib/platform/assert';
import { reportProblem } from './use-node-mutations';

/** What is out of the ordinary about the node and the way out of it. Nothing when nothing is. */
export function NodeNotices({ node }: { readonly node: Node }) {
  return (
    <>
      <FreezeNotice />
      <QuarantineNotice node={node} />
      <FlagsNotice node={node} />
    </>
  );
}

function FreezeNotice() {
  const freeze = useCluster((state) => state.summary?.freeze ?? null);
  if (freeze === null) return null;
  return (
    <Note tone="warning" title="Automation of the cluster is frozen">
      <p>{freeze.reason}. Nothing is drained, decommissioned or repaired until somebody lifts it.</p>
      <Group mt="xs"><UnfreezeAction /></Group>
    </Note>
  );
}

function QuarantineNotice({ node }: { readonly node: Node }) {
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const nowMs = useNow();
  const lift = useMutation(api.nodes.liftQuarantine.mutationOptions({ onError: (error) => reportProblem(`The quarantine of ${node.name} was not lifted`, error) }));
  if (node.quarantinedUntilMs === null) return null;
  return (
    <Note tone="warning" title="In quarantine: it kept falling over">
      <p>
        Nothing new is placed on it; what it holds stays and is served. The quarantine ends by itself <TimeText atMs={node.quarantinedUntilMs} nowMs={nowMs} />,
        and is twice as long the next time. If the cause is found and mended, it can be lifted now.
      </p>
      <Group mt="xs">
        <WriteButton variant="default" write={write} loading={lift.isPending} onClick={() => lift.mutate({ clusterId, nodeId: node.id })}>Lift the quarantine</WriteButton>
      </Group>
    </Note>
  );
}

function FlagsNotice({ node }: { readonly node: Node }) {
  const nowMs = useNow();
  if (node.flags.length === 0) return null;
  return (
    <Note tone="notice" title={`${plural(node.flags.length, 'number')} of it ${node.flags.length === 1 ? 'is' : 'are'} unknown, because what came is not to be believed`}>
      <ul style={{ margin: 0, paddingLeft: '1.25rem' }}>
        {node.flags.map((flag) => <li key={`${flag.metric} ${flag.flag}`}><code>{flag.metric}</code> {flagWords(flag)}, since <TimeText atMs={flag.sinceMs} nowMs={nowMs} /></li>)}
      </ul>
      <p>An unknown number never counts as 0: no scale-in rests on it. Look at what reports it on the node.</p>
    </Note>
  );
}

function flagWords({ flag, came }: MetricFlag): string {
  switch (flag) {
    case 'missing': return 'was reported and is absent';
    case 'not-a-number': return `came as ${came}`;
    case 'negative': return `came as ${came}, below 0`;
    case 'absurd': return `came as ${came}, beyond what a machine does`;
    case 'frozen': return `stands still at ${came} while the node serves requests`;
    default: return assertNever(flag);
  }
}
