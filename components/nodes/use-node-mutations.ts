'use client';

import { useMutation } from '@tanstack/react-query';
import { notifications } from '@mantine/notifications';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { offerUndo } from '@/components/ui/undo-notice';
import { toApiProblem } from '@/lib/client/api-problem';
import type { Node } from '@/lib/contract/node';

/** The reason of an action without a dialog that did not happen. */
export function reportProblem(what: string, error: unknown): void {
  const problem = toApiProblem(error);
  const refusals = problem.lost ? [] : problem.refusals ?? [];
  const detail = refusals.length === 0 ? problem.detail : refusals.map((refusal) => refusal.message).join('; ');
  notifications.show({ color: 'red', withBorder: true, autoClose: 10_000, closeButtonProps: { 'aria-label': 'Dismiss' }, title: what, message: detail });
}

/** Cordon and its opposite: done at once, taken back within 5 s by one press. What the server has done comes back live. */
export function useCordon() {
  const clusterId = useClusterId();
  const api = useApi();
  const cordon = useMutation(api.nodes.cordon.mutationOptions());
  const uncordon = useMutation(api.nodes.uncordon.mutationOptions());

  const set = async (nodes: readonly Pick<Node, 'id' | 'name'>[], cordoned: boolean, undoable: boolean): Promise<void> => {
    const done: Pick<Node, 'id' | 'name'>[] = [];
    for (const node of nodes) {
      try {
        await (cordoned ? cordon : uncordon).mutateAsync({ clusterId, nodeId: node.id });
        done.push(node);
      } catch (error) {
        reportProblem(`${node.name} was not ${cordoned ? 'cordoned' : 'uncordoned'}`, error);
      }
    }
    if (done.length === 0 || !undoable) return;
    const who = done.length === 1 ? done[0]!.name : `${done.length} nodes`;
    offerUndo({ message: cordoned ? `${who} accept${done.length === 1 ? 's' : ''} no new replicas` : `${who} accept${done.length === 1 ? 's' : ''} new replicas again`, onUndo: () => void set(done, !cordoned, false) });
  };
  return { set, pending: cordon.isPending || uncordon.isPending };
}
