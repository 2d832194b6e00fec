'use client';

import { Button, MultiSelect } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { parseAsArrayOf, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs';
import { operationTitle } from '@/components/layout/operation-progress';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useNow } from '@/components/realtime/use-live-store';
import { ApiCall } from '@/components/ui/api-call';
import { Panel } from '@/components/ui/panel';
import { EmptyState, LoadingState, NoMatchState, ProblemState } from '@/components/ui/states';
import { StatusBadge } from '@/components/ui/status-badge';
import { TimeText } from '@/components/ui/time-text';
import { toApiProblem } from '@/lib/client/api-problem';
import { formatBytes, formatDuration } from '@/lib/client/format';
import { executionWords } from '@/lib/client/status';
import type { Operation } from '@/lib/contract/operation';
import { OPERATION_KINDS, TERMINAL_STATUSES } from '@/lib/contract/vocabulary';
import { KIND_LABELS } from './operation-words';
import { useNameOfNode } from './use-name-of-node';
import classes from './operations.module.css';

const PAGE_SIZE = 25;
const NOTHING = { kind: [], status: [], before: '' };
const QUERY = {
  kind: parseAsArrayOf(parseAsStringLiteral(OPERATION_KINDS)).withDefault([]),
  status: parseAsArrayOf(parseAsStringLiteral(TERMINAL_STATUSES)).withDefault([]),
  before: parseAsString.withDefault(''),
};
const KINDS = OPERATION_KINDS.map((value) => ({ value, label: KIND_LABELS[value] }));
const STATUSES = TERMINAL_STATUSES.map((value) => ({ value, label: executionWords(value).label }));

/** What has ended, newest first, filtered by the address. */
export function OperationHistory() {
  const clusterId = useClusterId();
  const api = useApi();
  const [{ kind, status, before }, setFilter] = useQueryStates(QUERY, { history: 'push' });
  const filtered = kind.length > 0 || status.length > 0;
  const filter = { limit: PAGE_SIZE, status: status.length > 0 ? status : [...TERMINAL_STATUSES], ...(kind.length > 0 && { kind }), ...(before !== '' && { cursor: before }) };
  const list = useQuery(api.operations.list.queryOptions({ input: { clusterId, ...filter }, placeholderData: keepPreviousData }));
  const operations = list.data?.operations ?? [];
  const next = list.data?.nextCursor ?? null;
  const clear = () => void setFilter(NOTHING);
  return (
    <Panel
      title="History" note="newest first"
      actions={(
        <>
          <MultiSelect size="xs" aria-label="Kinds" placeholder={kind.length === 0 ? 'All kinds' : ''} data={KINDS} value={kind} clearable onChange={(chosen) => void setFilter({ kind: OPERATION_KINDS.filter((each) => chosen.includes(each)), before: '' })} className={classes['filter'] ?? ''} />
          <MultiSelect size="xs" aria-label="Ended as" placeholder={status.length === 0 ? 'However ended' : ''} data={STATUSES} value={status} clearable onChange={(chosen) => void setFilter({ status: TERMINAL_STATUSES.filter((each) => chosen.includes(each)), before: '' })} className={classes['filter'] ?? ''} />
          <ApiCall method="GET" path={`/clusters/${clusterId}/operations${queryOf(kind, status)}`} />
        </>
      )}
    >
      {list.isPending && <LoadingState what="operations" />}
      {list.error !== null && <ProblemState what="operations" problem={toApiProblem(list.error)} onRetry={() => void list.refetch()} />}
      {list.data !== undefined && operations.length === 0 && (filtered
        ? <NoMatchState what="operations" onClear={clear} />
        : <EmptyState title={before === '' ? 'No operation has ended yet' : 'No older operation'}>{before === '' && 'How each one ended, and its report, will be kept here.'}</EmptyState>)}
      {operations.length > 0 && <HistoryTable operations={operations} />}
      <div className={classes['pages']}>
        {before !== '' && <Button variant="default" onClick={() => void setFilter({ before: '' })}>Newest</Button>}
        {next !== null && <Button variant="default" onClick={() => void setFilter({ before: next })}>Older</Button>}
      </div>
    </Panel>
  );
}

function HistoryTable({ operations }: { readonly operations: readonly Operation[] }) {
  const clusterId = useClusterId();
  const nowMs = useNow();
  const nameOf = useNameOfNode();
  return (
    <div className={classes['tableScroll']} tabIndex={0} role="region" aria-label="Ended operations">
      <table className={classes['table']}>
        <thead><tr><th scope="col">Operation</th><th scope="col">Ended as</th><th scope="col">Moves</th><th scope="col">Data</th><th scope="col">Took</th><th scope="col">Asked by</th><th scope="col">Ended</th><th scope="col">Report</th></tr></thead>
        <tbody>
          {operations.map((operation) => (
            <tr key={operation.id}>
              <th scope="row"><Link className={classes['link']} href={`/${clusterId}/operations/${operation.id}`}>{operationTitle(operation, nameOf)}</Link></th>
              <td><StatusBadge status={executionWords(operation.status)} {...(operation.statusReason !== null && { title: operation.statusReason })} />{operation.reversedBy !== null && <span className={classes['dim']}> taken back</span>}</td>
              <td>{operation.progress.movesTotal === 0 ? '–' : `${operation.progress.movesDone.toLocaleString('en-US')} of ${operation.progress.movesTotal.toLocaleString('en-US')}`}</td>
              <td>{operation.progress.movesTotal === 0 ? '–' : formatBytes(operation.progress.bytesDone)}</td>
              <td>{operation.startedAtMs !== null && operation.finishedAtMs !== null ? formatDuration(operation.finishedAtMs - operation.startedAtMs) : 'did not start'}</td>
              <td>{operation.createdBy.name}</td>
              <td>{operation.finishedAtMs === null ? '–' : <TimeText atMs={operation.finishedAtMs} nowMs={nowMs} />}</td>
              <td>{operation.report === null ? '–' : <Link className={classes['link']} href={`/${clusterId}/operations/${operation.id}#report`} aria-label={`Report of ${operationTitle(operation, nameOf)}`}>Report</Link>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function queryOf(kind: readonly string[], status: readonly string[]): string {
  const query = new URLSearchParams([...kind.map((one, index) => [`kind[${index}]`, one]), ...status.map((one, index) => [`status[${index}]`, one])]).toString();
  return query === '' ? '' : `?${query}`;
}
