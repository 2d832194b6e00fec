import { ROLL_UPS } from '@/lib/contract/metrics';
import { nextTurn } from '@/lib/platform/in-turns';
import type { PrismaClient } from '@/prisma/generated/client';
import { RETENTION } from './retention';
import { pruneScalingPolicies } from './scaling-writes';

/** Rows per delete: a short lock and a short turn of the event loop, however much has piled up. */
const ROWS_PER_DELETE = 2_000;

/** Deletes what RETENTION no longer covers, in small transactions; stopped half-way, the next run goes on. */
export async function pruneAll(prisma: PrismaClient, nowMs: number): Promise<void> {
  for (const { id } of await prisma.cluster.findMany({ select: { id: true } })) {
    await pruneJournals(prisma, id, nowMs);
    await pruneOperations(prisma, id, nowMs);
    await prunePlans(prisma, id, nowMs);
    await pruneSettings(prisma, id);
    await pruneScalingPolicies(prisma, id);
  }
  for (const { clusterId } of await prisma.eventLog.findMany({ select: { clusterId: true } })) await pruneEvents(prisma, clusterId, nowMs);
  await prisma.answer.deleteMany({ where: { at: { lt: nowMs - RETENTION.answersKeepMs } } });
  await pruneMetrics(prisma, nowMs);
}

async function pruneJournals(prisma: PrismaClient, clusterId: string, nowMs: number): Promise<void> {
  const ended = { clusterId, finishedAt: { not: null }, moves: { some: {} } };
  const kept = await prisma.operation.findMany({
    where: { clusterId, finishedAt: { not: null } }, orderBy: { ordinal: 'desc' }, take: RETENTION.journalsPerClusterMax, select: { ordinal: true },
  });
  const expired = await prisma.operation.findMany({
    where: { ...ended, OR: [{ finishedAt: { lt: nowMs - RETENTION.journalsKeepMs } }, { ordinal: { lt: kept.at(-1)?.ordinal ?? 0 } }] }, select: { id: true },
  });
  for (const { id } of expired) {
    await repeated(() => prisma.$executeRaw`
      DELETE FROM "Move" WHERE "operationId" = ${id} AND "index" IN (SELECT "index" FROM "Move" WHERE "operationId" = ${id} LIMIT ${ROWS_PER_DELETE})`);
  }
}

/** Runs after the journals, which end earlier: what is deleted here has no moves left. */
async function pruneOperations(prisma: PrismaClient, clusterId: string, nowMs: number): Promise<void> {
  const kept = await prisma.operation.findFirst({
    where: { clusterId, finishedAt: { not: null } }, orderBy: { ordinal: 'desc' }, skip: RETENTION.operationsPerClusterMax - 1, select: { ordinal: true },
  });
  await prisma.operation.deleteMany({
    where: { clusterId, finishedAt: { not: null }, OR: [{ finishedAt: { lt: nowMs - RETENTION.operationsKeepMs } }, { ordinal: { lt: kept?.ordinal ?? 0 } }] },
  });
}

async function prunePlans(prisma: PrismaClient, clusterId: string, nowMs: number): Promise<void> {
  const kept = await prisma.plan.findFirst({ where: { clusterId }, orderBy: { ordinal: 'desc' }, skip: RETENTION.plansPerClusterMax - 1, select: { ordinal: true } });
  await repeated(() => prisma.$executeRaw`
    DELETE FROM "Plan" WHERE "ordinal" IN (
      SELECT p."ordinal" FROM "Plan" AS p
      WHERE p."clusterId" = ${clusterId} AND (p."createdAt" < ${nowMs - RETENTION.plansKeepMs} OR p."ordinal" < ${kept?.ordinal ?? 0})
        AND NOT EXISTS (
          SELECT 1 FROM "Operation" AS o WHERE o."planId" = p."id"
            AND (o."finishedAt" IS NULL OR EXISTS (SELECT 1 FROM "Move" AS m WHERE m."operationId" = o."id")))
      LIMIT 20)`);
}

async function pruneSettings(prisma: PrismaClient, clusterId: string): Promise<void> {
  const newest = await prisma.settings.findFirst({ where: { clusterId }, orderBy: { generation: 'desc' }, select: { generation: true } });
  if (newest === null) return;
  await prisma.settings.deleteMany({ where: { clusterId, generation: { lte: Number(newest.generation) - RETENTION.settingsPerClusterMax } } });
}

/** Cuts the log at its old end and notes the hash it was cut at, from which the rest is still verified. */
async function pruneEvents(prisma: PrismaClient, clusterId: string, nowMs: number): Promise<void> {
  const cutoffMs = nowMs - RETENTION.eventsKeepMs;
  await repeated(() => prisma.$transaction(async (tx) => {
    const oldest = await tx.event.findMany({ where: { clusterId }, orderBy: { sequence: 'asc' }, take: ROWS_PER_DELETE, select: { sequence: true, at: true, hash: true } });
    const keptFrom = oldest.findIndex((event) => Number(event.at) >= cutoffMs);
    const last = (keptFrom === -1 ? oldest : oldest.slice(0, keptFrom)).at(-1);
    if (last === undefined) return 0;
    await tx.eventLog.update({ where: { clusterId }, data: { prunedSequence: last.sequence, prunedHash: last.hash } });
    const { count } = await tx.event.deleteMany({ where: { clusterId, sequence: { lte: last.sequence } } });
    return count;
  }));
}

async function pruneMetrics(prisma: PrismaClient, nowMs: number): Promise<void> {
  for (const { stepMs, keepMs } of ROLL_UPS) {
    const cutoffMs = nowMs - keepMs - RETENTION.metricsSlackMs;
    await repeated(() => prisma.$executeRaw`
      DELETE FROM "MetricBucket" WHERE "stepMs" = ${stepMs} AND ("at", "seriesId") IN (
        SELECT "at", "seriesId" FROM "MetricBucket" WHERE "stepMs" = ${stepMs} AND "at" < ${cutoffMs} ORDER BY "at", "seriesId" LIMIT ${ROWS_PER_DELETE})`);
  }
  const keepMs = ROLL_UPS.at(-1)!.keepMs;
  // `lastAt` may be a day behind the newest bucket.
  await prisma.metricSeries.deleteMany({ where: { lastAt: { lt: nowMs - keepMs - RETENTION.metricsSlackMs - 86_400_000 } } });
}

async function repeated(deleteSome: () => PromiseLike<number>): Promise<void> {
  while ((await deleteSome()) > 0) await nextTurn();
}
