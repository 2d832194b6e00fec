import type { Metadata } from 'next';
import { Suspense } from 'react';
import { EventsScreen } from '@/components/events/events-screen';

export const metadata: Metadata = { title: 'Events' };

export default function EventsPage() {
  // What is read from the address needs a boundary while the page is rendered on the server.
  return <Suspense><EventsScreen /></Suspense>;
}
