import { implement, ORPCError } from '@orpc/server';
import { api } from '@/lib/contract/api';
import type { Node } from '@/lib/contract/node';
import type { Plan } from '@/lib/contract/plan';
import type { Actor } from '@/lib/contract/primitives';
import type { CommandContext, CommandFailure, CommandResult } from '@/lib/manager/commands';
import type { ElasticScalingManager } from '@/lib/manager/elastic-scaling-manager';
import type { Fleet } from '@/lib/manager/fleet';
import type { AgentAdmin } from '@/lib/manager/ports';
import type { Clock } from '@/lib/platform/clock';
import { assertNever } from '@/lib/platform/assert';
import { isShortList } from '@/lib/platform/in-turns';
import type { AnswerRecorder } from './idempotency';
import type { Route } from './routes';

/** A GET that says what its caller knows already; a handler that can tell sets what is true now. */
export interface Conditional {
  /** The tags of If-None-Match, without quotes. */
  readonly known: readonly string[];
  etag: string | null;
}

/** What a handler has besides its input. */
export interface ApiContext {
  readonly fleet: Fleet;
  readonly agents: AgentAdmin;
  readonly clock: Clock;
  readonly actor: Actor;
  readonly conditional: Conditional;
  readonly route: Route;
  /** Of the answer, the fields that go round the schema: too long to be looked through in one go. */
  readonly aside: { long: Readonly<Record<string, unknown>> | null };
  /** Present when the request carries an Idempotency-Key. */
  readonly recorder: AnswerRecorder | null;
}

/** The contract, to be implemented by lib/api/handlers. */
export const contract = implement(api).$context<ApiContext>();

/** The manager of a cluster, or a 404. */
export function managerOf(context: ApiContext, clusterId: string): ElasticScalingManager {
  const manager = context.fleet.manager(clusterId);
  if (manager === null) throw failure({ code: 'not-found', what: 'cluster', id: clusterId });
  return manager;
}

export async function managerOfPlan(context: ApiContext, planId: string): Promise<ElasticScalingManager> {
  const manager = await context.fleet.managerOfPlan(planId);
  if (manager === null) throw failure({ code: 'not-found', what: 'plan', id: planId });
  return manager;
}

export async function managerOfOperation(context: ApiContext, operationId: string): Promise<ElasticScalingManager> {
  const manager = await context.fleet.managerOfOperation(operationId);
  if (manager === null) throw failure({ code: 'not-found', what: 'operation', id: operationId });
  return manager;
}

/**
 * The plan as the handler returns it. Its lists are the planner's own and as their types say,
 * and looking through 100,000 steps (or what 1,000 nodes hold) and encoding them at once
 * would hold everybody else: in a large plan they pass by, and are written into the answer
 * in portions. Plans of usual size, and large ones in the tests, are looked through whole.
 */
export function planAnswer({ aside }: ApiContext, plan: Plan): Plan {
  const { steps, before, after, refusals, risks, waves, frontier, guardRails, alternatives } = plan;
  if (isShortList(steps) && isShortList(before.holdings)) return plan;
  aside.long = { steps, before, after, refusals, risks, waves, frontier, guardRails, alternatives };
  return {
    ...plan, steps: [], before: { ...before, holdings: [] }, after: { ...after, holdings: [] }, refusals: [], risks: [], waves: [], frontier: [], guardRails: [], alternatives: [],
  };
}

/** The value of a result, or its failure as a problem. */
export function valueOf<T>(result: CommandResult<T>): T {
  if (!result.ok) throw failure(result.error);
  return result.value;
}

/**
 * Runs one command of the manager. `answerOf` makes the body of the answer from what the
 * command returns; with an Idempotency-Key that answer is committed together with the
 * effect. `storedAs` names what is stored instead of a body that can be read again; the first answer is then as it was carried out.
 */
export async function runCommand<T, A>(
  context: ApiContext,
  command: (commandContext: CommandContext) => Promise<CommandResult<T>>,
  answerOf: (value: T) => A,
  storedAs?: (value: T) => string,
): Promise<A> {
  const { recorder, route, actor } = context;
  const remember = recorder && ((value: unknown) => {
    // The manager hands over the very value that it is about to return.
    const returned = value as T;
    if (storedAs !== undefined) return [recorder.record({ status: route.successStatus, body: null }, storedAs(returned))];
    return [recorder.record({ status: route.successStatus, body: bodyText(route, answerOf(returned)) })];
  });
  return answerOf(valueOf(await command(remember === null ? { actor } : { actor, alsoCommit: remember })));
}

/** The JSON text of an answer, with nothing in it that the contract does not name. */
function bodyText(route: Route, value: unknown): string | null {
  return route.output === null ? null : JSON.stringify(route.output.parse(value));
}

/** Why a command had no effect, as the error that the problem is made from. */
function failure(cause: CommandFailure): ORPCError<string, unknown> {
  switch (cause.code) {
    case 'not-found': return new ORPCError('NOT_FOUND', { status: 404, message: `There is no ${cause.what} ${cause.id}` });
    case 'invalid': return new ORPCError('BAD_REQUEST', { status: 400, message: 'The request is not valid', data: { issues: cause.errors } });
    case 'conflict': return new ORPCError('CONFLICT', { status: 409, message: cause.message, data: { current: cause.current } });
    case 'refused': return new ORPCError('UNPROCESSABLE_CONTENT', {
      status: 422,
      message: cause.refusals.map((one) => one.message).join('; ') || 'Refused',
      data: { refusals: cause.refusals },
    });
    case 'unavailable': return new ORPCError('SERVICE_UNAVAILABLE', { status: 503, message: cause.message });
    default: return assertNever(cause);
  }
}

/** The nodes of a state, which were parsed when they were read; many of them go round the schema. */
export function nodesAnswer({ aside }: ApiContext, nodes: readonly Node[]): Node[] {
  if (isShortList(nodes)) return [...nodes];
  aside.long = { nodes };
  return [];
}
