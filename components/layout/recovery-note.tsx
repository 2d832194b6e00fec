'use client';

import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { useFleet } from '@/components/realtime/use-live-store';

/** One note for however many recoveries there were: it replaces itself. */
const NOTE_ID = 'connection-recovered';

/** Says once, quietly, that the picture is live again after it was not. */
export function RecoveryNote() {
  const { connectionCount } = useFleet();
  const seen = useRef(0);
  useEffect(() => {
    if (connectionCount > 1 && connectionCount !== seen.current) {
      notifications.hide(NOTE_ID);
      notifications.show({ id: NOTE_ID, message: 'Connected again. The picture is live.', autoClose: 4_000, withBorder: true });
    }
    seen.current = connectionCount;
  }, [connectionCount]);
  return null;
}
