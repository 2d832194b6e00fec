/** What operators ask of the scaling of a pool. Every change carries the generation it was built on (R4) and is stored before it is in force. */
import type { Operation } from '@/lib/contract/operation';
import type { PolicyDocument, ScalingOverride } from '@/lib/contract/scaling-policy';
import { ACTIVE_ROLE, type BacktestAnswer, type BacktestSeries, type DecisionEntry, type PolicyChange, type PolicyProblem, type PolicyVersion, type PoolScaling } from '@/lib/contract/scaling-view';
import { policyChanges } from '@/lib/core/scaling/policy-changes';
import { scheduleConflicts } from '@/lib/core/scaling/schedule-bounds';
import { err, ok } from '@/lib/platform/result';
import { failureOfStore, notFound, refusal, refused, type CommandContext, type CommandFailure, type CommandResult } from '../commands';
import type { ManagerResources } from '../manager-resources';
import { backtestPolicies } from './policy-backtest';
import type { PoolPilot } from './pool-pilot';
import { brokenPatterns, expandSchedules } from './schedule-expansion';
import type { ScalingPilot } from './scaling-pilot';

const DAY_MS = 86_400_000;
/** Conflicts of schedules are looked for so far ahead. */
const CONFLICTS_AHEAD_MS = 35 * DAY_MS;
const SHADOWS_MAX = 8;
const NEXT_OCCURRENCES_MAX = 50;

type FieldFault = Extract<CommandFailure, { code: 'invalid' }>['errors'][number];

export interface PolicyTarget { readonly pool: string; readonly role: string }

export class ScalingCommands {
  constructor(private readonly resources: ManagerResources, private readonly pilot: ScalingPilot) {}

  get(pool: string): CommandResult<PoolScaling> {
    const pilot = this.pilot.pool(pool);
    if (pilot === null) return notFound('pool', pool);
    const { book } = this.pilot;
    const { active, memory } = pilot;
    const wallMs = this.resources.clock.wallMs();
    return ok({
      pool, policy: active.policy, version: active.version, generation: book.shelf(pool, ACTIVE_ROLE).generation,
      problems: [...book.shelf(pool, ACTIVE_ROLE).problems],
      shadows: book.shadows(pool).map((version) => {
        const shadow = pilot.shadow(version.role);
        return { version, evaluations: shadow?.evaluations ?? 0, agreed: shadow?.agreed ?? 0, latest: shadow?.latest ?? null };
      }),
      override: memory.override !== null && memory.override.expiresAtMs > wallMs ? memory.override : null,
      proposal: memory.proposal !== null && memory.proposal.expiresAtMs > wallMs ? memory.proposal : null,
      latest: active.latest, leadTime: pilot.leadTime,
      nextOccurrences: active.occurrences(wallMs).slice(0, NEXT_OCCURRENCES_MAX),
    });
  }

  async savePolicy(target: PolicyTarget & { readonly generation: number; readonly policy: PolicyDocument }, context: CommandContext): Promise<CommandResult<PolicyVersion>> {
    const { pool, role, policy } = target;
    const pilot = this.pilot.pool(pool);
    if (pilot === null) return notFound('pool', pool);
    const { book } = this.pilot;
    const { generation } = book.shelf(pool, role);
    if (target.generation !== generation) return err({ code: 'conflict', message: `Built on generation ${target.generation}, stored is ${generation}`, current: book.current(pool, role) });
    const faults = this.#faults(policy, role);
    if (faults.length > 0) return err({ code: 'invalid', errors: faults });
    if (role !== ACTIVE_ROLE && generation === 0 && book.shadows(pool).length >= SHADOWS_MAX) return refused(refusal('invalid-number', `There are ${SHADOWS_MAX} shadow policies already`, { numbers: { shadowsMax: SHADOWS_MAX } }));
    const version: PolicyVersion = { role, generation: generation + 1, savedAtMs: Math.round(this.resources.clock.wallMs()), savedBy: context.actor, policy };
    const { log, clusterId, model } = this.resources;
    const { savedAtMs, savedBy } = version;
    const committed = await log.commit(
      [{ kind: 'save-scaling-policy', clusterId, policy: { pool, role, generation: version.generation, document: { savedAtMs, savedBy, policy } } }, ...(context.alsoCommit?.(version) ?? [])],
      [{ type: 'scaling.policySaved', severity: 'notice', actor: context.actor, message: `${role === ACTIVE_ROLE ? 'Scaling policy' : `Shadow policy ${role}`} of pool ${pool}, generation ${version.generation}: ${policy.name}, ${policy.mode}`, data: { pool, role, generation: version.generation, mode: policy.mode } }],
    );
    if (!committed.ok) return err(failureOfStore(committed.error, book.current(pool, role)));
    book.put(pool, version);
    pilot.policyChanged(role);
    model.touch();
    return ok(version);
  }

