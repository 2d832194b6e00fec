import type { Metadata } from 'next';
import { Suspense } from 'react';
import { ClustersSection } from '@/components/clusters/clusters-section';
import { SettingsScreen } from '@/components/settings/settings-screen';

export const metadata: Metadata = { title: 'Settings' };

export default function SettingsPage() {
  // What is read from the address needs a boundary while the page is rendered on the server.
  return <SettingsScreen clusters={<Suspense><ClustersSection /></Suspense>} />;
}
