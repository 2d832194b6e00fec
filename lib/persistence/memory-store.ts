import type { DomainEvent } from '@/lib/contract/events';
import type { MetricSeries } from '@/lib/contract/metrics';
import { isTerminal, type MoveRecord, type Operation } from '@/lib/contract/operation';
import type { Plan, PlanSummary } from '@/lib/contract/plan';
import type { VersionedSettings } from '@/lib/contract/settings';
import type { ProvisionRecord } from '@/lib/contract/provisioner';
import type {
  AgentRecord, ChainBreak, ClusterRecord, EnrolmentToken, EventQuery, MetricBucket, NodeIntent, Page, PageOf, RememberedAnswer, Store, StoreConflict, StoredScalingPolicy, StoredScalingState, StoreWrite, VerifiedChain,
} from '@/lib/contract/storage';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { severitiesFrom, summaryOfPlan } from './documents';
import { CHAIN_START, canonicalJsonOf, hashOfEvent } from './event-chain';
import { applyToTables } from './memory-commit';
import { pruneTables } from './memory-prune';
import { bucketKey, createTables, lastSequenceOf, rowsOf, type MemoryTables, type Row } from './memory-tables';
import { assertBucket, chooseWindow, pointsOf, type MetricQuery } from './metric-windows';
import { newestTokens } from './newest-tokens';
import { cursorOf, limitOf, pageOf } from './paging';

/**
 * The same store without a disk, for rehearsals, simulations and tests: nothing survives it. The
 * semantics are written a second time here, not shared with PrismaStore, so that the contract suite
 * compares two answers. Records are kept and given out as they are: nobody changes them.
 */
export class MemoryStore implements Store {
  readonly #tables: MemoryTables = createTables();
  #isClosed = false;

  constructor(private readonly clock: Clock) {}

