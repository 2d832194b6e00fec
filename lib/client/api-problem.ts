import { ORPCError } from '@orpc/client';
import type { Problem } from '@/lib/contract/problem';

/** A problem that the server answered, as an error. */
export class ProblemError extends ORPCError<string, Problem> {
  constructor(problem: Problem) {
    super(problem.code, { status: problem.status, message: problem.detail, data: problem });
  }
}

/**
 * Every way in which a call to the API can fail, as one type. `lost`: no answer came, so
 * nobody knows whether it was done; the same call with the same key may be sent again.
 */
export type ApiProblem = { readonly lost: false } & Problem | { readonly lost: true; readonly detail: string };

/** What went wrong, from whatever a call threw. */
export function toApiProblem(error: unknown): ApiProblem {
  if (error instanceof ProblemError) return { lost: false, ...error.data };
  if (!(error instanceof ORPCError)) return { lost: true, detail: 'The server did not answer. It is not known whether the request was carried out.' };
  const { status, code, message } = error as ORPCError<string, unknown>;
  return { lost: false, type: 'about:blank', title: 'The server answered with an error', status, code, detail: message };
}

/** RFC 6901 pointer into the body -> the path of a form field: "#/connection/seeds/0" -> "connection.seeds.0". */
export function fieldOfPointer(pointer: string): string {
  return pointer.replace(/^#?\/?/, '').split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~')).join('.');
}
