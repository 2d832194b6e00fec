import { err, ok, type Result } from '@/lib/platform/result';
import type { DriverFailure } from '@/lib/contract/operation';
import { driverFailure, failureOf } from './failures';
import type { NodeClient } from './node-client';
import { integerOf, listOf, pairsOf, type Reply } from './replies';
import { SLOT_COUNT } from './topology';

/**
 * Questions per round trip: about 3 ms of our event loop and 0.2 ms of the server's, so
 * that neither our other sockets nor the server's clients wait.
 */
const SLOTS_PER_CHUNK = 512;

/** Per-slot counters of one node; `NaN` for what was not told. Index = slot. */
export interface SlotCounters {
  readonly keyCount: Map<number, number>;
  /** Cumulative, only with cluster-slot-stats-enabled. */
  readonly cpuMicroseconds: Map<number, number>;
  readonly networkBytes: Map<number, number>;
  /** Redis 8.2 and newer, with cluster-slot-stats-enabled. */
  readonly memoryBytes: Map<number, number>;
}

export function emptyCounters(): SlotCounters {
  return { keyCount: new Map(), cpuMicroseconds: new Map(), networkBytes: new Map(), memoryBytes: new Map() };
}

/** Keys per slot by CLUSTER COUNTKEYSINSLOT (Redis 3.0), O(1) each. */
export async function countKeys(client: NodeClient, slots: readonly number[], options: { timeoutMs: number; signal: AbortSignal }): Promise<Result<SlotCounters, DriverFailure>> {
  const counters = emptyCounters();
  for (let from = 0; from < slots.length; from += SLOTS_PER_CHUNK) {
    if (options.signal.aborted) return err(failureOf('interrupted', 'The reading was stopped', true));
    const chunk = slots.slice(from, from + SLOTS_PER_CHUNK);
    const replies = await client.pipeline(chunk.map((slot) => ['CLUSTER', 'COUNTKEYSINSLOT', slot]), options);
    for (const [index, slot] of chunk.entries()) {
      const count = integerOf(replies[index], 'CLUSTER COUNTKEYSINSLOT');
      if (!count.ok) return err(driverFailure(count.error, `${client.address}: CLUSTER COUNTKEYSINSLOT`));
      counters.keyCount.set(slot, count.value);
    }
  }
  return ok(counters);
}

/** Slots per SLOT-STATS question: some 5 ms of our event loop each, with a turn for others in between. */
const STATS_PER_QUESTION = 2_048;

/** CLUSTER SLOT-STATS SLOTSRANGE (Valkey 8, Redis 8.2) for the slots the node owns. */
export async function readSlotStats(client: NodeClient, options: { timeoutMs: number; signal: AbortSignal }): Promise<Result<SlotCounters, DriverFailure>> {
  const counters = emptyCounters();
  for (let first = 0; first < SLOT_COUNT; first += STATS_PER_QUESTION) {
    if (options.signal.aborted) return err(failureOf('interrupted', 'The reading was stopped', true));
    const reply = listOf(await client.call(['CLUSTER', 'SLOT-STATS', 'SLOTSRANGE', first, first + STATS_PER_QUESTION - 1], options), 'CLUSTER SLOT-STATS');
    if (!reply.ok) return err(driverFailure(reply.error, `${client.address}: CLUSTER SLOT-STATS`));
    parseSlotStats(reply.value, counters);
  }
  return ok(counters);
}

/** Reply: [[slot, [name, value, ...]], ...]; names in lower or upper case, by server. */
export function parseSlotStats(reply: readonly Reply[], counters: SlotCounters = emptyCounters()): SlotCounters {
  for (const entry of reply) {
    if (!Array.isArray(entry)) continue;
    const [slot, statistics] = entry as readonly Reply[];
    if (typeof slot !== 'number') continue;
    const values = new Map([...pairsOf(statistics)].map(([name, value]) => [name.toLowerCase(), Number(value)]));
    const copy = (name: string, into: Map<number, number>) => {
      const value = values.get(name);
      if (value !== undefined && Number.isFinite(value)) into.set(slot, value);
    };
    copy('key-count', counters.keyCount);
    copy('cpu-usec', counters.cpuMicroseconds);
    copy('memory-bytes', counters.memoryBytes);
    const received = values.get('network-bytes-in');
    const sent = values.get('network-bytes-out');
    if (received !== undefined && sent !== undefined) counters.networkBytes.set(slot, received + sent);
  }
  return counters;
}
