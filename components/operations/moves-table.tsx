'use client';

import { Pagination } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { parseAsInteger, useQueryState } from 'nuqs';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useLiveView } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { LoadingState, ProblemState } from '@/components/ui/states';
import { StatusBadge } from '@/components/ui/status-badge';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatBytes, formatCount, formatDuration } from '@/lib/client/format';
import { moveWords } from '@/lib/client/status';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import { isTerminal } from '@/lib/contract/vocabulary';
import { reasonWords } from './plan-words';
import classes from './operations.module.css';

const PAGE_SIZE = 50;
/** The journal is asked for so often while moves end; those in flight are live. */
const REFRESH_MS = 2_000;

/** The journal of an operation: every move with its stage, tries and reason. */
export function MovesTable({ operation, nameOf }: { readonly operation: Operation; readonly nameOf: (nodeId: string) => string }) {
  useLiveView('moves');
  const api = useApi();
  const [page, setPage] = useQueryState('page', parseAsInteger.withDefault(1));
  const live = useCluster((state) => state.moves);
  const input = { operationId: operation.id, limit: PAGE_SIZE, ...(page > 1 && { cursor: String((page - 1) * PAGE_SIZE) }) };
  const list = useQuery(api.operations.moves.queryOptions({ input, placeholderData: keepPreviousData, refetchInterval: isTerminal(operation.status) ? false : REFRESH_MS }));
  const inFlight = new Map(live?.filter((move) => move.operationId === operation.id).map((move) => [move.index, move]));
  const pages = Math.ceil((list.data?.total ?? 0) / PAGE_SIZE);
  return (
    <Panel title="Moves" note={`${formatCount(operation.progress.movesTotal)} in plan order`}>
      {list.isPending && <LoadingState what="moves" />}
      {list.error !== null && <ProblemState what="moves" problem={toApiProblem(list.error)} onRetry={() => void list.refetch()} />}
      {list.data !== undefined && (
        <div className={classes['tableScroll']} tabIndex={0} role="region" aria-label="Moves of the operation">
          <table className={classes['table']}>
            <thead><tr><th scope="col">#</th><th scope="col">Shard</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Stage</th><th scope="col">Data</th><th scope="col">Took</th><th scope="col">Why</th></tr></thead>
            <tbody>
              {list.data.moves.map((move) => <MoveRow key={move.index} move={{ ...move, ...statusOf(inFlight.get(move.index)) }} nameOf={nameOf} />)}
            </tbody>
          </table>
        </div>
      )}
      {pages > 1 && <Pagination mt="sm" size="sm" total={pages} value={page} onChange={(next) => void setPage(next)} getControlProps={(control) => ({ 'aria-label': `${control} page` })} />}
    </Panel>
  );
}

function statusOf(live: { readonly status: MoveRecord['status']; readonly bytesDone: number } | undefined): Partial<Pick<MoveRecord, 'status' | 'bytesDone'>> {
  return live === undefined ? {} : { status: live.status, bytesDone: live.bytesDone };
}

function MoveRow({ move, nameOf }: { readonly move: MoveRecord; readonly nameOf: (nodeId: string) => string }) {
  const { step } = move;
  return (
    <tr>
      <td>{formatCount(move.index + 1)}</td>
      <th scope="row">{formatCount(step.shardId)}</th>
      <td>{nameOf(step.sourceNodeId)}</td>
      <td>{nameOf(step.targetNodeId)}</td>
      <td><StatusBadge status={moveWords(move.status)} {...(move.failure !== null && { title: move.failure.message })} />{move.attempt > 1 && <span className={classes['dim']}> try {move.attempt}</span>}</td>
      <td>{dataWords(move)}</td>
      <td>{move.startedAtMs !== null && move.finishedAtMs !== null ? formatDuration(move.finishedAtMs - move.startedAtMs) : '–'}</td>
      <td className={classes['dim']}>{move.failure !== null && move.status === 'failed' ? move.failure.message : reasonWords(step.reason)}</td>
    </tr>
  );
}

/** A role that is handed over carries no data. */
function dataWords({ step, status, bytesDone }: MoveRecord): string {
  if (step.kind === 'transfer') return 'no data';
  if (status === 'done') return formatBytes(bytesDone);
  return status === 'pending' ? formatBytes(step.bytes) : `${formatBytes(bytesDone)} of ${formatBytes(step.bytes)}`;
}
