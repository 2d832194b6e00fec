/**
 * The agents of the heartbeat bench, as a program: enrols one per token, then beats until it
 * is ended. Told `together`, all of them ask at the same moment and each beats as soon as it
 * is enrolled, as after a power cut in a data centre; else all enrol before the first beats.
 */
import { createHash, randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { AGENT_BASE_PATH, AGENT_PROTOCOL_VERSION, type EnrolAnswer, type HeartbeatAnswer } from '@/lib/contract/agent-protocol';

/** The message that begins it. */
export interface HeartbeatLoadOrder {
  readonly tokens: readonly string[];
  readonly together: boolean;
}

export interface HeartbeatLoadReport {
  readonly heartbeats: number;
  /** Beats that were answered at once. */
  readonly handled: number;
  readonly handlingMs: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly failures: number;
  /** Since the order: until the last agent had enrolled, and until the last one had been told of all others; null while one has not. */
  readonly enrolledAfterMs: number | null;
  readonly allKnownAfterMs: number | null;
  /** Enrolments that were asked to wait (429). */
  readonly heldBack: number;
  readonly receivedBytes: number;
}

/** Below what the server admits in a second. */
const ENROLMENTS_PER_SECOND = 40;
const TWICE_EVERY = 20;
/** The first beats are spread over this. */
const SPREAD_MS = 4_000;
const STALE = 409;
const TOO_MANY = 429;
const RETRY_MS = 1_000;

const url = new URL(process.argv[2]!);
const held = new Agent({ keepAlive: true, maxSockets: Infinity });
const quick = new Agent({ keepAlive: true, maxSockets: Infinity });
let heartbeats = 0;
let failures = 0;
let handlingMs: number[] = [];
let receivedBytes = 0;
let heldBack = 0;
let agents = 0;
let beganMs = 0;
let enrolledAfterMs: number | null = null;
let allKnownAfterMs: number | null = null;
const toldOfAll = new Set<number>();

function post(path: string, body: object, credential: string | null, agent: Agent): Promise<{ status: number; text: string }> {
  const payload = JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const sent = request({ host: url.hostname, port: url.port, path: `${AGENT_BASE_PATH}${path}`, method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload), ...(credential !== null && { authorization: `Bearer ${credential}` }) } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; }).on('end', () => {
        receivedBytes += text.length;
        resolve({ status: response.statusCode ?? 0, text });
      });
    });
    sent.on('error', reject);
    sent.end(payload);
  });
}

async function enrol(token: string, index: number): Promise<EnrolAnswer> {
  const body = {
    protocolVersion: AGENT_PROTOCOL_VERSION, token, name: `agent-${index}`, address: `127.0.0.1:${20_000 + index}`, zone: `zone-${index % 3}`,
    engine: { name: 'Bench', version: '1' }, peerKeyHash: createHash('sha256').update(randomBytes(16)).digest('hex'),
  };
  for (;;) {
    const { status, text } = await post('/enrol', body, null, quick);
    if (status === 200) return JSON.parse(text) as EnrolAnswer;
    if (status !== TOO_MANY) throw new Error(`Enrolment: ${status} ${text}`);
    heldBack += 1;
    await pass(RETRY_MS * (0.5 + Math.random()));
  }
}

/** One beat after the other: the server holds each answer until the next one is due. */
async function beat({ nodeId, credential }: EnrolAnswer, index: number): Promise<never> {
  let answers = 0;
  let membersRevision = 0;
  let epoch = 0;
  for (let sequence = 1; ; sequence += 1) {
    const busy = 0.2 + 0.1 * Math.sin(sequence / 10 + index);
    const body = {
      nodeId, incarnation: 1, sequence, epoch, address: `127.0.0.1:${20_000 + index}`, answers, membersRevision,
      metrics: { capacity: { cpu: 8, memory: 32e9, disk: 500e9, network: 1.25e9 }, usage: { cpu: 8 * busy, memory: 8e9, disk: 1e11, network: 1e8 * busy }, stats: { operationsPerSecond: 5_000 * busy, latencyP99Ms: 2 + busy, connections: 40 } },
      shards: { count: 0, held: [] },
    };
    const path = `/nodes/${nodeId}/heartbeat`;
    try {
      const { status, text } = await post(path, body, credential, held);
      // Its answer is here, so it was taken, and the second copy is late for sure.
      if ((sequence + index) % TWICE_EVERY === 0) void sendAgain(path, body, credential);
      heartbeats += 1;
      if (status !== 200) { failures += 1; continue; }
      const said = JSON.parse(text) as HeartbeatAnswer;
      answers = said.ask?.number ?? answers;
      membersRevision = said.members?.revision ?? membersRevision;
      if (said.members?.nodes.length === agents && toldOfAll.add(index).size === agents) allKnownAfterMs ??= performance.now() - beganMs;
      epoch = Math.max(epoch, said.epoch);
    } catch {
      failures += 1;
    }
  }
}

async function sendAgain(path: string, body: object, credential: string): Promise<void> {
  const startedMs = performance.now();
  const { status } = await post(path, body, credential, quick);
  if (status === STALE) handlingMs.push(performance.now() - startedMs);
  else failures += 1;
}

async function start({ tokens, together }: HeartbeatLoadOrder): Promise<void> {
  agents = tokens.length;
  beganMs = performance.now();
  if (together) {
    await Promise.all(tokens.map(async (token, index) => { void beat(await enrol(token, index), index); }));
    enrolledAfterMs = performance.now() - beganMs;
  } else {
    const enrolled: EnrolAnswer[] = [];
    for (const [index, token] of tokens.entries()) {
      enrolled.push(await enrol(token, index));
      await pass(1_000 / ENROLMENTS_PER_SECOND);
    }
    for (const [index, answer] of enrolled.entries()) {
      void beat(answer, index);
      await pass(SPREAD_MS / enrolled.length);
    }
  }
  process.send!('ready');
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function report(): HeartbeatLoadReport {
  const sorted = handlingMs.toSorted((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(2));
  return { heartbeats, handled: sorted.length, handlingMs: { p50: at(0.5), p99: at(0.99), max: at(1) }, failures, enrolledAfterMs, allKnownAfterMs, heldBack, receivedBytes };
}

process.on('message', (message) => {
  if (message === 'reset') { heartbeats = 0; failures = 0; handlingMs = []; receivedBytes = 0; }
  else if (message === 'report') process.send!(report());
  else void start(message as HeartbeatLoadOrder);
});
process.on('disconnect', () => process.exit(0));
