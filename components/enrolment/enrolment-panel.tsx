'use client';

import { Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';
import { IconPlus } from '@tabler/icons-react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useWriteAllowed } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { Note } from '@/components/ui/note';
import { Panel } from '@/components/ui/panel';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { ProblemState } from '@/components/ui/states';
import { TimeText } from '@/components/ui/time-text';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { plural } from '@/lib/client/format';
import type { OpenToken } from '@/lib/contract/agents';
import { EnrolDialog } from './enrol-dialog';
import classes from './enrolment.module.css';

/** How nodes get into a cluster of agents: tokens that are out, and the shards that a new cluster still lacks. Nothing for other kinds. */
export function EnrolmentPanel() {
  const kind = useCluster((state) => state.summary?.kind ?? null);
  return kind === 'http-agent' ? <div className={classes['below']}><AgentEnrolment /></div> : null;
}

function AgentEnrolment() {
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const [opened, dialog] = useDisclosure(false);
  const tokens = useQuery(api.agents.tokens.queryOptions({ input: { clusterId } }));
  const close = () => { dialog.close(); void tokens.refetch(); };
  return (
    <Panel
      title="Enrolment" note={tokens.data !== undefined && (tokens.data.tokens.length === 0 ? 'no token is out' : `${plural(tokens.data.tokens.length, 'token')} out`)}
      actions={<WriteButton size="xs" write={write} onClick={dialog.open} leftSection={<IconPlus size={14} aria-hidden />}>Enrol a node</WriteButton>}
    >
      <MissingShards />
      {tokens.isError && <ProblemState what="the tokens" problem={toApiProblem(tokens.error)} onRetry={() => void tokens.refetch()} />}
      {tokens.data?.tokens.length === 0 && <p>A node enters with a token: <em>Enrol a node</em> makes one and shows the command to run on its machine.</p>}
      {tokens.data !== undefined && tokens.data.tokens.length > 0 && (
        <ul className={classes['list']} aria-label="Tokens that nobody has used">{tokens.data.tokens.map((token) => <TokenItem key={token.tokenId} token={token} />)}</ul>
      )}
      <EnrolDialog opened={opened} onClose={close} />
    </Panel>
  );
}

function TokenItem({ token }: { readonly token: OpenToken }) {
  const clusterId = useClusterId();
  const api = useApi();
  const queries = useQueryClient();
  const write = useWriteAllowed();
  const nowMs = useNow();
  const revoke = useMutation(api.agents.revokeToken.mutationOptions({ onSettled: () => queries.invalidateQueries({ queryKey: api.agents.tokens.key() }) }));
  return (
    <li>
      <div className={classes['item']}>
        <span>
          <code>{token.tokenId.slice(0, 14)}</code>, made <TimeText atMs={token.createdAtMs} nowMs={nowMs} />, {token.acceptByRule ? 'its node is a member at once' : 'its node waits to be accepted'},{' '}
          {token.expired ? 'expired' : <>good until <TimeText atMs={token.expiresAtMs} /></>}
        </span>
        <WriteButton variant="default" size="xs" write={write} loading={revoke.isPending} onClick={() => revoke.mutate({ clusterId, tokenId: token.tokenId })}>Revoke</WriteButton>
      </div>
      {revoke.error !== null && <ProblemAlert problem={toApiProblem(revoke.error)} />}
    </li>
  );
}

/** A new cluster has members and no shards: they are made once, by an operator. */
function MissingShards() {
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const warning = useCluster((state) => state.summary?.warnings.find(({ code }) => code === 'slots-uncovered')?.message ?? null);
  const make = useMutation(api.agents.createShards.mutationOptions({
    onSuccess: ({ shardsCreated }) => { notifications.show({ withBorder: true, message: `${plural(shardsCreated, 'shard')} made and spread over the nodes.`, closeButtonProps: { 'aria-label': 'Dismiss' } }); },
  }));
  if (warning === null) return null;
  return (
    <Note tone="notice" title="This cluster has no shards yet">
      <p>{warning}. Enrol all nodes that it begins with, then make the shards: they are spread over the members and their zones, empty.</p>
      {make.error !== null && <ProblemAlert problem={toApiProblem(make.error)} />}
      <Group mt="xs"><WriteButton size="xs" write={write} loading={make.isPending} onClick={() => make.mutate({ clusterId })}>Make the shards</WriteButton></Group>
    </Note>
  );
}
