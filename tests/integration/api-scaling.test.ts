import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterSummary } from '@/lib/contract/cluster';
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { BacktestAnswer, DecisionEntry, PolicyChange, PolicyVersion, PoolScaling } from '@/lib/contract/scaling-view';
import { defaultPolicy } from '@/lib/core/scaling/default-policy';
import { call, problemOf, succeed } from '@/tests/support/api-calls';
import { startTestServer, type TestServer } from '@/tests/support/start-server';

let server: TestServer;
let base: string;

beforeAll(async () => {
  server = await startTestServer();
  const { clusters } = await succeed<{ clusters: ClusterSummary[] }>(server, 'GET', '/clusters');
  base = `/clusters/${clusters[0]!.id}/scaling/default`;
});
afterAll(() => server.stop());

const policy = (edit: Partial<PolicyDocument> = {}): PolicyDocument => ({ ...defaultPolicy(['cpu', 'memory']), ...edit });
const save = (generation: number, document: unknown, role = 'active', headers: Record<string, string> = {}) => call(server, 'PUT', `${base}/policies/${role}`, { body: { generation, policy: document }, headers });

describe('scaling over HTTP', () => {
  it('shows what applies before anything was saved', async () => {
    expect(await succeed<PoolScaling>(server, 'GET', base)).toMatchObject({ pool: 'default', generation: 0, version: null, policy: { mode: 'manual' }, shadows: [], override: null, proposal: null });
    const { decisions } = await succeed<{ decisions: DecisionEntry[] }>(server, 'GET', `${base}/decisions?limit=5`);
    expect(decisions[0]!.text.length).toBeGreaterThan(0);
  });

  it('[R3] [R4] saves by generation, once per idempotency key, and keeps it over a restart', async () => {
    const headers = { 'idempotency-key': 'save-policy-1' };
    const first = await save(0, policy({ name: 'One' }), 'active', headers);
    expect(first.status).toBe(200);
    const again = await save(0, policy({ name: 'One' }), 'active', headers);
    expect(again.body).toEqual(first.body);
    const stale = problemOf(await save(0, policy({ name: 'Two' })));
    expect(stale.status).toBe(409);
    expect(stale.current).toMatchObject({ generation: 1, policy: { name: 'One' } });
    expect((await save(1, policy({ name: 'Two', intervalMs: 30_000 }))).status).toBe(200);
    const { changes } = await succeed<{ changes: PolicyChange[] }>(server, 'GET', `${base}/policies/active/diff?from=1&to=2`);
    expect(changes.map(({ pointer }) => pointer)).toEqual(['/name', '/intervalMs']);
    expect(await succeed<PolicyVersion>(server, 'POST', `${base}/policies/active/restore`, { body: { generation: 2, from: 1 } })).toMatchObject({ generation: 3, policy: { name: 'One' } });
  });

  it.each<[string, object, string]>([
    ['a minimum above the maximum', { bounds: { nodeCountMin: 9, nodeCountMax: 3, multipleOf: 1 } }, '#/policy/bounds/nodeCountMin'],
    ['an unknown time zone', { schedules: [{ kind: 'weekly', id: 'd', days: [1], from: '08:00', to: '09:00', timeZone: 'Nowhere/Here', floor: 4, ceiling: null, reserve: 0 }] }, '#/policy/schedules/0/timeZone'],
    ['a rule without a metric', { rules: [{ kind: 'target', id: 'x', aggregate: 'mean', target: 0.5, outTolerance: 0, inTolerance: 0 }] }, '#/policy/rules/0/metric'],
    ['a bad cron pattern', { schedules: [{ kind: 'cron', id: 'd', cron: '61 * * * *', durationMs: 60_000, timeZone: 'UTC', floor: 4, ceiling: null, reserve: 0 }] }, '#/policy/schedules/0/cron'],
    ['overlapping schedules above the maximum', { schedules: ['a', 'b'].map((id) => ({ kind: 'cron', id, cron: '0 8 * * *', durationMs: 3_600_000, timeZone: 'UTC', floor: 60, ceiling: null, reserve: 0 })) }, '#/policy/schedules/1/floor'],
  ])('points at %s', async (_name, edit, pointer) => {
    const { generation } = await succeed<PoolScaling>(server, 'GET', base);
    const refused = problemOf(await save(generation, policy(edit)));
    expect(refused.status).toBe(400);
    expect(refused.errors?.map((error) => error.pointer)).toContain(pointer);
  });

  it('runs a shadow, backtests an edit, sets and clears an override', async () => {
    expect((await save(0, policy({ mode: 'shadow', name: 'Beside' }), 'beside')).status).toBe(200);
    expect((await succeed<PoolScaling>(server, 'GET', base)).shadows).toMatchObject([{ version: { role: 'beside', policy: { name: 'Beside' } } }]);
    const values = Array.from({ length: 1_500 }, (_, step) => 50 + 30 * Math.sin(step / 40));
    const answer = await succeed<BacktestAnswer>(server, 'POST', `${base}/backtest`, { body: { policy: policy(), series: { kind: 'given', startMs: 0, stepSeconds: 300, values } } });
    expect(answer).toMatchObject({ stepMs: 300_000, differences: [] });
    expect(answer.edited).toEqual(answer.active);
    await succeed(server, 'PUT', `${base}/override`, { body: { nodeCount: 14, durationMs: 60_000, reason: 'test' } });
    expect(await succeed<PoolScaling>(server, 'GET', base)).toMatchObject({ override: { nodeCount: 14, reason: 'test', setBy: { kind: 'operator' } } });
    expect((problemOf(await call(server, 'PUT', `${base}/override`, { body: { nodeCount: 500, durationMs: 60_000, reason: 'test' } }))).errors).toMatchObject([{ pointer: '#/nodeCount' }]);
    expect((await call(server, 'DELETE', `${base}/override`)).status).toBe(204);
    expect((await call(server, 'DELETE', `${base}/policies/beside`)).status).toBe(204);
  });

  it('knows no other pool, shadow or proposal', async () => {
    expect((await call(server, 'GET', base.replace(/default$/, 'nobody'))).status).toBe(404);
    expect((await call(server, 'POST', `${base}/policies/nobody/promote`, { body: { generation: 3, mode: 'manual' } })).status).toBe(404);
    expect((await call(server, 'POST', `${base}/proposals/none/approve`)).status).toBe(404);
    expect((await call(server, 'GET', `${base}/decisions?role=nobody`)).status).toBe(404);
  });
});
