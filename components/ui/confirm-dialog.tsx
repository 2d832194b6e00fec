'use client';

import type { ReactNode } from 'react';
import type { ApiProblem } from '@/lib/client/api-problem';
import type { ConfirmTier } from '@/lib/client/confirm-tier';
import { lazyDialog } from './lazy-dialog';

export interface ConfirmDialogProps {
  readonly opened: boolean;
  readonly onClose: () => void;
  /** A question: "Move 312 shards to node-13?" */
  readonly title: string;
  /** Cause and consequences; may hold the server's pre-check. */
  readonly children: ReactNode;
  /** Verb and count: "Move 312 shards". */
  readonly confirmLabel: string;
  /** The opposite verb: "Keep running". */
  readonly cancelLabel: string;
  readonly tier: Exclude<ConfirmTier, 'undoable'>;
  /** What is typed in the irreversible tier. */
  readonly typedName: string;
  /** What `typedName` is the name of: "node", "cluster". */
  readonly typedWhat: string;
  /** A warning of the pre-check, ticked off before the button works. */
  readonly warning?: string | null;
  readonly danger?: boolean;
  readonly pending: boolean;
  readonly problem: ApiProblem | null;
  /** Why it cannot be done now, such as a picture that is not live; `null` when it can. */
  readonly blockedBy?: string | null;
  readonly onConfirm: () => void;
}

/** The second and third tier of an action. What was typed and ticked is forgotten when it closes. */
export const ConfirmDialog = lazyDialog<ConfirmDialogProps>(async () => (await import('./confirm-modal')).ConfirmModal);
