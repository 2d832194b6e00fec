'use client';

import { useMutation } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { WriteButton } from '@/components/ui/write-button';
import type { Node } from '@/lib/contract/node';
import { noteAccepted } from './accepted-note';
import type { NodeChecks } from './use-node-checks';
import { reportProblem } from './use-node-mutations';

/** For a node that is joining: it was found or has enrolled, and owns nothing until it is accepted. */
export function AcceptAction({ node, checks }: { readonly node: Node; readonly checks: NodeChecks }) {
  const clusterId = useClusterId();
  const api = useApi();
  const write = useWriteAllowed();
  const accept = useMutation(api.nodes.accept.mutationOptions({
    onSuccess: ({ operation }) => { noteAccepted({ message: `${node.name} is being accepted.`, clusterId, operationId: operation.id }); },
    onError: (error) => { reportProblem(`${node.name} was not accepted`, error); },
  }));
  if (node.lifecycle !== 'joining') return null;
  return (
    <WriteButton
      write={write} loading={accept.isPending} blockedBy={checks.reasonsAgainst('accept')[0] ?? null}
      note="It becomes a member, empty; a plan gives it its share" onClick={() => accept.mutate({ clusterId, nodeId: node.id })}
    >
      Accept
    </WriteButton>
  );
}
