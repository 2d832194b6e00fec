'use client';

import type { ConfirmDialogProps } from './confirm-modal';
import { lazyDialog } from './lazy-dialog';

/** The second and third tier of an action. What was typed and ticked is forgotten when it closes. */
export const ConfirmDialog = lazyDialog<ConfirmDialogProps>(async () => (await import('./confirm-modal')).ConfirmModal);
