import type { HeldShard } from '@/lib/contract/agent-protocol';
import type { SyncEntry } from './sync-book';

export interface Copy {
  readonly nodeId: string;
  /** What the node itself says; `null` = nothing of it is there. */
  readonly shard: HeldShard | null;
}

export interface SuccessionFacts {
  readonly deadNodeId: string;
  /** What its primary said last; `null`: it was not heard since this manager runs. */
  readonly known: SyncEntry | null;
  /** Of all living nodes that may have one. */
  readonly copies: readonly Copy[];
  readonly acceptsLoss: boolean;
}

export type Succession =
  /** Somebody serves it already. */
  | { readonly kind: 'done'; readonly nodeId: string; readonly shard: HeldShard }
  | { readonly kind: 'take-over'; readonly nodeId: string; readonly epoch: number; readonly loses: boolean }
  /** No copy is left: it is made anew, empty. */
  | { readonly kind: 'create'; readonly epoch: number }
  | { readonly kind: 'lost'; readonly why: 'no-copy' | 'none-in-sync' | 'never-heard' };

/**
 * Who is to be the primary of a shard whose primary is dead. Only a secondary that is known
 * to have every acknowledged write; of several the one with most of the writes that were not.
 * Two epochs on: the one between may be on its way to the target of a handover.
 */
export function chooseSuccessor({ deadNodeId, known, copies, acceptsLoss }: SuccessionFacts): Succession {
  const living = copies.filter(({ nodeId, shard }) => nodeId !== deadNodeId && shard !== null);
  const serving = living.find(({ shard }) => shard?.role === 'primary' && !shard.sealed && shard.epoch >= (known?.epoch ?? 0));
  if (serving?.shard != null) return { kind: 'done', nodeId: serving.nodeId, shard: serving.shard };
  const epoch = Math.max(known?.epoch ?? 0, ...living.map(({ shard }) => shard?.epoch ?? 0)) + 2;
  // What another primary said last tells nothing about the writes of this one.
  const inSync = new Set(known?.primaryId === deadNodeId ? known.inSync : []);
  const secondaries = living.filter(({ shard }) => shard?.role === 'secondary');
  const best = mostComplete(secondaries.filter(({ nodeId }) => inSync.has(nodeId)));
  if (best !== null) return { kind: 'take-over', nodeId: best.nodeId, epoch, loses: false };
  if (!acceptsLoss) return { kind: 'lost', why: known?.primaryId !== deadNodeId ? 'never-heard' : secondaries.length > 0 ? 'none-in-sync' : 'no-copy' };
  // What is still being filled has a part, in the order of the writes.
  const left = mostComplete(secondaries) ?? mostComplete(living.filter(({ shard }) => shard?.role === 'importing' && shard.version > 0));
  return left === null ? { kind: 'create', epoch } : { kind: 'take-over', nodeId: left.nodeId, epoch, loses: true };
}

function mostComplete(copies: readonly Copy[]): Copy | null {
  return copies.reduce<Copy | null>((best, copy) => (best === null || (copy.shard?.version ?? 0) > (best.shard?.version ?? 0) ? copy : best), null);
}
