'use client';

import { Anchor } from '@mantine/core';
import Link from 'next/link';
import { useClusterId } from '@/components/realtime/cluster-provider';
import { Note } from '@/components/ui/note';
import { TimeText } from '@/components/ui/time-text';
import type { Operation } from '@/lib/contract/operation';
import { isTerminal } from '@/lib/contract/vocabulary';
import { preemptionWords } from './operation-words';
import { heldWords } from './pacing-words';

interface OperationNotesProps {
  readonly operation: Operation;
  readonly nameOf: (nodeId: string) => string;
  readonly nowMs: number;
  /** Bytes of the plan; `null` when not known. */
  readonly bytesPlanned: number | null;
  readonly formatBytes: (bytes: number) => string;
}

/** What an operator must not miss about it: why it rests, what others did, where it went on. */
export function OperationNotes({ operation, nameOf, nowMs, bytesPlanned, formatBytes }: OperationNotesProps) {
  const clusterId = useClusterId();
  const ended = isTerminal(operation.status);
  const held = ended || operation.pacing?.heldBy == null ? null : heldWords(operation.pacing.heldBy, nameOf);
  const preempted = ended ? null : preemptionWords(operation);
  const grown = bytesPlanned !== null && bytesPlanned > 0 && operation.progress.bytesTotal > bytesPlanned * 1.001;
  const to = (id: string) => `/${clusterId}/operations/${id}`;
  return (
    <>
      {operation.urgencyReason !== null && <Note tone="warning" title="Emergency: it may take the turn of another">{operation.urgencyReason}</Note>}
      {held !== null && <Note tone="warning" title={held.title} role="status">{held.until}</Note>}
      {preempted !== null && operation.preemptedBy !== null && (
        <Note tone="notice" title={preempted}>
          <Anchor component={Link} inherit href={to(operation.preemptedBy.operationId)}>The one that took its turn</Anchor>, <TimeText atMs={operation.preemptedBy.atMs} nowMs={nowMs} />.
        </Note>
      )}
      {operation.foreignChange !== null && <Note tone="warning" title="Somebody else changed the cluster meanwhile">{operation.foreignChange}{!ended && ' It stops at the next safe point, and a plan is made anew.'}</Note>}
      {operation.status === 'superseded' && (operation.supersededByPlanId === null
        ? <Note tone="notice" title="Nothing is left to do">As things are now, the change that was asked for needs no more moves.</Note>
        : (
          <Note tone="notice" title="A new plan waits to be looked at">
            <Anchor component={Link} inherit href={`/${clusterId}/operations/new?plan=${operation.supersededByPlanId}`}>Review the plan that was made from how things are now</Anchor>. Nothing moves until it is approved.
          </Note>
        ))}
      {operation.reverses !== null && <Note tone="notice" title="It takes another operation back"><Anchor component={Link} inherit href={to(operation.reverses)}>The one that it takes back</Anchor></Note>}
      {operation.reversedBy !== null && <Note tone="notice" title="It was taken back"><Anchor component={Link} inherit href={to(operation.reversedBy)}>The one that took it back</Anchor></Note>}
      {grown && <Note tone="notice" title="Total grew">{formatBytes(operation.progress.bytesTotal)} instead of the {formatBytes(bytesPlanned)} of the plan: clients wrote while data moved.</Note>}
    </>
  );
}
