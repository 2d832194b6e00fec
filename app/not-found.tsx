import type { Metadata } from 'next';
import Link from 'next/link';
import { EmptyState } from '@/components/ui/states';

export const metadata: Metadata = { title: 'No such page' };

export default function NotFound() {
  return (
    <main>
      <EmptyState title="There is no such page" action={<Link href="/">To the clusters</Link>}>
        The address may be mistyped, or of an older version of this console.
      </EmptyState>
    </main>
  );
}
