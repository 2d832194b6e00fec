import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatByteRate, formatBytes, formatCount, formatCountShort, formatDuration, formatLatency, formatRate, formatRatio, formatRelative, formatSecondsRange } from '@/lib/client/format';
import { formatDate, formatDateTime, formatTimeOfDay, zoneLabel } from '@/lib/client/format-time';

describe('numbers', () => {
  it('unknown is never a number', () => {
    for (const format of [formatBytes, formatByteRate, formatCount, formatCountShort, formatDuration, formatLatency, formatRate, formatRatio]) {
      expect(format(null)).toBe('unknown');
      expect(format(NaN)).toBe('unknown');
      expect(format(0)).toMatch(/^0/);
    }
  });

  it.each([[0, '0 B'], [1_023, '1,023 B'], [1_024, '1 KiB'], [1_536, '1.5 KiB'], [1024 ** 2 - 1, '1 MiB'], [412 * 1024 ** 3, '412 GiB'], [5 * 1024 ** 6, '5 EiB']])('%d bytes are %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it('no amount of bytes prints as 1,024 or more of a unit that has a larger one', () => {
    fc.assert(fc.property(fc.double({ min: 1_024, max: 1024 ** 6, noNaN: true }), (bytes) => {
      expect(Number(formatBytes(bytes).split(' ')[0]?.replaceAll(',', ''))).toBeLessThan(1_024);
    }));
  });

  it.each([[9_999, '9,999'], [12_345, '12.3 k'], [999_999, '1 M'], [91_400_000, '91.4 M']])('%d in short is %s', (count, text) => {
    expect(formatCountShort(count)).toBe(text);
  });

  it.each([[0, '0 %'], [0.004, '0.4 %'], [0.0996, '10 %'], [0.61, '61 %'], [1.2, '120 %']])('the ratio %d is %s', (ratio, text) => {
    expect(formatRatio(ratio)).toBe(text);
  });

  it('says of what a rate is', () => {
    expect(formatRate(48_200, 'ops')).toBe('48.2 k ops/s');
    expect(formatRate(0.25)).toBe('0.25/s');
    expect(formatByteRate(24 * 1024 ** 2)).toBe('24 MiB/s');
  });
});

describe('times', () => {
  it.each([[0, '0 ms'], [850, '850 ms'], [42_000, '42 s'], [60_000, '1 min'], [200_000, '3 min 20 s'], [7_500_000, '2 h 5 min'], [273_600_000, '3 d 4 h']])('%d ms are %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('a range is one value when both ends read the same', () => {
    expect(formatSecondsRange({ low: 100, high: 200 })).toBe('1 min 40 s to 3 min 20 s');
    expect(formatSecondsRange({ low: 5.1, high: 5.2 })).toBe('5 s');
    expect(formatSecondsRange(null)).toBe('unknown');
  });

  it('relative times name one unit and the direction', () => {
    expect(formatRelative(200_000)).toBe('3 min ago');
    expect(formatRelative(-7_500_000)).toBe('in 2 h');
    expect(formatRelative(400)).toBe('just now');
  });

  it('absolute times carry their zone', () => {
    const at = Date.UTC(2026, 10, 22, 21, 40, 3);
    expect(formatDateTime(at, 'utc')).toBe('2026-11-22 21:40:03 UTC');
    expect(formatTimeOfDay(at, 'utc')).toBe('21:40:03');
    expect(formatDate(at, 'utc')).toBe('2026-11-22');
    expect(zoneLabel(at, 'viewer')).toMatch(/^UTC([+-]\d+(:\d+)?)?$/);
  });
});
