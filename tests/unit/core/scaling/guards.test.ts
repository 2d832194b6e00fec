import { describe, expect, it } from 'vitest';
import { allowedNow } from '@/lib/core/scaling/allowed-hours';
import { estimateLeadTime } from '@/lib/core/scaling/lead-time';
import { chooseVictims } from '@/lib/core/scaling/victims';
import { Pool, policyWith, START_MS } from '../../../support/scaling-pool';

const base = policyWith({ prediction: { ...policyWith().prediction, enabled: false } });
const HOUR_MS = 3_600_000;

/** A pool that has been idle for long enough to shrink. */
function idlePool(policy = base, nodeCount = 10): Pool {
  const pool = new Pool(policy, nodeCount);
  pool.minutes(69, { cpu: 0.3 });
  return pool;
}

describe('what holds a scale-in', () => {
  it('[S2] anything that is not alive, moving, stale or frozen', () => {
    expect(idlePool().minute({ cpu: 0.3 }).action).toBe('scale-in');
    expect(idlePool().minute({ cpu: 0.3 }, { doubtfulNodes: 1 }).bindingCode).toBe('unhealthy');
    expect(idlePool().minute({ cpu: 0.3 }, { failedNodes: 1 })).toMatchObject({ action: 'repair', decided: 10, bindingCode: 'failed-node' });
    expect(idlePool().minute({ cpu: 0.3 }, { operation: { running: true, endedMonotonicMs: null } }).bindingCode).toBe('operation-running');
    expect(idlePool().minute({ cpu: 0.3 }, { stale: true }).bindingCode).toBe('stale');
    expect(idlePool().minute({ cpu: 0.3 }, { frozen: true }).bindingCode).toBe('frozen');
  });

  it('[S2] the cooldown, which begins when the last operation ended', () => {
    const pool = idlePool();
    const ended = pool.monotonicMs;
    const held = pool.minute({ cpu: 0.3 }, { operation: { running: false, endedMonotonicMs: ended } });
    expect(held).toMatchObject({ action: 'hold', bindingCode: 'cooldown' });
    expect(held.chain.at(-1)!.untilMs).toBe(START_MS + ended + base.in.cooldownMs);
    expect(pool.minutes(10, { cpu: 0.3 }, { operation: { running: false, endedMonotonicMs: ended } }).action).toBe('scale-in');
  });

  it('[S5] the flap budget, until the oldest change of direction is a day old', () => {
    const policy = policyWith({ ...base, in: { ...base.in, reversalsPerDayMax: 2 } });
    const changes = [[10, 9], [9, 11], [11, 10], [10, 12]].map(([from, to], at) => ({ monotonicMs: -5 * HOUR_MS + at * HOUR_MS, from: from!, to: to! }));
    const held = idlePool(policy).minute({ cpu: 0.3 }, { changes });
    expect(held).toMatchObject({ action: 'hold', bindingCode: 'flap-budget' });
    expect(held.chain.at(-1)!.untilMs).toBe(START_MS - 3 * HOUR_MS + 24 * HOUR_MS);
    expect(idlePool(policy).minute({ cpu: 0.3 }, { changes: changes.slice(0, 2) }).action).toBe('scale-in');
  });

  it('a rule whose smaller pool would be at its line again', () => {
    const policy = policyWith({ ...base, rules: [{ kind: 'threshold', id: 'busy', metric: 'connections', aggregate: 'mean', out: { above: 1_000, durationMs: 0, nodes: 1 }, in: { below: 980, shortWindowMs: 60_000, longWindowMs: 60_000, nodes: 1 } }] });
    expect(new Pool(policy, 6).minutes(10, { connections: 900 })).toMatchObject({ action: 'hold', bindingCode: 'would-grow-again' });
    expect(new Pool(policy, 6).minutes(10, { connections: 700 }).action).toBe('scale-in');
  });

  it('[S8] but an override shrinks through cooldown and windows, and still not through health and lines', () => {
    const override = { nodeCount: 8, expiresAtMs: START_MS + 9 * HOUR_MS, reason: 'cheaper', setBy: { kind: 'operator', name: 'ada' } as const };
    const pool = new Pool(base, 10);
    expect(pool.minutes(2, { cpu: 0.3 }, { override, operation: { running: false, endedMonotonicMs: 0 } })).toMatchObject({ action: 'scale-in', decided: 9, raw: 8 });
    expect(pool.minute({ cpu: 0.3 }, { override, doubtfulNodes: 1 }).bindingCode).toBe('unhealthy');
    expect(new Pool(base, 4).minutes(2, { cpu: 0.65 }, { override: { ...override, nodeCount: 3 } }).bindingCode).toBe('over-line');
    expect(pool.minutes(70, { cpu: 0.3 }, { override: { ...override, nodeCount: 200 } }).decided).toBe(40);
  });
});

describe('what holds a scale-out', () => {
  it('[S5] a scale-in shortly before, unless the pool is above its line', () => {
    const changes = [{ monotonicMs: 0, from: 11, to: 10 }];
    expect(new Pool(base, 10).minute({ cpu: 0.75 }, { changes })).toMatchObject({ action: 'hold', bindingCode: 'direction-cooldown' });
    expect(new Pool(base, 10).minute({ cpu: 0.85 }, { changes }).action).toBe('scale-out');
    expect(new Pool(base, 10).minutes(12, { cpu: 0.75 }, { changes }).action).toBe('scale-out');
  });

  it('the steps of the period before it', () => {
    const changes = [{ monotonicMs: -60_000, from: 5, to: 10 }];
    expect(new Pool(base, 10).minute({ cpu: 0.9 }, { changes })).toMatchObject({ decided: 10, bindingCode: 'rate-limit' });
    expect(new Pool(base, 10).minutes(5, { cpu: 0.9 }, { changes }).decided).toBe(14);
  });

  it('an out-stabilization, until the need has lasted', () => {
    const policy = policyWith({ ...base, out: { ...base.out, stabilizationMs: 300_000 } });
    const pool = new Pool(policy, 10);
    pool.minutes(3, { cpu: 0.6 });
    expect(pool.minute({ cpu: 0.9 }).bindingCode).toBe('out-stabilization');
    expect(pool.minutes(5, { cpu: 0.9 }).action).toBe('scale-out');
  });
});

