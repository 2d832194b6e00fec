import type { Metadata } from 'next';
import { OperationScreen } from '@/components/operations/operation-screen';

export const metadata: Metadata = { title: 'Operation' };

interface OperationPageProps {
  readonly params: Promise<{ readonly operationId: string }>;
}

export default async function OperationPage({ params }: OperationPageProps) {
  const { operationId } = await params;
  return <OperationScreen operationId={decodeURIComponent(operationId)} />;
}
