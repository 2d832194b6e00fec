import { useQuery } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import type { ProvisionerOffer } from '@/lib/contract/provisioner';

/** What makes new nodes, once it is asked for; `null`: nothing does, or it is not known yet. */
export function useNodeSource({ asked }: { readonly asked: boolean }): ProvisionerOffer | null {
  const clusterId = useClusterId();
  const api = useApi();
  return useQuery({ ...api.scaling.provisioning.queryOptions({ input: { clusterId } }), enabled: asked }).data?.provisioner ?? null;
}
