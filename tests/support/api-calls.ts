/** Calls to the HTTP API as any program makes them. */
import { expect } from 'vitest';
import { ProblemSchema, type Problem } from '@/lib/contract/problem';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

export interface CallOptions {
  /** Sent as JSON unless it is text, which is sent as it is. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** `path` is below /api/v1. */
export async function call(server: { readonly url: string }, method: string, path: string, options: CallOptions = {}): Promise<Answer> {
  const { body, headers } = options;
  const response = await fetch(`${server.url}/api/v1${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
}

/** The answer of a call that must succeed. */
export async function succeed<T>(server: { readonly url: string }, method: string, path: string, options: CallOptions = {}): Promise<T> {
  const answer = await call(server, method, path, options);
  if (answer.status >= 400) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}

/** The problem of a call that must fail: a whole RFC 9457 document under its own content type. */
export function problemOf(answer: Answer): Problem {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  const problem = ProblemSchema.strict().parse(answer.body);
  expect(problem.status).toBe(answer.status);
  return problem;
}
