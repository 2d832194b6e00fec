import type { HeldShard } from '@/lib/contract/agent-protocol';
import type { MoveTruth } from '@/lib/drivers/driver';

/** What the nodes concerned say about one shard; `null` = nothing of it is there. */
export interface MoveEnds {
  readonly source: HeldShard | null;
  readonly target: HeldShard | null;
}

/**
 * Where a move stands, and what is next. `handOver`: the source has stopped serving and the
 * target has not begun. `settle`: the target serves, and the source has not heard of it yet.
 * `clear`: the target has it; the source has leftovers.
 */
export type MoveFinding =
  | { readonly state: 'untouched' }
  | { readonly state: 'moving'; readonly next: 'copy' | 'handOver' | 'settle' | 'clear' }
  | { readonly state: 'done' }
  | { readonly state: 'elsewhere' };

/** A primary's move, from the ends alone: the primary's own word is the truth. */
export function findPrimaryMove({ source, target }: MoveEnds, ids: { readonly sourceNodeId: string; readonly targetNodeId: string }): MoveFinding {
  if (target?.role === 'primary' && (source?.role !== 'primary' || target.epoch > source.epoch)) {
    if (source === null) return { state: 'done' };
    return { state: 'moving', next: source.role === 'primary' ? 'settle' : 'clear' };
  }
  if (source?.role === 'primary') {
    if (source.sealed) return source.peerNodeId === ids.targetNodeId ? { state: 'moving', next: 'handOver' } : { state: 'elsewhere' };
    return target?.role === 'importing' ? { state: 'moving', next: 'copy' } : { state: 'untouched' };
  }
  return { state: 'elsewhere' };
}

/** A secondary's move: `primary` is what the shard's primary says. */
export function findSecondaryMove({ source, target, primary }: MoveEnds & { readonly primary: HeldShard }, ids: { readonly sourceNodeId: string; readonly targetNodeId: string }): MoveFinding {
  const hasSource = primary.secondaries.includes(ids.sourceNodeId);
  const hasTarget = primary.secondaries.includes(ids.targetNodeId);
  if (hasTarget && !hasSource) return source === null ? { state: 'done' } : { state: 'moving', next: 'clear' };
  if (hasSource && !hasTarget) return target === null ? { state: 'untouched' } : { state: 'moving', next: 'copy' };
  return { state: 'elsewhere' };
}

export function truthOf(finding: MoveFinding, { source, target }: MoveEnds): MoveTruth {
  const keys = { keysOnSource: keysOf(source), keysOnTarget: keysOf(target) };
  if (finding.state !== 'moving') return { state: finding.state, revertible: false, ...keys };
  return { state: 'moving', revertible: finding.next === 'copy' || finding.next === 'handOver', ...keys };
}

function keysOf(shard: HeldShard | null): number | null {
  if (shard === null) return 0;
  return typeof shard.keyCount === 'number' && Number.isFinite(shard.keyCount) ? shard.keyCount : null;
}
