'use client';

import { ErrorState } from '@/components/ui/states';

/** A view that broke: the rest of the console stays, with the way to all other views. */
export default function ViewError({ error, reset }: { readonly error: Error & { readonly digest?: string }; readonly reset: () => void }) {
  return <ErrorState what="this view" problem={{ lost: true, detail: `It ended by an error of the console itself, not of the cluster: ${error.message}` }} onRetry={reset} />;
}
