'use client';

import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import Link from 'next/link';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useLiveView } from '@/components/realtime/use-cluster';
import { OperationHistory } from './operation-history';
import { OperationQueue } from './operation-queue';
import classes from './operations.module.css';

/** What runs, what waits, what was. */
export function OperationsScreen() {
  useLiveView('nodes');
  const clusterId = useClusterId();
  return (
    <div className={classes['screen']}>
      <div className={classes['head']}>
        <h1 className={classes['title']}>Operations</h1>
        <Button component={Link} href={`/${clusterId}/operations/new`} className={classes['spacer'] ?? ''} leftSection={<IconPlus size={14} aria-hidden />}>New plan</Button>
      </div>
      <OperationQueue />
      <OperationHistory />
    </div>
  );
}
