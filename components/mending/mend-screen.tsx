'use client';

import { Button, Checkbox } from '@mantine/core';
import { IconRefresh } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { useState } from 'react';
import { useNodeNames } from '@/components/charts/node-names';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useNow } from '@/components/realtime/use-live-store';
import { useCluster, useLiveView } from '@/components/realtime/use-cluster';
import { Note } from '@/components/ui/note';
import { Panel } from '@/components/ui/panel';
import { RefusalList } from '@/components/ui/refusal-list';
import { EmptyState, LoadingState, ProblemState } from '@/components/ui/states';
import { TimeText } from '@/components/ui/time-text';
import { toApiProblem } from '@/lib/client/api-problem';
import { plural } from '@/lib/client/format';
import type { MendPreview, ShardFinding } from '@/lib/contract/shard-mending';
import { FindingCard } from './finding-card';
import { countsOf, withRefusedTogether } from './mend-words';
import { OrderMending } from './order-mending';
import classes from './mending.module.css';

/** Shards that nobody serves or that were left half moved: what the nodes say, what would be done, and the order to do it. */
export function MendScreen() {
  useLiveView('nodes');
  useLiveView('shards');
  const clusterId = useClusterId();
  const api = useApi();
  const nowMs = useNow();
  // A look is what is ordered by: it changes only when it is asked for, and none is kept for the next visit.
  const look = useQuery(api.mending.preview.queryOptions({ input: { clusterId }, staleTime: Infinity, gcTime: 0, refetchOnWindowFocus: false, retry: false }));
  const [outdated, setOutdated] = useState(false);
  const lookAgain = (because: boolean) => { setOutdated(because); void look.refetch(); };
  return (
    <div className={classes['screen']}>
      <div className={classes['head']}>
        <h1 className={classes['title']}>Mend shards</h1>
        {look.data !== undefined && <span className={classes['dim']}>all nodes asked <TimeText atMs={look.data.lookedAtMs} nowMs={nowMs} /></span>}
        <Button variant="default" loading={look.isFetching} leftSection={<IconRefresh size={14} aria-hidden />} onClick={() => { lookAgain(false); }}>Look again</Button>
        <Link className={`${classes['link'] ?? ''} ${classes['spacer'] ?? ''}`} href={`/${clusterId}/shards`}>All shards</Link>
      </div>
      {outdated && <Note tone="notice" role="status" title="Nothing was done">The nodes said something else than when this was looked at. This is what they say now.</Note>}
      {look.data === undefined && <Panel>{look.isPending ? <LoadingState what="what the nodes say" /> : <ProblemState what="what the nodes say" problem={toApiProblem(look.error)} onRetry={() => void look.refetch()} />}</Panel>}
      {look.data !== undefined && <Found key={look.data.fingerprint} preview={look.data} clusterId={clusterId} onOutdated={() => { lookAgain(true); }} />}
    </div>
  );
}

const NO_IDS: readonly string[] = [];

function Found({ preview, clusterId, onOutdated }: { readonly preview: MendPreview; readonly clusterId: string; readonly onOutdated: () => void }) {
  const nodeIds = useCluster((state) => state.shards?.nodeIds ?? null);
  const names = useNodeNames(nodeIds ?? NO_IDS);
  const [acceptLoss, setAcceptLoss] = useState(false);
  const { findings, refusals } = preview;
  // Where something speaks against it, nothing is done that nobody has chosen.
  const [left, setLeft] = useState<ReadonlySet<ShardFinding>>(new Set(findings.filter(({ caution }) => caution !== null)));
  const counts = countsOf(findings);
  if (findings.length === 0) return <Panel><EmptyState title="There is nothing to mend">Each shard is served by one node, and none is half moved: every node that answers said so just now.</EmptyState></Panel>;
  const possible = findings.filter(({ remedy, remedyWithLoss }) => remedy !== null || (acceptLoss && remedyWithLoss !== null));
  const chosen = possible.filter((finding) => !left.has(finding));
  const isPart = chosen.length < possible.length || chosen.some(({ caution }) => caution !== null);
  const choose = (finding: ShardFinding, isChosen: boolean) => {
    const next = new Set(left);
    if (isChosen) next.delete(finding);
    else next.add(finding);
    setLeft(next);
  };
  return (
    <>
      {refusals.length > 0 && <Note tone="warning" title="Nothing can be mended now"><RefusalList refusals={refusals} nameOf={names.nameOf} /></Note>}
      <Panel title={summaryOf(counts)} note="shards with the same fault and the same remedy stand together">
        <ul className={classes['findings']} aria-label="Findings">
          {(acceptLoss ? findings : withRefusedTogether(findings)).map((finding) => (
            <FindingCard
              key={`${finding.fault} ${finding.ranges[0]!.first}`} finding={finding} names={names} clusterId={clusterId} acceptLoss={acceptLoss}
              chosen={!left.has(finding)} onChosen={(isChosen) => { choose(finding, isChosen); }}
            />
          ))}
        </ul>
        <div className={classes['orders']}>
          {counts.withLoss > 0 && (
            <Checkbox
              checked={acceptLoss} onChange={(event) => { setAcceptLoss(event.currentTarget.checked); }}
              label={`Give up what only gone nodes have of ${plural(counts.withLoss, 'shard')}`} description="Without it these shards wait until their node is back. The name of the cluster is typed to confirm."
            />
          )}
          <OrderMending {...{ preview, chosen, acceptLoss, clusterId, onOutdated }} isPart={isPart} nameOf={names.nameOf} />
        </div>
      </Panel>
    </>
  );
}

function summaryOf({ all, safe, withLoss }: ReturnType<typeof countsOf>): string {
  if (safe === all) return `${plural(all, 'shard')} can be mended without a loss`;
  const parts = [`${plural(all, 'shard')} found`, `${safe.toLocaleString('en-US')} can be mended without a loss`];
  if (withLoss > 0) parts.push(`${withLoss.toLocaleString('en-US')} only with one`);
  const refused = all - safe - withLoss;
  return [...parts, ...(refused > 0 ? [`${refused.toLocaleString('en-US')} refused`] : [])].join(', ');
}
