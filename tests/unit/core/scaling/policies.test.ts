import { describe, expect, it } from 'vitest';
import { PolicyDocumentSchema, type PolicyDocument } from '@/lib/contract/scaling-policy';
import { ScalingScheduleSchema } from '@/lib/contract/scaling-schedule';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';
import { defaultPolicy } from '@/lib/core/scaling/default-policy';
import { nextOrder, scheduleBounds, scheduleConflicts } from '@/lib/core/scaling/schedule-bounds';
import { policyFromSettings, readStoredPolicy } from '@/lib/core/scaling/stored-policy';

const HOUR_MS = 3_600_000;
const policy = defaultPolicy(['cpu', 'memory']);

/** Where the schema finds fault, as JSON pointers. */
function faults(document: unknown): string[] {
  const parsed = PolicyDocumentSchema.safeParse(document);
  return parsed.success ? [] : parsed.error.issues.map((issue) => `/${issue.path.map(String).join('/')}`);
}

const weekly = { kind: 'weekly', id: 'days', floor: 6, ceiling: null, reserve: 0, days: [1], from: '08:00', to: '18:00', timeZone: 'Europe/Berlin' };

describe('a policy document', () => {
  it('is accepted as it comes', () => {
    expect(faults(policy)).toEqual([]);
    expect(faults({ ...policy, schedules: [weekly] })).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['a minimum above the maximum', { bounds: { ...policy.bounds, nodeCountMin: 20, nodeCountMax: 10 } }, '/bounds/nodeCountMin'],
    ['no zone multiple between the bounds', { bounds: { nodeCountMin: 4, nodeCountMax: 5, multipleOf: 3 } }, '/bounds/multipleOf'],
    ['an automatic policy without rules', { mode: 'automatic', rules: [] }, '/rules'],
    ['a scheduled policy without schedules', { mode: 'scheduled' }, '/schedules'],
    ['a rule without a metric', { rules: [{ ...policy.rules[0], metric: undefined }] }, '/rules/0/metric'],
    ['a rule on a metric that does not exist', { rules: [{ ...policy.rules[0], metric: 'mood' }] }, '/rules/0/metric'],
    ['a target at its line', { rules: [{ ...policy.rules[0], target: 0.8 }] }, '/rules/0/target'],
    ['a target for latency', { rules: [{ ...policy.rules[0], metric: 'latencyP99Ms', target: 20 }] }, '/rules/0/metric'],
    ['two rules of one name', { rules: [policy.rules[0], policy.rules[0]] }, '/rules/1/id'],
    ['a threshold that shrinks above where it grows', { rules: [{ kind: 'threshold', id: 't', metric: 'cpu', aggregate: 'mean', out: { above: 0.5, durationMs: 0, nodes: 1 }, in: { below: 0.6, shortWindowMs: 0, longWindowMs: 0, nodes: 1 } }] }, '/rules/0/in/below'],
    ['a short window longer than the long one', { rules: [{ kind: 'threshold', id: 't', metric: 'cpu', aggregate: 'mean', out: { above: 0.5, durationMs: 0, nodes: 1 }, in: { below: 0.3, shortWindowMs: 2, longWindowMs: 1, nodes: 1 } }] }, '/rules/0/in/shortWindowMs'],
    ['steps that do not go up', { rules: [{ kind: 'steps', id: 's', metric: 'cpu', aggregate: 'mean', line: 0.7, durationMs: 0, steps: [{ distance: 0.2, nodes: 1 }, { distance: 0.1, nodes: 2 }], in: null }] }, '/rules/0/steps'],
    ['an unknown time zone', { schedules: [{ ...weekly, timeZone: 'Mars/Olympus' }] }, '/schedules/0/timeZone'],
    ['a floor above the maximum', { schedules: [{ ...weekly, floor: 101 }] }, '/schedules/0/floor'],
    ['a schedule that does nothing', { schedules: [{ ...weekly, floor: null }] }, '/schedules/0/floor'],
    ['a coverage at the quantile', { prediction: { ...policy.prediction, coverageMin: 0.9 } }, '/prediction/coverageMin'],
    ['allowed hours that end before they begin', { in: { ...policy.in, allowed: [{ days: [1], fromHour: 5, toHour: 5, timeZone: 'UTC' }] } }, '/in/allowed/0/toHour'],
  ])('points at %s', (_name, edit, pointer) => {
    expect(faults({ ...policy, ...(edit as Partial<PolicyDocument>) })).toContain(pointer);
  });

  it('takes an event that begins before it ends, and a pattern of five fields', () => {
    const once = { kind: 'once', id: 'sale', floor: 9, ceiling: null, reserve: 0, fromMs: 5, toMs: 4 };
    expect(ScalingScheduleSchema.safeParse(once).success).toBe(false);
    expect(ScalingScheduleSchema.safeParse({ ...once, toMs: 6 }).success).toBe(true);
    expect(ScalingScheduleSchema.safeParse({ kind: 'cron', id: 'c', floor: 4, ceiling: null, reserve: 0, cron: '0 8 * *', durationMs: HOUR_MS, timeZone: 'UTC' }).success).toBe(false);
  });
});

