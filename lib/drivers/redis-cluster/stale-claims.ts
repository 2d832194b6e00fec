import type { DriverFailure } from '@/lib/contract/operation';
import { sleep, type Clock } from '@/lib/platform/clock';
import { driverFailure, failureOf, INTERRUPTED } from './failures';
import { readView } from './node-reading';
import type { Pair } from './one-role';
import type { SlotActivity } from './slot-activity';
import type { PairEnds } from './transfer-ends';
import { isPrimary, ownerInView, type ClusterNodeLine, type ClusterView } from './topology';

/** By gossip: each node asks one other a second, and everybody within half of its node time-out. */
const SETTLE_MS_MAX = 20_000;
const LOOK_EVERY_MS = 100;

/**
 * Redis 7.0.13 to 7.0.15 and 7.2.0 to 7.2.3 mark a slot whose owner stops claiming it, and
 * keep that mark when the slot changes hands (mended by redis/redis#12564 in 7.2.4). A
 * claim under any epoch takes a marked slot, and its keys are deleted. A mark is left
 * when packets overtake each other right after a hand-over; if the slot goes back later,
 * and a packet of its source arrives between the commit on the target and the word to
 * the source, the target gives it up again.
 *
 * Marks on slots of the source vanish when the target handles a packet of the source that
 * tells it something new. So before slots are handed on that the source was given since
 * then, the target is told of one other slot of the source that it belongs to a
 * bystander; the source's next packet puts that right, and is waited for. Clients that
 * ask the target for that slot meanwhile make one more hop.
 */
export class StaleClaims {
  readonly #clock: Clock;
  readonly #activity: SlotActivity;
  /** When a slot was given to its owner, counted in hand-overs; none: not by us. */
  readonly #givenAt = new Map<number, number>();
  readonly #givenTo = new Set<string>();
  #handOvers = 0;
  /** By pair. */
  readonly #settledAt = new Map<string, number>();
  /** Pairs whose source was given nothing before we came. */
  readonly #withoutPast = new Set<string>();
  /** By node, as the first look showed it. */
  #pasts: ReadonlyMap<string, boolean> = new Map();
  readonly #settling = new Map<string, Promise<DriverFailure | 'without-past' | null>>();

  constructor(options: { clock: Clock; activity: SlotActivity }) {
    this.#clock = options.clock;
    this.#activity = options.activity;
  }

  /** The slot has a new owner by our doing. */
  given(slot: number, ownerId: string): void {
    this.#handOvers += 1;
    this.#givenAt.set(slot, this.#handOvers);
    this.#givenTo.add(ownerId);
  }

  /** Makes sure that the target has no marks on these slots of the source; a failure is to be tried again. */
  async settle(pair: Pair, options: { ends: PairEnds; slots: readonly number[]; timeoutMs: number; signal: AbortSignal }): Promise<DriverFailure | null> {
    const key = `${pair.sourceNodeId} ${pair.targetNodeId}`;
    while (this.#needs(key, options.slots)) {
      const settled = await (this.#settling.get(key) ?? this.#begin(key, pair, options));
      if (settled !== null && settled !== 'without-past') return settled;
    }
    return null;
  }

  #needs(key: string, slots: readonly number[]): boolean {
    const settledAt = this.#settledAt.get(key);
    const isPastSettled = settledAt !== undefined || this.#withoutPast.has(key);
    return slots.some((slot) => {
      const givenAt = this.#givenAt.get(slot);
      return givenAt === undefined ? !isPastSettled : givenAt > (settledAt ?? -1);
    });
  }

