import { createShardTable, type ShardTable } from '@/lib/contract/shard-table';
import type { NodeMetrics } from './metrics';
import type { NodeDictionary } from './node-dictionary';
import type { Ownership } from './ownership';
import type { SlotCounters } from './slots';
import { SLOT_COUNT } from './topology';

/** What is known of the slots of one primary in one full reading. */
export interface SlotHoldings {
  readonly counters: SlotCounters;
  /** Counters of the reading before and the seconds since, for rates; `null` at first. */
  readonly before: { readonly counters: SlotCounters; readonly seconds: number } | null;
  readonly meanKeyBytes: number | null;
  readonly sampleCount: number;
}

/**
 * The shard table of a reading. Sizes are measured where the server counts them, else
 * keys x mean sampled bytes per key. Loads are measured from SLOT-STATS deltas where
 * they are on, else the node's own load is split by keys and called estimated.
 */
export function buildShardTable({ ownership, dictionary, holdings, metrics }: {
  ownership: Ownership;
  dictionary: NodeDictionary;
  holdings: ReadonlyMap<string, SlotHoldings>;
  metrics: ReadonlyMap<string, NodeMetrics>;
}): ShardTable {
  const replicas = Int16Array.from(ownership.owners, (owner) => owner === null ? -1 : dictionary.indexOf(owner));
  const table: ShardTable = {
    ...createShardTable({ shardCount: SLOT_COUNT, replicaMax: 1, nodeIds: dictionary.ids }),
    replicas,
    epoch: ownership.epochs,
    quality: qualityOf([...holdings.values()]),
  };
  const keysOfNode = new Map([...holdings].map(([id, held]) => [id, totalKeys(held, ownership, id)]));
  ownership.owners.forEach((owner, slot) => {
    const held = owner === null ? undefined : holdings.get(owner);
    if (owner === null || held === undefined) return;
    const keys = held.counters.keyCount.get(slot);
    if (keys !== undefined) {
      table.keyCount[slot] = keys;
      table.sizeBytes[slot] = held.counters.memoryBytes.get(slot) ?? (keys === 0 ? 0 : held.meanKeyBytes === null ? NaN : keys * held.meanKeyBytes);
    }
    fillLoad(table, { slot, held, keys, nodeKeys: keysOfNode.get(owner) ?? 0, metrics: metrics.get(owner) });
  });
  return table;
}

function fillLoad(table: ShardTable, { slot, held, keys, nodeKeys, metrics }: {
  slot: number; held: SlotHoldings; keys: number | undefined; nodeKeys: number; metrics: NodeMetrics | undefined;
}): void {
  const cpu = rateOf(held, 'cpuMicroseconds', slot);
  const network = rateOf(held, 'networkBytes', slot);
  const nodeCpu = metrics?.usage.cpu ?? null;
  const byKeys = keys === undefined ? null : nodeKeys === 0 ? 0 : keys / nodeKeys;
  // What a slot costs in processor time says more of its calls than how many keys it holds.
  const share = cpu !== null && nodeCpu !== null && nodeCpu > 0 ? Math.min(1, cpu / 1e6 / nodeCpu) : byKeys;
  table.load.cpu[slot] = cpu === null ? shareOf(nodeCpu, share) : cpu / 1e6;
  table.load.readsPerSecond[slot] = shareOf(metrics?.stats.readsPerSecond, share);
  table.load.writesPerSecond[slot] = shareOf(metrics?.stats.writesPerSecond, share);
  table.load.networkBytesPerSecond[slot] = network ?? shareOf(metrics?.usage.network, share);
}

function shareOf(ofNode: number | null | undefined, share: number | null): number {
  return ofNode === null || ofNode === undefined || share === null ? NaN : ofNode * share;
}

function rateOf({ counters, before }: SlotHoldings, counter: 'cpuMicroseconds' | 'networkBytes', slot: number): number | null {
  const now = counters[counter].get(slot);
  const then = before?.counters[counter].get(slot);
  // A slot that came, went or was reset meanwhile has no rate yet.
  return before === null || now === undefined || then === undefined || now < then || before.seconds <= 0 ? null : (now - then) / before.seconds;
}

function totalKeys(held: SlotHoldings, ownership: Ownership, nodeId: string): number {
  let total = 0;
  for (const [slot, keys] of held.counters.keyCount) {
    if (ownership.owners[slot] === nodeId) total += keys;
  }
  return total;
}

function qualityOf(holdings: readonly SlotHoldings[]): ShardTable['quality'] {
  const sampled = holdings.reduce((sum, held) => sum + held.sampleCount, 0);
  const measuresSize = holdings.length > 0 && holdings.every((held) => held.counters.memoryBytes.size > 0 || held.counters.keyCount.size === 0);
  const measuresLoad = holdings.some((held) => held.counters.cpuMicroseconds.size > 0);
  return {
    size: measuresSize ? 'measured' : sampled > 0 ? 'sampled' : 'unknown',
    sizeSampleCount: measuresSize ? 0 : sampled,
    load: holdings.length === 0 ? 'unknown' : measuresLoad ? 'measured' : 'estimated',
  };
}
