'use client';

import { formatRelative } from '@/lib/client/format';
import { formatDateTime, formatTimeOfDay } from '@/lib/client/format-time';
import { useZone } from './zone-provider';

export interface TimeTextProps {
  /** Wall-clock milliseconds. */
  readonly atMs: number;
  /** Given: the text is relative to it, with the absolute time on hover. Absent: absolute with its zone. */
  readonly nowMs?: number;
  /** time-of-day: for rows under a head that names date and zone. */
  readonly format?: 'full' | 'time-of-day';
}

/** A moment. The exact time with its zone is always one hover, or one screen reader's step, away. */
export function TimeText({ atMs, nowMs, format = 'full' }: TimeTextProps) {
  const { zone } = useZone();
  const absolute = formatDateTime(atMs, zone);
  const shown = nowMs !== undefined && nowMs > 0 ? formatRelative(nowMs - atMs) : format === 'full' ? absolute : formatTimeOfDay(atMs, zone);
  // The server renders in its own zone; the browser's is the one that counts.
  return <time dateTime={new Date(atMs).toISOString()} title={absolute} suppressHydrationWarning>{shown}</time>;
}
