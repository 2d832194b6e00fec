/** The stages of an operation that are the provisioner's: a node is made, a node is given back. */
import type { Operation, Stage } from '@/lib/contract/operation';
import type { StageOutcome, StageRun } from '../stage-run';
import { intentIdOf } from './provision-ledger';

export async function provide(run: StageRun): Promise<StageOutcome> {
  const { resources, operation, index, signal } = run;
  return resources.supply.provide(operation, {
    ordinal: ordinalOf(operation, index), count: operation.stages.filter(({ kind }) => kind === 'provision').length, signal,
  });
}

/** Where the node of this `join` answers: the provisioner's word where it was made for it, else what was asked for. */
export function addressToJoin(run: StageRun): string | null {
  const { resources, operation, index } = run;
  const made = resources.supply.ledger.get(intentIdOf(operation.id, ordinalOf(operation, index)));
  return made?.address ?? operation.joins[ordinalOf(operation, index)]?.address ?? null;
}

/** A node that has left is given back; where that fails for now, it is owed and goes on beside the queue. */
export async function giveBackNode({ resources, signal }: StageRun, nodeId: string): Promise<StageOutcome> {
  const record = resources.supply.ledger.ofNode(nodeId);
  if (record === null) return { status: 'done', message: 'It is returned already' };
  const returned = await resources.supply.giveBackSoon(record.intentId, { reason: 'It has left the cluster', signal });
  if (returned.ok) return { status: 'done', message: returned.value };
  return signal.aborted ? { status: 'stopped', message: null } : { status: 'skipped', message: `${returned.error}. It is owed, and tried again until it is done`.slice(0, 500) };
}

/** `null`: nothing was made, or it has become a member and stays one. */
export async function takeBackProvision(run: StageRun, ways: { readonly joinToItsEnd: (address: string) => Promise<void>; readonly leave: (nodeId: string) => Promise<StageOutcome> }): Promise<{ readonly compensated: boolean; readonly message: string } | null> {
  const { resources, operation, index, signal } = run;
  const intentId = intentIdOf(operation.id, ordinalOf(operation, index));
  const record = resources.supply.ledger.get(intentId);
  if (record === null || record.status === 'joined') return null;
  if (record.address !== null) {
    // A join that was broken off may still come about by itself: it is brought to its end, and then the node leaves.
    const joins = operation.stages.filter(({ kind }) => kind === 'join');
    if (joins[ordinalOf(operation, index)]?.status === 'failed') await ways.joinToItsEnd(record.address);
    const seen = await resources.driver.observe({ detail: 'nodes', signal });
    if (!seen.ok) return { compensated: false, message: `${record.address} is returned once the cluster answers whether it is a member` };
    const member = seen.value.nodes.find(({ address }) => address === record.address);
    const left = member === undefined ? null : await ways.leave(member.id);
    if (left !== null && left.status !== 'done') return { compensated: false, message: `${record.address} has joined and stays: ${left.message ?? 'it could not leave'}`.slice(0, 500) };
  }
  const returned = await resources.supply.giveBackSoon(intentId, { reason: 'Its operation was taken back', signal });
  return returned.ok ? { compensated: true, message: returned.value } : { compensated: false, message: `${returned.error}. It is owed, and tried again until it is done`.slice(0, 500) };
}

/** How many stages of the same kind come before this one. */
function ordinalOf(operation: Operation, index: number): number {
  const kind: Stage['kind'] | undefined = operation.stages[index]?.kind;
  return operation.stages.slice(0, index).filter((stage) => stage.kind === kind).length;
}
