import { err, ok, type Result } from '@/lib/platform/result';
import type { DriverFailure } from '@/lib/contract/operation';
import { INTERRUPTED } from './failures';
import { isInDoubt, migrateCommand, migrateTimeoutMs, transferKeys } from './key-transfer';
import type { Command } from './node-client';
import { integerOf, textOf } from './replies';
import type { Carried, Copying, SlotBatch } from './slot-batch';
import { bytesOf, type PairEnds, type SizedKey, type TransferEnds } from './transfer-ends';

/**
 * Commands in one burst. They run back to back on the source, whose clients wait for all of
 * them, and against a target that hangs each stops the source for MIGRATE's idle time. So
 * they are few: as many as hide the way between us and the source where moves press hard,
 * half of them where a source may spend no more of its time than GENTLE_DUTY_MAX.
 */
const MIGRATES_PER_BURST_MAX = { gentle: 2, hard: 4 } as const;
const GENTLE_DUTY_MAX = 0.65;
/** A slot of so many small keys is not cut in two, however short bursts are at the moment: some 2 ms at most. */
const WHOLE_SLOT_KEYS = 128;

/** Keys of one slot within a burst: one MIGRATE, since its keys must be of one slot. */
interface Portion {
  readonly carried: Carried;
  readonly keys: readonly SizedKey[];
  readonly bytes: number;
  /** Nothing of the slot is left on the source afterwards, as far as we know. */
  readonly isLast: boolean;
}

/** Sends all listed keys of these slots. Slots that are empty on the source afterwards are `copied`. */
export async function sendBursts(batch: SlotBatch, slots: readonly Carried[], copying: Copying): Promise<void> {
  const { context, throttle } = copying;
  const queue = slots.map((carried) => ({ carried, from: 0 }));
  const duty = () => context.pressure?.().duty ?? 1;
  const inTurn = <T>(work: () => Promise<T>) => batch.turns.run(batch, work);
  while (queue.length > 0) {
    const burst = nextBurst(queue, batch, copying);
    const portions = burst.filter(({ carried }) => carried.failure === null);
    const bytes = portions.reduce((sum, portion) => sum + portion.bytes, 0);
    const keys = portions.reduce((sum, portion) => sum + portion.keys.length, 0);
    if (portions.length === 0) continue;
    const isReady = await throttle.ready(context.signal);
    const results = await batch.lane.run<Result<boolean, DriverFailure>[]>({ keys, bytes }, { inTurn, duty }, async () => {
      // A turn may come late: nothing new is begun after the stop.
      if (!isReady || context.signal.aborted) return portions.map((): Result<boolean, DriverFailure> => err(INTERRUPTED));
      throttle.spent(bytes);
      return await send(batch, portions);
    });
    for (const [index, { carried, keys: sent, bytes: sentBytes }] of portions.entries()) {
      const result = results[index]!;
      if (!result.ok) carried.failure = result.error;
      else {
        carried.progress.moved({ keys: sent.length, bytes: sentBytes });
        if (result.value) carried.state = 'copied';
      }
    }
  }
}

/**
 * Takes the next portions from the front of the queue: as many keys and bytes as a burst
 * may hold, at least one key. A slot is cut in two only if it is too much for a whole
 * burst: while its keys lie on both sides, commands on several of them get TRYAGAIN.
 */
function nextBurst(queue: { carried: Carried; from: number }[], { lane }: SlotBatch, { throttle, context }: Copying): Portion[] {
  const { keysMax, bytesMax } = lane.burst;
  const limit = Math.min(bytesMax, throttle.batchBytesMax, context.pressure?.().batchBytesMax ?? Infinity);
  const burst: Portion[] = [];
  const migratesMax = (context.pressure?.().duty ?? 1) > GENTLE_DUTY_MAX ? MIGRATES_PER_BURST_MAX.hard : MIGRATES_PER_BURST_MAX.gentle;
  let keysLeft = keysMax, bytesLeft = limit;
  while (queue.length > 0 && burst.length < migratesMax && keysLeft > 0) {
    const head = queue[0]!;
    const { keys } = head.carried;
    let end = head.from;
    const keysMore = burst.length === 0 && keys.length - head.from <= WHOLE_SLOT_KEYS ? Math.max(keysLeft, WHOLE_SLOT_KEYS) : keysLeft;
    while (end < keys.length && end - head.from < keysMore) {
      const isFirst = burst.length === 0 && end === head.from;
      if (!isFirst && keys[end]!.bytes > bytesLeft) break;
      bytesLeft -= keys[end]!.bytes;
      end += 1;
    }
    keysLeft -= end - head.from;
    const isWhole = end >= keys.length;
    if (!isWhole && burst.length > 0) break;
    if (end > head.from) {
      const portion = keys.slice(head.from, end);
      burst.push({ carried: head.carried, keys: portion, bytes: bytesOf(portion), isLast: isWhole && head.carried.isLast });
    }
    if (!isWhole) {
      head.from = end;
      break;
    }
    queue.shift();
  }
  return burst;
}

/** One write for all portions; true where the source has no key of the slot any more. Portions that may meet a copy on the target, and those that failed, go their careful way. */
async function send({ ends, timeoutMs }: SlotBatch, portions: readonly Portion[]): Promise<Result<boolean, DriverFailure>[]> {
  const plain = new Set(portions.filter((portion) => isPlain(portion, ends)));
  const commands: Command[] = [];
  let waitMs = ends.commandTimeoutMs;
  for (const { carried, keys, isLast } of plain) {
    commands.push(migrateCommand(ends, keys, { replace: false }));
    if (isLast) commands.push(['CLUSTER', 'COUNTKEYSINSLOT', carried.order.slot]);
    waitMs += migrateTimeoutMs(keys);
  }
  const replies = await ends.migrate.pipeline(commands, { timeoutMs: waitMs });
  const results: Result<boolean, DriverFailure>[] = [];
  let at = 0;
  for (const portion of portions) {
    const { carried, keys, isLast } = portion;
    const { doubtful } = carried.order;
    if (plain.has(portion)) {
      const moved = textOf(replies[at], 'MIGRATE');
      const left = isLast ? integerOf(replies[at + 1], 'CLUSTER COUNTKEYSINSLOT') : null;
      at += isLast ? 2 : 1;
      if (moved.ok) {
        results.push(ok(left?.ok === true && left.value === 0));
        continue;
      }
      if (isInDoubt(moved.error)) {
        doubtful.add(keys);
        ends.targetHealth.isSuspect = true;
      }
    }
    results.push(await sendCarefully({ ...ends, doubtful }, portion, timeoutMs));
  }
  return results;
}

function isPlain({ carried }: Portion, { targetHealth }: PairEnds): boolean {
  return carried.targetBeganEmpty && carried.order.doubtful.size === 0 && !targetHealth.isSuspect;
}

async function sendCarefully(ends: TransferEnds, { carried, keys, isLast }: Portion, timeoutMs: number): Promise<Result<boolean, DriverFailure>> {
  const sent = await transferKeys(ends, keys, { targetBeganEmpty: carried.targetBeganEmpty });
  const count = sent.ok && isLast ? integerOf(await ends.source.call(['CLUSTER', 'COUNTKEYSINSLOT', carried.order.slot], { timeoutMs }), 'CLUSTER COUNTKEYSINSLOT') : null;
  return sent.ok ? ok(count?.ok === true && count.value === 0) : sent;
}
