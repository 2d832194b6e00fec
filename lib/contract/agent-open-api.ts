import * as z from 'zod';
import {
  AGENT_BASE_PATH, AGENT_PROBLEMS, AGENT_PROTOCOL_VERSION, AgentCommandSchema, AgentMetricsSchema, CommandOutcomeSchema, CommandReportSchema, EnrolAnswerSchema, EnrolRequestSchema,
  HeartbeatAnswerSchema, HeartbeatSchema, HeldShardSchema, MembersSchema, PeerSchema, ResultsAnswerSchema, ResultsSchema,
} from './agent-protocol';
import { ShardingSchema } from './sharding';

const NAMED = {
  EnrolRequest: EnrolRequestSchema, EnrolAnswer: EnrolAnswerSchema, Heartbeat: HeartbeatSchema, HeartbeatAnswer: HeartbeatAnswerSchema, Results: ResultsSchema, ResultsAnswer: ResultsAnswerSchema,
  Command: AgentCommandSchema, CommandOutcome: CommandOutcomeSchema, CommandReport: CommandReportSchema, Metrics: AgentMetricsSchema, HeldShard: HeldShardSchema, Members: MembersSchema, Peer: PeerSchema, Sharding: ShardingSchema,
} as const;

function schemas(): object {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(NAMED)) registry.add(schema, { id });
  // As what is sent: a field with a default may be left out.
  return z.toJSONSchema(registry, { io: 'input', unrepresentable: 'any', metadata: registry, uri: (id) => `#/components/schemas/${id}` }).schemas;
}

const contentOf = (name: keyof typeof NAMED) => ({ 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } });

function call(options: { readonly id: string; readonly summary: string; readonly request: keyof typeof NAMED; readonly answer: keyof typeof NAMED; readonly ofNode: boolean }) {
  return {
    post: {
      operationId: options.id,
      summary: options.summary,
      ...(options.ofNode && {
        security: [{ credential: [] }],
        parameters: [{ name: 'nodeId', in: 'path', required: true, schema: { type: 'string', maxLength: 128 } }],
      }),
      requestBody: { required: true, content: contentOf(options.request) },
      responses: {
        200: { description: 'Taken', content: contentOf(options.answer) },
        ...Object.fromEntries(statuses().map(([status, codes]) => [status, {
          description: `Not taken: ${codes.join(', ')}`,
          content: { 'application/problem+json': { schema: { type: 'object', properties: { code: { type: 'string', enum: codes }, detail: { type: 'string' } }, required: ['code', 'detail'] } } },
        }])),
      },
    },
  };
}

function statuses(): [string, string[]][] {
  const codesOf = new Map<number, string[]>();
  for (const [code, status] of Object.entries(AGENT_PROBLEMS)) codesOf.set(status, [...codesOf.get(status) ?? [], code]);
  return [...codesOf].map(([status, codes]) => [String(status), codes]);
}

/** The protocol as an OpenAPI 3.1 document, for whoever writes an agent in another language. */
export function agentOpenApiDocument(): object {
  return {
    openapi: '3.1.0',
    info: { title: 'PhantomScale agent protocol', version: String(AGENT_PROTOCOL_VERSION), description: 'What an agent says to its manager. docs/agent-protocol.md says what it means.' },
    servers: [{ url: AGENT_BASE_PATH }],
    components: { schemas: schemas(), securitySchemes: { credential: { type: 'http', scheme: 'bearer', description: 'The credential that enrolment answered with' } } },
    paths: {
      '/enrol': call({ id: 'enrol', summary: 'Become a node of a cluster, by a token that can be used once', request: 'EnrolRequest', answer: 'EnrolAnswer', ofNode: false }),
      '/nodes/{nodeId}/heartbeat': call({ id: 'heartbeat', summary: 'Beat; the answer is held until there is something to say', request: 'Heartbeat', answer: 'HeartbeatAnswer', ofNode: true }),
      '/nodes/{nodeId}/results': call({ id: 'results', summary: 'Report commands; the answer says whether and how fast to go on', request: 'Results', answer: 'ResultsAnswer', ofNode: true }),
    },
  };
}
