import type { ORPCError } from '@orpc/server';
import { StandardOpenAPIHandler } from '@orpc/openapi/standard';
import type { Actor } from '@/lib/contract/primitives';
import type { Problem } from '@/lib/contract/problem';
import type { Fleet } from '@/lib/manager/fleet';
import type { ManagerLogger } from '@/lib/manager/manager-logger';
import type { AgentAdmin } from '@/lib/manager/ports';
import type { Store } from '@/lib/contract/storage';
import { jsonInTurns } from '@/lib/platform/json-in-turns';
import type { Clock } from '@/lib/platform/clock';
import { accessRequestOf, type Authorize } from './authorize';
import type { ApiContext, Conditional } from './context';
import { digestOfRequest, IDEMPOTENCY_KEY, IdempotentRuns, type Answer, type AnswerRecorder } from './idempotency';
import { createOpenApiDocument } from './open-api-document';
import { fieldErrorsOf, invalidRequest, pointerOf, problem, type ValidationIssue } from './problems';
import { checkFields, readBody } from './request-input';
import { router } from './router';
import { matchRoute, type Route, type RouteMatch } from './routes';

export const API_BASE_PATH = '/api/v1';

export interface ApiHandlerOptions {
  readonly fleet: Fleet;
  readonly agents: AgentAdmin;
  readonly store: Pick<Store, 'answer' | 'commit'>;
  readonly clock: Clock;
  readonly authorize: Authorize;
  readonly logger: ManagerLogger;
  readonly version: string;
}

export interface ApiHandler {
  /** Answers a request below API_BASE_PATH. Never rejects: what fails is a problem (RFC 9457). */
  handle(request: Request): Promise<Response>;
}

/**
 * The HTTP API: route -> permission -> input -> command -> answer. oRPC parses, validates
 * and encodes by the contract; around it stands what a contract cannot say.
 *
 * Input is not coerced in general: a number sent as text in a JSON body is an error. The
 * few numbers of query strings say so themselves in the contract (`z.coerce`).
 */
export function createApiHandler(options: ApiHandlerOptions): ApiHandler {
  const { clock, logger } = options;
  const onStoreFailure = (error: unknown) => logger.error({ err: error }, 'The remembered answers cannot be read');
  const parts: Parts = {
    ...options,
    runs: new IdempotentRuns(options.store, clock, onStoreFailure),
    operations: new StandardOpenAPIHandler<ApiContext>(router, { customErrorResponseBodyEncoder: (error: ORPCError<string, unknown>) => problemOf(error, logger) }),
    document: undefined,
  };
  return {
    async handle(request) {
      const startedMs = clock.monotonicMs();
      let response: Response;
      try {
        response = await answer(parts, request);
      } catch (error) {
        logger.error({ err: error, method: request.method, path: new URL(request.url).pathname }, 'A request failed unexpectedly');
        response = problemResponse(unexpected);
      }
      if (!['GET', 'HEAD'].includes(request.method)) {
        logger.info({ method: request.method, path: new URL(request.url).pathname, status: response.status, tookMs: Math.round(clock.monotonicMs() - startedMs) }, 'request');
      }
      return request.method === 'HEAD' ? new Response(null, response) : response;
    },
  };
}

interface Parts extends ApiHandlerOptions {
  readonly runs: IdempotentRuns;
  readonly operations: StandardOpenAPIHandler<ApiContext>;
  /** Made at the first request for it. */
  document: Promise<string> | undefined;
}

const unexpected = problem(500, 'internal-error', 'The request failed unexpectedly; the server has logged why');

async function answer(parts: Parts, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const path = url.pathname.slice(API_BASE_PATH.length);
  const isDocument = path === '/openapi.json';
  const match = isDocument ? matchDocument(request.method) : matchRoute(request.method, path);
  const routeId = match.kind === 'route' ? match.route.id : 'openapi';
  const access = parts.authorize(accessRequestOf(routeId, request.method, (name) => request.headers.get(name)));
  if (!access.allowed) return problemResponse(problem(403, access.code, access.detail));
  switch (match.kind) {
    case 'unknown': return problemResponse(problem(404, 'unknown-route', `There is nothing at ${url.pathname.slice(0, 200)}`));
    case 'wrong-method': return problemResponse(
      problem(405, 'wrong-method', `${request.method} is not supported here, but ${match.allowed.join(', ')}`), { allow: match.allowed.join(', ') });
    case 'document':
      parts.document ??= createOpenApiDocument(parts.version).then((document) => JSON.stringify(document));
      return jsonResponse({ status: 200, body: await parts.document });
    case 'route': return answerRoute(parts, { request, url, route: match.route, actor: access.actor, conditional: { known: tagsOf(request), etag: null } });
  }
}

function matchDocument(method: string): Exclude<RouteMatch, { kind: 'route' }> | { readonly kind: 'document' } {
  return ['GET', 'HEAD'].includes(method) ? { kind: 'document' } : { kind: 'wrong-method', allowed: ['GET', 'HEAD'] };
}

interface RouteRequest {
  readonly request: Request;
  readonly url: URL;
  readonly route: Route;
  readonly actor: Actor;
  readonly conditional: Conditional;
}

