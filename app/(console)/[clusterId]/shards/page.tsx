import type { Metadata } from 'next';
import { ShardMapScreen } from '@/components/shard-map/shard-map-screen';

export const metadata: Metadata = { title: 'Shards' };

export default function ShardsPage() {
  return <ShardMapScreen />;
}
