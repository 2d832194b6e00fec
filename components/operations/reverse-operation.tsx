'use client';

import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { IconArrowBackUp } from '@tabler/icons-react';
import { useRouter } from 'next/navigation';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useWriteAllowed } from '@/components/realtime/use-cluster';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { plural } from '@/lib/client/format';
import type { Operation } from '@/lib/contract/operation';

/** The way back: makes the plan from the journal and opens its review. Never more than felt, also in production: nothing moves before that plan is approved, and the approval asks its own. */
export function ReverseOperation({ operation }: { readonly operation: Operation }) {
  const clusterId = useClusterId();
  const api = useApi();
  const router = useRouter();
  const write = useWriteAllowed();
  const [opened, dialog] = useDisclosure(false);
  const mutation = useMutation(api.operations.reverse.mutationOptions({ onSuccess: (plan) => { router.push(`/${clusterId}/operations/new?plan=${plan.id}`); } }));
  const { movesDone } = operation.progress;
  const blockedBy = movesDone === 0 ? 'It moved nothing: there is nothing to take back' : operation.reversedBy === null ? null : 'It has been taken back already';
  return (
    <>
      <WriteButton variant="default" write={write} blockedBy={blockedBy} onClick={dialog.open} leftSection={<IconArrowBackUp size={14} aria-hidden />}>Reverse this</WriteButton>
      <ConfirmDialog
        opened={opened} onClose={() => { mutation.reset(); dialog.close(); }} title={`Make the plan back for ${plural(movesDone, 'move')}?`}
        confirmLabel="Make the plan back" cancelLabel="Leave it as it is" tier="felt" typedName="" typedWhat="" pending={mutation.isPending}
        problem={mutation.error === null ? null : toApiProblem(mutation.error)} blockedBy={write.reason}
        onConfirm={() => { mutation.mutate({ operationId: operation.id }); }}
      >
        <p>A plan is made from the journal that brings back what still is where it landed. It opens for review: nothing moves until it is approved. What was moved on since stays where it is.</p>
      </ConfirmDialog>
    </>
  );
}
