'use client';

import { lazyDialog } from '@/components/ui/lazy-dialog';
import type { EnrolModalProps } from './enrol-modal';

/** Makes a token and shows the command once. What it showed is gone when it closes. */
export const EnrolDialog = lazyDialog<EnrolModalProps>(async () => (await import('./enrol-modal')).EnrolModal);
