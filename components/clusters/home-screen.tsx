'use client';

import { useRouter } from 'next/navigation';
import { lazy, Suspense, useEffect } from 'react';
import { useFleet } from '@/components/realtime/use-live-store';
import { ErrorState, LoadingState } from '@/components/ui/states';
import classes from './clusters.module.css';

const ConnectForm = lazy(async () => ({ default: (await import('./connect-form')).ConnectForm }));

/** Goes on to the first cluster; while there is none, offers to connect one. */
export function HomeScreen() {
  const router = useRouter();
  const { clusters, connection } = useFleet();
  const first = clusters?.[0]?.id ?? null;
  useEffect(() => {
    if (first !== null) router.replace(`/${first}/overview`);
  }, [first, router]);
  if (clusters === null && (connection.status === 'offline' || connection.status === 'reconnecting')) {
    return <main><ErrorState what="the clusters" problem={{ lost: true, detail: 'The server cannot be reached. The console goes on trying.' }} /></main>;
  }
  if (clusters === null || first !== null) return <main><LoadingState what="the clusters" /></main>;
  return (
    <main className={classes['welcome']}>
      {/* eslint-disable-next-line @next/next/no-img-element -- a static SVG of 300 bytes has nothing to optimise */}
      <img src="/icon.svg" alt="" width={44} height={44} />
      <h1 className={classes['welcomeTitle']}>Connect a cluster to PhantomScale</h1>
      <p className={classes['dim']}>Start with the simulator to see everything work with nothing installed, or connect a real cluster: looking at it changes nothing, and nothing moves before you approve a plan.</p>
      <section className={classes['welcomeForm']} aria-label="Connect a cluster">
        <Suspense fallback={<LoadingState what="the form" />}>
          <ConnectForm onConnected={(clusterId) => router.push(`/${clusterId}/overview`)} />
        </Suspense>
      </section>
    </main>
  );
}
