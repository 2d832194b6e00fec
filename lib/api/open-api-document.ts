import { OpenAPIGenerator, type OpenAPI } from '@orpc/openapi';
import { ZodToJsonSchemaConverter } from '@orpc/zod/zod4';
import { api } from '@/lib/contract/api';
import { ProblemSchema } from '@/lib/contract/problem';
import { ROUTES } from './routes';
import * as z from 'zod';

/**
 * The description of the API, made from the contract (OpenAPI 3.1). Added to what oRPC
 * makes of it: failures are problem+json, every operation names those it can always have,
 * and mutations take an Idempotency-Key.
 */
export async function createOpenApiDocument(version: string): Promise<OpenAPI.Document> {
  const generator = new OpenAPIGenerator({ schemaConverters: [new ZodToJsonSchemaConverter()] });
  const document = await generator.generate(api, {
    info: { title: 'PhantomScale', version, description: 'Elastic scaling of sharded databases: clusters, plans, operations. See docs/api.md.' },
    servers: [{ url: '/api/v1' }],
    commonSchemas: namedSchemas(),
    customErrorResponseBodySchema: { $ref: '#/components/schemas/Problem' },
  });
  for (const path of Object.values(document.paths ?? {})) {
    for (const method of METHODS) {
      const operation = path?.[method];
      if (operation !== undefined) completeOperation(operation, method);
    }
  }
  return document;
}

const METHODS = ['get', 'post', 'put', 'delete'] as const;

const ALWAYS_POSSIBLE: Readonly<Record<string, string>> = {
  400: 'The request is not valid: `errors` has one entry per field',
  403: 'Not allowed from there, or for this identity',
  500: 'Something went wrong in the server',
};
const WITH_BODY: Readonly<Record<string, string>> = { 413: 'The body has more than 1 MiB', 415: 'The body is not application/json' };
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  404: 'An id in the path is not known',
  409: 'It changed meanwhile: `current` is what is stored now',
  422: 'Refused, with the typed reasons in `refusals`; or the Idempotency-Key was used for another request',
  503: 'Not available now; nothing was changed',
};

const idempotencyKey: OpenAPI.ParameterObject = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key with the same request is one effect with one answer, also after a restart.',
  schema: { type: 'string', minLength: 8, maxLength: 128, pattern: '^[\\x21-\\x7e]+$' },
};

function completeOperation(operation: OpenAPI.OperationObject, method: (typeof METHODS)[number]): void {
  const changes = method !== 'get';
  const parameters = (operation.parameters ?? []).map(withoutEmptyValues);
  operation.parameters = changes ? [...parameters, idempotencyKey] : parameters;
  const failures = { ...DESCRIPTIONS, ...ALWAYS_POSSIBLE, ...(changes && WITH_BODY) };
  const problemContent = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  const successes = Object.entries(operation.responses ?? {}).filter(([status]) => Number(status) < 400);
  const responses: NonNullable<OpenAPI.OperationObject['responses']> = {};
  for (const [status, response] of successes) responses[status] = status === '204' ? { description: 'Done' } : response;
  for (const [status, description] of Object.entries(failures)) responses[status] = { description, content: problemContent };
  operation.responses = responses;
}

/** A parameter that is there has a value. */
function withoutEmptyValues(parameter: OpenAPI.ParameterObject | OpenAPI.ReferenceObject): OpenAPI.ParameterObject | OpenAPI.ReferenceObject {
  if ('$ref' in parameter) return parameter;
  const { allowEmptyValue: _never, ...rest } = parameter;
  return rest;
}

/** The schemas that carry an id, as components: from answers in their output form, the others in their input form. */
function namedSchemas(): Record<string, { schema: z.ZodType; strategy: 'input' | 'output' }> {
  const found: Record<string, { schema: z.ZodType; strategy: 'input' | 'output' }> = { Problem: { schema: ProblemSchema, strategy: 'output' } };
  const collect = (schema: z.ZodType, strategy: 'input' | 'output') => {
    for (const [id, named] of walk(schema)) found[id] ??= { schema: named, strategy };
  };
  for (const { output } of ROUTES) if (output !== null) collect(output, 'output');
  for (const { input } of ROUTES) if (input !== null) collect(input, 'input');
  return found;
}

function* walk(schema: z.ZodType): Generator<[string, z.ZodType]> {
  const id = schema.meta()?.id;
  if (id !== undefined) yield [id, schema];
  for (const part of partsOf(schema)) yield* walk(part);
}

function partsOf(schema: z.ZodType): z.ZodType[] {
  return innerOf(schema).filter((part): part is z.ZodType => part instanceof z.ZodType);
}

function innerOf(schema: z.ZodType): unknown[] {
  if (schema instanceof z.ZodObject) return Object.values(schema.shape);
  if (schema instanceof z.ZodArray) return [schema.element];
  if (schema instanceof z.ZodUnion) return [...schema.options];
  if (schema instanceof z.ZodRecord) return [schema.valueType];
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault) return [schema.unwrap()];
  return [];
}
