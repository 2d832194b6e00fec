'use client';

import { ActionIcon, Box, Group, Tooltip, UnstyledButton, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { IconKeyboard, IconMoon, IconSearch, IconSun } from '@tabler/icons-react';
import { useNow } from '@/components/realtime/use-live-store';
import { useZone } from '@/components/ui/zone-provider';
import { zoneLabel } from '@/lib/client/format-time';
import classes from './header-tools.module.css';

export interface HeaderToolsProps {
  readonly onSearch: () => void;
  readonly onHelp: () => void;
  readonly visibleFrom?: 'sm';
  readonly hiddenFrom?: 'sm';
}

/** Search, time zone, colour scheme, shortcuts: in the header, and at the foot of the navigation on a phone. */
export function HeaderTools({ onSearch, onHelp, ...breakpoints }: HeaderToolsProps) {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('dark');
  const other = scheme === 'dark' ? 'light' : 'dark';
  return (
    <Box {...breakpoints}>
      <Group gap={6} wrap="nowrap">
        <UnstyledButton className={classes['search']} onClick={onSearch} aria-label="Open the command palette">
          <IconSearch size={14} aria-hidden /> <span>Search</span> <kbd className={classes['keys']}>Ctrl K</kbd>
        </UnstyledButton>
        <ZoneToggle />
        <Tooltip label={`Switch to ${other}`}>
          <ActionIcon variant="subtle" color="gray" aria-label={`Switch to the ${other} colour scheme`} onClick={() => setColorScheme(other)} className={classes['tool']}>
            {scheme === 'dark' ? <IconSun size={16} aria-hidden /> : <IconMoon size={16} aria-hidden />}
          </ActionIcon>
        </Tooltip>
        <Tooltip label="Keyboard shortcuts (?)">
          <ActionIcon variant="subtle" color="gray" aria-label="Keyboard shortcuts" onClick={onHelp} className={classes['tool']}>
            <IconKeyboard size={17} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Group>
    </Box>
  );
}

/** The zone is always printed; pressing it goes to the other one. */
function ZoneToggle() {
  const { zone, setZone } = useZone();
  const nowMs = useNow();
  const label = nowMs === 0 ? 'Zone' : zoneLabel(nowMs, zone);
  return (
    <Tooltip label={zone === 'utc' ? 'Times are in UTC. Switch to your own zone' : 'Times are in your own zone. Switch to UTC'}>
      <UnstyledButton className={classes['zone']} onClick={() => setZone(zone === 'utc' ? 'viewer' : 'utc')} aria-label={`Time zone ${label}: switch to ${zone === 'utc' ? 'your own' : 'UTC'}`}>
        {label}
      </UnstyledButton>
    </Tooltip>
  );
}
