import type { Metadata } from 'next';
import { NodeScreen } from '@/components/nodes/node-screen';

export const metadata: Metadata = { title: 'Node' };

export default async function NodePage({ params }: { readonly params: Promise<{ readonly nodeId: string }> }) {
  const { nodeId } = await params;
  return <NodeScreen nodeId={decodeURIComponent(nodeId)} />;
}
