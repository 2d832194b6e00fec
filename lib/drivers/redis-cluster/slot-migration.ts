import type { DriverFailure } from '@/lib/contract/operation';
import type { StepContext, StepOutcome } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { ByteThrottle } from './byte-throttle';
import { driverFailure, failureOf, INTERRUPTED } from './failures';
import { tooBig, transferKeys } from './key-transfer';
import type { SizedKey, TransferEnds } from './transfer-ends';
import type { MigrationLane } from './migration-lane';
import type { Command, NodeClient } from './node-client';
import { ProgressReport } from './progress-report';
import { bytesListOf, integerOf } from './replies';

/** Keys asked for at a time: a few batches' worth, so that listing costs little and an abort is near. */
const KEYS_LISTED_MAX = 200;
/** The source may refuse to let go while a key turned up late; more often than this something else is wrong. */
const ROUNDS_MAX = 5;

/** One slot on its way, with everybody who must be told. */
export interface SlotMove {
  readonly slot: number;
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
  readonly ends: TransferEnds;
  /** Control connections of the primaries that are neither end. */
  readonly others: readonly NodeClient[];
  /**
   * False after a failover of the source: what a node thinks of a slot that it imports is
   * frozen, so the target takes the dead source for the owner and refuses to serve.
   */
  readonly isOwnerKnownToTarget: boolean;
  readonly lane: MigrationLane;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * The classic migration of one slot (Redis Cluster specification, "live reconfiguration";
 * M5): importing on the target, migrating on the source, keys, then ownership to the
 * target first, the source next, all others last. Every command is either idempotent or
 * refused by the engine when its time is over, so it is run again from any point.
 */
export async function migrateSlot(move: SlotMove, context: StepContext, { isTargetOwner }: { isTargetOwner: boolean } = { isTargetOwner: false }): Promise<Result<StepOutcome, DriverFailure>> {
  if (context.signal.aborted) return err(INTERRUPTED);
  const began = await prepareTarget(move, { isTargetOwner });
  if (!began.ok) return began;
  const copying: Copying = {
    context,
    progress: new ProgressReport({ clock: move.clock, onProgress: context.onProgress }),
    throttle: new ByteThrottle({ clock: move.clock, bytesPerSecondMax: context.bytesPerSecondMax }),
    targetBeganEmpty: began.value.targetBeganEmpty,
  };
  copying.progress.report('copying');
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const copied = await copyKeys(move, copying);
    if (!copied.ok) return copied;
    const handed = await handOver(move, copying.progress);
    if (!handed.ok) return handed;
    if (handed.value) return ok({ bytes: copying.progress.bytesDone, keyCount: copying.progress.keysDone, nodeId: null });
  }
  return err(failureOf('verification-failed', `Slot ${move.slot}: the source still holds keys after ${ROUNDS_MAX} rounds`, true));
}

/** The target must be ready before the source sends the first client to it. */
async function prepareTarget(move: SlotMove, { isTargetOwner }: { isTargetOwner: boolean }): Promise<Result<{ targetBeganEmpty: boolean }, DriverFailure>> {
  const { slot, sourceNodeId, ends, timeoutMs, isOwnerKnownToTarget } = move;
  const corrections: readonly Command[] = isOwnerKnownToTarget ? [] : [['CLUSTER', 'SETSLOT', slot, 'NODE', sourceNodeId]];
  const flags: readonly Command[] = isTargetOwner ? [] : [...corrections, ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceNodeId]];
  const [counted, ...flagged] = await ends.target.pipeline([['CLUSTER', 'COUNTKEYSINSLOT', slot], ...flags], { timeoutMs });
  for (const reply of flagged) {
    if (!reply.ok) return err(refusal(reply.error, `${ends.target.address}: SETSLOT ${slot} IMPORTING`));
  }
  const keys = integerOf(counted, 'CLUSTER COUNTKEYSINSLOT');
  return keys.ok ? ok({ targetBeganEmpty: keys.value === 0 }) : err(driverFailure(keys.error, `${ends.target.address}: CLUSTER COUNTKEYSINSLOT`));
}

