'use client';

import { Button } from '@mantine/core';
import Link from 'next/link';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useCluster } from '@/components/realtime/use-cluster';
import { plural } from '@/lib/client/format';
import { shardsToMend } from '@/lib/client/shards-to-mend';

/** The way to mending, where there seems to be something to mend. It only leads to the look. */
export function MendLink() {
  const clusterId = useClusterId();
  const count = useCluster((state) => (state.summary === null ? 0 : shardsToMend(state.summary)));
  if (count === 0) return null;
  return <Button component={Link} variant="default" href={`/${clusterId}/shards/mend`}>Mend {plural(count, 'shard')}…</Button>;
}