  async removeShadow({ pool, role }: PolicyTarget, context: CommandContext): Promise<CommandResult<null>> {
    const pilot = this.pilot.pool(pool);
    if (pilot === null || this.pilot.book.shelf(pool, role).generation === 0) return notFound('policy', `${pool}/${role}`);
    if (role === ACTIVE_ROLE) return refused(refusal('not-supported', 'The active policy can be switched off, not removed'));
    const { log, clusterId } = this.resources;
    const committed = await log.commit(
      [{ kind: 'delete-scaling-policy', clusterId, pool, role }, ...(context.alsoCommit?.(null) ?? [])],
      [{ type: 'scaling.policyRemoved', severity: 'notice', actor: context.actor, message: `Shadow policy ${role} of pool ${pool} was removed`, data: { pool, role } }],
    );
    if (!committed.ok) return err(failureOfStore(committed.error));
    this.pilot.book.remove(pool, role);
    pilot.policyChanged(role);
    return ok(null);
  }

  /** The shadow becomes the active policy; it stays as a shadow too, until it is removed. */
  promote({ pool, role, generation, mode }: PolicyTarget & { readonly generation: number; readonly mode: PolicyDocument['mode'] }, context: CommandContext): Promise<CommandResult<PolicyVersion>> {
    const shadow = role === ACTIVE_ROLE ? null : this.pilot.book.current(pool, role);
    if (shadow === null) return Promise.resolve(notFound('shadow policy', `${pool}/${role}`));
    return this.savePolicy({ pool, role: ACTIVE_ROLE, generation, policy: { ...shadow.policy, mode } }, context);
  }

  versions({ pool, role }: PolicyTarget): CommandResult<{ versions: PolicyVersion[]; problems: PolicyProblem[] }> {
    if (this.pilot.pool(pool) === null) return notFound('pool', pool);
    const shelf = this.pilot.book.shelf(pool, role);
    return ok({ versions: [...shelf.versions], problems: [...shelf.problems] });
  }

