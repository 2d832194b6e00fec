'use client';

import { useDisclosure } from '@mantine/hooks';
import { lazyDialog } from '@/components/ui/lazy-dialog';
import { WriteButton } from '@/components/ui/write-button';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import type { UnfreezeDialogProps } from './unfreeze-dialog';

const UnfreezeDialog = lazyDialog<UnfreezeDialogProps>(async () => (await import('./unfreeze-dialog')).UnfreezeDialog);

/** The way out of a freeze: asks first, as what is silent now counts as seen afterwards. */
export function UnfreezeAction() {
  const write = useWriteAllowed();
  const [opened, dialog] = useDisclosure(false);
  return (
    <>
      <WriteButton variant="default" write={write} onClick={dialog.open}>Lift the freeze</WriteButton>
      <UnfreezeDialog opened={opened} onClose={dialog.close} />
    </>
  );
}
