import type { StoreConflict } from '@/lib/contract/storage';

/** A conflict before its place in the commit is known. */
export type CommitRefusal = Omit<StoreConflict, 'writeIndex'>;

export function notFound(what: string, id: string): CommitRefusal {
  return { code: 'not-found', message: `There is no ${what} "${id}"` };
}

export function alreadyExists(what: string, id: string): CommitRefusal {
  return { code: 'already-exists', message: `There already is a ${what} "${id}"` };
}

export function changedMeanwhile(what: string, stored: string | number, expected: string | number): CommitRefusal {
  return { code: 'conflict', message: `The ${what} changed meanwhile: it is ${stored}, expected was ${expected}` };
}

/** Fencing: a manager with a higher epoch has taken the cluster over. */
export function outdatedEpoch(clusterId: string, stored: number, given: number): CommitRefusal {
  return { code: 'conflict', message: `Another manager has taken over cluster "${clusterId}": its epoch is ${stored}, this one's ${given}` };
}