describe('bad readings', () => {
  it.each([Number.NaN, Infinity, -1, null])('[S6] %s is unknown: no value, no scale-in, and no 0', (value) => {
    const pool = idlePool();
    const record = pool.minute({ cpu: value });
    expect(record.rules[0]!.value).toBeNull();
    expect(record).toMatchObject({ action: 'hold', decided: 10, bindingCode: 'metrics-unknown' });
  });

  it('[S6] a metric that disappears is unknown from then on', () => {
    const pool = idlePool();
    pool.minutes(5, {});
    expect(pool.minute({})).toMatchObject({ action: 'hold', bindingCode: 'metrics-unknown' });
  });

  it('[S2] a jump of the wall clock changes no window: only what is measured by it', () => {
    const steady = new Pool(base, 10);
    const jumping = new Pool(base, 10, START_MS - 40 * 24 * HOUR_MS);
    for (let minute = 0; minute < 80; minute += 1) {
      const { atMs: _a, ...one } = steady.minute({ cpu: 0.3 + minute * 1e-6 });
      const { atMs: _b, ...other } = jumping.minute({ cpu: 0.3 + minute * 1e-6 });
      expect(other).toEqual(one);
    }
  });
});

describe('allowed hours', () => {
  const nights = [{ days: [0, 1, 2, 3, 4, 5, 6], fromHour: 2, toHour: 4, timeZone: 'Europe/Berlin' }];

  it('are those of the clock on the wall, over both changes to and from summer time', () => {
    // 29 March 2026: 02:00 CET becomes 03:00 CEST; 25 October 2026: 03:00 CEST becomes 02:00 CET.
    expect(allowedNow(nights, Date.UTC(2026, 2, 28, 1, 30))).toBe(true);
    expect(allowedNow(nights, Date.UTC(2026, 2, 29, 1, 30))).toBe(true);
    expect(allowedNow(nights, Date.UTC(2026, 2, 29, 2, 30))).toBe(false);
    expect(allowedNow(nights, Date.UTC(2026, 9, 25, 0, 30))).toBe(true);
    expect(allowedNow(nights, Date.UTC(2026, 9, 25, 1, 30))).toBe(true);
    expect(allowedNow(nights, Date.UTC(2026, 9, 25, 2, 30))).toBe(true);
    expect(allowedNow(nights, Date.UTC(2026, 9, 25, 3, 30))).toBe(false);
  });

  it('know the leap day', () => {
    const onTuesdays = [{ days: [2], fromHour: 0, toHour: 24, timeZone: 'UTC' }];
    expect(allowedNow(onTuesdays, Date.UTC(2028, 1, 29, 12))).toBe(true);
    expect(allowedNow(onTuesdays, Date.UTC(2028, 2, 1, 12))).toBe(false);
  });

  it('hold a scale-in outside of them', () => {
    // The pool's clock stands at 01:10 UTC, 02:10 in Berlin.
    expect(idlePool(policyWith({ ...base, in: { ...base.in, allowed: nights } })).minute({ cpu: 0.3 }).action).toBe('scale-in');
    const late = [{ ...nights[0]!, fromHour: 22, toHour: 24 }];
    expect(idlePool(policyWith({ ...base, in: { ...base.in, allowed: late } })).minute({ cpu: 0.3 }).bindingCode).toBe('not-allowed-now');
  });
});

describe('victims', () => {
  const node = (nodeId: string, zone: string, bytes: number) => ({ nodeId, zone, bytes });

  it('have least to move in the zone that has most nodes, so that zones stay even', () => {
    const nodes = [node('a1', 'a', 5), node('a2', 'a', 9), node('b1', 'b', 1), node('b2', 'b', 7), node('b3', 'b', 8), node('c1', 'c', 0)];
    expect(chooseVictims(nodes, 1)).toEqual(['b1']);
    expect(chooseVictims(nodes, 2)).toEqual(['b1', 'a1']);
    expect(chooseVictims(nodes.map((node) => ({ ...node, returnable: node.nodeId === 'b2' })), 1)).toEqual(['b2']);
    expect(chooseVictims(nodes, 9)).toHaveLength(6);
    expect(chooseVictims([], 1)).toEqual([]);
  });
});

describe('lead time', () => {
  const timing = (provisionMs: number, moveMs: number, bytesMoved: number) => ({ provisionMs, moveMs, bytesMoved });

  it('is what was assumed until there is a history', () => {
    expect(estimateLeadTime([], { bytes: 1e9, assumedMs: 900_000 })).toEqual({ provisionMs: 0, moveMs: 900_000, totalMs: 900_000, sampleCount: 0 });
  });

  it('is the 80th percentile of both parts, the move by the byte', () => {
    const history = [1, 2, 3, 4, 5].map((minutes) => timing(minutes * 60_000, minutes * 1_000, 1_000));
    expect(estimateLeadTime(history, { bytes: 60_000, assumedMs: 1 })).toEqual({ provisionMs: 300_000, moveMs: 300_000, totalMs: 600_000, sampleCount: 5 });
  });
});
