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

/** A policy that only recommends asks again and again; where the planner found room it is taken to be there for so long. The order is planned anew. */
const FRESH_MS = 600_000;

export class ScaleInRehearsal {
  #last: { readonly victims: string; readonly atMonotonicMs: number; readonly trial: ScaleInTrial } | null = null;

  constructor(private readonly resources: ManagerResources, private readonly makePlan: (request: PlanRequest, actor: Actor) => Plan) {}

  try(pool: string, candidates: readonly VictimCandidate[], count: number): ScaleInTrial {
    const victims = chooseVictims(candidates, count);
    if (victims.length < count || candidates.length <= count) return { ok: false, code: 'no-victim', numbers: { wanted: count, candidates: candidates.length } };
    const over = this.#withoutLargest(pool, new Set(victims));
    if (over !== null) return over;
    const { clock, model: { settings } } = this.resources;
    const key = victims.join();
    if (this.#last?.victims === key && clock.monotonicMs() - this.#last.atMonotonicMs < FRESH_MS) return this.#last.trial;
    const plan = this.makePlan({ strategy: settings.rebalancing.strategy, scope: { kind: 'evacuate', nodeIds: [...victims] }, seed: 1 }, REHEARSAL);
    const refuses = plan.verdict.code === 'cannot-evacuate' || plan.verdict.code === 'invalid';
    const trial: ScaleInTrial = refuses ? { ok: false, code: 'planner-refused', numbers: plan.verdict.numbers } : { ok: true, victims };
    this.#last = { victims: key, atMonotonicMs: clock.monotonicMs(), trial };
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
