/**
 * The scaling of one pool: readings in, decisions out, and what is done about them. A
 * decision is carried out only by the active policy, only while storage answers, and only
 * once per intent: the order is an operation in the queue, whose own stages are what a
 * lost reply or a late node is dealt with.
 */
import type { Actor } from '@/lib/contract/primitives';
import type { Operation } from '@/lib/contract/operation';
import { ACTIVE_ROLE, type PolicyVersion, type ScalingProposal } from '@/lib/contract/scaling-view';
import type { DecisionRecord } from '@/lib/contract/scaling-record';
import { summaryOfRecord } from '@/lib/core/scaling/decision-summary';
import { explainRecord } from '@/lib/core/scaling/explain';
import { estimateLeadTime, type LeadTime } from '@/lib/core/scaling/lead-time';
import { observingPool, type PoolObservation } from '@/lib/core/scaling/pool-observation';
import type { PoolReading } from '@/lib/core/scaling/pool-reading';
import { nodesPerScaleIn } from '@/lib/core/scaling/rate-limit';
import type { PoolSituation } from '@/lib/core/scaling/situation';
import type { VictimCandidate } from '@/lib/core/scaling/victims';
import { policyFromSettings } from '@/lib/core/scaling/stored-policy';
import { inTurns } from '@/lib/platform/in-turns';
import { RingBuffer } from '@/lib/platform/ring-buffer';
import type { CommandContext, CommandResult } from '../commands';
import type { EventDraft } from '../event-log';
import type { ManagerResources } from '../manager-resources';
import type { LoadHistory } from './load-history';
import type { PolicyBook } from './policy-book';
import { PolicyEvaluator } from './policy-evaluator';
import type { PoolMemory } from './pool-memory';
import type { ScaleInRehearsal } from './scale-in-rehearsal';

/** Carries a decision out as an operation. */
export interface ScalingOrders {
  scaleOut(nodeCount: number, context: CommandContext): Promise<CommandResult<Operation>>;
  scaleIn(nodeIds: readonly string[], context: CommandContext): Promise<CommandResult<Operation>>;
}

export interface PoolPilotParts {
  readonly resources: ManagerResources;
  readonly book: PolicyBook;
  readonly orders: ScalingOrders;
  readonly rehearsal: ScaleInRehearsal;
}

const DAY_MS = 86_400_000;
const ASSUMED_LEAD_MS = 900_000;
const READINGS_PER_EVALUATION = 6;
const READING_MS_MAX = 5_000;
const RETRY_FIRST_MS = 60_000;
const RETRY_MAX_MS = 1_800_000;
const TIMINGS_MAX = 20;
/** Two hours of readings: longer than any window that a decision waits for in practice. */
const RECENT_READINGS_MAX = 1_440;
/** As many as one operation may let join; the next evaluation orders the rest. */
const NODES_PER_ORDER = 64;

export class PoolPilot {
  #active!: PolicyEvaluator;
  /** What the active policy was made from; empty = it is to be made anew. */
  #madeFrom = '';
  readonly #shadows = new Map<string, PolicyEvaluator>();
  #observation: PoolObservation | null = null;
  /** What a policy that is only looked at would have seen. */
  readonly #recent = new RingBuffer<PoolReading>(RECENT_READINGS_MAX);
  #readingDueMs = -Infinity;
  #retry = { failures: 0, dueMs: -Infinity, message: '' };
  #history: LoadHistory | null = null;
  #acting: Promise<void> | null = null;

  constructor(readonly pool: string, private readonly parts: PoolPilotParts, public memory: PoolMemory) {}

  get active(): PolicyEvaluator {
    this.#refresh();
    return this.#active;
  }

  shadow(role: string): PolicyEvaluator | null {
    this.#refresh();
    return this.#shadows.get(role) ?? null;
  }

  evaluator(role: string): PolicyEvaluator | null {
    return role === ACTIVE_ROLE ? this.active : this.shadow(role);
  }

  get leadTime(): LeadTime {
    const bytes = this.#observation === null ? 0 : this.#observation.dataBytes / Math.max(1, this.#observation.reading.nodeCount + 1);
    return estimateLeadTime(this.memory.timings, { bytes, assumedMs: ASSUMED_LEAD_MS });
  }

  get nodeCount(): number {
    return this.#observation?.reading.nodeCount ?? 0;
  }

  /** What was recorded before this manager began; policies that come later learn from it too. */
  learn(history: LoadHistory): void {
    this.#history = history;
    this.#madeFrom = '';
    this.#shadows.clear();
  }