/** A plain ERR here means that the ends are no longer what they were when we looked. */
function refusal(error: Parameters<typeof driverFailure>[0], where: string): DriverFailure {
  const failure = driverFailure(error, where);
  return error.kind === 'error-reply' && error.code === 'ERR' ? { ...failure, code: 'topology-changed', retryable: true } : failure;
}

interface Copying {
  readonly context: StepContext;
  readonly progress: ProgressReport;
  readonly throttle: ByteThrottle;
  readonly targetBeganEmpty: boolean;
}

/**
 * Until the source says that it has no key of the slot: with the MIGRATING flag on it
 * creates none any more, so empty stays empty (M7). Interrupted only between batches.
 */
async function copyKeys(move: SlotMove, copying: Copying): Promise<Result<void, DriverFailure>> {
  for (let isFirst = true; ; isFirst = false) {
    if (copying.context.signal.aborted) return err(INTERRUPTED);
    const listed = await listKeys(move, { settingFlag: isFirst });
    if (!listed.ok) return listed;
    if (listed.value.keysLeft === 0) return ok(undefined);
    const keys = await sizedKeys(move, listed.value.names);
    if (!keys.ok) return keys;
    for (let from = 0; from < keys.value.length;) {
      const batch = nextBatch(keys.value, from, { lane: move.lane, throttle: copying.throttle });
      const sent = await sendBatch(move, batch, copying);
      if (!sent.ok) return sent;
      from += batch.length;
    }
  }
}

/**
 * Counts and lists in one write, at first behind the flag, so that the count holds for a
 * slot that is closed to new keys. (Setting it each time would make the server write its
 * configuration file each time.)
 */
async function listKeys(
  { slot, targetNodeId, ends, timeoutMs }: SlotMove, { settingFlag }: { settingFlag: boolean },
): Promise<Result<{ keysLeft: number; names: readonly Buffer[] }, DriverFailure>> {
  const flag: readonly Command[] = settingFlag ? [['CLUSTER', 'SETSLOT', slot, 'MIGRATING', targetNodeId]] : [];
  const questions: readonly Command[] = [['CLUSTER', 'COUNTKEYSINSLOT', slot], ['CLUSTER', 'GETKEYSINSLOT', slot, KEYS_LISTED_MAX]];
  const replies = await ends.source.pipeline([...flag, ...questions], { timeoutMs, bytes: true });
  const [counted, listed] = replies.slice(flag.length);
  const migrating = settingFlag ? replies[0] : undefined;
  if (migrating?.ok === false) return err(refusal(migrating.error, `${ends.source.address}: SETSLOT ${slot} MIGRATING`));
  const count = integerOf(counted, 'CLUSTER COUNTKEYSINSLOT');
  if (!count.ok) return err(driverFailure(count.error, `${ends.source.address}: CLUSTER COUNTKEYSINSLOT`));
  const names = bytesListOf(listed, 'CLUSTER GETKEYSINSLOT');
  return names.ok ? ok({ keysLeft: count.value, names: names.value }) : err(driverFailure(names.error, `${ends.source.address}: CLUSTER GETKEYSINSLOT`));
}

async function sizedKeys({ slot, ends, timeoutMs }: SlotMove, names: readonly Buffer[]): Promise<Result<readonly SizedKey[], DriverFailure>> {
  const sizes = await ends.source.pipeline(names.map((name): Command => ['MEMORY', 'USAGE', name]), { timeoutMs });
  const keys: SizedKey[] = [];
  for (const [index, name] of names.entries()) {
    const size = integerOf(sizes[index], 'MEMORY USAGE');
    // Gone meanwhile, or not allowed to be asked for: MIGRATE will tell.
    const key = { name, bytes: size.ok ? size.value : 0 };
    const refused = tooBig(key, slot);
    if (refused !== null) return err(refused);
    keys.push(key);
  }
  return ok(keys);
}

