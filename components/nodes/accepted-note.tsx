'use client';

import { Anchor } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import Link from 'next/link';

/** Says that the server took an order, with the way to its progress. */
export function noteAccepted({ message, clusterId, operationId }: { readonly message: string; readonly clusterId: string; readonly operationId: string }): void {
  notifications.show({
    withBorder: true,
    autoClose: 8_000,
    closeButtonProps: { 'aria-label': 'Dismiss' },
    message: <>{message} <Anchor component={Link} size="sm" href={`/${clusterId}/operations/${operationId}`}>Show its progress</Anchor></>,
  });
}
