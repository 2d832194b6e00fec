import { ORPCError, type ClientContext, type ClientLink } from '@orpc/client';
import { OpenAPILink } from '@orpc/openapi-client/fetch';
import { api } from '@/lib/contract/api';
import { ProblemSchema } from '@/lib/contract/problem';
import { ProblemError } from './api-problem';
import { IdempotencyKeys } from './idempotency-keys';

/**
 * How calls travel: the contract's routes over fetch, problem+json as errors, a key per
 * mutation attempt. A module of its own, because the contract brings the validator along,
 * and a screen is on the glass sooner without.
 */
const PROBLEM_TYPE = 'application/problem+json';
/** An answer that comes from what stands before the server says nothing about the effect. */
const UNDECIDED_STATUSES: readonly number[] = [502, 504];

export type ApiLink = ClientLink<ClientContext>;

export interface ApiClientOptions {
  /** Base of the API, such as https://host/api/v1. */
  readonly url: string;
  readonly fetch: (request: Request, init?: RequestInit) => Promise<Response>;
  readonly nextKey: () => string;
}

export function createApiLink(options: ApiClientOptions): ApiLink {
  const keys = new IdempotencyKeys(options.nextKey);
  return new OpenAPILink(api, {
    url: options.url,
    headers: (_options, path, input) => (isMutation(path) ? { 'idempotency-key': keys.keyFor(path, input) } : {}),
    fetch: async (request, init) => asJson(await options.fetch(request, init)),
    customErrorResponseBodyDecoder: errorOfProblem,
    interceptors: [async ({ path, input, ...call }) => {
      if (!isMutation(path)) return call.next();
      try {
        const answer = await call.next();
        keys.answered(path, input);
        return answer;
      } catch (error) {
        if (error instanceof ORPCError && !UNDECIDED_STATUSES.includes(error.status)) keys.answered(path, input);
        throw error;
      }
    }],
  });
}

function isMutation(path: readonly string[]): boolean {
  let at: unknown = api;
  for (const part of path) at = (at as Record<string, unknown>)[part];
  return (at as { '~orpc': { route: { method?: string } } })['~orpc'].route.method !== 'GET';
}

/** `null`: not a problem, and oRPC makes of it what it can. */
function errorOfProblem(body: unknown): ProblemError | null {
  const parsed = ProblemSchema.safeParse(body);
  return parsed.success ? new ProblemError(parsed.data) : null;
}

/** oRPC parses only application/json, and a problem is JSON under another name. */
function asJson(response: Response): Response {
  if (!(response.headers.get('content-type') ?? '').startsWith(PROBLEM_TYPE)) return response;
  const headers = new Headers(response.headers);
  headers.set('content-type', 'application/json');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
