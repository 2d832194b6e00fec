/**
 * A scale-in is tried out before it is decided (S3): the planner has to find a place for
 * everything that is on the nodes that would leave, under the lines that it keeps at every
 * step of the drain, and the resources of what remains have to suffice even without the
 * largest node of it.
 *
 * It is tried out in a planning thread, never in the moment of the decision: that would
 * hold everybody for a third of a second where there are a thousand nodes. A decision that
 * comes before the answer holds and says so.
 */
import { utilizationOfOne, RESOURCES } from '@/lib/contract/resources';
import type { PlanRequest, Plan } from '@/lib/contract/plan';
import type { Actor } from '@/lib/contract/primitives';
import type { ScaleInTrial } from '@/lib/core/scaling/situation';
import { chooseVictims, type VictimCandidate } from '@/lib/core/scaling/victims';
import type { ManagerResources } from '../manager-resources';

const REHEARSAL: Actor = { kind: 'automation', name: 'scale-in rehearsal' };

/** A policy that only recommends asks again and again; where the planner found room it is taken to be there for so long. The order is planned anew. Where it found none, that may be over with the next reading. */
const FRESH_MS = { room: 600_000, noRoom: 120_000 } as const;

/** Plans in a thread of its own; `null` when that could not make it now. */
export type Rehearse = (request: PlanRequest, actor: Actor) => Promise<Plan | null>;

interface Rehearsed {
  /** Which nodes there were to choose from: of others, others might be chosen. What they hold may change meanwhile. */
  readonly among: string;
  readonly victims: readonly string[];
  readonly trial: ScaleInTrial;
  readonly atMonotonicMs: number;
}

export class ScaleInRehearsal {
  /** By pool and number of nodes: pools, and policies that are only looked at, do not push out each other's. */
  #rehearsed = new Map<string, Rehearsed>();
  readonly #running = new Map<string, Promise<void>>();

  constructor(private readonly resources: Pick<ManagerResources, 'clock' | 'model'>, private readonly rehearse: Rehearse) {}

  /** What is known of it; what is not, or not of late, is tried out from now on. */
  try(pool: string, candidates: readonly VictimCandidate[], count: number): ScaleInTrial {
    const chosen = chooseVictims(candidates, count);
    if (chosen.length < count || candidates.length <= count) return { ok: false, code: 'no-victim', numbers: { wanted: count, candidates: candidates.length } };
    const known = this.#known(pool, candidates, count);
    const over = this.#withoutLargest(pool, new Set(known?.victims ?? chosen));
    if (over !== null) return over;
    if (known === null || this.#ageMs(known) > freshMs(known) / 2) this.#start(pool, candidates, chosen);
    if (known !== null) return known.trial;
    return { ok: false, code: 'rehearsing', numbers: { nodes: count } };
  }

  /**
   * Tries it out beforehand, while a pool that would shrink waits for its stabilization.
   * Found no room for, it is tried again at every call.
   */
  prepare(pool: string, candidates: readonly VictimCandidate[], count: number): void {
    const victims = chooseVictims(candidates, count);
    if (victims.length < count || candidates.length <= count) return;
    if (this.#known(pool, candidates, count)?.trial.ok === true || this.#withoutLargest(pool, new Set(victims)) !== null) return;
    this.#start(pool, candidates, victims);
  }

  /** Shards have moved: who holds least, and where there is room, is another matter now. */
  forget(): void {
    this.#rehearsed = new Map();
  }

  /** Resolves when nothing is being tried out any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  #start(pool: string, candidates: readonly VictimCandidate[], victims: readonly string[]): void {
    const key = keyOf(pool, victims.length);
    // While shards move, nothing that would be found holds afterwards.
    if (this.#running.has(key) || this.resources.model.operations.length > 0) return;
    const { settings } = this.resources.model;
    const into = this.#rehearsed;
    this.#running.set(key, this.rehearse({ strategy: settings.rebalancing.strategy, scope: { kind: 'evacuate', nodeIds: [...victims] }, seed: 1 }, REHEARSAL)
      .then((plan) => { if (plan !== null) into.set(key, { among: amongOf(candidates), victims, trial: trialOf(plan, victims), atMonotonicMs: this.resources.clock.monotonicMs() }); })
      .finally(() => { this.#running.delete(key); }));
  }

  #known(pool: string, candidates: readonly VictimCandidate[], count: number): Rehearsed | null {
    const last = this.#rehearsed.get(keyOf(pool, count));
    if (last?.among !== amongOf(candidates)) return null;
    return this.#ageMs(last) < freshMs(last) ? last : null;
  }

  #ageMs({ atMonotonicMs }: Rehearsed): number {
    return this.resources.clock.monotonicMs() - atMonotonicMs;
  }

  /** What the pool uses now, on what is left of its capacity when the victims and the largest other node are gone. */
  #withoutLargest(pool: string, victims: ReadonlySet<string>): ScaleInTrial | null {
    const { model } = this.resources;
    const members = [...model.nodes.values()].filter((node) => node.pool === pool && node.followerOf === null && node.lifecycle === 'active');
    const remaining = members.filter((node) => !victims.has(node.id));
    for (const resource of RESOURCES) {
      const line = model.settings.safetyLines[resource];
      if (members.some((node) => utilizationOfOne(node, resource) === null)) continue;
      const used = members.reduce((sum, node) => sum + node.usage[resource]!, 0);
      const left = Float64Array.from(remaining, (node) => node.capacity[resource]!).sort();
      const capacity = left.slice(0, -1).reduce((sum, value) => sum + value, 0);
      if (used > line * capacity) return { ok: false, code: 'over-line-after-loss', numbers: { [resource]: capacity > 0 ? used / capacity : 1, line } };
    }
    return null;
  }
}

function freshMs({ trial }: Rehearsed): number {
  return trial.ok ? FRESH_MS.room : FRESH_MS.noRoom;
}

function keyOf(pool: string, count: number): string {
  return `${count} of ${pool}`;
}

const among = new WeakMap<readonly VictimCandidate[], string>();

/** Asked several times of one list, which is not written to. */
function amongOf(candidates: readonly VictimCandidate[]): string {
  const known = among.get(candidates) ?? candidates.map(({ nodeId, zone, returnable = false }) => `${nodeId} ${zone} ${returnable}`).sort().join();
  among.set(candidates, known);
  return known;
}

function trialOf(plan: Plan, victims: readonly string[]): ScaleInTrial {
  const refuses = plan.verdict.code === 'cannot-evacuate' || plan.verdict.code === 'invalid';
  return refuses ? { ok: false, code: 'planner-refused', numbers: plan.verdict.numbers } : { ok: true, victims };
}
