/** What the manager decides by itself after each reading: whether to rebalance. */
import type { StateChange } from '@/lib/core/cluster/apply-observation';
import { advanceTrigger, decideRebalance, IDLE_TRIGGER, TOPOLOGY_THRESHOLD_SHARE, worstImbalance, type RebalanceTriggerState } from '@/lib/core/scaling/decide-rebalance';
import { WEIGHED_DIMENSIONS } from '@/lib/contract/vocabulary';
import type { Actor } from '@/lib/contract/primitives';
import type { Approval } from './approval';
import type { ManagerResources } from './manager-resources';
import type { PlanCommands } from './plan-commands';

const AUTOMATION: Actor = { kind: 'automation', name: 'automatic rebalancing' };

export class AutoPilot {
  #trigger: RebalanceTriggerState = IDLE_TRIGGER;
  #skippedFor: string | null = null;
  #planning: Promise<void> | null = null;

  constructor(private readonly resources: ManagerResources, private readonly plans: PlanCommands, private readonly approval: Approval) {}

  /** An operation ended: the cooldown starts. */
  operationEnded(): void {
    this.#trigger = { aboveSinceMonotonicMs: null, topologyChanged: false, lastEndedMonotonicMs: this.resources.clock.monotonicMs() };
  }

  decide(changes: readonly StateChange[] | null, first: boolean): void {
    const { clock, model } = this.resources;
    const monotonicMs = clock.monotonicMs();
    if (changes !== null) {
      this.#trigger = advanceTrigger(this.#trigger, {
        worst: worstImbalance(model.imbalance, WEIGHED_DIMENSIONS[model.settings.rebalancing.strategy])?.value ?? 0,
        threshold: model.settings.rebalancing.imbalanceThreshold,
        topologyChanged: !first && changes.some((change) => change.kind === 'node-added' || change.kind === 'node-removed'),
        monotonicMs,
      });
    }
    // Readings go on while a plan is made: nothing may be started from a picture that has grown stale.
    this.#planning ??= this.#rebalance(monotonicMs)
      .catch((error: unknown) => { this.resources.logger.error({ clusterId: this.resources.clusterId, error: String(error) }, 'The automatic rebalance ended by a bug'); })
      .finally(() => { this.#planning = null; });
  }

  /** Resolves when nothing is being planned any more. */
  async settled(): Promise<void> {
    await this.#planning;
  }

  async #rebalance(monotonicMs: number): Promise<void> {
    const { model, log } = this.resources;
    const decision = decideRebalance(this.#trigger, model.imbalance, model.settings.rebalancing, {
      monotonicMs,
      stale: model.stale || log.storeFailure !== null,
      frozen: model.freeze !== null,
      healthy: model.health.status === 'healthy' || model.health.reasons.every((reason) => reason.severity !== 'critical' && reason.code !== 'nodes-unreachable'),
      operationOpen: model.operations.length > 0,
    });
    if (decision.action === 'hold') return;
    const { strategy, imbalanceThreshold } = model.settings.rebalancing;
    const threshold = imbalanceThreshold * (decision.cause === 'topology-changed' ? TOPOLOGY_THRESHOLD_SHARE : 1);
    const plan = await this.plans.preview({ strategy, scope: { kind: 'cluster' }, threshold, seed: 1 }, { actor: AUTOMATION });
    const why = `${decision.cause === 'topology-changed' ? 'the topology changed' : 'the imbalance stayed above the threshold'}: ${decision.dimension} ${decision.imbalance.toFixed(2)}`;
    this.#trigger = { ...this.#trigger, topologyChanged: false };
    if (plan.ok && plan.value.steps.length > 0) {
      const approved = await this.approval.approve({ planId: plan.value.id }, { actor: AUTOMATION });
      if (approved.ok) {
        this.#skippedFor = null;
        return;
      }
    }
    this.operationEnded();
    const because = plan.ok ? plan.value.verdict.message : plan.error.code === 'refused' ? plan.error.refusals[0]?.message ?? 'refused' : plan.error.code;
    if (this.#skippedFor === because) return;
    this.#skippedFor = because;
    log.record({ type: 'rebalance.skipped', actor: AUTOMATION, message: `Considered a rebalance because ${why}; nothing was started: ${because}`.slice(0, 1_000), data: { cause: decision.cause, dimension: decision.dimension, imbalance: decision.imbalance } });
  }
}
