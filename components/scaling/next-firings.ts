/** When a schedule of the form begins next. The server checks it and applies it; this is for the eye while it is typed. */
import { Cron } from 'croner';
import { ScalingScheduleSchema } from '@/lib/contract/scaling-schedule';
import type { DraftValue } from './policy-draft';

const SHOWN = 3;

/** Wall times, ascending; `null` while the schedule is not right. */
export function nextFirings(schedule: DraftValue, nowMs: number): readonly number[] | null {
  const parsed = ScalingScheduleSchema.safeParse(schedule);
  if (!parsed.success) return null;
  const { data } = parsed;
  if (data.kind === 'once') return data.fromMs > nowMs ? [data.fromMs] : [];
  try {
    return new Cron(data.kind === 'cron' ? data.cron : weeklyPattern(data), { timezone: data.timeZone, paused: true })
      .nextRuns(SHOWN, new Date(nowMs)).map((date) => date.getTime());
  } catch (error) {
    // The constructor is the only check of a pattern that croner offers.
    if (error instanceof Error) return null;
    throw error;
  }
}

function weeklyPattern({ from, days }: { readonly from: string; readonly days: readonly number[] }): string {
  const [hour, minute] = from.split(':');
  return `${Number(minute)} ${Number(hour)} * * ${days.join(',')}`;
}
