import type { Risk } from '@/lib/contract/plan';
import type { ForeseenMove } from '@/lib/drivers/driver';
import { KEY_BYTES_MAX, RESTORED_BYTES_PER_MS } from './key-transfer';
import type { Command, NodeClient } from './node-client';
import { bytesListOf, integerOf } from './replies';

/** The heaviest slots of a source are looked into; keys of one size do no harm, so a few of each tell. */
const SLOTS_MAX = 48;
const KEYS_PER_SLOT = 16;
const ASKED_PER_WRITE = 256;
/** Both ends stand still while a value of this size is moved: some hundred ms. */
const BIG_BYTES = 16 * 1024 * 1024;
const NAMED_MAX = 5;

/** Samples MEMORY USAGE of keys that are to move. A value above the engine's limit is a danger: it cannot move at all. */
export async function findBigKeys({ client, nodeId, moves, timeoutMs, signal }: {
  client: NodeClient; nodeId: string; moves: readonly ForeseenMove[]; timeoutMs: number; signal: AbortSignal;
}): Promise<Risk[]> {
  const heaviest = [...moves].sort((a, b) => (b.bytes ?? 0) / Math.max(1, b.keyCount ?? 1) - (a.bytes ?? 0) / Math.max(1, a.keyCount ?? 1)).slice(0, SLOTS_MAX);
  const listed = await client.pipeline(heaviest.map(({ shardId }): Command => ['CLUSTER', 'GETKEYSINSLOT', shardId, KEYS_PER_SLOT]), { timeoutMs, bytes: true });
  const keys = listed.flatMap((reply, index) => {
    const names = bytesListOf(reply, 'CLUSTER GETKEYSINSLOT');
    return names.ok ? names.value.map((name) => ({ name, slot: heaviest[index]!.shardId })) : [];
  });
  const big: { bytes: number; slot: number }[] = [];
  for (let from = 0; from < keys.length && !signal.aborted; from += ASKED_PER_WRITE) {
    const some = keys.slice(from, from + ASKED_PER_WRITE);
    const sizes = await client.pipeline(some.map(({ name }): Command => ['MEMORY', 'USAGE', name]), { timeoutMs });
    for (const [index, { slot }] of some.entries()) {
      const size = integerOf(sizes[index], 'MEMORY USAGE');
      if (size.ok && size.value > BIG_BYTES) big.push({ bytes: size.value, slot });
    }
  }
  return big.sort((a, b) => b.bytes - a.bytes).slice(0, NAMED_MAX).map(({ bytes, slot }): Risk => {
    const stillMs = Math.round(bytes / RESTORED_BYTES_PER_MS);
    return {
      code: 'big-key', severity: bytes > KEY_BYTES_MAX ? 'danger' : 'warning', nodeId, shardId: slot, numbers: { bytes, keyBytesMax: KEY_BYTES_MAX, stillMs, keysSampled: keys.length },
      message: bytes > KEY_BYTES_MAX
        ? `A key of slot ${slot} takes ${bytes} bytes, more than the ${KEY_BYTES_MAX} that can be moved: split or delete it first`
        : `A key of slot ${slot} takes ${bytes} bytes: it moves alone, and both ends serve nobody for up to about ${stillMs} ms meanwhile`,
    };
  });
}
