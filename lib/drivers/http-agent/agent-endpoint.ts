/** The HTTP side of the hub: sizes, identities and shapes are checked here, in this order, and every refusal is typed. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  AGENT_BASE_PATH, AGENT_LIMITS, AGENT_PROBLEMS, EnrolRequestSchema, HeartbeatSchema, ResultsSchema, type Heartbeat, type HeartbeatAnswer, type Members,
} from '@/lib/contract/agent-protocol';
import { agentOpenApiDocument } from '@/lib/contract/agent-open-api';
import { err, ok, type Result } from '@/lib/platform/result';
import type * as z from 'zod';
import type { AgentCluster } from './agent-cluster';
import type { AgentHub, AgentProblem } from './agent-hub';
import type { AgentSession } from './agent-session';

const NODE_PATH = /^\/nodes\/([A-Za-z0-9_.:@-]{1,128})\/(heartbeat|results)$/;
const BEARER = /^Bearer ([\x21-\x7e]{1,256})$/;

/** Answers a request below AGENT_BASE_PATH. A rejection is a failure of the store; its message holds no secret. */
export async function answerAgent(hub: AgentHub, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answer = await answerOf(hub, request, response);
  if (answer.ok) send(response, 200, textOf(answer.value));
  else refuse(request, response, answer.error);
}

/** The list of members is the same for all, and long: of a thousand it has 150 kB. It is written once per revision. */
const membersText = new WeakMap<Members, Buffer>();

/** The JSON of an answer, in pieces. */
function textOf(answer: object | HeartbeatAnswer): readonly Buffer[] {
  if (!('members' in answer) || answer.members === null) return [Buffer.from(JSON.stringify(answer))];
  const { members, ...others } = answer;
  const text = membersText.get(members) ?? Buffer.from(JSON.stringify(members));
  membersText.set(members, text);
  return [Buffer.from(`${JSON.stringify(others).slice(0, -1)},"members":`), text, CLOSING];
}

const CLOSING = Buffer.from('}');

async function answerOf(hub: AgentHub, request: IncomingMessage, response: ServerResponse): Promise<Result<object, AgentProblem>> {
  const path = (request.url ?? '/').split('?')[0]!.slice(AGENT_BASE_PATH.length);
  if (path === '/openapi.json' && request.method === 'GET') return ok(agentOpenApiDocument());
  const node = NODE_PATH.exec(path);
  if (path !== '/enrol' && node === null) return err({ code: 'not-found', detail: 'There is nothing at this path' });
  if (request.method !== 'POST') return err({ code: 'wrong-method', detail: 'POST' });
  if (node === null) {
    const parsed = await read(request, EnrolRequestSchema, AGENT_LIMITS.enrolBytesMax);
    return parsed.ok ? await hub.enrol(parsed.value) : parsed;
  }
  const [, nodeId = '', call] = node;
  const credential = BEARER.exec(request.headers.authorization ?? '')?.[1] ?? null;
  const known = await hub.authenticate(nodeId, credential);
  if (!known.ok) return known;
  const { session, cluster } = known.value;
  if (!session.permits()) return err({ code: 'too-many-requests', detail: `At most ${AGENT_LIMITS.requestsPerSecondMax} requests a second` });
  return call === 'heartbeat' ? await answerHeartbeat({ session, cluster, nodeId }, request, response) : await answerResults({ session, cluster, nodeId }, request);
}

async function answerHeartbeat({ session, cluster, nodeId }: { session: AgentSession; cluster: AgentCluster; nodeId: string }, request: IncomingMessage, response: ServerResponse): Promise<Result<object, AgentProblem>> {
  const parsed = await read(request, HeartbeatSchema, AGENT_LIMITS.beatBytesMax);
  if (!parsed.ok) return parsed;
  const beat: Heartbeat = parsed.value;
  if (beat.nodeId !== nodeId) return err(OTHER_NODE);
  const taken = session.receive(beat);
  if (!taken.ok) return err({ code: taken.error, detail: taken.error === 'superseded' ? 'A newer start of this node beats already' : 'This beat, or a newer one, was here before' });
  if (beat.address !== session.record.address) await cluster.change(nodeId, (record) => ({ ...record, address: beat.address }));
  response.once('close', () => { if (!response.writableEnded) session.hungUp(beat); });
  return ok(await taken.value);
}

async function answerResults({ session, cluster, nodeId }: { session: AgentSession; cluster: AgentCluster; nodeId: string }, request: IncomingMessage): Promise<Result<object, AgentProblem>> {
  const parsed = await read(request, ResultsSchema, AGENT_LIMITS.resultsBytesMax);
  if (!parsed.ok) return parsed;
  if (parsed.value.nodeId !== nodeId) return err(OTHER_NODE);
  const incarnation = session.newest?.beat.incarnation ?? 0;
  if (parsed.value.incarnation < incarnation) return err({ code: 'superseded', detail: 'A newer start of this node beats already' });
  const { shards } = parsed.value;
  // Known for good before it is answered: what the node does next rests on it.
  if (shards.length > 0 && !await cluster.saveBehind(session, shards)) return err({ code: 'unavailable', detail: 'The database did not take it; try again' });
  return ok(session.report(parsed.value.results, parsed.value.shards));
}

const OTHER_NODE: AgentProblem = { code: 'malformed', detail: 'nodeId is not the one of the path' };

async function read<T>(request: IncomingMessage, schema: z.ZodType<T>, bytesMax: number): Promise<Result<T, AgentProblem>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
    // What is far too large is not even read to its end.
    else if (bytes > 2 * bytesMax) break;
  }
  if (bytes > bytesMax) return err({ code: 'too-large', detail: `The body has more than ${bytesMax} bytes` });
  let value: unknown;
  try {
    value = JSON.parse(Buffer.concat(chunks).toString());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Without the parser's words: they quote the body, which can hold a token.
    return err({ code: 'malformed', detail: 'The body is not JSON' });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  return err({ code: 'malformed', detail: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not as the protocol has it'}`.slice(0, 300) });
}

function refuse(request: IncomingMessage, response: ServerResponse, { code, detail }: AgentProblem): void {
  const status = AGENT_PROBLEMS[code];
  const headers: Record<string, string> = {
    ...(status === 429 && { 'retry-after': '1' }), ...(status === 401 && { 'www-authenticate': 'Bearer' }), ...(status === 405 && { allow: 'POST' }),
    // A body that was not read would be taken for the next request.
    ...(!request.readableEnded && { connection: 'close' }),
  };
  send(response, status, [Buffer.from(JSON.stringify({ type: 'about:blank', title: code, status, code, detail }))], { ...headers, 'content-type': 'application/problem+json' });
}

function send(response: ServerResponse, status: number, body: readonly Buffer[], headers: Record<string, string> = {}): void {
  if (response.destroyed) return;
  // Head and body leave in one packet.
  response.cork();
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', 'content-length': body.reduce((bytes, piece) => bytes + piece.length, 0), ...headers });
  for (const piece of body) response.write(piece);
  response.end();
}
