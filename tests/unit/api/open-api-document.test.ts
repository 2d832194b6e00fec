import { describe, expect, it } from 'vitest';
import { createOpenApiDocument } from '@/lib/api/open-api-document';
import { ROUTES } from '@/lib/api/routes';

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean; readonly allowEmptyValue?: boolean }[];
  readonly requestBody?: { readonly content: object };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: object }>>;
}

describe('openapi.json', async () => {
  const document = JSON.parse(JSON.stringify(await createOpenApiDocument('1.2.3'))) as {
    openapi: string; info: { version: string }; components: { schemas: Record<string, object> };
    paths: Record<string, Record<string, Operation>>;
  };
  const operationOf = (route: (typeof ROUTES)[number]) => document.paths[route.path]![route.method.toLowerCase()]!;

  it('describes every operation of the contract and nothing else', () => {
    expect(document.openapi).toMatch(/^3\.1/);
    expect(document.info.version).toBe('1.2.3');
    const described = Object.values(document.paths).flatMap((path) => Object.values(path)).map((operation) => operation.operationId);
    expect(described.sort()).toEqual(ROUTES.map((route) => route.id).sort());
  });

  it('resolves every reference', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]!);
    expect(references).toContain('Plan');
    expect([...new Set(references)].filter((name) => !(name in document.components.schemas))).toEqual([]);
  });

  it.each(ROUTES.map((route) => [route.id, route] as const))('%s names its success, and its failures as problem+json', (_id, route) => {
    const { responses, parameters = [], requestBody } = operationOf(route);
    const success = responses[String(route.successStatus)];
    expect(success?.content === undefined).toBe(route.output === null);
    for (const [status, response] of Object.entries(responses).filter(([code]) => Number(code) >= 400)) {
      expect(response.content, status).toEqual({ 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } });
    }
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '403', '404', '409', '422', '500', '503']));
    const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    expect(parameters.filter((parameter) => parameter.in === 'path').map((parameter) => parameter.name)).toEqual(inPath);
    expect(parameters.some((parameter) => parameter.allowEmptyValue)).toBe(false);
    const changes = route.method !== 'GET';
    expect(parameters.some((parameter) => parameter.name === 'Idempotency-Key')).toBe(changes);
    if (!changes) expect(requestBody).toBeUndefined();
  });
});
