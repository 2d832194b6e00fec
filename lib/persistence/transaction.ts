import type { Prisma } from '@/prisma/generated/client';
import type { CommitRefusal } from './conflicts';

/** Prisma within one transaction, which holds the write lock from its first statement on. */
export type Transaction = Prisma.TransactionClient;

/** Why a run of writes of one kind was refused. */
export interface RunRefusal {
  readonly refusal: CommitRefusal;
  /** Position in the run of the write that was refused. */
  readonly offset: number;
}
