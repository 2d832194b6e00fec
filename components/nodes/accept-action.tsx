'use client';

import { useMutation } from '@tanstack/react-query';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { WriteButton } from '@/components/ui/write-button';
import type { Node } from '@/lib/contract/node';
import { noteAccepted } from './accepted-note';
import { reportProblem } from './use-node-mutations';

/** For a node that is joining: it was found or has enrolled, and owns nothing until it is accepted. */
export function AcceptAction({ node }: { readonly node: Node }) {
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
      write={write} loading={accept.isPending} blockedBy={node.liveness === 'alive' ? null : `It is ${node.liveness}: it is accepted when it answers`}
      note="It becomes a member, empty; a plan gives it its share" onClick={() => accept.mutate({ clusterId, nodeId: node.id })}
    >
      Accept
    </WriteButton>
  );
}
