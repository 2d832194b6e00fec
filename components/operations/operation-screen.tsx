'use client';

import { Progress } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import dynamic from 'next/dynamic';
import Link from 'next/link';
import { useMemo, useState } from 'react';
import { OperationBrakes } from '@/components/layout/operation-footer';
import { operationTitle, shareOf } from '@/components/layout/operation-progress';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useCluster, useLiveView } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { RefusalList } from '@/components/ui/refusal-list';
import { LoadingState, ProblemState } from '@/components/ui/states';
import { StatusBadge } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatBytes } from '@/lib/client/format';
import { executionWords } from '@/lib/client/status';
import type { Operation } from '@/lib/contract/operation';
import { isTerminal } from '@/lib/contract/vocabulary';
import { ChangeThrottle } from './change-throttle';
import { MendingPanel } from './mending-panel';
import { MovesTable } from './moves-table';
import { OperationNotes } from './operation-notes';
import { doingWords, mendingFigures, positionWords, progressFigures } from './operation-words';
import { ReportPanel } from './report-panel';
import { StageList } from './stage-list';
import { throttleWords } from './throttle-fields';
import { useJournal, type Journal } from './use-journal';
import { useNameOfNode } from './use-name-of-node';
import classes from './operations.module.css';

// The charts are the heavy part of the page, and the brakes must not wait for them.
const PacingPanel = dynamic(() => import('./pacing-panel').then((module) => module.PacingPanel), { loading: () => <Panel><LoadingState what="the charts" /></Panel> });

const NO_MOVES: Journal['moves'] = [];

/** One operation: while it runs how far it is, with its brakes; afterwards its report. */
export function OperationScreen({ operationId }: { readonly operationId: string }) {
  useLiveView('nodes');
  const api = useApi();
  const live = useCluster((state) => state.summary?.operations.find((operation) => operation.id === operationId) ?? null);
  const stored = useQuery(api.operations.get.queryOptions({ input: { operationId }, enabled: live === null }));
  // From its end to the answer with the report the last live picture stays.
  const [last, setLast] = useState<Operation | null>(null);
  if (live !== null && live !== last) setLast(live);
  const operation = live ?? stored.data ?? (last?.id === operationId ? last : null);
  if (operation === null) {
    return stored.error === null
      ? <Panel><LoadingState what="the operation" /></Panel>
      : <Panel><ProblemState what="the operation" problem={toApiProblem(stored.error)} onRetry={() => void stored.refetch()} /></Panel>;
  }
  return <OperationBody operation={operation} />;
}

function OperationBody({ operation }: { readonly operation: Operation }) {
  const nameOf = useNameOfNode();
  const journal = useJournal(operation);
  const bytesPlanned = useMemo(() => bytesOf(journal.data), [journal.data]);
  const hasJournal = operation.progress.movesTotal > 0 && operation.mending === undefined;
  return (
    <div className={classes['screen']}>
      <Head operation={operation} nameOf={nameOf} />
      <ProgressPanel operation={operation} nameOf={nameOf} bytesPlanned={bytesPlanned} />
      {operation.report !== null && <ReportPanel operation={operation} report={operation.report} />}
      {operation.mending !== undefined && <MendingPanel mending={operation.mending} nameOf={nameOf} />}
      {operation.startedAtMs !== null && hasJournal && <PacingPanel operation={operation} startedAtMs={operation.startedAtMs} moves={journal.data?.moves ?? NO_MOVES} nameOf={nameOf} />}
      {hasJournal && <MovesTable operation={operation} journal={journal} nameOf={nameOf} />}
    </div>
  );
}

function Head({ operation, nameOf }: { readonly operation: Operation; readonly nameOf: (nodeId: string) => string }) {
  const clusterId = useClusterId();
  const nowMs = useNow();
  const position = positionWords(operation);
  return (
    <div className={classes['head']}>
      <h1 className={classes['title']}>{operationTitle(operation, nameOf)}</h1>
      <StatusBadge status={executionWords(operation.status)} />
      <span className={classes['dim']}>
        asked for by {operation.createdBy.name} <TimeText atMs={operation.createdAtMs} nowMs={nowMs} />
        {position !== null && <>, {position.toLowerCase()} in the queue</>}
        {operation.startedAtMs !== null && <>, started <TimeText atMs={operation.startedAtMs} nowMs={nowMs} /></>}
        {operation.finishedAtMs !== null && <>, ended <TimeText atMs={operation.finishedAtMs} nowMs={nowMs} /></>}
      </span>
      <Link className={`${classes['spacer'] ?? ''} ${classes['link'] ?? ''}`} href={`/${clusterId}/operations`}>All operations</Link>
    </div>
  );
}

interface ProgressPanelProps {
  readonly operation: Operation;
  readonly nameOf: (nodeId: string) => string;
  readonly bytesPlanned: number | null;
}

function ProgressPanel({ operation, nameOf, bytesPlanned }: ProgressPanelProps) {
  const nowMs = useNow();
  const ended = isTerminal(operation.status);
  const share = shareOf(operation);
  const hasMoves = operation.progress.movesTotal > 0;
  return (
    <Panel title={ended ? 'How it ended' : 'Progress'} {...(hasMoves && { note: throttleWords(operation.throttle) })}>
      <div className={classes['live']}>
        <p className={classes['doing']}>{doingWords(operation)}{operation.statusReason !== null && <span className={classes['reason']}>{operation.statusReason}</span>}</p>
        <OperationNotes operation={operation} nameOf={nameOf} nowMs={nowMs} bytesPlanned={bytesPlanned} formatBytes={formatBytes} />
        {hasMoves && (
          <>
            <Progress value={(share ?? 0) * 100} size="lg" aria-label={`${operationTitle(operation, nameOf)}: done`} />
            <dl className={classes['figures']}>
              {(operation.mending === undefined ? progressFigures(operation.progress, ended) : mendingFigures(operation.progress)).map(({ label, value }) => <div key={label}><dt>{label}</dt><dd>{value}</dd></div>)}
            </dl>
          </>
        )}
        {!ended && (
          <div className={classes['head']}>
            <OperationBrakes operation={operation} />
            {hasMoves && <ChangeThrottle operation={operation} />}
            <span className={classes['dim']}>Client traffic is not affected by pausing or stopping.</span>
          </div>
        )}
        {operation.refusals.length > 0 && <RefusalList refusals={operation.refusals} />}
        <StageList stages={operation.stages} nameOf={nameOf} nowMs={nowMs} />
      </div>
    </Panel>
  );
}

/** Bytes as planned; `null` while not all of the journal is here. */
function bytesOf(journal: Journal | undefined): number | null {
  if (journal === undefined || journal.moves.length < journal.total) return null;
  return journal.moves.reduce((sum, { step }) => sum + (step.kind === 'move' ? step.bytes ?? 0 : 0), 0);
}
