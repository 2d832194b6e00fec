'use client';

import { ActionIcon, Button, TextInput } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { IconKey, IconX } from '@tabler/icons-react';
import { useState } from 'react';
import { NodeLink, type NodeNames } from '@/components/charts/node-names';
import { useApi } from '@/components/realtime/live-provider';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { StatusBadge } from '@/components/ui/status-badge';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatCount } from '@/lib/client/format';
import type { LocatedKey } from '@/lib/contract/routing';
import { keyParts, methodWords } from './key-words';
import type { SetShardUrl } from './shard-url';
import classes from './shard-map.module.css';

const KEY_CHARACTERS_MAX = 1_024;
/** A key may move while its place is shown. */
const REFRESH_MS = 5_000;

export interface KeyFinderProps {
  readonly clusterId: string;
  /** As in the address; empty = nobody asks. */
  readonly asked: string;
  readonly setUrl: SetShardUrl;
  readonly names: NodeNames;
}

/** "Where is this key?": the shard, who has it, and what of the key decides that. */
export function KeyFinder({ clusterId, asked, setUrl, names }: KeyFinderProps) {
  const api = useApi();
  const [typed, setTyped] = useState(asked);
  const [shown, setShown] = useState(asked);
  // The address changed under us: back, forward, or the command palette.
  if (shown !== asked) {
    setShown(asked);
    setTyped(asked);
  }
  const found = useQuery(api.routing.locate.queryOptions({ input: { clusterId, key: asked }, enabled: asked !== '', refetchInterval: REFRESH_MS, placeholderData: keepPreviousData }));
  return (
    <section aria-label="Where is this key?" className={classes.finder}>
      <form role="search" className={classes.finderForm} onSubmit={(event) => { event.preventDefault(); void setUrl({ key: typed }); }}>
        <TextInput
          aria-label="Where is this key?" placeholder="Where is this key?" size="xs" maxLength={KEY_CHARACTERS_MAX} value={typed} onChange={(event) => setTyped(event.currentTarget.value)}
          leftSection={<IconKey size={14} aria-hidden />} autoComplete="off" autoCapitalize="off" spellCheck={false} className={classes.finderField}
          rightSection={asked !== '' && <ActionIcon variant="subtle" size="sm" color="gray" aria-label="Ask for no key" onClick={() => { setTyped(''); void setUrl({ key: '' }); }}><IconX size={14} aria-hidden /></ActionIcon>}
        />
        <Button type="submit" size="xs" variant="default" disabled={typed === ''}>Find</Button>
      </form>
      {asked !== '' && found.data !== undefined && <Place located={found.data} names={names} clusterId={clusterId} onShow={(shard) => void setUrl({ shard })} />}
      {asked !== '' && found.isError && <ProblemAlert title="It cannot be told" problem={toApiProblem(found.error)} />}
    </section>
  );
}

function Place({ located, names, clusterId, onShow }: { readonly located: LocatedKey; readonly names: NodeNames; readonly clusterId: string; readonly onShow: (shardId: number) => void }) {
  const { shardId, primaryNodeId, secondaryNodeIds, followerNodeIds, moving, address } = located;
  const primaryName = primaryNodeId === null ? null : names.nameOf(primaryNodeId);
  const links = (nodeIds: readonly string[]) => nodeIds.map((nodeId) => <div key={nodeId}><NodeLink nodeId={nodeId} names={names} clusterId={clusterId} /></div>);
  const { before, hashed, after } = keyParts(located);
  return (
    <dl className={`${classes.facts} ${classes.finderPlace}`} aria-live="polite">
      <dt>Key</dt>
      <dd className={classes.finderKey}><code>{before}<mark>{hashed}</mark>{after}</code></dd>
      <dt>{located.method === 'redis-slot' ? 'Slot' : 'Shard'}</dt>
      <dd><Button variant="subtle" size="compact-xs" className={classes.finderShard} onClick={() => onShow(shardId)}>{formatCount(shardId)}</Button> {methodWords(located)}</dd>
      <dt>Primary</dt>
      <dd>
        {primaryNodeId === null ? <StatusBadge status={{ tone: 'critical', label: 'No primary' }} /> : <NodeLink nodeId={primaryNodeId} names={names} clusterId={clusterId} />}
        {address !== null && address !== primaryName && <span className={classes.finderAddress}> {address}</span>}
      </dd>
      {followerNodeIds.length > 0 && <><dt>Mirrored by</dt><dd>{links(followerNodeIds)}</dd></>}
      {(secondaryNodeIds.length > 0 || followerNodeIds.length === 0) && <><dt>Secondaries</dt><dd>{secondaryNodeIds.length === 0 ? 'none on record' : links(secondaryNodeIds)}</dd></>}
      {moving !== null && (
        <>
          <dt>Moving</dt>
          <dd>from {names.nameOf(moving.sourceNodeId)} to {names.nameOf(moving.targetNodeId)}</dd>
        </>
      )}
    </dl>
  );
}
