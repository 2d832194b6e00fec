import { createORPCClient } from '@orpc/client';
import type { ContractRouterClient } from '@orpc/contract';
import type { api } from '@/lib/contract/api';
import type { ApiClientOptions, ApiLink } from './api-link';

export type ApiClient = ContractRouterClient<typeof api>;

/** The typed client of the contract. How calls travel is loaded with the first of them. Failures are read with `toApiProblem`. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  let loading: Promise<ApiLink> | null = null;
  const load = () => {
    loading ??= import('./api-link').then(({ createApiLink }) => createApiLink(options)).catch((error: unknown) => {
      // A lost connection may have kept it from arriving; the next call tries again.
      loading = null;
      throw error;
    });
    return loading;
  };
  return createORPCClient({ call: async (path, input, call) => (await load()).call(path, input, call) } satisfies ApiLink);
}
