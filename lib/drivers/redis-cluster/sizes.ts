import type { Command, NodeClient } from './node-client';
import { bytesListOf, integerOf, pairsOf, type Reply } from './replies';

const SLOTS_PER_READING = 16;
const KEYS_PER_SLOT = 4;
/** Weight of one reading's mean once enough is known: a change of the data shows within some ten readings. */
const NEWEST_WEIGHT_MIN = 0.1;
/** Steps through the slots so that neighbours are not sampled together; coprime to 16384. */
const STRIDE = 6_367;

/** Below this many keys the server's fixed costs (scripts, libraries) would count as data. */
const KEYS_FOR_TOTAL_MIN = 1_000;

/**
 * Mean bytes per key of one node. The mean of MEMORY USAGE over a few keys of a few slots
 * at a time: bounded to 16 slots and 64 keys per reading, so it costs the same on any
 * node. Where MEMORY STATS tells how much all keys take together, that total is divided
 * by the keys instead: a few large values among many small ones, which is what real data
 * looks like, make the mean of any affordable sample wander by a fifth.
 */
export class SizeSampler {
  #cursor = 0;
  #mean: number | null = null;
  #meanOfAll: number | null = null;
  #sampleCount = 0;
  #rounds = 0;

  /** Bytes per key with key name and overhead; `null` until a key was sampled. */
  get meanBytes(): number | null {
    return this.#meanOfAll ?? this.#mean;
  }

  get sampleCount(): number {
    return this.#sampleCount;
  }

  /** Samples keys of some of these slots (slots that hold keys). A failed question samples nothing. */
  async sample(client: NodeClient, slotsWithKeys: readonly number[], options: { timeoutMs: number }): Promise<void> {
    const slots = this.#choose(slotsWithKeys);
    const [stats, ...listed] = await client.pipeline([['MEMORY', 'STATS'], ...slots.map((slot): Command => ['CLUSTER', 'GETKEYSINSLOT', slot, KEYS_PER_SLOT])], { ...options, bytes: true });
    this.#meanOfAll = stats?.ok === true ? meanOfAll(stats.value) : null;
    const keys = listed.flatMap((reply) => {
      const list = bytesListOf(reply, 'CLUSTER GETKEYSINSLOT');
      return list.ok ? list.value : [];
    });
    const replies = await client.pipeline(keys.map((key) => ['MEMORY', 'USAGE', key]), options);
    const sizes = replies.flatMap((reply) => {
      // A key that expired meanwhile answers null.
      const size = integerOf(reply, 'MEMORY USAGE');
      return size.ok ? [size.value] : [];
    });
    this.#add(sizes);
  }

  #choose(slots: readonly number[]): number[] {
    const chosen: number[] = [];
    for (let i = 0; i < Math.min(SLOTS_PER_READING, slots.length); i += 1) {
      this.#cursor = (this.#cursor + STRIDE) % 16_384;
      chosen.push(slots[this.#cursor % slots.length]!);
    }
    return chosen;
  }

  #add(sizes: readonly number[]): void {
    if (sizes.length === 0) return;
    this.#rounds += 1;
    const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    const weight = Math.max(NEWEST_WEIGHT_MIN, 1 / this.#rounds);
    this.#mean = this.#mean === null ? mean : this.#mean + weight * (mean - this.#mean);
    this.#sampleCount += sizes.length;
  }
}

/**
 * MEMORY STATS (Redis 4.0): bytes of the values, and of the table that holds the keys,
 * per key; what MEMORY USAGE gives for one key. `null` when not told or too few keys.
 */
export function meanOfAll(reply: Reply): number | null {
  const stats = pairsOf(reply);
  const dataset = stats.get('dataset.bytes');
  const table = pairsOf(stats.get('db.0')).get('overhead.hashtable.main');
  const keys = stats.get('keys.count');
  if (typeof dataset !== 'number' || typeof table !== 'number' || typeof keys !== 'number' || keys < KEYS_FOR_TOTAL_MIN || dataset < 0) return null;
  return (dataset + table) / keys;
}
