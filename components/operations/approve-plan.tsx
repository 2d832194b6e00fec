'use client';

import { Group } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { useMutation } from '@tanstack/react-query';
import { useRouter } from 'next/navigation';
import { useState } from 'react';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { useApi } from '@/components/realtime/live-provider';
import { useNow } from '@/components/realtime/use-live-store';
import { useSummary, useWriteAllowed } from '@/components/realtime/use-cluster';
import { ApiCall } from '@/components/ui/api-call';
import { ConfirmDialog } from '@/components/ui/confirm-dialog';
import { ProblemAlert } from '@/components/ui/problem-alert';
import { WriteButton } from '@/components/ui/write-button';
import { toApiProblem } from '@/lib/client/api-problem';
import { tierIn } from '@/lib/client/confirm-tier';
import { formatBytes, formatDuration, formatSecondsRange, plural } from '@/lib/client/format';
import type { Plan } from '@/lib/contract/plan';
import type { Throttle, VersionedSettings } from '@/lib/contract/settings';
import { refusedByRails, tickOfRails } from './guard-rails';
import { ThrottleFields } from './throttle-fields';
import classes from './plan.module.css';

interface ApprovePlanProps {
  readonly plan: Plan;
  /** Run only the first so many steps. */
  readonly stepCount: number;
  readonly bytes: number;
  readonly settings: VersionedSettings['settings'];
  readonly nameOf: (nodeId: string) => string;
}

/** The button that makes a plan happen, and what stands before it. A plan that empties one node drains it. */
export function ApprovePlan({ plan, stepCount, bytes, settings, nameOf }: ApprovePlanProps) {
  const clusterId = useClusterId();
  const router = useRouter();
  const api = useApi();
  const write = useWriteAllowed();
  const { name, environment, operations } = useSummary();
  const nowMs = useNow();
  const [throttle, setThrottle] = useState<Throttle>(settings.throttle);
  const [asking, dialog] = useDisclosure(false);
  const open = (answer: { operation: { id: string } }) => { router.push(`/${clusterId}/operations/${answer.operation.id}`); };
  const approve = useMutation(api.plans.approve.mutationOptions({ onSuccess: open }));
  const drain = useMutation(api.nodes.drain.mutationOptions({ onSuccess: open }));
  const drained = plan.scope.kind === 'evacuate' && plan.scope.nodeIds.length === 1 ? plan.scope.nodeIds[0] ?? null : null;
  const blockedBy = blockOf(plan, nowMs, drained);
  const error = approve.error ?? drain.error;
  const moves = plural(stepCount, 'move');
  const verb = drained === null ? `Run ${moves}` : `Drain ${nameOf(drained)} (${moves})`;
  const approval = { throttle, ...(stepCount < plan.steps.length && { stepCount }) };
  const confirm = () => {
    if (drained !== null) drain.mutate({ clusterId, nodeId: drained, planId: plan.id });
    else approve.mutate({ planId: plan.id, ...approval });
  };
  if (plan.steps.length === 0 && drained === null) {
    const refused = refusedByRails(plan.guardRails, 0);
    return refused === null ? null : <p className={classes['refused']}>{refused}</p>;
  }
  return (
    <div className={classes['approve']}>
      <Group gap="xs">
        <WriteButton write={write} blockedBy={blockedBy} onClick={dialog.open}>{verb}</WriteButton>
        <ApiCall method="POST" path={drained === null ? `/plans/${plan.id}/approve` : `/clusters/${clusterId}/nodes/${drained}/drain`} body={drained === null ? approval : { planId: plan.id }} />
        <span className={classes['dim']}>{blockedBy ?? `valid for ${formatDuration(Math.max(0, plan.expiresAtMs - nowMs))}, and checked again when it starts`}</span>
      </Group>
      {error !== null && !asking && <ProblemAlert problem={toApiProblem(error)} />}
      <ConfirmDialog
        opened={asking}
        onClose={() => { approve.reset(); drain.reset(); dialog.close(); }}
        title={drained === null ? `Run ${moves} on ${name}?` : `Drain ${nameOf(drained)}?`}
        confirmLabel={verb}
        cancelLabel="Not now"
        tier={tierIn(environment, 'felt') === 'irreversible' ? 'irreversible' : 'felt'}
        typedName={name}
        typedWhat="cluster"
        pending={approve.isPending || drain.isPending}
        problem={error === null ? null : toApiProblem(error)}
        blockedBy={write.reason ?? blockedBy}
        warning={tickOfRails(plan.guardRails)}
        onConfirm={confirm}
      >
        <p>
          {formatBytes(bytes)} in {moves}{plan.bytes > 0 && `, about ${formatSecondsRange(plan.estimatedSeconds)}`}. Clients are served throughout; moves add load to both of their ends.
          You can pause, slow down or stop it at any time, and what has moved by then is a valid placement.
        </p>
        {drained !== null && <p>{nameOf(drained)} accepts no new shards from now on. It stays a member; decommission it afterwards to make it leave.</p>}
        {operations.length > 0 && <p><strong>It waits behind {plural(operations.length, 'operation')}</strong>: one runs at a time.</p>}
        {drained === null && <ThrottleFields value={throttle} onChange={setThrottle} />}
      </ConfirmDialog>
    </div>
  );
}

function blockOf(plan: Plan, nowMs: number, drained: string | null): string | null {
  if (plan.status !== 'proposed') return `This plan is ${plan.status} already; preview a new one`;
  if (nowMs > plan.expiresAtMs) return 'This plan has expired; preview a new one';
  if (drained !== null && plan.verdict.code === 'cannot-evacuate') return 'The node cannot be emptied: see the reasons below';
  const danger = plan.risks.find(({ severity }) => severity === 'danger');
  if (danger !== undefined) return `Refused while it is so: ${danger.message}. Preview again once it is mended`;
  return refusedByRails(plan.guardRails, plan.steps.length);
}
