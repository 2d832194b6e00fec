import { ROLL_UPS } from '@/lib/contract/metrics';
import { isTerminal } from '@/lib/contract/operation';
import { assert } from '@/lib/platform/assert';
import { rowsOf, type MemoryTables } from './memory-tables';
import { RETENTION } from './retention';

/** Applies RETENTION to what is in memory. */
export function pruneTables(tables: MemoryTables, nowMs: number): void {
  for (const clusterId of tables.clusters.keys()) {
    pruneOperations(tables, clusterId, nowMs);
    prunePlans(tables, clusterId, nowMs);
    const history = tables.settings.get(clusterId);
    assert(history !== undefined, `Cluster ${clusterId} has no settings`);
    tables.settings.set(clusterId, history.slice(-RETENTION.settingsPerClusterMax));
    const policies = tables.scalingPolicies.get(clusterId) ?? [];
    tables.scalingPolicies.set(clusterId, policies.filter((policy) => !policies.some((other) => other.pool === policy.pool && other.role === policy.role && other.generation >= policy.generation + RETENTION.policyGenerationsMax)));
  }
  pruneEvents(tables, nowMs);
  for (const [key, answer] of tables.answers) if (answer.atMs < nowMs - RETENTION.answersKeepMs) tables.answers.delete(key);
  for (const buckets of tables.metrics.values()) {
    for (const [key, bucket] of buckets) {
      const keepMs = ROLL_UPS.find((rollUp) => rollUp.stepMs === bucket.stepMs)?.keepMs ?? 0;
      if (bucket.atMs < nowMs - keepMs - RETENTION.metricsSlackMs) buckets.delete(key);
    }
  }
}

function pruneOperations(tables: MemoryTables, clusterId: string, nowMs: number): void {
  const ended = rowsOf(tables.operations, clusterId).filter((row) => isTerminal(row.value.status)).reverse();
  for (const [rank, { value: operation }] of ended.entries()) {
    const endedAtMs = operation.finishedAtMs ?? operation.createdAtMs;
    if (rank >= RETENTION.journalsPerClusterMax || endedAtMs < nowMs - RETENTION.journalsKeepMs) tables.journals.delete(operation.id);
    if (rank >= RETENTION.operationsPerClusterMax || endedAtMs < nowMs - RETENTION.operationsKeepMs) tables.operations.delete(operation.id);
  }
}

function prunePlans(tables: MemoryTables, clusterId: string, nowMs: number): void {
  const needed = new Set(rowsOf(tables.operations, clusterId)
    .filter(({ value }) => !isTerminal(value.status) || (tables.journals.get(value.id)?.size ?? 0) > 0)
    .map(({ value }) => value.planId));
  for (const [rank, { value: plan }] of rowsOf(tables.plans, clusterId).reverse().entries()) {
    const isOld = rank >= RETENTION.plansPerClusterMax || plan.createdAtMs < nowMs - RETENTION.plansKeepMs;
    if (isOld && !needed.has(plan.id)) tables.plans.delete(plan.id);
  }
}

function pruneEvents(tables: MemoryTables, nowMs: number): void {
  for (const [clusterId, log] of tables.events) {
    const keptFrom = log.logged.findIndex(({ event }) => event.atMs >= nowMs - RETENTION.eventsKeepMs);
    const count = keptFrom === -1 ? log.logged.length : keptFrom;
    const last = log.logged[count - 1];
    if (last !== undefined) tables.events.set(clusterId, { logged: log.logged.slice(count), prunedSequence: last.event.sequence, prunedHash: last.hash });
  }
}
