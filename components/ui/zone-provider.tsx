'use client';

import { useLocalStorage } from '@mantine/hooks';
import { createContext, useContext, useMemo, type ReactNode } from 'react';
import type { ZoneChoice } from '@/lib/client/format-time';

interface Zone {
  readonly zone: ZoneChoice;
  readonly setZone: (zone: ZoneChoice) => void;
}

const ZoneContext = createContext<Zone | null>(null);

/** The zone that times are printed in, kept on this device. */
export function ZoneProvider({ children }: { readonly children: ReactNode }) {
  const [stored, setZone] = useLocalStorage<ZoneChoice>({ key: 'ps-zone', defaultValue: 'viewer' });
  const zone = stored === 'utc' ? 'utc' : 'viewer';
  return <ZoneContext value={useMemo(() => ({ zone, setZone }), [zone, setZone])}>{children}</ZoneContext>;
}

export function useZone(): Zone {
  const zone = useContext(ZoneContext);
  if (zone === null) throw new Error('Used outside of ZoneProvider');
  return zone;
}
