import { HomeScreen } from '@/components/clusters/home-screen';

export default function HomePage() {
  return <HomeScreen />;
}
