import type { PolicyDocument } from '@/lib/contract/scaling-policy';

type AllowedHours = PolicyDocument['in']['allowed'];

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** May the pool shrink at this hour? Hours are those of the clock on the wall, so a change to summer time moves with it. */
export function allowedNow(allowed: AllowedHours, wallMs: number): boolean {
  if (allowed.length === 0) return true;
  return allowed.some((hours) => {
    const { day, hour } = clockIn(hours.timeZone, wallMs);
    return hours.days.includes(day) && hour >= hours.fromHour && hour < hours.toHour;
  });
}

function clockIn(timeZone: string, wallMs: number): { readonly day: number; readonly hour: number } {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone, weekday: 'short', hour: 'numeric', hourCycle: 'h23' }).formatToParts(wallMs);
  const valueOf = (type: 'weekday' | 'hour') => parts.find((part) => part.type === type)?.value ?? '';
  return { day: WEEKDAYS.indexOf(valueOf('weekday')), hour: Number(valueOf('hour')) };
}
