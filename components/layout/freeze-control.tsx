'use client';

import { Button, Popover } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconSnowflake } from '@tabler/icons-react';
import { useCluster, useWriteAllowed } from '@/components/realtime/use-cluster';
import { useNow } from '@/components/realtime/use-live-store';
import { lazyDialog } from '@/components/ui/lazy-dialog';
import { TimeText } from '@/components/ui/time-text';
import { WriteButton } from '@/components/ui/write-button';
import type { Freeze } from '@/lib/contract/health';
import type { FreezeDialogProps } from './freeze-dialog';
import { UnfreezeAction } from './unfreeze-action';
import classes from './freeze-control.module.css';

const FreezeDialog = lazyDialog<FreezeDialogProps>(async () => (await import('./freeze-dialog')).FreezeDialog);

/** Who or what stopped automation, in a few words. */
export const FREEZE_CAUSES: Readonly<Record<Freeze['cause'], string>> = {
  'operator': 'An operator stopped it',
  'mass-failure': 'Too many nodes failed in a short time',
  'invariant-violated': 'A rule that must always hold was broken',
  'all-unreachable': 'No node can be reached, so the fault may be on this side',
};

/** Whether automation may act, and the switch for it: the one thing an operator must find at once. `compact`: a phone shows only its icon. */
export function FreezeControl({ compact = false }: { readonly compact?: boolean }) {
  const known = useCluster((state) => state.summary !== null);
  const freeze = useCluster((state) => state.summary?.freeze ?? null);
  const write = useWriteAllowed();
  const [opened, dialog] = useDisclosure(false);
  if (!known) return null;
  if (freeze !== null) return <FrozenBadge freeze={freeze} />;
  return (
    <>
      <WriteButton variant="default" write={write} onClick={dialog.open} className={classes['button'] ?? ''}>
        <IconSnowflake size={14} aria-hidden />
        <span className={classes['label']} data-compact={compact || undefined}>Freeze</span>
      </WriteButton>
      <FreezeDialog opened={opened} onClose={dialog.close} />
    </>
  );
}

function FrozenBadge({ freeze }: { readonly freeze: Freeze }) {
  const nowMs = useNow();
  return (
    <Popover width={300} position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <Button variant="default" className={classes['frozen'] ?? ''} leftSection={<IconSnowflake size={14} aria-hidden />}>Frozen</Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Automation is frozen">
        <p className={classes['cause']}>{FREEZE_CAUSES[freeze.cause]}</p>
        <p className={classes['reason']}>{freeze.reason}</p>
        <p className={classes['by']}>By {freeze.by}, <TimeText atMs={freeze.sinceMs} nowMs={nowMs} /></p>
        <UnfreezeAction />
      </Popover.Dropdown>
    </Popover>
  );
}
