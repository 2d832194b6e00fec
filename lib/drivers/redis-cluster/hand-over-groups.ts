import type { Clock } from '@/lib/platform/clock';
import type { Pair } from './one-role';

/** Slots of one hand-over. */
const SLOTS_MAX = 256;
/** And so long an emptied slot waits for others: its clients are sent on by ASK meanwhile, and commands on several keys of which one is missing come again. */
const WAIT_MS_MAX = 200;

interface Between extends Pair {
  readonly ends: { readonly source: { readonly address: string }; readonly target: { readonly address: string } };
}

interface Group<Slot> {
  readonly slots: Slot[];
  readonly done: Promise<void>;
  readonly begin: () => void;
}

/**
 * Waves of slots that were emptied one after the other are handed over together. Clients
 * fetch their map of the slots whenever they meet one that has gone (MOVED), which costs
 * a client in JavaScript some milliseconds in which it does nothing else: with a hand-over
 * for each wave of 32 slots that was most of what clients felt of a rebalance. And servers
 * write their configuration once per hand-over, and take one epoch.
 */
export class HandOverGroups<Batch extends Between, Slot> {
  readonly #clock: Clock;
  /** Waves that have not been emptied yet, by pair. */
  readonly #coming = new Map<string, number>();
  readonly #gathering = new Map<string, Group<Slot>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A wave will be emptied, so that others wait for it; what is given back says that it is, or that it will not be. */
  coming(pair: Pair): () => void {
    const key = keyOf(pair);
    this.#coming.set(key, (this.#coming.get(key) ?? 0) + 1);
    let isComing = true;
    return () => {
      if (!isComing) return;
      isComing = false;
      const left = this.#coming.get(key)! - 1;
      if (left > 0) {
        this.#coming.set(key, left);
        return;
      }
      this.#coming.delete(key);
      for (const [name, group] of this.#gathering) if (name.startsWith(`${key} `)) group.begin();
    };
  }

  /** Hands these over with others of the same two nodes; ends when that is done. `handOver` is run once for all of them. */
  async join(batch: Batch, slots: readonly Slot[], handOver: (batch: Batch, slots: readonly Slot[]) => Promise<void>): Promise<void> {
    const key = keyOf(batch);
    // After a failover somebody else answers for a node.
    const name = `${key} ${batch.ends.source.address} ${batch.ends.target.address}`;
    const group = this.#gathering.get(name) ?? this.#gather(name, (all) => handOver(batch, all));
    group.slots.push(...slots);
    if (group.slots.length >= SLOTS_MAX || !this.#coming.has(key)) group.begin();
    await group.done;
  }

  #gather(name: string, handOver: (slots: readonly Slot[]) => Promise<void>): Group<Slot> {
    const slots: Slot[] = [];
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => { begin = resolve; });
    const timer = this.#clock.after(WAIT_MS_MAX, begin);
    const done = begun.then(async () => {
      timer[Symbol.dispose]();
      this.#gathering.delete(name);
      await handOver(slots);
    });
    const group: Group<Slot> = { slots, done, begin };
    this.#gathering.set(name, group);
    return group;
  }
}

function keyOf({ sourceNodeId, targetNodeId }: Pair): string {
  return `${sourceNodeId} ${targetNodeId}`;
}
