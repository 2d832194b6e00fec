'use client';

import { SegmentedControl, useMantineColorScheme, type MantineColorScheme } from '@mantine/core';
import { useMounted } from '@mantine/hooks';
import { useNow } from '@/components/realtime/use-live-store';
import { Panel } from '@/components/ui/panel';
import { useZone } from '@/components/ui/zone-provider';
import { formatDateTime, type ZoneChoice } from '@/lib/client/format-time';
import classes from './settings.module.css';

const SCHEMES = [{ value: 'auto', label: 'As the device' }, { value: 'dark', label: 'Dark' }, { value: 'light', label: 'Light' }];
const ZONES = [{ value: 'viewer', label: 'My zone' }, { value: 'utc', label: 'UTC' }];

/** How the console looks on this device. */
export function AppearancePanel() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const { zone, setZone } = useZone();
  const nowMs = useNow();
  // What this device keeps is not known while the page is rendered on the server.
  const mounted = useMounted();
  return (
    <Panel title="Appearance" note="kept on this device">
      <div className={classes['choices']}>
        <span id="scheme-label">Colours</span>
        <SegmentedControl aria-labelledby="scheme-label" data={SCHEMES} value={mounted ? colorScheme : 'auto'} onChange={(value) => setColorScheme(value as MantineColorScheme)} />
        <span id="zone-label">Times</span>
        <div>
          <SegmentedControl aria-labelledby="zone-label" data={ZONES} value={zone} onChange={(value) => setZone(value as ZoneChoice)} />
          {nowMs > 0 && <p className={classes['dim']}>It is {formatDateTime(nowMs, zone)}</p>}
        </div>
      </div>
    </Panel>
  );
}
