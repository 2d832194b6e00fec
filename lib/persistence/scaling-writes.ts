import type { StoredScalingPolicy, StoredScalingState, StoreWrite } from '@/lib/contract/storage';
import type { PrismaClient } from '@/prisma/generated/client';
import { changedMeanwhile, notFound, type CommitRefusal } from './conflicts';
import { RETENTION } from './retention';
import type { Transaction } from './transaction';

type WriteOf<K extends StoreWrite['kind']> = Extract<StoreWrite, { kind: K }>;

export async function saveScalingPolicy(tx: Transaction, { clusterId, policy }: WriteOf<'save-scaling-policy'>): Promise<CommitRefusal | null> {
  if ((await tx.cluster.count({ where: { id: clusterId } })) === 0) return notFound('cluster', clusterId);
  const { pool, role, generation, document } = policy;
  const newest = await tx.scalingPolicy.findFirst({ where: { clusterId, pool, role }, orderBy: { generation: 'desc' }, select: { generation: true } });
  const stored = newest === null ? 0 : Number(newest.generation);
  if (stored !== generation - 1) return changedMeanwhile('generation of the scaling policy', stored, generation - 1);
  await tx.scalingPolicy.create({ data: { clusterId, pool, role, generation, document: JSON.stringify(document) } });
  return null;
}

export async function deleteScalingPolicy(tx: Transaction, { clusterId, pool, role }: WriteOf<'delete-scaling-policy'>): Promise<null> {
  await tx.scalingPolicy.deleteMany({ where: { clusterId, pool, role } });
  return null;
}

export async function saveScalingState(tx: Transaction, { clusterId, state }: WriteOf<'save-scaling-state'>): Promise<CommitRefusal | null> {
  if ((await tx.cluster.count({ where: { id: clusterId } })) === 0) return notFound('cluster', clusterId);
  const key = { clusterId, pool: state.pool };
  const document = JSON.stringify(state.document);
  await tx.scalingState.upsert({ where: { clusterId_pool: key }, create: { ...key, document }, update: { document } });
  return null;
}

export async function readScalingPolicies(prisma: PrismaClient, clusterId: string): Promise<readonly StoredScalingPolicy[]> {
  const rows = await prisma.scalingPolicy.findMany({ where: { clusterId }, orderBy: [{ pool: 'asc' }, { role: 'asc' }, { generation: 'desc' }] });
  return rows.map(({ pool, role, generation, document }) => ({ pool, role, generation: Number(generation), document: valueOf(document) }));
}

export async function readScalingStates(prisma: PrismaClient, clusterId: string): Promise<readonly StoredScalingState[]> {
  const rows = await prisma.scalingState.findMany({ where: { clusterId }, orderBy: { pool: 'asc' } });
  return rows.map(({ pool, document }) => ({ pool, document: valueOf(document) }));
}

/** Of each policy the newest generations. */
export async function pruneScalingPolicies(prisma: PrismaClient, clusterId: string): Promise<void> {
  for (const { pool, role } of await prisma.scalingPolicy.findMany({ where: { clusterId }, distinct: ['pool', 'role'], select: { pool: true, role: true } })) {
    const newest = await prisma.scalingPolicy.findFirst({ where: { clusterId, pool, role }, orderBy: { generation: 'desc' }, select: { generation: true } });
    if (newest !== null) await prisma.scalingPolicy.deleteMany({ where: { clusterId, pool, role, generation: { lte: Number(newest.generation) - RETENTION.policyGenerationsMax } } });
  }
}

/** `null` for text that is no JSON: one broken policy must not keep the others from being read. */
function valueOf(document: string): unknown {
  try {
    return JSON.parse(document) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
