import { describe, expect, it } from 'vitest';
import { createApiClient } from '@/lib/client/api-client';
import { fieldOfPointer, toApiProblem } from '@/lib/client/api-problem';

interface Answer { readonly status: number; readonly body?: unknown; readonly type?: string }

/** A server by its answers, in order; `null` = the connection breaks. */
function clientOf(...answers: (Answer | null)[]) {
  const requests: { method: string; url: string; key: string | null; body: string }[] = [];
  let keys = 0;
  const client = createApiClient({
    url: 'http://console.test/api/v1',
    nextKey: () => `key-${(keys += 1)}`,
    fetch: async (request) => {
      requests.push({ method: request.method, url: request.url, key: request.headers.get('idempotency-key'), body: await request.clone().text() });
      const answer = answers.shift();
      if (answer === null || answer === undefined) throw new TypeError('Failed to fetch');
      const body = answer.body === undefined ? null : JSON.stringify(answer.body);
      return new Response(body, { status: answer.status, headers: body === null ? {} : { 'content-type': answer.type ?? 'application/json' } });
    },
  });
  return { client, requests };
}

const problemOf = (status: number, more: object = {}) => ({ status, type: 'application/problem+json; charset=utf-8', body: { type: 'about:blank', title: 'No', status, code: 'some-code', detail: 'because', ...more } });
const freeze = { cause: 'operator', reason: 'night', sinceMs: 1, by: 'me' };
const frozen = { status: 200, body: freeze };
const input = { clusterId: 'c1', reason: 'night' };

describe('the API client', () => {
  it('builds the call of the contract: path, query and body', async () => {
    const { client, requests } = clientOf({ status: 200, body: { events: [], nextCursor: null } }, frozen);
    await client.events.list({ clusterId: 'c 1', type: ['node.added', 'node.removed'], limit: 5 });
    await client.clusters.freeze(input);
    expect(requests[0]).toMatchObject({ method: 'GET', key: null });
    expect(decodeURIComponent(requests[0]!.url)).toBe('http://console.test/api/v1/clusters/c 1/events?type[0]=node.added&type[1]=node.removed&limit=5');
    expect(requests[1]).toEqual({ method: 'POST', url: 'http://console.test/api/v1/clusters/c1/freeze', key: 'key-1', body: '{"reason":"night"}' });
  });

  it('takes an answer without a body', async () => {
    await expect(clientOf({ status: 204 }).client.clusters.disconnect({ clusterId: 'c1' })).resolves.toBeUndefined();
  });

  it('[R3] sends the same key again after a lost answer, and a new one after an answer', async () => {
    const { client, requests } = clientOf(null, frozen, frozen);
    await expect(client.clusters.freeze(input)).rejects.toThrow();
    await client.clusters.freeze(input);
    await client.clusters.freeze(input);
    expect(requests.map((request) => request.key)).toEqual(['key-1', 'key-1', 'key-2']);
  });

  it('[R3] gives a double click one key, and another body another', async () => {
    const { client, requests } = clientOf(frozen, frozen, frozen);
    await Promise.all([client.clusters.freeze(input), client.clusters.freeze(input), client.clusters.freeze({ ...input, reason: 'day' })]);
    expect(requests.map((request) => request.key)).toEqual(['key-1', 'key-1', 'key-2']);
  });

  it('[R3] keeps the key when only a gateway answered, and drops it after a refusal', async () => {
    const { client, requests } = clientOf({ status: 504 }, problemOf(422), frozen);
    for (let attempt = 0; attempt < 2; attempt += 1) await expect(client.clusters.freeze(input)).rejects.toThrow();
    await client.clusters.freeze(input);
    expect(requests.map((request) => request.key)).toEqual(['key-1', 'key-1', 'key-2']);
  });

  it('reads a problem with its fields, refusals and what is stored now', async () => {
    const refusal = { constraint: 'frozen', message: 'Frozen', nodeId: null, shardId: null, numbers: {}, count: 1 };
    const errors = [{ pointer: '#/reason', detail: 'Too short', code: 'too-small' }];
    const { client } = clientOf(problemOf(422, { refusals: [refusal], errors, current: { generation: 4 } }));
    const problem = toApiProblem(await client.clusters.freeze(input).catch((error: unknown) => error));
    expect(problem).toMatchObject({ lost: false, status: 422, code: 'some-code', detail: 'because', refusals: [refusal], errors, current: { generation: 4 } });
  });

  it('tells an answer that never came from one that was a failure', async () => {
    const lost = toApiProblem(await clientOf(null).client.clusters.list().catch((error: unknown) => error));
    expect(lost.lost).toBe(true);
    const strange = toApiProblem(await clientOf({ status: 502, body: 'Bad gateway', type: 'text/plain' }).client.clusters.list().catch((error: unknown) => error));
    expect(strange).toMatchObject({ lost: false, status: 502 });
  });
});

describe('a pointer', () => {
  it.each([['#/connection/seeds/0', 'connection.seeds.0'], ['/name', 'name'], ['#/a~1b/c~0d', 'a/b.c~d'], ['#', '']])('%s is the field %s', (pointer, field) => {
    expect(fieldOfPointer(pointer)).toBe(field);
  });
});