describe('a stored policy', () => {
  it('is read as it was written', () => {
    expect(readStoredPolicy(JSON.parse(JSON.stringify(policy)))).toEqual({ ok: true, value: policy });
  });

  it('of the format before is migrated: targets and bounds of the settings', () => {
    const read = readStoredPolicy({ format: 1, ...DEFAULT_SETTINGS.scaling, targetUtilization: { cpu: 0.9, memory: 0.5, disk: 0.6, network: 0.4 } });
    expect(read.ok && read.value.rules.map((rule) => (rule.kind === 'target' ? rule.target : null))).toEqual([0.9, 0.5, 0.6, 0.4]);
    expect(read.ok && PolicyDocumentSchema.safeParse(read.value).success).toBe(true);
  });

  it.each<[string, unknown, string]>([
    ['nothing', null, 'not-a-policy'], ['text', 'x', 'not-a-policy'], ['a format that is to come', { ...policy, format: 99 }, 'format-unknown'],
    ['one with a broken rule', { ...policy, rules: [{}] }, 'not-a-policy'], ['a former one that is broken', { format: 1, mode: 'on' }, 'not-a-policy'],
  ])('%s is a typed problem with pointers', (_name, stored, code) => {
    const read = readStoredPolicy(stored);
    expect(read).toMatchObject({ ok: false, error: { code } });
    expect(!read.ok && read.error.errors.length).toBeGreaterThan(0);
  });

  it('all settings that can be saved make a policy', () => {
    for (const target of [0.05, 0.5, 0.95]) {
      const made = policyFromSettings({ mode: 'recommend', targetUtilization: { cpu: target, memory: target, disk: target, network: target }, nodeCountMin: 1, nodeCountMax: 1, provisioner: null });
      expect(faults(made)).toEqual([]);
    }
  });
});

describe('schedules', () => {
  const at = (hour: number) => Date.UTC(2026, 0, 5, hour);
  const occurrence = (scheduleId: string, from: number, to: number, floor: number | null, ceiling: number | null = null, reserve = 0) => ({ scheduleId, startMs: at(from), endMs: at(to), floor, ceiling, reserve });

  it('apply the highest floor, the lowest ceiling and the sum of reserves; floors a lead time early', () => {
    const all = [occurrence('a', 8, 18, 6), occurrence('b', 11, 14, 9), occurrence('c', 8, 18, null, 20, 2), occurrence('d', 12, 13, null, 15, 1)];
    expect(scheduleBounds(all, { wallMs: at(12), leadTimeMs: 0, paybackMs: 0 })).toEqual({ floor: 9, floorUntilMs: at(14), floorAhead: 9, ceiling: 15, ceilingUntilMs: at(13), reserve: 3 });
    expect(scheduleBounds(all, { wallMs: at(10), leadTimeMs: HOUR_MS, paybackMs: 0 })).toMatchObject({ floor: 9, ceiling: 20, reserve: 2 });
    expect(scheduleBounds(all, { wallMs: at(9), leadTimeMs: 0, paybackMs: 2 * HOUR_MS })).toMatchObject({ floor: 6, floorAhead: 9 });
    expect(scheduleBounds(all, { wallMs: at(18), leadTimeMs: 0, paybackMs: 0 })).toEqual({ floor: null, floorUntilMs: null, floorAhead: null, ceiling: null, ceilingUntilMs: null, reserve: 0 });
  });

  it('say when to order: by 08:12 to be ready at 09:00', () => {
    const next = nextOrder([occurrence('later', 12, 13, 12), occurrence('sale', 9, 10, 8), occurrence('fits', 7, 8, 3)], { wallMs: at(6), leadTimeMs: 48 * 60_000, nodeCount: 5 });
    expect(next).toEqual({ scheduleId: 'sale', nodeCount: 8, orderByMs: Date.UTC(2026, 0, 5, 8, 12), readyAtMs: at(9) });
  });

  it('conflict when what they ask for at one time exceeds the maximum together', () => {
    const found = scheduleConflicts([occurrence('a', 8, 18, 6), occurrence('b', 11, 14, 5), occurrence('c', 19, 20, 9)], { nodeCountMin: 1, nodeCountMax: 10 });
    expect(found).toEqual([{ code: 'overlap-exceeds-maximum', scheduleIds: ['a', 'b'], atMs: at(11), message: 'a 6 + b 5 make 11 nodes at the same time, the maximum is 10' }]);
  });

  it('conflict when a floor is above a ceiling, or a ceiling below the minimum, and are noted once', () => {
    const days = [0, 24, 48].flatMap((day) => [occurrence('floor', day + 8, day + 18, 6), occurrence('ceiling', day + 9, day + 10, null, 2)]);
    const found = scheduleConflicts(days, { nodeCountMin: 3, nodeCountMax: 10 });
    expect(found.map(({ code }) => code)).toEqual(['floor-above-ceiling', 'ceiling-below-minimum']);
    expect(scheduleConflicts([occurrence('a', 8, 9, 6), occurrence('b', 9, 10, 6)], { nodeCountMin: 1, nodeCountMax: 10 })).toEqual([]);
  });
});
