import type { DomainEvent } from '@/lib/contract/events';
import type { MetricSeries } from '@/lib/contract/metrics';
import { TERMINAL_STATUSES, type MoveRecord, type Operation } from '@/lib/contract/operation';
import type { Plan, PlanSummary } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import type { ProvisionRecord } from '@/lib/contract/provisioner';
import type {
  AgentRecord, ChainBreak, ClusterRecord, EnrolmentToken, EventQuery, MetricBucket, NodeIntent, Page, PageOf, RememberedAnswer, Store, StoreConflict, StoredScalingPolicy, StoredScalingState, StoreWrite, VerifiedChain,
} from '@/lib/contract/storage';
import type { Clock } from '@/lib/platform/clock';
import { nextTurn } from '@/lib/platform/in-turns';
import { err, ok, type Result } from '@/lib/platform/result';
import type { PrismaClient } from '@/prisma/generated/client';
import { applyWrites, CommitRefusedError } from './commit-writes';
import { firstLineOf } from './database-failure';
import {
  agentOfRow, answerOfRow, clusterOfRow, enrolmentTokenOfRow, eventOfRow, moveOfRow, nodeIntentOfRow, operationOfRow, planOfRow, planSummaryOfRow, settingsOfRow, severitiesFrom,
} from './documents';
import { addBuckets, readSeries } from './metric-tables';
import type { MetricQuery } from './metric-windows';
import { newestTokens } from './newest-tokens';
import { cursorOf, limitOf, pageOf } from './paging';
import { pruneAll } from './prune';
import { readProvisions } from './provision-writes';
import { readScalingPolicies, readScalingStates } from './scaling-writes';
import { verifyChain } from './verify-chain';

/** How long a commit waits for the one before it, and how long it may take itself. */
const COMMIT_WAIT_MAX_MS = 10_000;
const COMMIT_TIMEOUT_MS = 120_000;
/** Rows parsed before the event loop gets its turn: a few milliseconds. */
const ROWS_PER_TURN = 250;

/**
 * The store on an SQLite database. A commit is one transaction, synced to disk before it returns:
 * what was answered as stored survives a kill and a power cut (D1). Reads parse what they find and
 * reject with an error when the database fails; `commit` alone never does.
 */
export class PrismaStore implements Store {
  #closing: Promise<void> | null = null;

  constructor(private readonly prisma: PrismaClient, private readonly clock: Clock) {}

