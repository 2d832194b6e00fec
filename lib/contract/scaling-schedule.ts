/** Times at which a policy's floor, ceiling or reserve applies. */
import * as z from 'zod';
import { TimestampMsSchema } from './primitives';
import { RULE_ID_PATTERN } from './vocabulary';

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM, 00:00 to 23:59');
const count = z.number().int().min(1).max(10_000);

/** Is it a zone of the IANA database that this runtime knows? */
export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch (error) {
    // The constructor has no other way of saying no.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

export const TimeZoneSchema = z.string().min(1).max(64).refine(isTimeZone, 'Not a time zone of the IANA database, such as Europe/Berlin or UTC');

const effect = {
  id: z.string().regex(RULE_ID_PATTERN, 'Lower case letters, digits and - only, at most 40'),
  /** At least so many nodes; of overlapping schedules the highest counts. `null` = none. */
  floor: count.nullable(),
  /** At most so many; of overlapping schedules the lowest counts. */
  ceiling: count.nullable(),
  /** So many on top of what everything else wants; those of overlapping schedules add up. */
  reserve: z.number().int().min(0).max(1_000),
};
const weekdays = z.array(z.number().int().min(0).max(6)).min(1).max(7);

/** Every week on `days` (0 = Sunday) from `from` to `to` by the clock of `timeZone`; to <= from ends the next day. */
export const WeeklyScheduleSchema = z.strictObject({ kind: z.literal('weekly'), ...effect, days: weekdays, from: clockTime, to: clockTime, timeZone: TimeZoneSchema }).meta({ id: 'WeeklySchedule' });
/** From each firing of a cron pattern (5 fields) for `durationMs`. */
export const CronScheduleSchema = z.strictObject({
  kind: z.literal('cron'), ...effect, cron: z.string().regex(/^\S+( \S+){4}$/, 'Five fields: minute hour day month weekday').max(100),
  durationMs: z.number().int().min(60_000).max(7 * 86_400_000), timeZone: TimeZoneSchema,
}).meta({ id: 'CronSchedule' });
/** One event. */
export const OnceScheduleSchema = z.strictObject({ kind: z.literal('once'), ...effect, fromMs: TimestampMsSchema, toMs: TimestampMsSchema }).meta({ id: 'OnceSchedule' });

export const ScalingScheduleSchema = z.discriminatedUnion('kind', [WeeklyScheduleSchema, CronScheduleSchema, OnceScheduleSchema])
  .refine((schedule) => schedule.floor !== null || schedule.ceiling !== null || schedule.reserve > 0, { path: ['floor'], message: 'A schedule sets a floor, a ceiling or a reserve' })
  .refine((schedule) => schedule.floor === null || schedule.ceiling === null || schedule.floor <= schedule.ceiling, { path: ['ceiling'], message: 'Not below the floor' })
  .refine((schedule) => schedule.kind !== 'once' || schedule.fromMs < schedule.toMs, { path: ['toMs'], message: 'After the beginning' })
  .meta({ id: 'ScalingSchedule' });
export type ScalingSchedule = z.infer<typeof ScalingScheduleSchema>;

/** One time a schedule applies: [startMs, endMs), wall time. */
export const ScheduleOccurrenceSchema = z.object({
  scheduleId: z.string(), startMs: TimestampMsSchema, endMs: TimestampMsSchema,
  floor: count.nullable(), ceiling: count.nullable(), reserve: z.number().int().min(0),
}).meta({ id: 'ScheduleOccurrence' });
export type ScheduleOccurrence = z.infer<typeof ScheduleOccurrenceSchema>;
