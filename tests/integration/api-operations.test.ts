/** Operations by HTTP: what is wrong gets a typed answer and has no effect; what is right has one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { MoveRecord, Operation } from '@/lib/contract/operation';
import type { Plan } from '@/lib/contract/plan';
import type { Clock } from '@/lib/platform/clock';
import { systemClock } from '@/lib/platform/system-clock';
import { call, problemOf, succeed } from '../support/api-calls';
import { startTestServer, type TestServer } from '../support/start-server';

const GENTLE = { movesInFlightMax: 1, movesPerNodeMax: 1, bytesPerSecondMax: 65_536 };
const FAST = { movesInFlightMax: 64, movesPerNodeMax: 32, bytesPerSecondMax: null };

let server: TestServer;
let clusterId: string;

/** The machine's time, with a wall clock that jumps when a test says so. */
let wallOffsetMs = 0;
const clock: Clock = { ...systemClock, wallMs: () => systemClock.wallMs() + wallOffsetMs };

beforeAll(async () => {
  server = await startTestServer({ clock });
  const cluster = await succeed<ClusterSummary>(server, 'POST', '/clusters', {
    body: { name: 'Small', connection: { kind: 'simulator', nodeCount: 4, zoneCount: 1, shardCount: 64, replicationFactor: 1, lastNodeEmpty: true, speed: 100 } },
  });
  clusterId = cluster.id;
});
afterAll(() => server.stop());

const at = (path: string) => `/clusters/${clusterId}${path}`;
const preview = (body: object = { strategy: 'round-robin', threshold: 0 }) => succeed<Plan>(server, 'POST', at('/plans'), { body });
const operationOf = (id: string) => succeed<Operation>(server, 'GET', `/operations/${id}`);
const post = (path: string, body?: object, headers?: Record<string, string>) => call(server, 'POST', path, { ...(body !== undefined && { body }), ...(headers !== undefined && { headers }) });
const hasEnded = ({ status }: Operation) => ['succeeded', 'failed', 'canceled', 'superseded'].includes(status);

