'use client';

import { Button, Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import Link from 'next/link';
import { useApi } from '@/components/realtime/live-provider';
import { useNow } from '@/components/realtime/use-live-store';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { EnvironmentTag } from '@/components/ui/environment-tag';
import { StatusBadge } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import { toApiProblem } from '@/lib/client/api-problem';
import { plural } from '@/lib/client/format';
import { healthWords } from '@/lib/client/status';
import { isTerminal } from '@/lib/contract/vocabulary';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { ConnectionView } from '@/lib/contract/connection';
import { shardCountOf } from '@/lib/contract/sharding';
import classes from './clusters.module.css';

export interface ClusterRowProps {
  readonly cluster: ClusterSummary;
  readonly health: ClusterSummary['health']['status'];
  readonly blockedBy: string | null;
}

/** One connected cluster. */
export function ClusterRow({ cluster, health, blockedBy }: ClusterRowProps) {
  const nowMs = useNow();
  const [disconnecting, dialog] = useDisclosure(false);
  return (
    <li className={classes['row']}>
      <div className={classes['rowMain']}>
        <span className={classes['rowHead']}>
          <Link href={`/${cluster.id}/overview`} className={classes['name']}>{cluster.name}</Link>
          <EnvironmentTag environment={cluster.environment} />
          <StatusBadge status={healthWords(health)} />
        </span>
        <span className={classes['dim']}>{connectionWords(cluster.connection)}</span>
        <span className={classes['dim']}>{plural(cluster.totals.nodes, 'node')}, {plural(cluster.totals.shards, 'shard')}, connected <TimeText atMs={cluster.createdAtMs} nowMs={nowMs} /></span>
      </div>
      <Group gap="xs">
        <Button component={Link} href={`/${cluster.id}/overview`} variant="default">Open</Button>
        <Button variant="default" onClick={dialog.open}>Disconnect</Button>
      </Group>
      <DisconnectDialog cluster={cluster} opened={disconnecting} onClose={dialog.close} blockedBy={blockedBy} />
    </li>
  );
}

function connectionWords(connection: ConnectionView): string {
  if (connection.kind === 'simulator') return `Simulator, seed ${connection.seed}, ${connection.speed} x`;
  if (connection.kind === 'http-agent') return `Nodes with agents, ${plural(shardCountOf(connection.sharding), 'shard')} by ${connection.sharding.method}, ${plural(connection.replicationFactor, 'copy', 'copies')} each`;
  const secured = [connection.tls.enabled ? 'TLS' : 'no TLS', connection.hasPassword ? 'with a password' : 'no password'].join(', ');
  const [first = '', ...others] = connection.seeds;
  return `Redis cluster at ${first}${others.length > 0 ? ` and ${plural(others.length, 'more address', 'more addresses')}` : ''}, ${secured}`;
}

interface DisconnectDialogProps {
  readonly cluster: ClusterSummary;
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly blockedBy: string | null;
}

function DisconnectDialog({ cluster, opened, onClose, blockedBy }: DisconnectDialogProps) {
  const api = useApi();
  const queries = useQueryClient();
  const mutation = useMutation(api.clusters.disconnect.mutationOptions({
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey: api.clusters.key() });
    },
  }));
  const open = cluster.operations.filter((operation) => !isTerminal(operation.status)).length;
  return (
    <ConfirmDialog
      opened={opened}
      onClose={() => { mutation.reset(); onClose(); }}
      title={`Disconnect ${cluster.name} from this console?`}
      confirmLabel="Disconnect 1 cluster"
      cancelLabel="Keep it connected"
      tier="irreversible"
      typedName={cluster.name}
      typedWhat="cluster"
      warning={open > 0 ? `${plural(open, 'operation')} not finished: its moves stop where they are` : null}
      danger
      pending={mutation.isPending}
      problem={mutation.error === null ? null : toApiProblem(mutation.error)}
      blockedBy={blockedBy}
      onConfirm={() => mutation.mutate({ clusterId: cluster.id })}
    >
      <p>The cluster itself is not touched and goes on serving. This console forgets it: its settings, plans, operations, events and recorded metrics are deleted, and automation no longer looks after it.</p>
    </ConfirmDialog>
  );
}
