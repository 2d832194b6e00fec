import type { ClusterSummary } from '@/lib/contract/cluster';

/**
 * How much stands before an action. undoable: done at once, with an undo for 5 s.
 * felt: a dialog that names cause and consequences. irreversible: the name is typed.
 */
export type ConfirmTier = 'undoable' | 'felt' | 'irreversible';

const RAISED: Record<ConfirmTier, ConfirmTier> = { undoable: 'felt', felt: 'irreversible', irreversible: 'irreversible' };

/** In production every action asks one tier more. */
export function tierIn(environment: ClusterSummary['environment'], tier: ConfirmTier): ConfirmTier {
  return environment === 'production' ? RAISED[tier] : tier;
}
