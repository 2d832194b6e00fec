import { ProvisionRecordSchema, type ProvisionRecord } from '@/lib/contract/provisioner';
import type { StoreWrite } from '@/lib/contract/storage';
import type { PrismaClient } from '@/prisma/generated/client';
import type { CommitRefusal } from './conflicts';
import { parsed } from './documents';
import { fencingRefusal } from './operation-writes';
import type { Transaction } from './transaction';

type WriteOf<K extends StoreWrite['kind']> = Extract<StoreWrite, { kind: K }>;

export async function saveProvision(tx: Transaction, { provision, epoch }: WriteOf<'save-provision'>): Promise<CommitRefusal | null> {
  const { clusterId, intentId } = provision;
  const refusal = await fencingRefusal(tx, clusterId, epoch);
  if (refusal !== null) return refusal;
  const document = JSON.stringify(provision);
  await tx.provision.upsert({ where: { clusterId_intentId: { clusterId, intentId } }, create: { clusterId, intentId, document }, update: { document } });
  return null;
}

export async function deleteProvision(tx: Transaction, { clusterId, intentId }: WriteOf<'delete-provision'>): Promise<null> {
  await tx.provision.deleteMany({ where: { clusterId, intentId } });
  return null;
}

export async function readProvisions(prisma: PrismaClient, clusterId: string): Promise<readonly ProvisionRecord[]> {
  const rows = await prisma.provision.findMany({ where: { clusterId }, orderBy: { intentId: 'asc' } });
  return rows.map((row) => parsed(ProvisionRecordSchema, row.document, `provision ${row.intentId}`));
}
