'use client';

import { Progress } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { OperationBrakes } from '@/components/layout/operation-footer';
import { operationTitle, progressWords, shareDone } from '@/components/layout/operation-progress';
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
import { executionWords, stageWords } from '@/lib/client/status';
import type { Operation, Stage } from '@/lib/contract/operation';
import { isTerminal } from '@/lib/contract/vocabulary';
import { ChangeThrottle } from './change-throttle';
import { MovesTable } from './moves-table';
import { useNameOfNode } from './use-name-of-node';
import { ReportPanel } from './report-panel';
import { throttleWords } from './throttle-fields';
import classes from './operations.module.css';

const STAGE_WORDS: Readonly<Record<Stage['kind'], string>> = {
  'provision': 'Make a node', 'join': 'Join', 'cordon': 'Cordon', 'plan': 'Make the plan', 'execute-plan': 'Run the moves', 'verify-empty': 'Verify empty on the node', 'leave': 'Leave', 'deprovision': 'Give the node back',
};

/** One operation: while it runs how far it is, with its brakes; afterwards its report. */
export function OperationScreen({ operationId }: { readonly operationId: string }) {
  useLiveView('nodes');
  const api = useApi();
  const live = useCluster((state) => state.summary?.operations.find((operation) => operation.id === operationId) ?? null);
  const stored = useQuery(api.operations.get.queryOptions({ input: { operationId }, enabled: live === null }));
  const operation = live ?? stored.data ?? null;
  if (operation === null) {
    return stored.error === null
      ? <Panel><LoadingState what="the operation" /></Panel>
      : <Panel><ProblemState what="the operation" problem={toApiProblem(stored.error)} onRetry={() => void stored.refetch()} /></Panel>;
  }
  return <OperationBody operation={operation} />;
}

function OperationBody({ operation }: { readonly operation: Operation }) {
  const clusterId = useClusterId();
  const nameOf = useNameOfNode();
  const nowMs = useNow();
  const ended = isTerminal(operation.status);
  const title = operationTitle(operation, nameOf);
  return (
    <div className={classes['screen']}>
      <div className={classes['head']}>
        <h1 className={classes['title']}>{title}</h1>
        <StatusBadge status={executionWords(operation.status)} />
        <span className={classes['dim']}>
          by {operation.createdBy.name}, {operation.startedAtMs === null ? <>queued <TimeText atMs={operation.createdAtMs} nowMs={nowMs} /></> : <>started <TimeText atMs={operation.startedAtMs} nowMs={nowMs} /></>}
          {operation.finishedAtMs !== null && <>, ended <TimeText atMs={operation.finishedAtMs} nowMs={nowMs} /></>}
        </span>
        <Link className={`${classes['spacer'] ?? ''} ${classes['link'] ?? ''}`} href={`/${clusterId}/operations`}>All operations</Link>
      </div>
      <Panel title={ended ? 'How it ended' : 'Progress'} note={throttleWords(operation.throttle)}>
        <div className={classes['live']}>
          {operation.statusReason !== null && <p className={classes['verdict']}>{operation.statusReason}</p>}
          {operation.stages.length > 1 && <Stages operation={operation} />}
          {operation.progress.movesTotal > 0 && (
            <div>
              <Progress value={(shareDone(operation.progress) ?? 0) * 100} size="lg" aria-label={`${title}: done`} />
              <p className={classes['dim']}>{progressWords(ended ? { ...operation.progress, bytesPerSecond: null, secondsLeft: null } : operation.progress)}</p>
            </div>
          )}
          {operation.refusals.length > 0 && <RefusalList refusals={operation.refusals} />}
          {!ended && <div className={classes['head']}><OperationBrakes operation={operation} />{operation.progress.movesTotal > 0 && <ChangeThrottle operation={operation} />}</div>}
        </div>
      </Panel>
      {operation.report !== null && <ReportPanel operation={operation} report={operation.report} />}
      {operation.progress.movesTotal > 0 && <MovesTable operation={operation} nameOf={nameOf} />}
    </div>
  );
}

/** One stage alone would only repeat the state of the operation. */
function Stages({ operation }: { readonly operation: Operation }) {
  return (
    <ol className={classes['stages']} aria-label="Stages">
      {operation.stages.map((stage, index) => (
        <li key={`${stage.kind} ${index}`}>
          <StatusBadge status={stageWords(stage.status)} /> {STAGE_WORDS[stage.kind]}
          {stage.message !== null && <span className={classes['dim']}>{stage.message}</span>}
        </li>
      ))}
    </ol>
  );
}
