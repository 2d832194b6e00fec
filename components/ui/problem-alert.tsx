import type { ApiProblem } from '@/lib/client/api-problem';
import { Note } from './note';
import { RefusalList } from './refusal-list';

/** Why an action did not happen: the problem's own words, its fields and its refusals. */
export function ProblemAlert({ problem, title }: { readonly problem: ApiProblem; readonly title?: string }) {
  const refusals = problem.lost ? [] : problem.refusals ?? [];
  const errors = problem.lost ? [] : problem.errors ?? [];
  return (
    <Note tone="critical" role="alert" title={title ?? (problem.lost ? 'No answer from the server' : problem.title)}>
      {refusals.length === 0 && errors.length === 0 && <p>{problem.detail}</p>}
      {refusals.length > 0 && <RefusalList refusals={refusals} />}
      {errors.map((error) => <p key={`${error.pointer} ${error.code}`}>{error.pointer}: {error.detail}</p>)}
    </Note>
  );
}
