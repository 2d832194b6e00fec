/** Jobs of the servers' own migration, against two nodes that behave as Valkey 9.1 and Redis 8.4 do (cluster_migrateslots.c, cluster_asm.c). */
import { describe, expect, it } from 'vitest';
import { AtomicMover } from '@/lib/drivers/redis-cluster/atomic-mover';
import type { AtomicKind } from '@/lib/drivers/redis-cluster/atomic-engine';
import type { Reply } from '@/lib/drivers/redis-cluster/replies';
import type { Command } from '@/lib/drivers/redis-cluster/resp';
import type { SlotBatch, SlotOrder } from '@/lib/drivers/redis-cluster/slot-batch';
import { systemClock } from '@/lib/platform/system-clock';
import { ok } from '@/lib/platform/result';

const SOURCE = '8465555a6f9b68049e16ee2977ac1880d599622e';
const TARGET = 'dc77cf2f60e7a7c58c4ba813bcec7775215a94e8';

/** Two ends of an engine. A job is taken over at once; what the target has taken it tells when something wakes it. */
class Ends {
  readonly jobs: { readonly id: string; readonly slots: readonly number[]; state: 'running' | 'taken' | 'done' }[] = [];
  readonly asked: string[] = [];
  runningMost = 0;

  constructor(private readonly keysPerSlot: (slot: number) => number) {}

  node(role: 'source' | 'target') {
    const call = (command: Command) => Promise.resolve(ok(this.#answer(role, command.map(String))));
    return { address: role, call, pipeline: (commands: readonly Command[]) => Promise.all(commands.map(call)) };
  }

  #answer(role: 'source' | 'target', words: readonly string[]): Reply {
    const asked = words.slice(0, 3).join(' ');
    this.asked.push(`${role} ${asked}`);
    if (words[0] === 'PING') return this.#wake();
    if (asked.startsWith('CLUSTER MIGRATESLOTS')) return this.#begin(words.slice(3, -2), 'OK');
    if (asked === 'CLUSTER MIGRATION IMPORT') return this.#begin(words.slice(3), null);
    if (asked === 'CLUSTER GETSLOTMIGRATIONS') return this.jobs.map(({ id, slots, state }) => ['name', id, 'operation', 'EXPORT', 'slot_ranges', rangesIn(slots), 'target_node', TARGET, 'source_node', SOURCE, 'state', state === 'done' ? 'success' : 'failover-granted', 'message', '']);
    if (asked === 'CLUSTER MIGRATION STATUS') return this.#wakeAll();
    if (words[1] === 'COUNTKEYSINSLOT') return this.keysPerSlot(Number(words[2]));
    if (words[0] === 'DBSIZE') return 1_000;
    if (words[0] === 'INFO') return 'used_memory_dataset:100000\r\n';
    if (words[1] === 'NODES') return this.#nodes();
    throw new Error(`Not asked of an engine: ${words.join(' ')}`);
  }

  #begin(words: readonly string[], said: string | null): Reply {
    const slots: number[] = [];
    for (let at = 0; at < words.length; at += 2) for (let slot = Number(words[at]); slot <= Number(words[at + 1]); slot += 1) slots.push(slot);
    this.jobs.push({ id: `job-${this.jobs.length}`, slots, state: 'taken' });
    this.runningMost = Math.max(this.runningMost, this.jobs.filter(({ state }) => state !== 'done').length);
    return said ?? this.jobs.at(-1)!.id;
  }

  #wake(): Reply {
    for (const job of this.jobs) job.state = 'done';
    return 'PONG';
  }

  /** Redis' target tells by itself. */
  #wakeAll(): Reply {
    this.#wake();
    return this.jobs.map(({ id, slots }) => ['id', id, 'slots', rangesIn(slots), 'source', SOURCE, 'dest', TARGET, 'operation', 'import', 'state', 'completed', 'last_error', '', 'retries', 0]);
  }

  #nodes(): string {
    const taken = this.jobs.filter(({ state }) => state === 'done').flatMap(({ slots }) => slots).sort((a, b) => a - b);
    const kept = Array.from({ length: 16_384 }, (_, slot) => slot).filter((slot) => !taken.includes(slot));
    return [`${SOURCE} 127.0.0.1:7000@17000 myself,master - 0 0 1 connected ${rangesIn(kept)}`, `${TARGET} 127.0.0.1:7001@17001 master - 0 0 2 connected ${rangesIn(taken)}`, ''].join('\n');
  }
}

