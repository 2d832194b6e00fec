/** The scaling of a cluster: a pilot per pool, fed after every reading, evaluated at each policy's interval. */
import type { Operation } from '@/lib/contract/operation';
import type { StoredScalingPolicy, StoredScalingState } from '@/lib/contract/storage';
import { summaryOfRecord } from '@/lib/core/scaling/decision-summary';
import { poolsOf } from '@/lib/core/scaling/pool-observation';
import type { ManagerResources } from '../manager-resources';
import { restIfLarge } from '../rest-if-large';
import { readLoadHistory } from './load-history';
import { PolicyBook } from './policy-book';
import { readPoolMemory } from './pool-memory';
import { PoolPilot, type ScalingOrders } from './pool-pilot';
import type { ScaleInRehearsal } from './scale-in-rehearsal';

const DAY_MS = 86_400_000;
const LEARN_MS = 14 * DAY_MS;
const LEARN_STEP_MS = 600_000;

/** What storage holds about the scaling of a cluster when its manager begins. */
export interface StoredScaling {
  readonly policies: readonly StoredScalingPolicy[];
  readonly states: readonly StoredScalingState[];
}

export class ScalingPilot {
  readonly book: PolicyBook;
  readonly #pools = new Map<string, PoolPilot>();
  readonly #memories: ReadonlyMap<string, unknown>;
  #learnt = false;

  constructor(private readonly resources: ManagerResources, private readonly parts: StoredScaling & { readonly orders: ScalingOrders; readonly rehearsal: ScaleInRehearsal }) {
    this.book = new PolicyBook(parts.policies);
    this.#memories = new Map(parts.states.map((state) => [state.pool, state.document]));
  }

  /** `null`: the cluster has no such pool. */
  pool(name: string): PoolPilot | null {
    return this.#pools.get(name) ?? null;
  }

  /** One round of the manager. `read`: there is a new reading. */
  async round(read: boolean): Promise<void> {
    const { model } = this.resources;
    if (read) {
      for (const name of poolsOf(model.state)) {
        if (!this.#pools.has(name)) this.#pools.set(name, new PoolPilot(name, { resources: this.resources, book: this.book, ...this.parts }, readPoolMemory(this.#memories.get(name))));
      }
      if (!this.#learnt && this.#pools.size > 0) await this.#learn();
      await restIfLarge(model.state);
      for (const pilot of this.#pools.values()) await pilot.observe();
      await restIfLarge(model.state);
    }
    for (const pilot of this.#pools.values()) {
      const record = pilot.evaluate();
      if (record === null || pilot !== this.#largest()) continue;
      model.scaling = summaryOfRecord(record, pilot.active.policy);
      model.touch();
    }
  }

  /** Resolves when no order is being placed any more. */
  async settled(): Promise<void> {
    for (const pilot of this.#pools.values()) await pilot.settled();
  }

  async operationEnded(operation: Operation): Promise<void> {
    for (const pilot of this.#pools.values()) await pilot.operationEnded(operation);
  }

  /** What the last two weeks were like: forecasts do not begin at nothing after a restart. */
  async #learn(): Promise<void> {
    this.#learnt = true;
    if (this.#pools.size !== 1) return;
    const { store, clusterId, clock, logger } = this.resources;
    const nowMs = clock.wallMs();
    try {
      const history = await readLoadHistory(store, clusterId, { fromMs: nowMs - LEARN_MS, toMs: nowMs, stepMs: LEARN_STEP_MS });
      if (history !== null) for (const pilot of this.#pools.values()) pilot.learn(history);
    } catch (error) {
      // Without it the scaler only knows less; it learns as it goes.
      logger.warn({ clusterId, error: String(error) }, 'The recorded load could not be read');
    }
  }

  /** The one that the cluster's summary speaks of. */
  #largest(): PoolPilot | undefined {
    return [...this.#pools.values()].sort((a, b) => b.nodeCount - a.nodeCount || (a.pool < b.pool ? -1 : 1))[0];
  }
}
