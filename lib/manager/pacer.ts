/** Feels the nodes that one execution's moves touch, and keeps what was decided about them (core/execution/pacing). */
import { PACING_CHANGES_MAX, type NodeSample, type Pacing, type PacingChange } from '@/lib/contract/pacing';
import type { Throttle } from '@/lib/contract/settings';
import { beginPacing, decidePacing, rethrottle, type PacingState } from '@/lib/core/execution/pacing';
import type { ExecutionMove } from '@/lib/core/execution/move-list';
import type { Pressure } from '@/lib/drivers/driver';
import type { ManagerResources } from './manager-resources';

const LOOK_EVERY_MS = 400;
const SAMPLES_MAX = 64;

export interface PacerHooks {
  /** Begun and not ended. */
  readonly openMoves: () => readonly ExecutionMove[];
  readonly throttle: () => Throttle;
  /** The limits may allow what they did not before. */
  readonly changed: () => void;
}

export class Pacer implements Disposable {
  #state: PacingState | null = null;
  #changes: PacingChange[] = [];
  #samples: readonly NodeSample[] = [];
  #throttle: Throttle;
  #timer: Disposable | null = null;
  readonly #abort = new AbortController();

  constructor(private readonly resources: ManagerResources, private readonly hooks: PacerHooks) {
    this.#throttle = hooks.throttle();
  }

  /** Takes the idle latency of all nodes that the plan touches, then looks until disposed. Drivers that cannot be felt are not paced. */
  async begin(nodeIds: readonly string[]): Promise<void> {
    const { driver, clock } = this.resources;
    if (driver.sampleNodes === undefined) return;
    const idle = await driver.sampleNodes(nodeIds.slice(0, SAMPLES_MAX), this.#abort.signal);
    const { state, change } = beginPacing(this.#throttle, idle, clock.wallMs());
    this.#samples = idle;
    this.#adopt(state, change);
    this.#lookLater();
  }

  /** Most batches in flight at the moment; 0 = held. */
  get movesInFlightMax(): number {
    if (this.#state === null) return Infinity;
    return this.#state.heldBy === null ? this.#state.limits.movesInFlight : 0;
  }

  get pressure(): Pressure | null {
    return this.#state === null ? null : { batchBytesMax: this.#state.limits.batchBytes, duty: this.#state.limits.duty };
  }

  /** `undefined` where the engine cannot be felt. */
  get pacing(): Pacing | undefined {
    return this.#state === null ? undefined : { heldBy: this.#state.heldBy, changes: this.#changes, samples: [...this.#samples] };
  }

  [Symbol.dispose](): void {
    this.#abort.abort(new Error('The execution has ended'));
    this.#timer?.[Symbol.dispose]();
  }

  #lookLater(): void {
    if (!this.#abort.signal.aborted) this.#timer = this.resources.clock.after(LOOK_EVERY_MS, () => { void this.#look(); });
  }

  async #look(): Promise<void> {
    const { driver, model, clock } = this.resources;
    const throttle = this.hooks.throttle();
    if (throttle !== this.#throttle && this.#state !== null) {
      const { state, change } = rethrottle(this.#state, throttle, clock.wallMs());
      this.#throttle = throttle;
      this.#adopt(state, change);
    }
    const open = this.hooks.openMoves();
    const targetNodeIds = new Set(open.map(({ step }) => step.targetNodeId));
    // While held nothing may be open: the node that it is held for is looked at all the same.
    const heldFor = this.#state?.heldBy?.nodeId ?? null;
    if (heldFor !== null) targetNodeIds.add(heldFor);
    const nodeIds = [...new Set([...targetNodeIds, ...open.map(({ step }) => step.sourceNodeId)])];
    const samples = nodeIds.length === 0 ? [] : await driver.sampleNodes?.(nodeIds.slice(0, SAMPLES_MAX), this.#abort.signal) ?? [];
    if (this.#abort.signal.aborted) return;
    if (this.#state !== null) {
      this.#samples = [...samples].sort((a, b) => (b.latencyMs ?? 0) - (a.latencyMs ?? 0));
      const suspectNodeIds = nodeIds.filter((id) => model.nodes.get(id)?.liveness !== 'alive');
      const { state, change } = decidePacing(this.#state, {
        samples, suspectNodeIds, targetNodeIds, throttle, memoryLine: Math.max(model.settings.safetyLines.memory, 0.9), nowMs: clock.wallMs(),
      });
      this.#adopt(state, change);
    }
    this.#lookLater();
  }

  #adopt(state: PacingState, change: PacingChange | null): void {
    this.#state = state;
    if (change === null) return;
    this.#changes = [...this.#changes, change].slice(-PACING_CHANGES_MAX);
    this.hooks.changed();
  }
}
