'use client';

import { Modal } from '@mantine/core';
import { ConnectForm } from './connect-form';

export interface ConnectDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly onConnected: (clusterId: string) => void;
}

/** Connects a cluster. What was typed, a password above all, is gone when it closes. */
export function ConnectDialog({ opened, onClose, onConnected }: ConnectDialogProps) {
  return (
    <Modal opened={opened} onClose={onClose} title="Connect a cluster" size="lg" closeButtonProps={{ 'aria-label': 'Close' }}>
      {opened && <ConnectForm onConnected={onConnected} onCancel={onClose} />}
    </Modal>
  );
}
