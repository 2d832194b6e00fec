'use client';

import { Button, Tooltip, type ButtonProps } from '@mantine/core';
import type { ReactNode } from 'react';
import type { WriteAllowed } from '@/lib/client/freshness';

export interface WriteButtonProps extends Omit<ButtonProps, 'disabled'> {
  readonly write: WriteAllowed;
  readonly onClick: () => void;
  readonly children: ReactNode;
  /** A reason of its own that stands before the general one. */
  readonly blockedBy?: string | null;
  /** What it does and does not do, on hover, while it may be pressed. */
  readonly note?: string;
}

/** A button that changes the cluster. When it may not, it stays reachable by keyboard and says why. */
export function WriteButton({ write, onClick, children, blockedBy = null, note, ...button }: WriteButtonProps) {
  const reason = blockedBy ?? write.reason;
  return (
    <Tooltip label={reason ?? note} disabled={reason === null && note === undefined} multiline maw={280}>
      <Button
        {...button}
        {...(reason !== null && { 'data-disabled': true, 'aria-disabled': true })}
        aria-description={reason ?? note}
        onClick={() => { if (reason === null) onClick(); }}
      >
        {children}
      </Button>
    </Tooltip>
  );
}
