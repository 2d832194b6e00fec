import type { Metadata } from 'next';
import { ScalingScreen } from '@/components/scaling/scaling-screen';

export const metadata: Metadata = { title: 'Scaling' };

export default function ScalingPage() {
  return <ScalingScreen />;
}