  commit(writes: readonly StoreWrite[]): Promise<Result<void, StoreConflict>> {
    if (this.#isClosed) return Promise.resolve(err({ code: 'unavailable', message: 'The store is closed', writeIndex: -1 }));
    const conflict = applyToTables(this.#tables, writes);
    return Promise.resolve(conflict === null ? ok(undefined) : err(conflict));
  }

  clusters(): Promise<readonly ClusterRecord[]> {
    return Promise.resolve([...this.#tables.clusters.values()].sort((a, b) => a.ordinal - b.ordinal).map((row) => row.value));
  }

  settings(clusterId: string): Promise<VersionedSettings | null> {
    return Promise.resolve(this.#tables.settings.get(clusterId)?.at(-1) ?? null);
  }

  nodeIntents(clusterId: string): Promise<readonly NodeIntent[]> {
    const intents = [...(this.#tables.nodeIntents.get(clusterId)?.values() ?? [])];
    return Promise.resolve(intents.sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1)));
  }

  provisions(clusterId: string): Promise<readonly ProvisionRecord[]> {
    const provisions = [...(this.#tables.provisions.get(clusterId)?.values() ?? [])];
    return Promise.resolve(provisions.sort((a, b) => order(a.intentId, b.intentId)));
  }

  scalingPolicies(clusterId: string): Promise<readonly StoredScalingPolicy[]> {
    const all = [...(this.#tables.scalingPolicies.get(clusterId) ?? [])];
    return Promise.resolve(all.sort((a, b) => order(a.pool, b.pool) || order(a.role, b.role) || b.generation - a.generation));
  }

  scalingStates(clusterId: string): Promise<readonly StoredScalingState[]> {
    return Promise.resolve([...(this.#tables.scalingStates.get(clusterId) ?? [])].sort((a, b) => order(a.pool, b.pool)));
  }

  clusterOfPlan(planId: string): Promise<string | null> {
    return Promise.resolve(this.#tables.plans.get(planId)?.value.clusterId ?? null);
  }

  plan(planId: string): Promise<Plan | null> {
    return Promise.resolve(this.#tables.plans.get(planId)?.value ?? null);
  }

  plans(clusterId: string, page: Page): Promise<PageOf<PlanSummary>> {
    return Promise.resolve(pageOfRows(rowsOf(this.#tables.plans, clusterId), page, summaryOfPlan));
  }

  operation(operationId: string): Promise<Operation | null> {
    return Promise.resolve(this.#tables.operations.get(operationId)?.value ?? null);
  }

  operations(clusterId: string, page: Page): Promise<PageOf<Operation>> {
    return Promise.resolve(pageOfRows(rowsOf(this.#tables.operations, clusterId), page, (operation) => operation));
  }

  openOperations(clusterId: string): Promise<readonly Operation[]> {
    const operations = rowsOf(this.#tables.operations, clusterId).map((row) => row.value);
    return Promise.resolve(operations.filter((operation) => !isTerminal(operation.status)));
  }

  moves(operationId: string, range?: { readonly fromIndex: number; readonly limit: number }): Promise<{ readonly moves: readonly MoveRecord[]; readonly total: number }> {
    const all = [...(this.#tables.journals.get(operationId)?.values() ?? [])].sort((a, b) => a.index - b.index);
    const moves = range === undefined ? all : all.filter((move) => move.index >= range.fromIndex).slice(0, range.limit);
    return Promise.resolve({ moves, total: all.length });
  }

  lastEventSequence(clusterId: string): Promise<number> {
    return Promise.resolve(lastSequenceOf(this.#tables.events.get(clusterId)));
  }

  events(clusterId: string, query: EventQuery): Promise<PageOf<DomainEvent>> {
    const severities = severitiesFrom(query.severityMin);
    const isWanted = (event: DomainEvent) => event.sequence < cursorOf(query)
      && severities.includes(event.severity)
      && (query.types === null || query.types.includes(event.type))
      && (query.nodeId === null || event.nodeId === query.nodeId)
      && (query.operationId === null || event.operationId === query.operationId);
    const logged = this.#tables.events.get(clusterId)?.logged ?? [];
    const wanted = logged.map(({ event }) => event).filter(isWanted).reverse();
    return Promise.resolve(pageOf(wanted, query, (event) => event.sequence, (event) => event));
  }

  verifyEventChain(clusterId: string): Promise<Result<VerifiedChain, ChainBreak>> {
    const log = this.#tables.events.get(clusterId);
    let lastHash = log?.prunedHash ?? CHAIN_START;
    for (const { event, hash } of log?.logged ?? []) {
      lastHash = hashOfEvent(lastHash, canonicalJsonOf(event));
      if (hash !== lastHash) {
        return Promise.resolve(err({ code: 'broken-chain', sequence: event.sequence, message: `Event ${event.sequence}: its content does not give its hash` }));
      }
    }
    return Promise.resolve(ok({ eventCount: log?.logged.length ?? 0, lastHash }));
  }

  enrolmentToken(tokenHash: string): Promise<EnrolmentToken | null> {
    return Promise.resolve(this.#tables.tokens.get(tokenHash) ?? null);
  }

  unusedEnrolmentTokens(clusterId: string): Promise<readonly EnrolmentToken[]> {
    return Promise.resolve(newestTokens([...this.#tables.tokens.values()].filter((token) => token.clusterId === clusterId && token.usedByNodeId === null)));
  }

  agents(clusterId: string): Promise<readonly AgentRecord[]> {
    const agents = [...this.#tables.agents.values()].filter((agent) => agent.clusterId === clusterId);
    return Promise.resolve(agents.sort((a, b) => (a.nodeId < b.nodeId ? -1 : 1)));
  }

  answer(key: string): Promise<RememberedAnswer | null> {
    return Promise.resolve(this.#tables.answers.get(key) ?? null);
  }

  async addMetrics(buckets: readonly MetricBucket[]): Promise<void> {
    for (const bucket of buckets) {
      assertBucket(bucket);
      if (!this.#tables.clusters.has(bucket.clusterId)) continue;
      const stored = this.#tables.metrics.get(bucket.clusterId) ?? new Map<string, MetricBucket>();
      this.#tables.metrics.set(bucket.clusterId, stored);
      const before = stored.get(bucketKey(bucket));
      stored.set(bucketKey(bucket), before === undefined ? bucket : {
        ...bucket, sum: before.sum + bucket.sum, max: Math.max(before.max, bucket.max), sampleCount: before.sampleCount + bucket.sampleCount,
      });
    }
    return Promise.resolve();
  }

  metrics(query: MetricQuery): Promise<readonly MetricSeries[]> {
    const window = chooseWindow({ ...query, nowMs: this.clock.wallMs() });
    const stored = [...(this.#tables.metrics.get(query.clusterId)?.values() ?? [])]
      .filter((bucket) => bucket.nodeId === query.nodeId && bucket.stepMs === window.sourceStepMs);
    return Promise.resolve(query.metrics.map((metric) => ({
      metric, nodeId: query.nodeId, stepMs: window.stepMs, points: pointsOf(window, stored.filter((bucket) => bucket.metric === metric)),
    })));
  }

  prune(nowMs: number): Promise<void> {
    pruneTables(this.#tables, nowMs);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return Promise.resolve();
  }
}

function order(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function pageOfRows<T, Item>(oldestFirst: readonly Row<T>[], page: Page, itemOf: (value: T) => Item): PageOf<Item> {
  const before = cursorOf(page);
  const rows = oldestFirst.filter((row) => row.ordinal < before).reverse().slice(0, limitOf(page) + 1);
  return pageOf(rows, page, (row) => row.ordinal, (row) => itemOf(row.value));
}
