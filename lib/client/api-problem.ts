import { ORPCError } from '@orpc/client';
import { ProblemSchema, type Problem } from '@/lib/contract/problem';

/**
 * Every way in which a call to the API can fail, as one type. `lost`: no answer came, so
 * nobody knows whether it was done; the same call with the same key may be sent again.
 */
export type ApiProblem = { readonly lost: false } & Problem | { readonly lost: true; readonly detail: string };

/** problem+json -> the error that oRPC throws; the problem travels as its data. `null` when it is not a problem. */
export function errorOfProblem(body: unknown, status: number): ORPCError<string, Problem> | null {
  const parsed = ProblemSchema.safeParse(body);
  if (!parsed.success) return null;
  const problem = parsed.data;
  return new ORPCError<string, Problem>(problem.code, { status, message: problem.detail, data: problem });
}

/** What went wrong, from whatever a call threw. */
export function toApiProblem(error: unknown): ApiProblem {
  if (!(error instanceof ORPCError)) return { lost: true, detail: 'The server did not answer. It is not known whether the request was carried out.' };
  const answered = error as ORPCError<string, unknown>;
  const problem = ProblemSchema.safeParse(answered.data);
  if (problem.success) return { lost: false, ...problem.data };
  const { status, code, message } = answered;
  return { lost: false, type: 'about:blank', title: 'The server answered with an error', status, code, detail: message };
}

/** RFC 6901 pointer into the body -> the path of a form field: "/connection/seeds/0" -> "connection.seeds.0". */
export function fieldOfPointer(pointer: string): string {
  return pointer.replace(/^#?\/?/, '').split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).join('.');
}
