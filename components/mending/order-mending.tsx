'use client';

import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useApi } from '@/components/realtime/live-provider';
import { useSummary, useWriteAllowed } from '@/components/realtime/use-cluster';
import { ApiCall } from '@/components/ui/api-call';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { tierIn } from '@/lib/client/confirm-tier';
import { plural } from '@/lib/client/format';
import type { MendPreview, ShardFinding } from '@/lib/contract/shard-mending';
import { remedyWords } from './mend-words';
import classes from './mending.module.css';

const LISTED_MAX = 6;

interface OrderMendingProps {
  readonly preview: MendPreview;
  /** Those that are chosen and have a remedy, with the loss accepted or without. */
  readonly chosen: readonly ShardFinding[];
  /** Whether the shards must be named: not all that could be are chosen, or something speaks against some. */
  readonly isPart: boolean;
  readonly acceptLoss: boolean;
  readonly clusterId: string;
  readonly nameOf: (nodeId: string) => string;
  /** The picture that it was ordered by is not true any more. */
  readonly onOutdated: () => void;
}

/** The button that mends what was looked at, and what stands before it. */
export function OrderMending({ preview, chosen, isPart, acceptLoss, clusterId, nameOf, onOutdated }: OrderMendingProps) {
  const api = useApi();
  const router = useRouter();
  const write = useWriteAllowed();
  const { name, environment } = useSummary();
  const [asking, dialog] = useDisclosure(false);
  const mutation = useMutation(api.mending.start.mutationOptions({
    onSuccess: ({ operation }) => { router.push(`/${clusterId}/operations/${operation.id}`); },
    onError: (error) => {
      const problem = toApiProblem(error);
      if (!problem.lost && problem.status === 409) onOutdated();
    },
  }));
  const count = chosen.reduce((sum, { shardCount }) => sum + shardCount, 0);
  const loses = acceptLoss && chosen.some(({ remedy }) => remedy === null);
  const cautions = [...new Set(chosen.flatMap(({ caution }) => caution ?? []))].slice(0, LISTED_MAX);
  const verb = `Mend ${plural(count, 'shard')}`;
  const tier = loses || tierIn(environment, 'felt') === 'irreversible' ? 'irreversible' : 'felt';
  const shardIds = isPart ? chosen.flatMap(({ ranges }) => ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, index) => first + index))) : undefined;
  const body = { fingerprint: preview.fingerprint, ...(shardIds !== undefined && { shardIds }), ...(loses && { acceptLoss: true }), ...(tier === 'irreversible' && { confirmName: name }) };
  const blockedBy = preview.refusals[0]?.message ?? (count === 0 ? 'Nothing that can be mended is chosen' : null);
  return (
    <div className={classes['order']}>
      <WriteButton write={write} blockedBy={blockedBy} onClick={dialog.open}>{loses ? `${verb} and give data up` : verb}</WriteButton>
      <ApiCall method="POST" path={`/clusters/${clusterId}/mending`} body={body} />
      <span className={classes['dim']}>{blockedBy ?? 'The nodes are asked again before anything is touched; where they say something else then, nothing is done.'}</span>
      <ConfirmDialog
        opened={asking} onClose={() => { mutation.reset(); dialog.close(); }} title={`${verb} of ${name}?`} confirmLabel={loses ? `${verb} and give data up` : verb} cancelLabel="Not now"
        tier={tier} danger={loses} typedName={name} typedWhat="cluster" pending={mutation.isPending} problem={mutation.error === null ? null : toApiProblem(mutation.error)} blockedBy={write.reason ?? blockedBy}
        onConfirm={() => { mutation.mutate({ clusterId, ...body }); }}
      >
        <ul className={classes['deeds']}>
          {chosen.slice(0, LISTED_MAX).map((finding) => {
            const remedy = finding.remedy ?? finding.remedyWithLoss;
            return remedy !== null && <li key={`${finding.fault} ${finding.ranges[0]!.first}`}>{remedyWords(remedy, finding.shardCount, nameOf)}</li>;
          })}
          {chosen.length > LISTED_MAX && <li>and {plural(chosen.length - LISTED_MAX, 'more group')}, as listed</li>}
        </ul>
        {cautions.map((caution) => <p key={caution}>Mind: {caution}.</p>)}
        <p>{loses ? 'What only the gone nodes have of these shards is given up. If one comes back, its older claim loses: it drops its keys of them.' : 'No key that a node holds is dropped or overwritten.'} It runs step by step and can be paused or stopped after each; what was mended by then stays.</p>
      </ConfirmDialog>
    </div>
  );
}