  diff({ pool, role, from, to }: PolicyTarget & { readonly from: number; readonly to: number }): CommandResult<readonly PolicyChange[]> {
    const [before, after] = [this.#version(pool, role, from), this.#version(pool, role, to)];
    if (before === null || after === null) return notFound('generation', String(before === null ? from : to));
    return ok(policyChanges(before.policy, after.policy));
  }

  restore({ pool, role, generation, from }: PolicyTarget & { readonly generation: number; readonly from: number }, context: CommandContext): Promise<CommandResult<PolicyVersion>> {
    const former = this.#version(pool, role, from);
    if (former === null) return Promise.resolve(notFound('generation', String(from)));
    return this.savePolicy({ pool, role, generation, policy: former.policy }, context);
  }

  async backtest({ pool, policy, series }: { readonly pool: string; readonly policy: PolicyDocument; readonly series: BacktestSeries }): Promise<CommandResult<BacktestAnswer>> {
    const pilot = this.pilot.pool(pool);
    if (pilot === null) return notFound('pool', pool);
    const faults = this.#faults(policy, ACTIVE_ROLE);
    if (faults.length > 0) return err({ code: 'invalid', errors: faults });
    return backtestPolicies(this.resources, pilot, { policy, series });
  }

  decisions({ pool, role, limit }: PolicyTarget & { readonly limit: number }): CommandResult<readonly DecisionEntry[]> {
    const pilot = this.pilot.pool(pool);
    if (pilot === null) return notFound('pool', pool);
    const evaluator = pilot.evaluator(role);
    return evaluator === null ? notFound('policy', `${pool}/${role}`) : ok(evaluator.entries(limit));
  }

  /** S8: it wins until it expires. */
  async setOverride({ pool, nodeCount, durationMs, reason }: { readonly pool: string; readonly nodeCount: number; readonly durationMs: number; readonly reason: string }, context: CommandContext): Promise<CommandResult<ScalingOverride>> {
    const pilot = this.pilot.pool(pool);
    if (pilot === null) return notFound('pool', pool);
    const { nodeCountMin, nodeCountMax } = pilot.active.policy.bounds;
    if (nodeCount < nodeCountMin || nodeCount > nodeCountMax) return err({ code: 'invalid', errors: [{ path: ['nodeCount'], message: `From ${nodeCountMin} to ${nodeCountMax}, the bounds of the policy`, code: 'out-of-bounds' }] });
    const override: ScalingOverride = { nodeCount, expiresAtMs: Math.round(this.resources.clock.wallMs()) + durationMs, reason, setBy: context.actor };
    const kept = await pilot.remember({ override }, [{
      type: 'scaling.overridden', severity: 'warning', actor: context.actor, message: `Pool ${pool} is held at ${nodeCount} nodes for ${Math.round(durationMs / 60_000)} min: ${reason}`.slice(0, 1_000), data: { pool, nodeCount, expiresAtMs: override.expiresAtMs },
    }], { context, value: override });
    return kept.ok ? ok(override) : kept;
  }

  async clearOverride(pool: string, context: CommandContext): Promise<CommandResult<null>> {
    const pilot = this.pilot.pool(pool);
    if (pilot === null) return notFound('pool', pool);
    if (pilot.memory.override === null) return refused(refusal('already-so', 'There is no override'));
    return pilot.remember({ override: null }, [{ type: 'scaling.overridden', severity: 'notice', actor: context.actor, message: `The override of pool ${pool} was taken back`, data: { pool, nodeCount: null } }], { context, value: null });
  }

  /** Validated again: only what would be decided now as well is carried out. */
  async approve({ pool, proposalId }: { readonly pool: string; readonly proposalId: string }, context: CommandContext): Promise<CommandResult<Operation>> {
    const found = this.#proposal(pool, proposalId);
    if (!found.ok) return found;
    const { pilot, proposal } = found.value;
    const record = pilot.active.latest?.record ?? null;
    if (proposal.expiresAtMs <= this.resources.clock.wallMs()) return refused(refusal('plan-not-proposed', 'The proposal has expired'));
    if (record?.outcome !== 'propose' || record.action !== proposal.action || record.decided !== proposal.to) {
      return refused(refusal('plan-not-proposed', `It would no longer be decided: ${pilot.active.latest?.text ?? 'nothing was evaluated yet'}`.slice(0, 500)));
    }
    return pilot.order(record, context);
  }

  async reject({ pool, proposalId }: { readonly pool: string; readonly proposalId: string }, context: CommandContext): Promise<CommandResult<null>> {
    const found = this.#proposal(pool, proposalId);
    if (!found.ok) return found;
    const { pilot, proposal } = found.value;
    return pilot.remember({ proposal: null, rejected: { action: proposal.action, untilMs: proposal.expiresAtMs } }, [{
      type: 'scaling.rejected', severity: 'notice', actor: context.actor, message: `Rejected: ${proposal.action} from ${proposal.from} to ${proposal.to} nodes`, data: { pool, proposalId },
    }], { context, value: null });
  }

  #proposal(pool: string, proposalId: string): CommandResult<{ readonly pilot: PoolPilot; readonly proposal: NonNullable<PoolPilot['memory']['proposal']> }> {
    const pilot = this.pilot.pool(pool);
    if (pilot === null) return notFound('pool', pool);
    const { proposal } = pilot.memory;
    return proposal?.id === proposalId ? ok({ pilot, proposal }) : notFound('proposal', proposalId);
  }

  #version(pool: string, role: string, generation: number): PolicyVersion | null {
    return this.pilot.book.shelf(pool, role).versions.find((version) => version.generation === generation) ?? null;
  }

  /** What a schema cannot see: cron patterns, schedules that contradict each other, a mode that does not fit the role. */
  #faults(policy: PolicyDocument, role: string): readonly FieldFault[] {
    if (role !== ACTIVE_ROLE && policy.mode !== 'shadow' && policy.mode !== 'off') return [{ path: ['policy', 'mode'], message: 'A shadow policy is in mode shadow or off', code: 'wrong-mode' }];
    if (role === ACTIVE_ROLE && policy.mode === 'shadow') return [{ path: ['policy', 'mode'], message: 'The active policy cannot be a shadow', code: 'wrong-mode' }];
    const broken = brokenPatterns(policy.schedules).map(({ index, message }): FieldFault => ({ path: ['policy', 'schedules', index, 'cron'], message, code: 'bad-cron' }));
    if (broken.length > 0) return broken;
    const nowMs = Math.round(this.resources.clock.wallMs());
    return scheduleConflicts(expandSchedules(policy.schedules, { fromMs: nowMs, toMs: nowMs + CONFLICTS_AHEAD_MS }), policy.bounds).map((conflict): FieldFault => {
      const index = policy.schedules.findIndex((schedule) => schedule.id === conflict.scheduleIds.at(-1));
      return { path: ['policy', 'schedules', Math.max(0, index), conflict.code === 'overlap-exceeds-maximum' ? 'floor' : 'ceiling'], message: `${conflict.message} (first at ${new Date(conflict.atMs).toISOString()})`, code: conflict.code };
    });
  }
}
