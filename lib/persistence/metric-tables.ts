import type { MetricSeries } from '@/lib/contract/metrics';
import type { MetricBucket } from '@/lib/contract/storage';
import { nextTurn } from '@/lib/platform/in-turns';
import type { PrismaClient } from '@/prisma/generated/client';
import { assertBucket, chooseWindow, pointsOf, type MetricQuery, type StoredBucket } from './metric-windows';

/** Buckets per statement: some 5 ms of the event loop. */
const BUCKETS_PER_STATEMENT = 500;
/** How far behind MetricSeries.lastAt may be: it is there to forget nodes that left weeks ago. */
const LAST_AT_STEP_MS = 86_400_000;

/** Adds each bucket to the one that is there: sums and counts add up, the larger maximum stays. */
export async function addBuckets(prisma: PrismaClient, buckets: readonly MetricBucket[]): Promise<void> {
  for (let start = 0; start < buckets.length; start += BUCKETS_PER_STATEMENT) {
    if (start > 0) await nextTurn();
    const rows = JSON.stringify(buckets.slice(start, start + BUCKETS_PER_STATEMENT).map(rowOf));
    await prisma.$transaction([
      prisma.$executeRaw`
        INSERT INTO "MetricSeries" ("clusterId", "nodeId", "metric", "lastAt")
        SELECT value->>0, value->>1, value->>2, max(value->>4) FROM json_each(${rows})
        WHERE EXISTS (SELECT 1 FROM "Cluster" WHERE "id" = value->>0)
        GROUP BY 1, 2, 3
        ON CONFLICT ("clusterId", "nodeId", "metric") DO UPDATE SET "lastAt" = excluded."lastAt"
        WHERE excluded."lastAt" >= "lastAt" + ${LAST_AT_STEP_MS}`,
      prisma.$executeRaw`
        INSERT INTO "MetricBucket" ("stepMs", "at", "seriesId", "sum", "max", "sampleCount")
        SELECT value->>3, value->>4, s."id", value->>5, value->>6, value->>7
        FROM json_each(${rows}) CROSS JOIN "MetricSeries" AS s
        ON s."clusterId" = value->>0 AND s."nodeId" = value->>1 AND s."metric" = value->>2
        WHERE true
        ON CONFLICT ("stepMs", "at", "seriesId") DO UPDATE SET
          "sum" = "sum" + excluded."sum", "max" = max("max", excluded."max"), "sampleCount" = "sampleCount" + excluded."sampleCount"`,
    ]);
  }
}

/** One series per metric asked for, in that order. */
export async function readSeries(prisma: PrismaClient, query: MetricQuery, nowMs: number): Promise<readonly MetricSeries[]> {
  const window = chooseWindow({ ...query, nowMs });
  // Their keys are known, so the rows are fetched one by one from where they lie among those of all
  // other series of the same time.
  const bucketCount = (window.stepMs / window.sourceStepMs) * window.pointCount;
  const times = JSON.stringify(Array.from({ length: bucketCount }, (_, position) => window.firstAtMs + position * window.sourceStepMs));
  const series = await prisma.metricSeries.findMany({ where: { clusterId: query.clusterId, nodeId: query.nodeId ?? '', metric: { in: [...query.metrics] } } });
  const idOf = new Map(series.map((row) => [row.metric, row.id]));
  return Promise.all(query.metrics.map(async (metric): Promise<MetricSeries> => {
    const id = idOf.get(metric);
    const rows = id === undefined ? [] : await prisma.$queryRaw<Record<keyof StoredBucket, number | bigint>[]>`
      SELECT b."at" AS "atMs", b."sum" AS "sum", b."max" AS "max", b."sampleCount" AS "sampleCount"
      FROM json_each(${times}) AS wanted CROSS JOIN "MetricBucket" AS b
      ON b."stepMs" = ${window.sourceStepMs} AND b."at" = wanted.value AND b."seriesId" = ${id}`;
    const buckets = rows.map((row): StoredBucket => ({ atMs: Number(row.atMs), sum: Number(row.sum), max: Number(row.max), sampleCount: Number(row.sampleCount) }));
    return { metric, nodeId: query.nodeId, stepMs: window.stepMs, points: pointsOf(window, buckets) };
  }));
}

function rowOf(bucket: MetricBucket): readonly (string | number)[] {
  assertBucket(bucket);
  return [bucket.clusterId, bucket.nodeId ?? '', bucket.metric, bucket.stepMs, bucket.atMs, bucket.sum, bucket.max, bucket.sampleCount];
}
