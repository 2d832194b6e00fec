'use client';

import { Button, UnstyledButton } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useVirtualizer } from '@tanstack/react-virtual';
import { parseAsArrayOf, parseAsStringLiteral, useQueryState } from 'nuqs';
import { useMemo, useRef } from 'react';
import { useCluster, useLiveView } from '@/components/realtime/use-cluster';
import { Panel } from '@/components/ui/panel';
import { EmptyState, LoadingState, NoMatchState, ProblemState } from '@/components/ui/states';
import { StatusBadge } from '@/components/ui/status-badge';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatBytes, formatCount, formatCountShort, formatDuration } from '@/lib/client/format';
import { moveWords } from '@/lib/client/status';
import type { MoveRecord, MoveStatus, Operation } from '@/lib/contract/operation';
import { MOVE_STATUSES } from '@/lib/contract/vocabulary';
import { reasonWords, stepWords } from './plan-words';
import type { Journal } from './use-journal';
import classes from './moves-table.module.css';

const ROW_PX = 44;
const NO_MOVES: readonly MoveRecord[] = [];

interface MovesTableProps {
  readonly operation: Operation;
  readonly journal: UseQueryResult<Journal>;
  readonly nameOf: (nodeId: string) => string;
}

/** The journal of an operation: every move with its stage, tries and reason. Only the rows in sight exist in the page. */
export function MovesTable({ operation, journal, nameOf }: MovesTableProps) {
  useLiveView('moves');
  const [chosen, setChosen] = useQueryState('moves', parseAsArrayOf(parseAsStringLiteral(MOVE_STATUSES)).withDefault([]));
  const moves = useLiveMoves(operation.id, journal.data?.moves ?? NO_MOVES);
  const counts = useMemo(() => countsOf(moves), [moves]);
  const rows = useMemo(() => (chosen.length === 0 ? moves : moves.filter(({ status }) => chosen.includes(status))), [moves, chosen]);
  const total = journal.data?.total ?? operation.progress.movesTotal;
  const toggle = (status: MoveStatus) => void setChosen(chosen.includes(status) ? chosen.filter((each) => each !== status) : [...chosen, status]);
  return (
    <Panel
      title="Moves" flush note={`${formatCount(total)} in plan order${moves.length > 0 && moves.length < total ? `; the first ${formatCount(moves.length)} are here, the file has all` : ''}`}
      actions={<Button component="a" variant="default" href={`/api/v1/operations/${operation.id}/moves.csv`} download>Journal as CSV</Button>}
    >
      {journal.isPending && <LoadingState what="moves" />}
      {journal.error !== null && <ProblemState what="moves" problem={toApiProblem(journal.error)} onRetry={() => void journal.refetch()} />}
      {journal.data !== undefined && (
        <div className={classes['filters']} role="group" aria-label="Show only moves that are">
          {MOVE_STATUSES.filter((status) => (counts.get(status) ?? 0) > 0 || chosen.includes(status)).map((status) => (
            <UnstyledButton key={status} className={classes['filter'] ?? ''} aria-pressed={chosen.includes(status)} onClick={() => { toggle(status); }}>
              {moveWords(status).label} {formatCount(counts.get(status) ?? 0)}
            </UnstyledButton>
          ))}
        </div>
      )}
      {journal.data !== undefined && moves.length === 0 && <EmptyState title="It has no moves">What it does needs no data to go anywhere.</EmptyState>}
      {moves.length > 0 && rows.length === 0 && <NoMatchState what="moves" total={moves.length} onClear={() => void setChosen([])} />}
      {rows.length > 0 && <Rows rows={rows} nameOf={nameOf} />}
    </Panel>
  );
}

/** The journal with what is on its way as it is now. */
function useLiveMoves(operationId: string, moves: readonly MoveRecord[]): readonly MoveRecord[] {
  const live = useCluster((state) => state.moves);
  return useMemo(() => {
    const inFlight = new Map(live?.filter((move) => move.operationId === operationId).map((move) => [move.index, move]));
    if (inFlight.size === 0) return moves;
    return moves.map((move) => {
      const now = inFlight.get(move.index);
      return now === undefined ? move : { ...move, status: now.status, bytesDone: now.bytesDone };
    });
  }, [operationId, moves, live]);
}

function countsOf(moves: readonly MoveRecord[]): ReadonlyMap<MoveStatus, number> {
  const counts = new Map<MoveStatus, number>();
  for (const { status } of moves) counts.set(status, (counts.get(status) ?? 0) + 1);
  return counts;
}

const HEADS = ['#', 'Shard', 'From and to', 'Stage', 'Data', 'Keys', 'Took', 'Why'] as const;

function Rows({ rows, nameOf }: { readonly rows: readonly MoveRecord[]; readonly nameOf: (nodeId: string) => string }) {
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called in this component only, nothing memoised takes them
  const virtualizer = useVirtualizer({ count: rows.length, getScrollElement: () => scroller.current, estimateSize: () => ROW_PX, overscan: 10 });
  return (
    <div ref={scroller} className={classes['scroller']} tabIndex={0} role="region" aria-label="Moves of the operation">
      <div role="table" aria-label="Moves" aria-rowcount={rows.length + 1}>
        <div role="row" aria-rowindex={1} className={`${classes['row'] ?? ''} ${classes['head'] ?? ''}`}>{HEADS.map((head) => <span key={head} role="columnheader">{head}</span>)}</div>
        <div role="rowgroup" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
          {virtualizer.getVirtualItems().map((item) => (
            <div key={item.key} ref={virtualizer.measureElement} data-index={item.index} role="row" aria-rowindex={item.index + 2} className={`${classes['row'] ?? ''} ${classes['placed'] ?? ''}`} style={{ transform: `translateY(${item.start}px)` }}>
              <MoveCells move={rows[item.index]!} nameOf={nameOf} />
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

function MoveCells({ move, nameOf }: { readonly move: MoveRecord; readonly nameOf: (nodeId: string) => string }) {
  const { step, failure } = move;
  const failed = failure !== null && move.status !== 'done';
  return (
    <>
      <span role="cell" className={classes['dim']}>{formatCount(move.index + 1)}</span>
      <span role="cell">{formatCount(step.shardId)}</span>
      <span role="cell" className={classes['way']}>{nameOf(step.sourceNodeId)} → {nameOf(step.targetNodeId)}</span>
      <span role="cell"><StatusBadge status={moveWords(move.status)} />{move.attempt > 1 && <span className={classes['dim']}> try {formatCount(move.attempt)}</span>}</span>
      <span role="cell">{dataWords(move)}</span>
      <span role="cell">{step.kind === 'transfer' ? '–' : formatCountShort(move.keysDone)}</span>
      <span role="cell">{move.startedAtMs !== null && move.finishedAtMs !== null ? formatDuration(move.finishedAtMs - move.startedAtMs) : '–'}</span>
      <span role="cell" className={classes['why']} data-failed={failed || undefined}>{failed ? failureWords(failure, move) : `${stepWords(step)}; ${reasonWords(step.reason)}`}</span>
    </>
  );
}

function failureWords({ message, retryable }: NonNullable<MoveRecord['failure']>, { status }: MoveRecord): string {
  return retryable && status === 'pending' ? `${message}; it will be tried again` : message;
}

/** A role that is handed over carries no data. */
function dataWords({ step, status, bytesDone }: MoveRecord): string {
  if (step.kind === 'transfer') return 'no data';
  if (status === 'done') return formatBytes(bytesDone);
  return status === 'pending' ? formatBytes(step.bytes) : `${formatBytes(bytesDone)} of ${formatBytes(step.bytes)}`;
}