  /** After each reading of the cluster that succeeded. */
  async observe(): Promise<void> {
    const { clock, model } = this.parts.resources;
    const monotonicMs = clock.monotonicMs();
    if (monotonicMs < this.#readingDueMs) return;
    this.#observation = await this.#look();
    const { policy } = this.active;
    this.#readingDueMs = monotonicMs + Math.max(model.settings.observationIntervalMs, Math.min(READING_MS_MAX, policy.intervalMs / READINGS_PER_EVALUATION));
    this.#recent.push(this.#observation.reading);
    for (const evaluator of [this.active, ...this.#shadows.values()]) evaluator.observe(this.#observation.reading);
  }

  /** Evaluates what is due, each policy at its own interval; answers the active policy's record when it was. */
  evaluate(): DecisionRecord | null {
    const { clock, log, logger, clusterId } = this.parts.resources;
    const reading = this.#readingNow();
    if (reading === null) return null;
    const monotonicMs = clock.monotonicMs();
    const before = this.active.latest;
    let listed: readonly VictimCandidate[] | null = null;
    const candidates = () => listed ??= this.#candidates();
    const record = this.active.isDue(monotonicMs) ? this.active.evaluate(reading, this.#situation(candidates)) : null;
    const decided = (record ?? before?.record)?.decided;
    for (const shadow of this.#shadows.values()) {
      if (!shadow.isDue(monotonicMs)) continue;
      if (shadow.evaluate(reading, { ...this.#situation(candidates), override: null }).decided === decided) shadow.agreed += 1;
    }
    if (record === null) return null;
    if (record.raw < record.nodeCount && record.nodeCount > this.active.policy.bounds.nodeCountMin) this.parts.rehearsal.prepare(this.pool, candidates(), nodesPerScaleIn(this.active.policy, record.nodeCount));
    if (hasChanged(before?.record ?? null, record)) this.#tell(record);
    // What waits for its rehearsal is decided in a moment; what was proposed meanwhile stands.
    if (log.storeFailure !== null || record.bindingCode === 'rehearsing') return record;
    // Readings go on while an order is placed; meanwhile no second one is.
    this.#acting ??= this.#answer(record)
      .catch((error: unknown) => { logger.error({ clusterId, pool: this.pool, error: String(error) }, 'Acting on a scaling decision ended by a bug'); })
      .finally(() => { this.#acting = null; });
    return record;
  }

  /** What this policy would decide now if it were the active one; `null` before the first reading. Nothing is done about it. */
  async wouldDecide(policy: PolicyVersion['policy']): Promise<DecisionRecord | null> {
    const record = this.#wouldDecide(policy);
    if (record?.bindingCode !== 'rehearsing') return record;
    await this.parts.rehearsal.settled();
    return this.#wouldDecide(policy);
  }

  #wouldDecide(policy: PolicyVersion['policy']): DecisionRecord | null {
    const reading = this.#readingNow();
    if (reading === null) return null;
    const evaluator = this.#evaluatorOf(null, policy);
    evaluator.observe(reading);
    return evaluator.evaluate(reading, this.#situation(() => this.#candidates()));
  }

  /** Resolves when no order is being placed any more. */
  async settled(): Promise<void> {
    await this.#acting;
  }

  /** The operator approved, or the policy needs nobody: validated by the caller, ordered here. */
  async order(record: DecisionRecord, context: CommandContext): Promise<CommandResult<Operation>> {
    const { orders, resources } = this.parts;
    const grows = record.action === 'scale-out';
    const ordered = grows ? await orders.scaleOut(Math.min(NODES_PER_ORDER, record.decided - record.nodeCount), context) : await orders.scaleIn(record.victims, context);
    if (!ordered.ok) return ordered;
    const atMs = Math.round(resources.clock.wallMs());
    this.#retry = { failures: 0, dueMs: -Infinity, message: '' };
    await this.remember({ proposal: null, changes: [...this.memory.changes.filter((change) => change.atMs > atMs - DAY_MS), { atMs, from: record.nodeCount, to: record.decided }] }, [{
      type: 'scaling.started', severity: 'notice', actor: context.actor, operationId: ordered.value.id,
      message: `Scaling ${grows ? 'out' : 'in'} from ${record.nodeCount} to ${record.decided} nodes: ${explainRecord(record)}`, data: { pool: this.pool, from: record.nodeCount, to: record.decided },
    }]);
    return ordered;
  }

  /** An operation of this cluster ended: the cooldown begins, and a scale-out teaches its lead time. */
  async operationEnded(operation: Operation): Promise<void> {
    const endedAtMs = operation.finishedAtMs ?? Math.round(this.parts.resources.clock.wallMs());
    this.parts.rehearsal.forget();
    const timing = operation.kind === 'scale-out' && operation.status === 'succeeded' ? timingOf(operation) : null;
    await this.remember({ endedAtMs, ...(timing !== null && { timings: [...this.memory.timings, timing].slice(-TIMINGS_MAX) }) });
  }

  /** Changes what is kept, in memory and in storage. */
  async remember(change: Partial<PoolMemory>, drafts: readonly EventDraft[] = [], context?: { readonly context: CommandContext; readonly value: unknown }): Promise<CommandResult<null>> {
    const { log, clusterId, model } = this.parts.resources;
    const memory = { ...this.memory, ...change };
    const committed = await log.commit([{ kind: 'save-scaling-state', clusterId, state: { pool: this.pool, document: memory } }, ...(context?.context.alsoCommit?.(context.value) ?? [])], drafts);
    // What was ordered is true whether or not it could be stored; what a person asks for has to be stored first.
    if (!committed.ok && context !== undefined) return { ok: false, error: { code: 'unavailable', message: `Nothing was changed: the database did not take it (${committed.error.message})` } };
    this.memory = memory;
    model.touch();
    return { ok: true, value: null };
  }

  /** A policy was saved or removed: it begins with what was recorded. */
  policyChanged(role: string): void {
    if (role === ACTIVE_ROLE) this.#madeFrom = '';
    else this.#shadows.delete(role);
  }

  #refresh(): void {
    const { book, resources } = this.parts;
    const { generation, settings } = resources.model.versioned;
    const version = book.current(this.pool, ACTIVE_ROLE);
    const reported = this.#observation?.reported ?? [];
    const madeFrom = version === null ? `settings ${generation} ${reported.join()}` : `policy ${version.generation}`;
    if (this.#madeFrom !== madeFrom) {
      this.#madeFrom = madeFrom;
      const derived = policyFromSettings(settings.scaling);
      // A metric that the engine never reports would for ever forbid to shrink.
      const rules = derived.rules.filter((rule) => rule.id === 'cpu' || rule.id === 'memory' || reported.some((metric) => metric === rule.id));
      this.#active = this.#evaluatorOf(version, { ...derived, rules });
    }
    for (const shadow of book.shadows(this.pool)) if (!this.#shadows.has(shadow.role)) this.#shadows.set(shadow.role, this.#evaluatorOf(shadow, shadow.policy));
    for (const role of this.#shadows.keys()) if (book.current(this.pool, role) === null) this.#shadows.delete(role);
  }

  #evaluatorOf(version: PolicyVersion | null, fallback: PolicyVersion['policy']): PolicyEvaluator {
    const { clock } = this.parts.resources;
    const evaluator = new PolicyEvaluator(version?.policy ?? fallback, version, { pool: this.pool, readingIntervalMs: READING_MS_MAX, leadTimeMs: this.leadTime.totalMs });
    if (this.#history !== null && this.nodeCount > 0) evaluator.learn(this.#history, { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs(), nodeCount: this.nodeCount });
    evaluator.catchUp(this.#recent.toArray());
    return evaluator;
  }

  #look(): Promise<PoolObservation> {
    const { clock, model } = this.parts.resources;
    return inTurns(observingPool(model.state, this.pool, {
      wallMs: Math.round(clock.wallMs()), monotonicMs: clock.monotonicMs(), valuesMaxAgeMs: 2 * model.settings.observationIntervalMs + 1_000,
    }, model.settings.safetyLines));
  }

  #readingNow(): PoolReading | null {
    const { clock } = this.parts.resources;
    return this.#observation === null ? null : { ...this.#observation.reading, wallMs: Math.round(clock.wallMs()), monotonicMs: clock.monotonicMs() };
  }

  #situation(candidates: () => readonly VictimCandidate[]): Omit<PoolSituation, 'occurrences'> {
    const { clock, model, log } = this.parts.resources;
    const toMonotonic = clock.monotonicMs() - clock.wallMs();
    const { failedNodes = 0, doubtfulNodes = 0, hottest = null } = this.#observation ?? {};
    return {
      stale: model.stale || log.storeFailure !== null,
      frozen: model.freeze !== null,
      failedNodes, doubtfulNodes, hottest,
      operation: { running: model.operations.length > 0, endedMonotonicMs: this.memory.endedAtMs === null ? null : this.memory.endedAtMs + toMonotonic },
      override: this.memory.override,
      changes: this.memory.changes.map(({ atMs, from, to }) => ({ monotonicMs: atMs + toMonotonic, from, to })),
      leadTimeMs: this.leadTime.totalMs,
      trial: (nodeCount) => this.parts.rehearsal.try(this.pool, candidates(), this.nodeCount - nodeCount),
    };
  }

  #candidates(): readonly VictimCandidate[] {
    const { ledger } = this.parts.resources.supply;
    return (this.#observation?.candidates ?? []).map((candidate) => ({ ...candidate, returnable: ledger.ofNode(candidate.nodeId) !== null }));
  }

  #tell(record: DecisionRecord): void {
    const { log, callbacks } = this.parts.resources;
    callbacks.scalingDecided.emit(summaryOfRecord(record, this.active.policy));
    log.record({
      type: 'scaling.decided', severity: record.outcome === 'none' ? 'info' : 'notice', actor: this.#actor(),
      message: `${record.action} (${record.nodeCount} -> ${record.decided} nodes): ${explainRecord(record)}`.slice(0, 1_000),
      data: { pool: this.pool, action: record.action, outcome: record.outcome, boundBy: record.bindingCode, nodeCount: record.nodeCount, nodeCountDecided: record.decided, generation: record.generation },
    });
  }

  #actor(): Actor {
    const { version, policy } = this.active;
    return { kind: 'automation', name: `scaling policy ${policy.name}${version === null ? '' : `, generation ${version.generation}`}`.slice(0, 128) };
  }

  async #answer(record: DecisionRecord): Promise<void> {
    const { proposal } = this.memory;
    if (proposal !== null && (record.action !== proposal.action || record.outcome !== 'propose' || proposal.expiresAtMs <= record.atMs)) await this.remember({ proposal: null });
    if (record.outcome === 'propose') await this.#propose(record);
    if (record.outcome !== 'act') return;
    const { clock, log } = this.parts.resources;
    if (clock.monotonicMs() < this.#retry.dueMs) return;
    const ordered = await this.order(record, { actor: this.#actor() });
    if (ordered.ok) return;
    const message = ordered.error.code === 'refused' ? ordered.error.refusals[0]?.message ?? 'refused' : ordered.error.code;
    const failures = this.#retry.failures + 1;
    if (message !== this.#retry.message) log.record({ type: 'scaling.refused', severity: 'warning', actor: this.#actor(), message: `${record.action} to ${record.decided} nodes was refused: ${message}`.slice(0, 1_000), data: { pool: this.pool, to: record.decided } });
    this.#retry = { failures, message, dueMs: clock.monotonicMs() + Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (failures - 1)) };
  }

  async #propose(record: DecisionRecord): Promise<void> {
    const { proposal, rejected } = this.memory;
    if (record.action !== 'scale-out' && record.action !== 'scale-in') return;
    if (rejected !== null && rejected.action === record.action && rejected.untilMs > record.atMs) return;
    if (proposal !== null && proposal.to === record.decided) return;
    const { resources } = this.parts;
    const made: ScalingProposal = {
      id: resources.nextId('proposal'), createdAtMs: record.atMs, expiresAtMs: record.atMs + this.active.policy.approval.expiresAfterMs, generation: record.generation,
      action: record.action, from: record.nodeCount, to: record.decided, text: explainRecord(record),
    };
    await this.remember({ proposal: made }, [{
      type: 'scaling.proposed', severity: 'warning', actor: this.#actor(), message: `Waits for approval: ${made.action} from ${made.from} to ${made.to} nodes. ${made.text}`.slice(0, 1_000), data: { pool: this.pool, proposalId: made.id, to: made.to },
    }]);
  }
}

/** Only what would read differently is an event: the same hold for the same reason is said once. */
function hasChanged(before: DecisionRecord | null, now: DecisionRecord): boolean {
  if (before === null) return now.action !== 'hold';
  return before.action !== now.action || before.outcome !== now.outcome || before.decided !== now.decided || before.bindingCode !== now.bindingCode;
}

/** From the stages of a scale-out that succeeded: how long its nodes took to join, and the data to spread. */
function timingOf(operation: Operation): PoolMemory['timings'][number] | null {
  const span = (kinds: readonly string[]) => operation.stages.reduce((sum, stage) => (kinds.includes(stage.kind) && stage.startedAtMs !== null && stage.finishedAtMs !== null ? sum + Math.max(0, stage.finishedAtMs - stage.startedAtMs) : sum), 0);
  const provisionMs = span(['provision', 'join']);
  const moveMs = span(['plan', 'execute-plan']);
  return provisionMs + moveMs === 0 ? null : { provisionMs, moveMs, bytesMoved: operation.progress.bytesDone };
}
