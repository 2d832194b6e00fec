import { describe, expect, it } from 'vitest';
import { checkPolicy, draftChanges } from '@/components/scaling/policy-check';
import { listAt, numberAt, valueAt, withValue, type PolicyDraft } from '@/components/scaling/policy-draft';
import { fromForm, toForm, unitOf } from '@/components/scaling/policy-units';
import { defaultPolicy } from '@/lib/core/scaling/default-policy';

const draft: PolicyDraft = defaultPolicy(['cpu', 'memory']);

describe('a draft of a policy', () => {
  it('changes one value and keeps what is not on the way the same object', () => {
    const changed = withValue(draft, ['rules', 1, 'target'], 0.4);
    expect(numberAt(changed, ['rules', 1, 'target'])).toBe(0.4);
    expect(numberAt(draft, ['rules', 1, 'target'])).toBe(0.65);
    expect(valueAt(changed, ['rules', 0])).toBe(valueAt(draft, ['rules', 0]));
    expect(changed['bounds']).toBe(draft['bounds']);
  });

  it('is the policy it was made of while nothing is changed', () => {
    expect(checkPolicy(draft)).toEqual({ policy: defaultPolicy(['cpu', 'memory']), errors: {} });
  });

  it('lays each fault on its own field, in the units of the form', () => {
    const wrong = withValue(withValue(withValue(draft, ['rules', 0, 'target'], 0.9), ['lines', 'disk'], 1.2), ['intervalMs'], 500);
    expect(checkPolicy(wrong)).toEqual({ policy: null, errors: { 'lines.disk': 'At most 100 %', 'intervalMs': 'At least 1 s', 'rules.0.target': 'Below the line of cpu, 0.8' } });
  });

  it('says that an emptied field needs a number', () => {
    expect(checkPolicy(withValue(draft, ['bounds', 'nodeCountMin'], '')).errors).toEqual({ 'bounds.nodeCountMin': 'A number is needed' });
    expect(checkPolicy(withValue(draft, ['bounds', 'nodeCountMin'], 2.5)).errors).toEqual({ 'bounds.nodeCountMin': 'A whole number is needed' });
  });

  it('names minimum above maximum, an unknown time zone and two rules of one name where they stand', () => {
    const allowed = [{ days: [1], fromHour: 2, toHour: 4, timeZone: 'Europe/Nowhere' }];
    expect(checkPolicy(withValue(draft, ['in', 'allowed'], allowed)).errors).toHaveProperty('in.allowed.0.timeZone');
    expect(checkPolicy(withValue(draft, ['bounds', 'nodeCountMin'], 200)).errors).toEqual({ 'bounds.nodeCountMin': 'Not above the maximum of 100' });
    expect(checkPolicy(withValue(draft, ['rules', 1, 'id'], 'cpu')).errors).toEqual({ 'rules.1.id': 'There is another rule called cpu' });
  });

  it('tells differences by the name of the rule, not by its place', () => {
    const [first, second] = listAt(draft, ['rules']);
    const swapped = withValue(draft, ['rules'], [second!, first!]);
    expect(draftChanges(draft, swapped)).toEqual([]);
    expect(draftChanges(draft, withValue(swapped, ['rules', 0, 'target'], 0.5))).toEqual([{ path: 'rules.memory.target', before: '65 %', after: '50 %' }]);
    expect(draftChanges(draft, withValue(draft, ['approval', 'in', 'fromNodes'], 2))).toEqual([{ path: 'approval.in.fromNodes', before: 'none', after: '2' }]);
  });

  it('shows every number in a unit and takes it back without a loss', () => {
    for (const [path, value, suffix] of [
      [['lines', 'cpu'], 0.7, ' %'], [['rules', '0', 'target'], 0.07, ' %'], [['in', 'cooldownMs'], 600_000, ' min'], [['intervalMs'], 1_500, ' s'], [['in', 'paybackMs'], 3_600_000, ' h'], [['bounds', 'nodeCountMax'], 100, ''],
    ] as const) {
      const unit = unitOf(path, draft);
      expect(unit.suffix).toBe(suffix);
      expect(fromForm(toForm(value, unit.scale), unit.scale)).toBe(value);
    }
    expect(toForm(0.07, 0.01)).toBe(7);
  });
});
