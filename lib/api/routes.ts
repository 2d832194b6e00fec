import { isContractProcedure } from '@orpc/contract';
import { api } from '@/lib/contract/api';
import type { ContractRouteId } from './authorize';
import * as z from 'zod';

/** One operation of the contract as the HTTP side needs it. */
export interface Route {
  readonly id: ContractRouteId;
  readonly method: string;
  /** As in the contract: "/clusters/{clusterId}". */
  readonly path: string;
  readonly segments: readonly string[];
  readonly successStatus: number;
  readonly input: z.ZodType | null;
  /** `null`: the answer has no body. */
  readonly output: z.ZodType | null;
  /** Fields of the input without those in the path; `null` when the contract takes no input. */
  readonly fields: ReadonlySet<string> | null;
}

/** All operations of the contract, in its order. */
export const ROUTES: readonly Route[] = Object.entries(api).flatMap(([area, procedures]) =>
  Object.entries(procedures).map(([name, procedure]): Route => {
    if (!isContractProcedure(procedure)) throw new TypeError(`The contract's ${area}.${name} is not a procedure`);
    const { route } = procedure['~orpc'];
    const inputSchema: unknown = procedure['~orpc'].inputSchema;
    const outputSchema: unknown = procedure['~orpc'].outputSchema;
    const path = route.path ?? '/';
    return {
      // Both names come from the keys of `api`, which is what ContractRouteId is made of.
      id: `${area}.${name}` as ContractRouteId,
      method: route.method ?? 'POST',
      path,
      segments: segmentsOf(path),
      successStatus: route.successStatus ?? 200,
      input: inputSchema instanceof z.ZodType ? inputSchema : null,
      output: outputSchema instanceof z.ZodType ? outputSchema : null,
      fields: inputSchema instanceof z.ZodObject ? fieldsBeside(path, inputSchema) : null,
    };
  }));

function fieldsBeside(path: string, input: z.ZodObject): ReadonlySet<string> {
  const inPath = new Set(segmentsOf(path).filter(isParameter).map((segment) => segment.slice(1, -1)));
  return new Set(Object.keys(input.shape).filter((field) => !inPath.has(field)));
}

export type RouteMatch =
  | { readonly kind: 'route'; readonly route: Route }
  | { readonly kind: 'wrong-method'; readonly allowed: readonly string[] }
  | { readonly kind: 'unknown' };

/**
 * Finds the operation of a request. `path` is below the API's base and still encoded.
 * HEAD is answered as GET. A fixed segment wins over a parameter.
 */
export function matchRoute(method: string, path: string): RouteMatch {
  const segments = segmentsOf(path);
  const candidates = ROUTES.filter((route) => fits(route, segments));
  if (candidates.length === 0) return { kind: 'unknown' };
  const wanted = method === 'HEAD' ? 'GET' : method;
  const [route] = candidates.filter((candidate) => candidate.method === wanted).sort((a, b) => parameterCount(a) - parameterCount(b));
  if (route !== undefined) return { kind: 'route', route };
  const allowed = new Set(candidates.flatMap((candidate) => (candidate.method === 'GET' ? ['GET', 'HEAD'] : [candidate.method])));
  return { kind: 'wrong-method', allowed: [...allowed] };
}

function segmentsOf(path: string): string[] {
  return path.slice(1).split('/');
}

function isParameter(segment: string): boolean {
  return segment.startsWith('{');
}

function parameterCount(route: Route): number {
  return route.segments.filter(isParameter).length;
}

function fits(route: Route, segments: readonly string[]): boolean {
  return route.segments.length === segments.length
    && route.segments.every((segment, i) => (isParameter(segment) ? segments[i] !== '' : segment === segments[i]));
}
