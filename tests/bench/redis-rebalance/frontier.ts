/** Seconds against p99 over chunk sizes, on servers that move slots by themselves: the driver alone, so that the chunk can be chosen. */
import { primaryNodeIdOf } from '@/lib/contract/shard-table';
import type { MoveTarget } from '@/lib/drivers/driver';
import type { RedisClusterDriver } from '@/lib/drivers/redis-cluster/redis-cluster-driver';
import type { RedisClusterProcesses } from '@/scripts/redis/redis-cluster-processes';
import { connectionTo, openDriver } from '@/tests/support/redis-cluster';
import type { Prepared } from './prepared';

export const CHUNKS = [128, 256, 512, 1_024, 2_048] as const;

export async function prepareChunks(cluster: RedisClusterProcesses, chunk: number): Promise<Prepared> {
  const driver = openDriver(connectionTo(cluster), { atomicJobs: { slotsMax: chunk, keysMax: Infinity } });
  const moves = await quarterOf(driver, cluster);
  return {
    async run(told) {
      const beganAtMs = performance.now();
      let done = 0;
      await Promise.all(moves.map(async (own) => {
        for (let from = 0; from < own.length; from += chunk) {
          const results = await driver.batches.execute(own.slice(from, from + chunk), {
            idempotencyKey: `frontier/${own[0]?.sourceNodeId ?? ''}/${from}`, epoch: 1, signal: new AbortController().signal, bytesPerSecondMax: () => null, onProgress: () => undefined,
          });
          for (const result of results) if (!result.ok) throw new Error(result.error.message);
          done += results.length;
          told(done / moves.flat().length);
        }
      }));
      return { seconds: (performance.now() - beganAtMs) / 1_000, note: () => Promise.resolve(`${done} slots, ${chunk} at a time`) };
    },
    stop: () => driver.close(),
  };
}

/** Does the cluster move slots by itself? */
export async function isAtomic(cluster: RedisClusterProcesses): Promise<boolean> {
  const driver = openDriver(connectionTo(cluster));
  try {
    const reading = await driver.observe({ detail: 'nodes', signal: new AbortController().signal });
    return reading.ok && reading.value.engine.settings['slot-migration']?.startsWith('atomic') === true;
  } finally {
    await driver.close();
  }
}

/** As many slots of each loaded primary as make the empty one even with them. */
async function quarterOf(driver: RedisClusterDriver, cluster: RedisClusterProcesses): Promise<MoveTarget[][]> {
  const reading = await driver.observe({ detail: 'full', signal: new AbortController().signal });
  if (!reading.ok || reading.value.shards === null) throw new Error('The cluster cannot be read');
  const table = reading.value.shards;
  const targetNodeId = await cluster.idOf(cluster.emptyPrimaries[0]!);
  return await Promise.all(cluster.primaries.map(async (node) => {
    const sourceNodeId = await cluster.idOf(node);
    const slots: number[] = [];
    for (let slot = 0; slot < table.shardCount; slot += 1) if (primaryNodeIdOf(table, slot) === sourceNodeId) slots.push(slot);
    return slots.slice(0, Math.floor(slots.length / (cluster.primaries.length + 1))).map((shardId) => ({ shardId, role: 'primary', sourceNodeId, targetNodeId }));
  }));
}
