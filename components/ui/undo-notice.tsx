'use client';

import { Button, Group } from '@mantine/core';
import { notifications } from '@mantine/notifications';

/** How long an undo is offered. */
const UNDO_MS = 5_000;

/** First tier: it is done already; for 5 s one press takes it back. */
export function offerUndo({ message, onUndo }: { readonly message: string; readonly onUndo: () => void }): void {
  const id = notifications.show({
    autoClose: UNDO_MS,
    withBorder: true,
    message: (
      <Group justify="space-between" wrap="nowrap">
        <span>{message}</span>
        <Button variant="default" onClick={() => { notifications.hide(id); onUndo(); }}>Undo</Button>
      </Group>
    ),
  });
}