/** Bytes that the slot's keys take on the source, from the keys of one listing; 0 when it cannot be asked. */
export async function slotBytes(move: SlotMove): Promise<number> {
  const { ends, slot, timeoutMs } = move;
  const [counted, listed] = await ends.source.pipeline([['CLUSTER', 'COUNTKEYSINSLOT', slot], ['CLUSTER', 'GETKEYSINSLOT', slot, KEYS_LISTED_MAX]], { timeoutMs, bytes: true });
  const count = integerOf(counted, 'CLUSTER COUNTKEYSINSLOT');
  const names = bytesListOf(listed, 'CLUSTER GETKEYSINSLOT');
  if (!count.ok || !names.ok || names.value.length === 0) return 0;
  const keys = await sizedKeys(move, names.value);
  return keys.ok ? (keys.value.reduce((sum, key) => sum + key.bytes, 0) / names.value.length) * count.value : 0;
}

function nextBatch(keys: readonly SizedKey[], from: number, { lane, throttle }: { lane: MigrationLane; throttle: ByteThrottle }): readonly SizedKey[] {
  const { keysMax, bytesMax } = lane.batch;
  const limit = Math.min(bytesMax, throttle.batchBytesMax);
  let bytes = 0;
  let end = from;
  while (end < keys.length && end - from < keysMax) {
    bytes += keys[end]!.bytes;
    if (end > from && bytes > limit) break;
    end += 1;
  }
  return keys.slice(from, end);
}

async function sendBatch(move: SlotMove, batch: readonly SizedKey[], { context, progress, throttle, targetBeganEmpty }: Copying): Promise<Result<void, DriverFailure>> {
  const bytes = batch.reduce((sum, key) => sum + key.bytes, 0);
  if (!(await throttle.ready(context.signal))) return err(INTERRUPTED);
  const sent = await move.lane.run({ keys: batch.length, bytes }, async () => {
    // A turn may come late: nothing new is begun after the stop.
    if (context.signal.aborted) return err(INTERRUPTED);
    throttle.spent(bytes);
    return await transferKeys(move.ends, batch, { targetBeganEmpty });
  });
  if (sent.ok) progress.moved({ keys: batch.length, bytes });
  return sent;
}

/** Gives the slot away; false when a key turned up at the source after all and copying must go on. */
async function handOver(move: SlotMove, progress: ProgressReport): Promise<Result<boolean, DriverFailure>> {
  progress.report('verifying');
  progress.report('committing');
  const committed = await commit(move);
  return committed.ok ? await announce(move) : committed;
}

/**
 * The flag once more in the same write: only a target that imports takes a new config
 * epoch with the slot, without which an older claim of the source could win in gossip.
 */
async function commit({ slot, sourceNodeId, targetNodeId, ends, timeoutMs }: SlotMove): Promise<Result<void, DriverFailure>> {
  const [, owned] = await ends.target.pipeline([
    ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceNodeId],
    ['CLUSTER', 'SETSLOT', slot, 'NODE', targetNodeId],
  ], { timeoutMs });
  if (owned?.ok === true) return ok(undefined);
  const where = `${ends.target.address}: SETSLOT ${slot} NODE`;
  return err(owned === undefined ? failureOf('unexpected', `${where}: a reply is missing`) : refusal(owned.error, where));
}

/** Tells the source, then all others. Others that cannot be reached learn it by gossip. */
export async function announce({ slot, targetNodeId, ends, others, timeoutMs }: SlotMove): Promise<Result<boolean, DriverFailure>> {
  const node: Command = ['CLUSTER', 'SETSLOT', slot, 'NODE', targetNodeId];
  const [told, count] = await ends.source.pipeline([node, ['CLUSTER', 'COUNTKEYSINSLOT', slot]], { timeoutMs });
  if (told?.ok === false) {
    const left = integerOf(count, 'CLUSTER COUNTKEYSINSLOT');
    if (left.ok && left.value > 0) return ok(false);
    return err(refusal(told.error, `${ends.source.address}: SETSLOT ${slot} NODE`));
  }
  await Promise.all(others.map((client) => client.call(node, { timeoutMs })));
  return ok(true);
}
