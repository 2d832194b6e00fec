import { Alert } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { ApiProblem } from '@/lib/client/api-problem';
import { RefusalList } from './refusal-list';

/** Why an action did not happen: the problem's own words, its fields and its refusals. */
export function ProblemAlert({ problem, title }: { readonly problem: ApiProblem; readonly title?: string }) {
  const heading = title ?? (problem.lost ? 'No answer from the server' : problem.title);
  return (
    <Alert color="red" variant="light" icon={<IconAlertTriangle size={18} />} title={heading} role="alert">
      {(problem.lost || problem.refusals === undefined || problem.refusals.length === 0) && <p style={{ margin: 0 }}>{problem.detail}</p>}
      {!problem.lost && problem.refusals !== undefined && <RefusalList refusals={problem.refusals} />}
      {!problem.lost && problem.errors?.map((error) => <p key={`${error.pointer} ${error.code}`} style={{ margin: 0 }}>{error.pointer}: {error.detail}</p>)}
    </Alert>
  );
}