  async commit(writes: readonly StoreWrite[]): Promise<Result<void, StoreConflict>> {
    if (this.#closing !== null) return err({ code: 'unavailable', message: 'The database is closed', writeIndex: -1 });
    try {
      await this.prisma.$transaction((tx) => applyWrites(tx, writes), { maxWait: COMMIT_WAIT_MAX_MS, timeout: COMMIT_TIMEOUT_MS });
      return ok(undefined);
    } catch (error) {
      if (error instanceof CommitRefusedError) return err(error.conflict);
      return err({ code: 'unavailable', message: firstLineOf(error), writeIndex: -1 });
    }
  }

  async clusters(): Promise<readonly ClusterRecord[]> {
    return (await this.prisma.cluster.findMany({ orderBy: { ordinal: 'asc' } })).map(clusterOfRow);
  }

  async settings(clusterId: string): Promise<VersionedSettings | null> {
    const row = await this.prisma.settings.findFirst({ where: { clusterId }, orderBy: { generation: 'desc' } });
    return row === null ? null : settingsOfRow(row);
  }

  async nodeIntents(clusterId: string): Promise<readonly NodeIntent[]> {
    return (await this.prisma.nodeIntent.findMany({ where: { clusterId }, orderBy: { nodeId: 'asc' } })).map(nodeIntentOfRow);
  }

  provisions(clusterId: string): Promise<readonly ProvisionRecord[]> {
    return readProvisions(this.prisma, clusterId);
  }

  scalingPolicies(clusterId: string): Promise<readonly StoredScalingPolicy[]> {
    return readScalingPolicies(this.prisma, clusterId);
  }

  scalingStates(clusterId: string): Promise<readonly StoredScalingState[]> {
    return readScalingStates(this.prisma, clusterId);
  }

  async clusterOfPlan(planId: string): Promise<string | null> {
    return (await this.prisma.plan.findUnique({ where: { id: planId }, select: { clusterId: true } }))?.clusterId ?? null;
  }

  async plan(planId: string): Promise<Plan | null> {
    const row = await this.prisma.plan.findUnique({ where: { id: planId } });
    return row === null ? null : planOfRow(row);
  }

  async plans(clusterId: string, page: Page): Promise<PageOf<PlanSummary>> {
    const rows = await this.prisma.plan.findMany({
      where: { clusterId, ordinal: { lt: cursorOf(page) } },
      orderBy: { ordinal: 'desc' }, take: limitOf(page) + 1,
      select: { id: true, ordinal: true, status: true, summary: true },
    });
    return pageOf(rows, page, (row) => row.ordinal, planSummaryOfRow);
  }

  async operation(operationId: string): Promise<Operation | null> {
    const row = await this.prisma.operation.findUnique({ where: { id: operationId } });
    return row === null ? null : operationOfRow(row);
  }

  async operations(clusterId: string, page: Page): Promise<PageOf<Operation>> {
    const rows = await this.prisma.operation.findMany({
      where: { clusterId, ordinal: { lt: cursorOf(page) } }, orderBy: { ordinal: 'desc' }, take: limitOf(page) + 1,
    });
    return pageOf(rows, page, (row) => row.ordinal, operationOfRow);
  }

  async openOperations(clusterId: string): Promise<readonly Operation[]> {
    const rows = await this.prisma.operation.findMany({ where: { clusterId, status: { notIn: [...TERMINAL_STATUSES] } }, orderBy: { ordinal: 'asc' } });
    return rows.map(operationOfRow);
  }

  async moves(operationId: string, range?: { readonly fromIndex: number; readonly limit: number }): Promise<{ readonly moves: readonly MoveRecord[]; readonly total: number }> {
    const total = await this.prisma.move.count({ where: { operationId } });
    const wanted = Math.min(range?.limit ?? total, total);
    const moves: MoveRecord[] = [];
    let fromIndex = range?.fromIndex ?? 0;
    while (moves.length < wanted) {
      const rows = await this.prisma.move.findMany({
        where: { operationId, index: { gte: fromIndex } }, orderBy: { index: 'asc' }, take: Math.min(ROWS_PER_TURN, wanted - moves.length),
      });
      if (rows.length === 0) break;
      moves.push(...rows.map(moveOfRow));
      fromIndex = Number(rows.at(-1)!.index) + 1;
      await nextTurn();
    }
    return { moves, total };
  }

  async lastEventSequence(clusterId: string): Promise<number> {
    const log = await this.prisma.eventLog.findUnique({ where: { clusterId }, select: { lastSequence: true } });
    return log === null ? 0 : Number(log.lastSequence);
  }

  async events(clusterId: string, query: EventQuery): Promise<PageOf<DomainEvent>> {
    const rows = await this.prisma.event.findMany({
      where: {
        clusterId,
        sequence: { lt: cursorOf(query) },
        ...(query.severityMin !== 'info' && { severity: { in: severitiesFrom(query.severityMin) } }),
        ...(query.types !== null && { type: { in: [...query.types] } }),
        ...(query.nodeId !== null && { nodeId: query.nodeId }),
        ...(query.operationId !== null && { operationId: query.operationId }),
      },
      orderBy: { sequence: 'desc' }, take: limitOf(query) + 1,
      select: { clusterId: true, sequence: true, document: true },
    });
    return pageOf(rows, query, (row) => Number(row.sequence), eventOfRow);
  }

  verifyEventChain(clusterId: string): Promise<Result<VerifiedChain, ChainBreak>> {
    return verifyChain(this.prisma, clusterId);
  }

  async enrolmentToken(tokenHash: string): Promise<EnrolmentToken | null> {
    const row = await this.prisma.enrolmentToken.findUnique({ where: { tokenHash } });
    return row === null ? null : enrolmentTokenOfRow(row);
  }

  async unusedEnrolmentTokens(clusterId: string): Promise<readonly EnrolmentToken[]> {
    const rows = await this.prisma.enrolmentToken.findMany({ where: { clusterId, usedByNodeId: null } });
    return newestTokens(rows.map(enrolmentTokenOfRow));
  }

  async agents(clusterId: string): Promise<readonly AgentRecord[]> {
    return (await this.prisma.agent.findMany({ where: { clusterId }, orderBy: { nodeId: 'asc' } })).map(agentOfRow);
  }

  async answer(key: string): Promise<RememberedAnswer | null> {
    const row = await this.prisma.answer.findUnique({ where: { key }, select: { document: true } });
    return row === null ? null : answerOfRow(row);
  }

  addMetrics(buckets: readonly MetricBucket[]): Promise<void> {
    return addBuckets(this.prisma, buckets);
  }

  metrics(query: MetricQuery): Promise<readonly MetricSeries[]> {
    return readSeries(this.prisma, query, this.clock.wallMs());
  }

  prune(nowMs: number): Promise<void> {
    return pruneAll(this.prisma, nowMs);
  }

  close(): Promise<void> {
    this.#closing ??= this.#disconnect();
    return this.#closing;
  }

  /** Brings the write-ahead log into the file, so that the file alone is the whole database: libSQL does not do it by itself. */
  async #disconnect(): Promise<void> {
    try {
      await this.prisma.$queryRaw`PRAGMA wal_checkpoint(TRUNCATE)`;
    } finally {
      await this.prisma.$disconnect();
    }
  }
}
