import type { MoveTruth } from '@/lib/drivers/driver';

/** One primary's own answer about one slot. */
export interface SlotView {
  readonly nodeId: string;
  readonly configEpoch: number;
  /** Whom this node takes for the owner; its own id when it serves the slot itself. */
  readonly ownerId: string | null;
  /** Open flags, which a node tells only of itself. */
  readonly migratingTo: string | null;
  readonly importingFrom: string | null;
}

/** Everything that decides where a move stands. Only primaries that answered are in `views`. */
export interface SlotEvidence {
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
  readonly views: ReadonlyMap<string, SlotView>;
  readonly keysOnTarget: number | null;
  /** Nodes that once were an end of this move and whose place an end took by failover: flags naming them are ours. */
  readonly formerIds: ReadonlySet<string>;
  /** Primaries that did not answer and that the others do not call failed: they may come back with what they knew. */
  readonly silentIds?: ReadonlySet<string>;
}

/**
 * What is true about a move and what is left to do. `begin`: set the flags. `copy`:
 * flags may be set again, keys go on, the hand-over follows. `announce`: the target owns
 * the slot already, the rest must be told.
 */
export type MoveFinding =
  | { readonly state: 'untouched'; readonly next: 'begin' }
  /** return: it arrived and is on its way back, as the revert of a move that had keys on its target goes. */
  | { readonly state: 'moving'; readonly next: 'copy' | 'announce' | 'return' }
  | { readonly state: 'done' }
  | { readonly state: 'elsewhere'; readonly ownerId: string | null }
  /** Another move has the slot open at one of the ends; it is not ours to overwrite. */
  | { readonly state: 'untouched'; readonly next: 'conflict'; readonly nodeId: string; readonly otherId: string }
  /** The source did not answer and nobody else can say what it serves. */
  | { readonly state: 'unknown'; readonly nodeId: string };

/**
 * The truth table of the classic migration (REDIS.md, "Failure and recovery"), from
 * every primary's own answer. Nothing remembered takes part.
 */
export function findMove(evidence: SlotEvidence): MoveFinding {
  const { sourceNodeId, targetNodeId, views } = evidence;
  const source = views.get(sourceNodeId);
  const target = views.get(targetNodeId);
  if (target === undefined) return { state: 'unknown', nodeId: targetNodeId };
  const third = strongestThird(evidence);
  if (target.ownerId === targetNodeId) {
    // A claim with a higher epoch wins in gossip, whatever the target thinks now.
    if (third !== null && third.configEpoch > target.configEpoch) return { state: 'elsewhere', ownerId: third.nodeId };
    if (isOurs(evidence, target.migratingTo, sourceNodeId) || (source !== undefined && isOurs(evidence, source.importingFrom, targetNodeId))) return { state: 'moving', next: 'return' };
    if (!everybodyAgrees(evidence)) return { state: 'moving', next: 'announce' };
    // A source that restarts brings its MIGRATING flag back from its disk, and nobody would clear it any more.
    return evidence.silentIds?.has(sourceNodeId) === true ? { state: 'unknown', nodeId: sourceNodeId } : { state: 'done' };
  }
  if (source === undefined) return third === null ? { state: 'unknown', nodeId: sourceNodeId } : { state: 'elsewhere', ownerId: third.nodeId };
  if (source.ownerId === sourceNodeId) return findWithOwnerAtSource(evidence, source, target);
  if (third !== null) return { state: 'elsewhere', ownerId: third.nodeId };
  const isOrphan = source.ownerId === null || source.ownerId === targetNodeId;
  // Nobody claims it, but the target was about to: only the hand-over is missing.
  return isOrphan && isOurs(evidence, target.importingFrom, sourceNodeId) ? { state: 'moving', next: 'announce' } : { state: 'elsewhere', ownerId: source.ownerId };
}

function findWithOwnerAtSource(evidence: SlotEvidence, source: SlotView, target: SlotView): MoveFinding {
  const { sourceNodeId, targetNodeId } = evidence;
  const leaving = isOurs(evidence, source.migratingTo, targetNodeId);
  const arriving = isOurs(evidence, target.importingFrom, sourceNodeId);
  if (source.migratingTo !== null && !leaving) return { state: 'untouched', next: 'conflict', nodeId: sourceNodeId, otherId: source.migratingTo };
  if (target.importingFrom !== null && !arriving) return { state: 'untouched', next: 'conflict', nodeId: targetNodeId, otherId: target.importingFrom };
  // Keys where no flag is: a failover lost the flags; going on sets them again.
  if (leaving || arriving || (evidence.keysOnTarget ?? 0) > 0) return { state: 'moving', next: 'copy' };
  return { state: 'untouched', next: 'begin' };
}

/** The end itself, or one whose place it took. */
function isOurs(evidence: SlotEvidence, flag: string | null, endId: string): boolean {
  return flag !== null && (flag === endId || evidence.formerIds.has(flag));
}

/** A primary besides the two ends that serves the slot itself; of several, the one whose epoch wins. */
function strongestThird({ views, sourceNodeId, targetNodeId }: SlotEvidence): SlotView | null {
  let strongest: SlotView | null = null;
  for (const view of views.values()) {
    if (view.nodeId === sourceNodeId || view.nodeId === targetNodeId || view.ownerId !== view.nodeId) continue;
    if (strongest === null || view.configEpoch > strongest.configEpoch) strongest = view;
  }
  return strongest;
}

function everybodyAgrees({ views, sourceNodeId, targetNodeId }: SlotEvidence): boolean {
  for (const view of views.values()) {
    if (view.ownerId !== targetNodeId) return false;
    if (view.nodeId === targetNodeId && view.importingFrom !== null) return false;
    if (view.nodeId === sourceNodeId && view.migratingTo !== null) return false;
  }
  return true;
}

/** The driver interface's words for a finding. */
export function truthOf(finding: MoveFinding, keys: { source: number | null; target: number | null }): MoveTruth {
  return {
    state: finding.state === 'unknown' ? 'moving' : finding.state,
    revertible: finding.state === 'moving' && finding.next !== 'announce',
    keysOnSource: keys.source,
    keysOnTarget: keys.target,
  };
}
