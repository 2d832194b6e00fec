import type { Metadata } from 'next';
import { MendScreen } from '@/components/mending/mend-screen';

export const metadata: Metadata = { title: 'Mend shards' };

export default function MendPage() {
  return <MendScreen />;
}