async function answerRoute(parts: Parts, routed: RouteRequest): Promise<Response> {
  const { request, url, route, actor } = routed;
  const body = await readBody(request);
  if (!body.ok) return problemResponse(body.error);
  const unknownFields = checkFields(route, url.searchParams, body.value);
  if (unknownFields !== null) return problemResponse(unknownFields);
  const run = (recorder: AnswerRecorder | null) => carryOut(parts, routed, body.value, recorder);

  // The answer that issues a token is a secret and must not be kept: a retry makes another token.
  const key = route.method === 'GET' || route.id === 'agents.issueToken' ? null : request.headers.get('idempotency-key');
  if (key === null) return conditionalResponse(await run(null), routed.conditional);
  if (!IDEMPOTENCY_KEY.test(key)) {
    return problemResponse(problem(400, 'invalid-idempotency-key', 'An Idempotency-Key has 8 to 128 visible ASCII characters'));
  }
  const given = await parts.runs.once({
    key,
    requestDigest: digestOfRequest({ actor: actor.name, method: route.method, path: url.pathname, body: body.value }),
    run,
    recall: (stored) => recall(parts, routed, stored),
  });
  return 'type' in given ? problemResponse(given) : jsonResponse(given);
}

/** Lets oRPC validate the input, call the handler and encode what it returns. */
async function carryOut(parts: Parts, { url, route, actor, conditional }: RouteRequest, body: Record<string, unknown> | undefined, recorder: AnswerRecorder | null): Promise<Answer> {
  const aside: ApiContext['aside'] = { long: null };
  const { matched, response } = await parts.operations.handle(
    { method: route.method, url, headers: {}, signal: undefined, body: () => Promise.resolve(body ?? {}) },
    { prefix: API_BASE_PATH, context: { fleet: parts.fleet, agents: parts.agents, clock: parts.clock, conditional, aside, actor, route, recorder } },
  );
  if (!matched) throw new Error(`The contract has ${route.id}, but no handler was found for ${url.pathname}`);
  const { body: answered } = response;
  if (answered instanceof File) return { status: response.status, body: await answered.text(), file: { name: answered.name, mediaType: answered.type } };
  if (answered === undefined) return { status: response.status, body: null };
  const { long } = aside;
  return { status: response.status, body: long === null ? JSON.stringify(answered) : await jsonInTurns({ ...answered, ...long }) };
}

const ANSWERED_BY_PLAN: ReadonlySet<Route['id']> = new Set(['plans.preview', 'operations.reverse']);

/** A new plan is remembered by its id and read again; everything else as it was answered. */
async function recall(parts: Parts, routed: RouteRequest, stored: Answer): Promise<Answer> {
  if (!ANSWERED_BY_PLAN.has(routed.route.id) || stored.body === null) return stored;
  const { planId } = JSON.parse(stored.body) as { planId: string };
  const url = new URL(`${API_BASE_PATH}/plans/${encodeURIComponent(planId)}`, routed.url);
  const match = matchRoute('GET', url.pathname.slice(API_BASE_PATH.length));
  if (match.kind !== 'route') throw new Error('The contract has no route for one plan');
  const plan = await carryOut(parts, { ...routed, url, route: match.route }, undefined, null);
  return plan.status === 200 ? { status: stored.status, body: plan.body } : plan;
}

/** What oRPC and the handlers throw, as a problem. Only known codes speak for themselves. */
function problemOf(error: ORPCError<string, unknown>, logger: ManagerLogger): Problem {
  const data = error.data as Partial<{ issues: readonly ValidationIssue[]; current: unknown; refusals: Problem['refusals'] }> | undefined;
  switch (error.code) {
    case 'BAD_REQUEST': return invalidRequest(data?.issues === undefined
      ? [{ pointer: pointerOf([]), detail: error.message, code: 'invalid' }]
      : fieldErrorsOf(data.issues));
    case 'NOT_FOUND': return problem(404, 'not-found', error.message);
    case 'CONFLICT': return problem(409, 'conflict', error.message, { current: data?.current ?? null });
    case 'UNPROCESSABLE_CONTENT': return problem(422, 'refused', error.message, { refusals: data?.refusals ?? [] });
    case 'SERVICE_UNAVAILABLE': return problem(503, 'unavailable', error.message);
    default:
      logger.error({ err: error.cause ?? error }, 'A request failed unexpectedly');
      return unexpected;
  }
}

/** RFC 9110: with a tag that the caller knows, the answer is that nothing changed. */
function conditionalResponse(given: Answer, { etag, known }: Conditional): Response {
  if (etag === null || given.status !== 200) return jsonResponse(given);
  // Clients may keep it, but ask whether it still holds.
  const headers = { 'etag': `"${etag}"`, 'cache-control': 'no-cache' };
  return known.includes(etag) ? new Response(null, { status: 304, headers }) : jsonResponse(given, headers);
}

function tagsOf(request: Request): string[] {
  return [...(request.headers.get('if-none-match') ?? '').matchAll(/"([^"]{1,128})"/g)].map((match) => match[1]!).slice(0, 16);
}

function jsonResponse(given: Answer, more: Record<string, string> = {}): Response {
  const contentType = given.file?.mediaType ?? (given.status >= 400 ? 'application/problem+json' : 'application/json');
  const headers = {
    'cache-control': 'no-store',
    ...(given.body !== null && { 'content-type': contentType }),
    ...(given.file !== undefined && { 'content-disposition': `attachment; filename="${given.file.name}"` }),
    ...more,
  };
  return new Response(given.body, { status: given.status, headers });
}

function problemResponse(body: Problem, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status: body.status,
    headers: { 'cache-control': 'no-store', 'content-type': 'application/problem+json', ...headers },
  });
}