function rangesIn(slots: readonly number[]): string {
  const ranges: string[] = [];
  for (let at = 0; at < slots.length;) {
    let end = at;
    while (slots[end + 1] === slots[end]! + 1) end += 1;
    ranges.push(`${slots[at]}-${slots[end]}`);
    at = end + 1;
  }
  return ranges.join(' ');
}

function batchOf(ends: Ends, slots: readonly number[]): SlotBatch {
  const orders = slots.map((slot, position) => ({ slot, position }));
  return { sourceNodeId: SOURCE, targetNodeId: TARGET, ends: { source: ends.node('source'), target: ends.node('target') }, clock: systemClock, timeoutMs: 1_000, slots: orders as readonly Partial<SlotOrder>[] } as unknown as SlotBatch;
}

const context = (signal: AbortSignal = new AbortController().signal) => ({ idempotencyKey: 'test', epoch: 1, signal, bytesPerSecondMax: () => null, onProgress: () => undefined });
const slotsUpTo = (count: number) => Array.from({ length: count }, (_, slot) => slot);

describe('AtomicMover', () => {
  it.each(['valkey', 'redis'] satisfies AtomicKind[])('[M4] %s: every slot goes once, one job at a time, and is told with its keys', async (kind) => {
    const ends = new Ends(() => 2);
    const outcomes = await new AtomicMover(systemClock, { slotsMax: 100 }).move(kind, batchOf(ends, slotsUpTo(250).reverse()), context());
    expect(outcomes).toEqual(slotsUpTo(250).map(() => ok({ bytes: 200, keyCount: 2, nodeId: null })));
    expect(ends.jobs.map(({ slots }) => slots.length)).toEqual([84, 84, 82]);
    expect(ends.jobs.flatMap(({ slots }) => slots)).toEqual(slotsUpTo(250));
    expect(ends.runningMost).toBe(1);
  });

  it('what has moved shows while the other jobs of the batch go on', async () => {
    const ends = new Ends(() => 2);
    const shown: string[] = [];
    await new AtomicMover(systemClock, { slotsMax: 1 }).move('redis', batchOf(ends, slotsUpTo(2)), {
      ...context(), onProgress: (position: number, { stage, bytesDone }: { readonly stage: string; readonly bytesDone: number }) => { shown.push(`${position} ${stage} ${bytesDone}`); },
    });
    expect(shown).toEqual(['0 copying 0', '0 committing 0', '0 committing 200', '1 copying 0', '1 committing 0', '1 committing 200']);
  });

  it('a target that sleeps on the slots it took is woken: the writes of the source wait for its word', async () => {
    const ends = new Ends(() => 1);
    expect((await new AtomicMover(systemClock).move('valkey', batchOf(ends, slotsUpTo(5)), context())).every(({ ok: isDone }) => isDone)).toBe(true);
    expect(ends.asked).toContain('target PING');
    const awake = new Ends(() => 1);
    await new AtomicMover(systemClock).move('redis', batchOf(awake, slotsUpTo(5)), context());
    expect(awake.asked).not.toContain('target PING');
  });

  it('no job carries more keys than it may, and a slot with more goes alone', async () => {
    const ends = new Ends((slot) => (slot === 3 ? 50 : 4));
    await new AtomicMover(systemClock, { slotsMax: 100, keysMax: 20 }).move('valkey', batchOf(ends, slotsUpTo(8)), context());
    const keys = ends.jobs.map(({ slots }) => slots.reduce((sum, slot) => sum + (slot === 3 ? 50 : 4), 0));
    expect(ends.jobs.map(({ slots }) => slots)).toContainEqual([3]);
    expect(keys.filter((count) => count > 20)).toEqual([50]);
    expect(ends.jobs.flatMap(({ slots }) => slots)).toEqual(slotsUpTo(8));
  });

  it('[M13] a stop begins no further job and leaves its slots untouched', async () => {
    const ends = new Ends(() => 1);
    const abort = new AbortController();
    const outcomes = await new AtomicMover(systemClock, { slotsMax: 10 }).move('valkey', batchOf(ends, slotsUpTo(30)), {
      ...context(abort.signal), onProgress: (_: number, { stage }: { readonly stage: string }) => { if (stage === 'committing') abort.abort(new Error('stop')); },
    });
    expect(ends.jobs).toHaveLength(1);
    expect(outcomes.map((outcome) => (outcome.ok ? 'done' : outcome.error.code))).toEqual([...Array<string>(10).fill('done'), ...Array<string>(20).fill('interrupted')]);
  });
});
