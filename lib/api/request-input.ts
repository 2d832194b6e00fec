import type { Problem } from '@/lib/contract/problem';
import { err, ok, type Result } from '@/lib/platform/result';
import { invalidRequest, pointerOf, problem, type FieldError } from './problems';
import type { Route } from './routes';

/** The largest body taken. The contract's biggest input, a plan of 65,536 chosen shards, is below half of it. */
export const BODY_BYTES_MAX = 1024 * 1024;
/** Whoever sends more than this is not read to the end. */
const DISCARDED_BYTES_MAX = 16 * BODY_BYTES_MAX;

/**
 * The body of a request as a JSON object; `undefined` when there is none.
 * Errors: 413 too large, 415 not JSON by its content type, 400 not JSON or not an object.
 */
export async function readBody(request: Request): Promise<Result<Record<string, unknown> | undefined, Problem>> {
  const bytes = await readBytes(request);
  if (!bytes.ok) return bytes;
  if (bytes.value.length === 0) return ok(undefined);
  const contentType = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? 'none';
  if (contentType !== 'application/json') {
    return err(problem(415, 'unsupported-content-type', `Send the body as application/json; the content type is ${contentType}`));
  }
  return parseObject(bytes.value);
}

async function readBytes(request: Request): Promise<Result<Uint8Array, Problem>> {
  if (request.body === null) return ok(new Uint8Array());
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  // What is too much is still read, and dropped: a connection with an unread body behind it hangs.
  while (byteCount <= DISCARDED_BYTES_MAX) {
    const { done, value } = await reader.read();
    if (done) break;
    byteCount += value.length;
    if (byteCount <= BODY_BYTES_MAX) chunks.push(value);
  }
  if (byteCount > BODY_BYTES_MAX) return err(problem(413, 'body-too-large', `The body may have ${BODY_BYTES_MAX} bytes`));
  return ok(Buffer.concat(chunks));
}

function parseObject(bytes: Uint8Array): Result<Record<string, unknown>, Problem> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    // Both ways to fail, bad UTF-8 and bad JSON, are the sender's; the parser's text names the place.
    return err(problem(400, 'malformed-json', `The body is not JSON: ${error instanceof Error ? error.message.slice(0, 200) : 'unreadable'}`));
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return err(problem(400, 'malformed-json', 'The body must be a JSON object'));
  }
  return ok(value as Record<string, unknown>);
}

/**
 * Fields that the route does not have, wherever they were sent. The schemas alone would
 * let some pass: those of the path win silently over the body's, and a query beside a
 * body is never read at all.
 */
export function checkFields(route: Route, query: URLSearchParams, body: Record<string, unknown> | undefined): Problem | null {
  const errors: FieldError[] = [];
  const takesQuery = route.method === 'GET';
  for (const [name, value] of query) {
    const field = name.replace(/\[.*$/, '');
    if (!takesQuery || !route.fields?.has(field)) errors.push({ pointer: pointerOf([field]), detail: 'There is no such parameter', code: 'unknown-field' });
    // An empty value would be read as the number 0.
    else if (value === '') errors.push({ pointer: pointerOf([field]), detail: 'Has no value', code: 'empty-parameter' });
  }
  for (const field of Object.keys(body ?? {})) {
    if (takesQuery) errors.push({ pointer: pointerOf([field]), detail: 'A GET request has no body', code: 'unknown-field' });
    else if (!route.fields?.has(field)) errors.push({ pointer: pointerOf([field]), detail: 'There is no such field', code: 'unknown-field' });
  }
  return errors.length === 0 ? null : invalidRequest(errors);
}
