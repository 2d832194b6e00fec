import type { Metadata } from 'next';
import { EnrolmentPanel } from '@/components/enrolment/enrolment-panel';
import { NodesScreen } from '@/components/nodes/nodes-screen';

export const metadata: Metadata = { title: 'Nodes' };

export default function NodesPage() {
  return (
    <>
      <NodesScreen />
      <EnrolmentPanel />
    </>
  );
}
