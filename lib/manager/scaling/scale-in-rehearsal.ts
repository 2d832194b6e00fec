/**
 * A scale-in is tried out before it is decided (S3): the planner has to find a place for
 * everything that is on the nodes that would leave, under the lines that it keeps at every
 * step of the drain, and the resources of what remains have to suffice even without the
 * largest node of it.
 */
import { utilizationOf, RESOURCES } from '@/lib/contract/resources';
import type { PlanRequest, Plan } from '@/lib/contract/plan';
import type { Actor } from '@/lib/contract/primitives';
import type { ScaleInTrial } from '@/lib/core/scaling/situation';
import { chooseVictims, type VictimCandidate } from '@/lib/core/scaling/victims';
import type { ManagerResources } from '../manager-resources';

const REHEARSAL: Actor = { kind: 'automation', name: 'scale-in rehearsal' };

/** A policy that only recommends asks again and again; where the planner found room it is taken to be there for so long. The order is planned anew. Where it found none, that may be over with the next reading. */
const FRESH_MS = { room: 600_000, noRoom: 120_000 } as const;

export interface RehearsalPlanner {
  /** Here and now. */
  atOnce(request: PlanRequest, actor: Actor): Plan;
  /** In a thread of its own; `null` when that could not make it now. */
  inThread(request: PlanRequest, actor: Actor): Promise<Plan | null>;
}

export class ScaleInRehearsal {
  #last: { readonly victims: string; readonly atMonotonicMs: number; readonly trial: ScaleInTrial } | null = null;
  #preparing: Promise<void> | null = null;

  constructor(private readonly resources: Pick<ManagerResources, 'clock' | 'model'>, private readonly planner: RehearsalPlanner) {}

  try(pool: string, candidates: readonly VictimCandidate[], count: number): ScaleInTrial {
    const victims = chooseVictims(candidates, count);
    if (victims.length < count || candidates.length <= count) return { ok: false, code: 'no-victim', numbers: { wanted: count, candidates: candidates.length } };
    const over = this.#withoutLargest(pool, new Set(victims));
    if (over !== null) return over;
    return this.#known(victims) ?? this.#remember(victims, this.planner.atOnce(this.#requestFor(victims), REHEARSAL));
  }

  /**
   * Tries it out beforehand, in a thread: a pool that would shrink waits for its
   * stabilization, and a plan made in the moment of the decision would hold everybody for
   * a third of a second where there are a thousand nodes. Found no room for, it is tried
   * again at every call; while shards move nothing that would be found holds afterwards.
   */
  prepare(pool: string, candidates: readonly VictimCandidate[], count: number): void {
    const victims = chooseVictims(candidates, count);
    if (this.#preparing !== null || this.resources.model.operations.length > 0 || victims.length < count || candidates.length <= count) return;
    if (this.#known(victims)?.ok === true || this.#withoutLargest(pool, new Set(victims)) !== null) return;
    this.#preparing = this.planner.inThread(this.#requestFor(victims), REHEARSAL)
      .then((plan) => { if (plan !== null) this.#remember(victims, plan); })
      .finally(() => { this.#preparing = null; });
  }

  #requestFor(victims: readonly string[]): PlanRequest {
    return { strategy: this.resources.model.settings.rebalancing.strategy, scope: { kind: 'evacuate', nodeIds: [...victims] }, seed: 1 };
  }

  #known(victims: readonly string[]): ScaleInTrial | null {
    const last = this.#last;
    if (last?.victims !== victims.join()) return null;
    const ageMs = this.resources.clock.monotonicMs() - last.atMonotonicMs;
    return ageMs < (last.trial.ok ? FRESH_MS.room : FRESH_MS.noRoom) ? last.trial : null;
  }

  #remember(victims: readonly string[], plan: Plan): ScaleInTrial {
    const refuses = plan.verdict.code === 'cannot-evacuate' || plan.verdict.code === 'invalid';
    const trial: ScaleInTrial = refuses ? { ok: false, code: 'planner-refused', numbers: plan.verdict.numbers } : { ok: true, victims };
    this.#last = { victims: victims.join(), atMonotonicMs: this.resources.clock.monotonicMs(), trial };
    return trial;
  }

  /** What the pool uses now, on what is left of its capacity when the victims and the largest other node are gone. */
  #withoutLargest(pool: string, victims: ReadonlySet<string>): ScaleInTrial | null {
    const { model } = this.resources;
    const members = [...model.nodes.values()].filter((node) => node.pool === pool && node.followerOf === null && node.lifecycle === 'active');
    for (const resource of RESOURCES) {
      const line = model.settings.safetyLines[resource];
      const known = members.filter((node) => utilizationOf(node)[resource] !== null);
      if (known.length < members.length) continue;
      const used = known.reduce((sum, node) => sum + node.usage[resource]!, 0);
      const left = known.filter((node) => !victims.has(node.id)).map((node) => node.capacity[resource]!).sort((a, b) => a - b);
      const capacity = left.slice(0, -1).reduce((sum, value) => sum + value, 0);
      if (used > line * capacity) return { ok: false, code: 'over-line-after-loss', numbers: { [resource]: capacity > 0 ? used / capacity : 1, line } };
    }
    return null;
  }
}
