'use client';

import { useQuery } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import type { NodeAction, NodeActionCheck } from '@/lib/contract/health';

/** What the server answers hangs on much besides the node; so it is asked anew while somebody looks. */
const REFRESH_MS = 3_000;

export interface NodeChecks {
  /** Every reason against the action, the server's words; empty while the answer is not there. */
  readonly reasonsAgainst: (action: NodeAction) => readonly string[];
  readonly notesOf: (action: NodeAction) => readonly string[];
}

/** The server's pre-checks of everything that can be done with a node. The commands check again. */
export function useNodeChecks(nodeId: string): NodeChecks {
  const clusterId = useClusterId();
  const api = useApi();
  const { data } = useQuery(api.nodes.checks.queryOptions({ input: { clusterId, nodeId }, refetchInterval: REFRESH_MS }));
  const find = (action: NodeAction): NodeActionCheck | undefined => data?.checks.find((check) => check.action === action);
  return {
    reasonsAgainst: (action) => find(action)?.refusals.map((refusal) => refusal.message) ?? [],
    notesOf: (action) => find(action)?.notes ?? [],
  };
}
