/** The zone times are printed in: the viewer's own, or UTC. */
export type ZoneChoice = 'viewer' | 'utc';

interface ZoneFormats {
  readonly parts: Intl.DateTimeFormat;
  readonly label: Intl.DateTimeFormat;
}

const formats = new Map<ZoneChoice, ZoneFormats>();

function formatsOf(zone: ZoneChoice): ZoneFormats {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const timeZone = zone === 'utc' ? { timeZone: 'UTC' } : {};
  const made: ZoneFormats = {
    parts: new Intl.DateTimeFormat('en-GB', {
      ...timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
    }),
    label: new Intl.DateTimeFormat('en-GB', { ...timeZone, timeZoneName: 'shortOffset' }),
  };
  formats.set(zone, made);
  return made;
}

function partsOf(atMs: number, zone: ZoneChoice): Record<string, string> {
  return Object.fromEntries(formatsOf(zone).parts.formatToParts(atMs).map((part) => [part.type, part.value]));
}

/** "UTC", "UTC+2": the zone as it is printed beside every time; it changes with summer time, hence the moment. */
export function zoneLabel(atMs: number, zone: ZoneChoice): string {
  const name = formatsOf(zone).label.formatToParts(atMs).find((part) => part.type === 'timeZoneName')?.value ?? 'UTC';
  return name.replace('GMT', 'UTC').replace(/^UTC[+-]0$/, 'UTC');
}

/** "2026-11-22 21:40:03 UTC+1". */
export function formatDateTime(atMs: number, zone: ZoneChoice): string {
  const { year, month, day, hour, minute, second } = partsOf(atMs, zone);
  return `${year ?? ''}-${month ?? ''}-${day ?? ''} ${hour ?? ''}:${minute ?? ''}:${second ?? ''} ${zoneLabel(atMs, zone)}`;
}

/** "21:40:03", for axes and rows whose zone is printed once beside them. */
export function formatTimeOfDay(atMs: number, zone: ZoneChoice): string {
  const { hour, minute, second } = partsOf(atMs, zone);
  return `${hour ?? ''}:${minute ?? ''}:${second ?? ''}`;
}

/** "2026-11-22", for the heads of groups. */
export function formatDate(atMs: number, zone: ZoneChoice): string {
  const { year, month, day } = partsOf(atMs, zone);
  return `${year ?? ''}-${month ?? ''}-${day ?? ''}`;
}
