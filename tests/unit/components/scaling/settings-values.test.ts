import { describe, expect, it } from 'vitest';
import { checkSettings, differencesBetween, settingsOf, valuesOf, type SettingsValues } from '@/components/scaling/settings-values';
import { DEFAULT_SETTINGS } from '@/lib/contract/settings';

function edited(path: string, value: string | number | null): SettingsValues {
  const values = structuredClone(valuesOf(DEFAULT_SETTINGS));
  const keys = path.split('.');
  let at: Record<string, unknown> = values;
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>;
  at[keys.at(-1)!] = value;
  return values;
}

describe('settings form', () => {
  it('shows shares as percents, durations as seconds, bandwidth as MiB/s, and means the same settings again', () => {
    expect(valuesOf(DEFAULT_SETTINGS)).toMatchObject({ rebalancing: { imbalanceThreshold: 10, holdMs: 60 }, safetyLines: { disk: 85 }, throttle: { bytesPerSecondMax: 256 } });
    expect(settingsOf(valuesOf(DEFAULT_SETTINGS))).toEqual(DEFAULT_SETTINGS);
  });

  it.each([
    ['rebalancing.imbalanceThreshold', 0, 'At least 1 %'],
    ['rebalancing.holdMs', -5, 'At least 0 s'],
    ['observationIntervalMs', 600, 'At most 60 s'],
    ['safetyLines.cpu', 120, 'At most 100 %'],
    ['throttle.bytesPerSecondMax', 0.001, 'At least 0.063 MiB/s'],
    ['scaling.nodeCountMin', '', 'A number is needed'],
    ['scaling.nodeCountMin', 2.5, 'A number is needed'],
  ] as const)('says what is wrong with %s = %s in the units of the form', (path, value, message) => {
    const { settings, errors } = checkSettings(edited(path, value));
    expect(settings).toBeNull();
    expect(errors[path]).toBe(message);
  });

  it('holds rules between fields, at the field that breaks them', () => {
    expect(checkSettings(edited('scaling.nodeCountMin', 500)).errors).toEqual({ 'scaling.nodeCountMax': 'Not below the minimum' });
    expect(checkSettings(edited('health.unreachableAfterMs', 400)).errors).toEqual({ 'health.deadAfterMs': 'Longer than the time to unreachable' });
  });

  it('lists what differs in the units of the form', () => {
    expect(differencesBetween(valuesOf(DEFAULT_SETTINGS), edited('throttle.bytesPerSecondMax', ''))).toEqual([{ path: 'throttle.bytesPerSecondMax', before: '256 MiB/s', after: 'no limit' }]);
  });
});