async function when(id: string, wanted: (operation: Operation) => boolean): Promise<Operation> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const operation = await operationOf(id);
    if (wanted(operation)) return operation;
    if (Date.now() > deadline) throw new Error(`Still ${operation.status} (${operation.statusReason ?? ''})`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function start(throttle: object): Promise<Operation> {
  const plan = await preview();
  const { operation } = await succeed<{ operation: Operation }>(server, 'POST', `/plans/${plan.id}/approve`, { body: { throttle } });
  return operation;
}

/** Evens by cancel and reverse, so that the next test finds something to move. */
async function putBack(id: string): Promise<void> {
  await when(id, hasEnded);
  const reversed = await post(`/operations/${id}/reverse`);
  if (reversed.status !== 201) return;
  const { operation } = await succeed<{ operation: Operation }>(server, 'POST', `/plans/${(reversed.body as Plan).id}/approve`, { body: { throttle: FAST } });
  await when(operation.id, hasEnded);
}

describe('limits', () => {
  it.each([
    ['none at all', { movesInFlightMax: 0, movesPerNodeMax: 0, bytesPerSecondMax: 0 }],
    ['negative', { movesInFlightMax: -3, movesPerNodeMax: -1, bytesPerSecondMax: -1 }],
    ['absurdly high', { movesInFlightMax: 1e9, movesPerNodeMax: 1e9, bytesPerSecondMax: 1e30 }],
    ['broken', { movesInFlightMax: 1.5, movesPerNodeMax: 'two', bytesPerSecondMax: null }],
    ['contradicting', { movesInFlightMax: 2, movesPerNodeMax: 3, bytesPerSecondMax: null }],
    ['incomplete', { movesInFlightMax: 2 }],
  ])('that are %s are refused field by field, and nothing changes', async (_what, throttle) => {
    const operation = await start(GENTLE);
    const problem = problemOf(await post(`/operations/${operation.id}/throttle`, { throttle }));
    expect(problem).toMatchObject({ status: 400, code: 'invalid-request' });
    expect(problem.errors!.every(({ pointer }) => pointer.startsWith('#/throttle'))).toBe(true);
    expect((await operationOf(operation.id)).throttle).toEqual(GENTLE);
    await post(`/operations/${operation.id}/cancel`);
    await putBack(operation.id);
  });
});

describe('an approval', () => {
  it('of two at once has one effect: the other is refused or told of the conflict', async () => {
    const plan = await preview();
    const answers = await Promise.all([1, 2, 3].map(() => post(`/plans/${plan.id}/approve`, { throttle: FAST })));
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    for (const answer of answers.filter(({ status }) => status !== 202)) expect([409, 422]).toContain(problemOf(answer).status);
    const { operations } = await succeed<{ operations: Operation[] }>(server, 'GET', at('/operations'));
    const made = operations.filter(({ planId }) => planId === plan.id);
    expect(made).toHaveLength(1);
    await putBack(made[0]!.id);
  });

  it('of a plan that has expired is refused, with how late it is', async () => {
    const plan = await preview();
    wallOffsetMs += 20 * 60_000;
    const problem = problemOf(await post(`/plans/${plan.id}/approve`));
    expect(problem).toMatchObject({ status: 422, refusals: [{ constraint: 'plan-expired', numbers: { lateMs: expect.any(Number) as number } }] });
    expect((await succeed<Plan>(server, 'GET', `/plans/${plan.id}`)).status).toBe('expired');
    const { operations } = await succeed<{ operations: Operation[] }>(server, 'GET', at('/operations'));
    expect(operations.filter(({ planId }) => planId === plan.id)).toEqual([]);
  });

  it('that wants to go first without an emergency is refused', async () => {
    const plan = await preview();
    expect(problemOf(await post(`/plans/${plan.id}/approve`, { preempt: true }))).toMatchObject({ status: 422, refusals: [{ constraint: 'not-an-emergency' }] });
    expect(problemOf(await post(at('/nodes/node-01/drain'), { preempt: true }))).toMatchObject({ status: 422, refusals: [{ constraint: 'not-an-emergency' }] });
  });
});

describe('an operation that has ended', () => {
  it('takes no command any more, and says how it ended', async () => {
    const operation = await start(FAST);
    await when(operation.id, hasEnded);
    for (const action of ['pause', 'resume', 'cancel']) {
      expect(problemOf(await post(`/operations/${operation.id}/${action}`))).toMatchObject({ status: 422, code: 'refused', refusals: [{ constraint: 'operation-ended', message: 'The operation has ended: succeeded' }] });
    }
    expect(problemOf(await post(`/operations/${operation.id}/throttle`, { throttle: GENTLE }))).toMatchObject({ status: 422, refusals: [{ constraint: 'operation-ended' }] });
    await putBack(operation.id);
  });

  it('has its report and its journal as tables', async () => {
    const operation = await start(FAST);
    await when(operation.id, hasEnded);
    const report = await fetch(`${server.url}/api/v1/operations/${operation.id}/report.csv`);
    expect(report.headers.get('content-type')).toBe('text/csv');
    expect(report.headers.get('content-disposition')).toBe(`attachment; filename="${operation.id}-report.csv"`);
    const lines = (await report.text()).trim().split('\r\n');
    expect(lines[0]).toBe('measure,unit,predicted,actual');
    expect(lines[1]).toBe(`operation,,${operation.id},succeeded`);
    expect(lines.find((line) => line.startsWith('moves,'))).toBe(`moves,moves,${operation.progress.movesTotal},${operation.progress.movesTotal}`);
    const journal = (await (await fetch(`${server.url}/api/v1/operations/${operation.id}/moves.csv`)).text()).trim().split('\r\n');
    expect(journal).toHaveLength(operation.progress.movesTotal + 1);
    const { moves } = await succeed<{ moves: MoveRecord[] }>(server, 'GET', `/operations/${operation.id}/moves?limit=1`);
    expect(journal[1]).toContain(`0,move,${moves[0]!.step.shardId},primary,${moves[0]!.step.sourceNodeId},`);
    expect(problemOf(await call(server, 'GET', '/operations/operation_nothing/report.csv'))).toMatchObject({ status: 404 });
    await putBack(operation.id);
  });
});

describe('[R4] a command built on an outdated version', () => {
  it('is a 409 with what is stored, and has no effect', async () => {
    const operation = await start(GENTLE);
    const running = await when(operation.id, ({ status }) => status === 'running');
    for (const action of ['pause', 'cancel']) {
      expect(problemOf(await post(`/operations/${operation.id}/${action}`, { version: running.version + 7 }))).toMatchObject({ status: 409, code: 'conflict', current: { id: operation.id } });
    }
    expect(problemOf(await post(`/operations/${operation.id}/throttle`, { throttle: FAST, version: 0 }))).toMatchObject({ status: 409 });
    const now = await operationOf(operation.id);
    expect(now).toMatchObject({ status: 'running', throttle: GENTLE });
    const paused = await succeed<Operation>(server, 'POST', `/operations/${operation.id}/pause`, { body: { version: now.version } });
    expect(paused.version).toBe(now.version + 1);
    await post(`/operations/${operation.id}/cancel`);
    await when(operation.id, hasEnded);
    expect(problemOf(await post(`/operations/${operation.id}/reverse`, { version: 0 }))).toMatchObject({ status: 409, current: { id: operation.id } });
    await putBack(operation.id);
  });
});

describe('the queue', () => {
  it('[R3] is put into another order once for one key; what does not fit it is refused', async () => {
    const running = await start(GENTLE);
    const add = async () => (await succeed<{ operation: Operation }>(server, 'POST', at('/nodes'), { body: {} })).operation;
    const [a, b] = [await add(), await add()];
    const put = (operationIds: readonly string[], headers: Record<string, string> = {}) => call(server, 'PUT', at('/operations/queue'), { body: { operationIds }, headers });
    const key = { 'idempotency-key': 'reorder-the-queue' };
    const [first, second] = await Promise.all([put([b.id, a.id], key), put([b.id, a.id], key)]);
    expect([first.status, second.status]).toEqual([200, 200]);
    expect(second.body).toEqual(first.body);
    expect((first.body as { operations: Operation[] }).operations.map(({ id, queuePosition }) => [id, queuePosition])).toEqual([[b.id, 0], [a.id, 1]]);
    expect((await put([b.id, a.id], key)).body).toEqual(first.body);
    expect(problemOf(await put([a.id, 'operation_nothing']))).toMatchObject({ status: 422, refusals: [{ constraint: 'unknown-operation' }] });
    expect(problemOf(await put([a.id, a.id]))).toMatchObject({ status: 422 });
    expect(problemOf(await put([a.id]))).toMatchObject({ status: 409, current: [{ id: b.id }, { id: a.id }] });
    expect(problemOf(await put([]))).toMatchObject({ status: 400 });
    const { operations } = await succeed<ClusterSummary>(server, 'GET', at(''));
    expect(operations.map(({ id }) => id)).toEqual([running.id, b.id, a.id]);
    for (const { id } of [a, b, running]) await post(`/operations/${id}/cancel`);
    await putBack(running.id);
  });
});

describe('the way back', () => {
  it('[R3] is one plan for one key; of an operation that runs it is refused', async () => {
    const operation = await start(GENTLE);
    await when(operation.id, ({ status }) => status === 'running');
    expect(problemOf(await post(`/operations/${operation.id}/reverse`))).toMatchObject({ status: 422, refusals: [{ constraint: 'operation-running' }] });
    await succeed(server, 'POST', `/operations/${operation.id}/throttle`, { body: { throttle: FAST } });
    await when(operation.id, hasEnded);
    const key = { 'idempotency-key': `reverse-${operation.id}` };
    const [first, second] = await Promise.all([post(`/operations/${operation.id}/reverse`, undefined, key), post(`/operations/${operation.id}/reverse`, undefined, key)]);
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    const plan = first.body as Plan;
    expect(plan).toMatchObject({ scope: { kind: 'reverse', operationId: operation.id }, verdict: { code: 'reverses' } });
    const both = await Promise.all([1, 2].map(() => post(`/plans/${plan.id}/approve`, { throttle: FAST })));
    expect(both.filter(({ status }) => status === 202)).toHaveLength(1);
    const back = both.find(({ status }) => status === 202)!.body as { operation: Operation };
    expect(await when(back.operation.id, hasEnded)).toMatchObject({ status: 'succeeded', kind: 'reverse', reverses: operation.id });
    expect(await operationOf(operation.id)).toMatchObject({ reversedBy: back.operation.id });
  });
});

describe('nodes that come and go', () => {
  it('are refused where what is said does not fit', async () => {
    expect(problemOf(await post(at('/nodes/node-01/replace'), { confirmName: 'node-02' }))).toMatchObject({ status: 422, refusals: [{ constraint: 'wrong-name' }] });
    expect(problemOf(await post(at('/scale-out'), {}))).toMatchObject({ status: 422, refusals: [{ constraint: 'invalid-number' }] });
    expect(problemOf(await post(at('/scale-out'), { nodeCount: 0 })).errors).toMatchObject([{ pointer: '#/nodeCount' }]);
    expect(problemOf(await post(at('/scale-out'), { nodeCount: 65 })).errors).toMatchObject([{ pointer: '#/nodeCount' }]);
    const plan = await preview({ strategy: 'round-robin', scope: { kind: 'evacuate', nodeIds: ['node-01'] } });
    expect(problemOf(await post(at('/scale-in'), { nodeIds: ['node-01'], planId: plan.id, confirmName: 'small' }))).toMatchObject({ status: 422, refusals: [{ constraint: 'wrong-name' }] });
    expect(problemOf(await post(at('/scale-in'), { nodeIds: ['node-01', 'node-02'], planId: plan.id, confirmName: 'Small' }))).toMatchObject({ status: 422, refusals: [{ constraint: 'out-of-scope' }] });
    expect(problemOf(await post(at('/scale-in'), { nodeIds: ['node-01', 'node-99'], planId: plan.id, confirmName: 'Small' }))).toMatchObject({ status: 404 });
    const all = await preview({ strategy: 'round-robin', scope: { kind: 'evacuate', nodeIds: ['node-01', 'node-02', 'node-03', 'node-04'] } }).catch(() => plan);
    expect(problemOf(await post(at('/scale-in'), { nodeIds: ['node-01', 'node-02', 'node-03', 'node-04'], planId: all.id, confirmName: 'Small' })).refusals!.map(({ constraint }) => constraint)).toContain('last-node');
  });

  it('[R3] scaling out by a double click adds one node', async () => {
    const key = { 'idempotency-key': 'scale-out-once' };
    const answers = await Promise.all([1, 2].map(() => post(at('/scale-out'), { nodeCount: 1, throttle: FAST }, key)));
    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(answers[1]!.body).toEqual(answers[0]!.body);
    const { operation } = answers[0]!.body as { operation: Operation };
    expect(await when(operation.id, hasEnded)).toMatchObject({ status: 'succeeded', kind: 'scale-out' });
    const { nodes } = await succeed<{ nodes: unknown[] }>(server, 'GET', at('/nodes'));
    expect(nodes).toHaveLength(5);
  });
});

describe('the list', () => {
  it('is of the kinds and states asked for, and its pages go on where the page before ended', async () => {
    const operation = await start(FAST);
    await when(operation.id, hasEnded);
    await putBack(operation.id);
    type List = { operations: Operation[]; nextCursor: string | null };
    const all = await succeed<List>(server, 'GET', at('/operations?limit=1000'));
    const wanted = all.operations.filter(({ kind, status }) => kind === 'rebalance' && status === 'succeeded').map(({ id }) => id);
    expect(wanted.length).toBeGreaterThan(0);
    expect(wanted.length).toBeLessThan(all.operations.length);
    const filter = 'kind=rebalance&status[0]=succeeded&status[1]=expired';
    expect((await succeed<List>(server, 'GET', at(`/operations?${filter}`))).operations.map(({ id }) => id)).toEqual(wanted);
    const paged: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: List = await succeed<List>(server, 'GET', at(`/operations?${filter}&limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`));
      expect(page.operations.length).toBeLessThanOrEqual(1);
      paged.push(...page.operations.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(wanted);
    expect(problemOf(await call(server, 'GET', at('/operations?status=done')))).toMatchObject({ status: 400, code: 'invalid-request' });
  });
});
