import { describe, expect, it } from 'vitest';
import { nextFirings } from '@/components/scaling/next-firings';

const at = (text: string) => Date.parse(text);
const effect = { id: 'peak', floor: 4, ceiling: null, reserve: 0 };
const iso = (times: readonly number[] | null) => times?.map((time) => new Date(time).toISOString()) ?? null;

describe('the next firings of a schedule', () => {
  it('are by the clock of its zone, over the end of summer time', () => {
    const weekly = { kind: 'weekly', ...effect, days: [6, 0, 1], from: '08:00', to: '18:00', timeZone: 'Europe/Berlin' };
    // Summer time ended on 25 October 2026, a Sunday.
    expect(iso(nextFirings(weekly, at('2026-10-24T00:00:00Z')))).toEqual(['2026-10-24T06:00:00.000Z', '2026-10-25T07:00:00.000Z', '2026-10-26T07:00:00.000Z']);
  });

  it('are none for one that is over, and unknown while a field is wrong', () => {
    const once = { kind: 'once', ...effect, fromMs: at('2026-11-01T00:00:00Z'), toMs: at('2026-11-02T00:00:00Z') };
    expect(nextFirings(once, at('2026-10-01T00:00:00Z'))).toEqual([once.fromMs]);
    expect(nextFirings(once, at('2026-12-01T00:00:00Z'))).toEqual([]);
    const cron = { kind: 'cron', ...effect, cron: '0 8 * * 1-5', durationMs: 3_600_000, timeZone: 'UTC' };
    expect(iso(nextFirings(cron, at('2026-11-27T09:00:00Z')))?.[0]).toBe('2026-11-30T08:00:00.000Z');
    expect(nextFirings({ ...cron, cron: '99 8 * * 1-5' }, 0)).toBeNull();
    expect(nextFirings({ ...cron, timeZone: 'Mars/Base' }, 0)).toBeNull();
  });
});
