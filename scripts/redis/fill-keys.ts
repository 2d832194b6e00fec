import { Redis } from 'ioredis';
import { hashSlotOf } from './hash-slot';
import type { RedisProcess } from './redis-process';

const PIPELINE_MAX = 500;

export interface FillOptions {
  readonly keys: number;
  /** Bytes of the value of key number n. */
  readonly valueBytes: (n: number) => number;
  /** Name of key number n. */
  readonly nameOf?: (n: number) => string;
}

/** Sizes as they are met in practice: most values small, some of a few KiB, a few large; mean about 500 bytes. */
export function mixedValueBytes(n: number): number {
  if (n % 1_000 === 999) return 64 * 1024;
  if (n % 50 === 49) return 4 * 1024;
  return 32 + (n * 7919) % 400;
}

/** Writes keys straight to the primaries that own their slots, pipelined. */
export async function fillKeys(primaries: readonly RedisProcess[], options: FillOptions): Promise<void> {
  const owners = await slotOwners(primaries);
  const block = 'x'.repeat(1024 * 1024);
  const nameOf = options.nameOf ?? ((n: number) => `filled:${n}`);
  const clients = primaries.map((node) => new Redis({ ...node.clientOptions, enableReadyCheck: false }));
  try {
    const queues = clients.map((client) => ({ client, pipeline: client.pipeline() }));
    for (let n = 0; n < options.keys; n += 1) {
      const name = nameOf(n);
      const owner = owners[hashSlotOf(name)];
      const queue = owner === undefined ? undefined : queues[owner];
      if (queue === undefined) throw new Error(`No primary owns the slot of ${name}`);
      queue.pipeline.set(name, block.slice(0, options.valueBytes(n)));
      if (queue.pipeline.length >= PIPELINE_MAX) {
        await flush(queue.pipeline);
        queue.pipeline = queue.client.pipeline();
      }
    }
    await Promise.all(queues.map(async ({ pipeline }) => { await flush(pipeline); }));
  } finally {
    for (const client of clients) client.disconnect();
  }
}

async function flush(pipeline: ReturnType<Redis['pipeline']>): Promise<void> {
  if (pipeline.length === 0) return;
  for (const [error] of (await pipeline.exec()) ?? []) {
    if (error !== null) throw error;
  }
}

/** Index of the owning primary per slot. */
async function slotOwners(primaries: readonly RedisProcess[]): Promise<(number | undefined)[]> {
  const owners = new Array<number | undefined>(16_384).fill(undefined);
  for (const [index, node] of primaries.entries()) {
    const lines = String(await node.call('CLUSTER', 'NODES')).split('\n');
    const own = lines.find((line) => line.includes('myself')) ?? '';
    for (const token of own.trim().split(' ').slice(8)) {
      const range = /^(\d+)(?:-(\d+))?$/.exec(token);
      if (range === null) continue;
      for (let slot = Number(range[1]); slot <= Number(range[2] ?? range[1]); slot += 1) owners[slot] = index;
    }
  }
  return owners;
}