  async #begin(key: string, pair: Pair, options: { ends: PairEnds; slots: readonly number[]; timeoutMs: number; signal: AbortSignal }): Promise<DriverFailure | null> {
    const began = this.#handOvers;
    const settling = this.#settle(pair, options);
    this.#settling.set(key, settling);
    const settled = await settling;
    this.#settling.delete(key);
    if (settled === 'without-past') this.#withoutPast.add(key);
    else if (settled === null) this.#settledAt.set(key, began);
    return settled === 'without-past' ? null : settled;
  }

  async #settle({ sourceNodeId, targetNodeId }: Pair, { ends, slots, timeoutMs, signal }: { ends: PairEnds; slots: readonly number[]; timeoutMs: number; signal: AbortSignal }): Promise<DriverFailure | 'without-past' | null> {
    const [source, target] = await Promise.all([readView(ends.source, timeoutMs), readView(ends.target, timeoutMs)]);
    if (!source.ok) return source.error;
    if (!target.ok) return target.error;
    if (!this.#hasPast(source.value) && slots.every((slot) => !this.#givenAt.has(slot))) return 'without-past';
    const bystanderId = bystanderIn({ source: source.value, target: target.value });
    if (bystanderId === null) return null;
    const free = this.#freeSlot(source.value);
    const probe = { ends, timeoutMs, signal, sourceNodeId, targetNodeId, bystanderId };
    if (free !== null) return await this.#activity.exclusively(free, () => this.#misleadAndWait(free, probe));
    const own = slots.find((slot) => !source.value.self.migrating.has(slot));
    return own === undefined ? null : await this.#misleadAndWait(own, probe);
  }

  /** May somebody have given it slots before we did? */
  #hasPast(view: ClusterView): boolean {
    if (this.#pasts.size === 0) this.#pasts = new Map([...view.nodes.values()].map((line) => [line.id, mayHaveBeenGiven(line, view)]));
    return this.#pasts.get(view.self.id) ?? (!this.#givenTo.has(view.self.id) && mayHaveBeenGiven(view.self, view));
  }

  /** A slot of the source that nobody works on. */
  #freeSlot({ self }: ClusterView): number | null {
    for (const { first, last } of self.slots) {
      for (let slot = first; slot <= last; slot += 1) {
        if (!self.migrating.has(slot) && !this.#activity.touchedSince(slot, Infinity)) return slot;
      }
    }
    return null;
  }

  async #misleadAndWait(slot: number, { ends, timeoutMs, signal, sourceNodeId, bystanderId }: Pair & { ends: PairEnds; timeoutMs: number; signal: AbortSignal; bystanderId: string }): Promise<DriverFailure | null> {
    const tell = async (ownerId: string) => await ends.target.call(['CLUSTER', 'SETSLOT', slot, 'NODE', ownerId], { timeoutMs });
    const told = await tell(bystanderId);
    if (!told.ok) return driverFailure(told.error, `${ends.target.address}: SETSLOT ${slot} NODE`);
    const deadlineMs = this.#clock.monotonicMs() + SETTLE_MS_MAX;
    let failure: DriverFailure | null = null;
    while (failure === null) {
      // Nothing but the signal makes a sleep reject.
      await sleep(this.#clock, LOOK_EVERY_MS, signal).catch(() => undefined);
      const view = await readView(ends.target, timeoutMs);
      if (view.ok && ownerInView(view.value, slot) === sourceNodeId) return null;
      if (!view.ok) failure = view.error;
      else if (signal.aborted) failure = INTERRUPTED;
      else if (this.#clock.monotonicMs() > deadlineMs) failure = failureOf('timeout', `${ends.target.address} has heard nothing of ${ends.source.address} for ${SETTLE_MS_MAX / 1_000} s`, true);
    }
    await tell(sourceNodeId);
    return failure;
  }
}

/** A new cluster numbers its primaries' epochs from one; who was given slots since has a higher one than there are others. */
function mayHaveBeenGiven({ configEpoch }: ClusterNodeLine, { nodes }: ClusterView): boolean {
  return configEpoch >= [...nodes.values()].filter(isPrimary).length;
}

/** A third primary, of which the source knows no older epoch than the target: or the source would believe the target's word of it. */
function bystanderIn({ source, target }: { source: ClusterView; target: ClusterView }): string | null {
  const third = [...target.nodes.values()].filter((line) => isPrimary(line) && !line.flags.has('fail') && line.id !== source.self.id && line.id !== target.self.id
    && (source.nodes.get(line.id)?.configEpoch ?? -1) >= line.configEpoch);
  return third.sort((a, b) => a.configEpoch - b.configEpoch)[0]?.id ?? null;
}
