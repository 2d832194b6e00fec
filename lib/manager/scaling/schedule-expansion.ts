/** When schedules apply: the one place that knows cron and time zones. What the core gets are occurrences. */
import { Cron } from 'croner';
import type { PolicyDocument } from '@/lib/contract/scaling-policy';
import type { ScalingSchedule, ScheduleOccurrence } from '@/lib/contract/scaling-schedule';
import { assertNever } from '@/lib/platform/assert';

/** A schedule that fires every minute for a month would be no schedule. */
const OCCURRENCES_MAX = 2_000;

export interface Span { readonly fromMs: number; readonly toMs: number }

/** All occurrences that touch the span, in order of their beginning. Patterns must have been checked (see `brokenPatterns`). */
export function expandSchedules(schedules: PolicyDocument['schedules'], span: Span): readonly ScheduleOccurrence[] {
  return schedules.flatMap((schedule) => occurrencesOf(schedule, span)).sort((a, b) => a.startMs - b.startMs || (a.scheduleId < b.scheduleId ? -1 : 1));
}

/** Cron patterns that croner does not understand, by the schedule's position. */
export function brokenPatterns(schedules: PolicyDocument['schedules']): readonly { readonly index: number; readonly message: string }[] {
  return schedules.flatMap((schedule, index) => {
    if (schedule.kind !== 'cron') return [];
    try {
      new Cron(schedule.cron, { timezone: schedule.timeZone, paused: true }).stop();
      return [];
    } catch (error) {
      // The constructor is the only check that croner offers.
      return [{ index, message: error instanceof Error ? error.message : String(error) }];
    }
  });
}

function occurrencesOf(schedule: ScalingSchedule, span: Span): readonly ScheduleOccurrence[] {
  const { id, floor, ceiling, reserve } = schedule;
  const occurrence = (startMs: number, endMs: number): ScheduleOccurrence => ({ scheduleId: id, startMs, endMs, floor, ceiling, reserve });
  switch (schedule.kind) {
    case 'once': return schedule.toMs > span.fromMs && schedule.fromMs < span.toMs ? [occurrence(schedule.fromMs, schedule.toMs)] : [];
    case 'cron': return firings(schedule.cron, schedule.timeZone, { fromMs: span.fromMs - schedule.durationMs, toMs: span.toMs }).map((startMs) => occurrence(startMs, startMs + schedule.durationMs));
    case 'weekly': {
      const { timeZone } = schedule;
      const [hour, minute] = schedule.from.split(':');
      const [endHour, endMinute] = schedule.to.split(':');
      const starts = firings(`${Number(minute)} ${Number(hour)} * * ${schedule.days.join(',')}`, timeZone, { fromMs: span.fromMs - 2 * 86_400_000, toMs: span.toMs });
      const end = new Cron(`${Number(endMinute)} ${Number(endHour)} * * *`, { timezone: timeZone, paused: true });
      // The end is the next time the clock shows it, also on a day of 23 or 25 hours.
      return starts.flatMap((startMs) => {
        const endMs = end.nextRun(new Date(startMs))?.getTime() ?? startMs;
        return endMs > span.fromMs ? [occurrence(startMs, endMs)] : [];
      });
    }
    default: return assertNever(schedule);
  }
}

function firings(pattern: string, timeZone: string, { fromMs, toMs }: Span): readonly number[] {
  const cron = new Cron(pattern, { timezone: timeZone, paused: true });
  const found: number[] = [];
  let at = cron.nextRun(new Date(fromMs - 1));
  while (at !== null && at.getTime() < toMs && found.length < OCCURRENCES_MAX) {
    found.push(at.getTime());
    at = cron.nextRun(at);
  }
  return found;
}
