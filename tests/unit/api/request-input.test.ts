import { describe, expect, it } from 'vitest';
import { BODY_BYTES_MAX, checkFields, readBody } from '@/lib/api/request-input';
import { ROUTES } from '@/lib/api/routes';

function post(body: BodyInit, headers: Record<string, string> = { 'content-type': 'application/json' }): Request {
  return new Request('http://localhost/x', { method: 'POST', body, headers });
}

const failure = async (request: Request) => {
  const body = await readBody(request);
  return body.ok ? null : `${body.error.status} ${body.error.code}`;
};

describe('a request body', () => {
  it('is a JSON object, or nothing', async () => {
    expect(await readBody(post('{"a":1}'))).toEqual({ ok: true, value: { a: 1 } });
    expect(await readBody(post('{}', { 'content-type': 'Application/JSON; charset=utf-8' }))).toEqual({ ok: true, value: {} });
    expect(await readBody(new Request('http://localhost/x', { method: 'POST' }))).toEqual({ ok: true, value: undefined });
  });

  it.each(['{', '{"a":NaN}', '{"a":1,}', "{'a':1}", '[1]', '"text"', 'null', '3', 'undefined'])('that is %s is refused', async (text) => {
    expect(await failure(post(text))).toBe('400 malformed-json');
  });

  it('that is not UTF-8 is refused', async () => {
    expect(await failure(post(new Uint8Array([0x22, 0xff, 0xfe, 0x22])))).toBe('400 malformed-json');
  });

  it('that does not say that it is JSON is refused', async () => {
    expect(await failure(post('{}', { 'content-type': 'text/plain' }))).toBe('415 unsupported-content-type');
    expect(await failure(post('a=1', { 'content-type': 'application/x-www-form-urlencoded' }))).toBe('415 unsupported-content-type');
  });

  it('beyond the limit is refused, whether its length is told or not', async () => {
    const text = JSON.stringify({ text: 'x'.repeat(BODY_BYTES_MAX) });
    expect(await failure(post(text))).toBe('413 body-too-large');
    const stream = new Response(text).body!;
    const request = new Request('http://localhost/x', { method: 'POST', body: stream, headers: { 'content-type': 'application/json' }, duplex: 'half' } as RequestInit);
    expect(await failure(request)).toBe('413 body-too-large');
  });
});

describe('fields that a route does not have', () => {
  const route = (id: string) => ROUTES.find((candidate) => candidate.id === id)!;
  const pointers = (id: string, query: string, body?: Record<string, unknown>) =>
    checkFields(route(id), new URLSearchParams(query), body)?.errors?.map((error) => `${error.pointer} ${error.code}`) ?? [];

  it('are found in the query and in the body', () => {
    expect(pointers('events.list', 'limit=5&type=node.added&type=node.removed')).toEqual([]);
    expect(pointers('events.list', 'type[0]=node.added')).toEqual([]);
    expect(pointers('events.list', 'limt=5')).toEqual(['#/limt unknown-field']);
    expect(pointers('events.list', 'limit=')).toEqual(['#/limit empty-parameter']);
    expect(pointers('clusters.list', 'x=1')).toEqual(['#/x unknown-field']);
    expect(pointers('clusters.unfreeze', '', { reason: 'x' })).toEqual(['#/reason unknown-field']);
    expect(pointers('clusters.freeze', 'reason=x', { reason: 'x' })).toEqual(['#/reason unknown-field']);
  });

  it('are those of the path too, when the body repeats them', () => {
    expect(pointers('nodes.drain', '', { planId: 'p', clusterId: 'another' })).toEqual(['#/clusterId unknown-field']);
  });
});
