import type { DriverFailure } from '@/lib/contract/operation';
import type { BatchContext, StepOutcome } from '@/lib/drivers/driver';
import { sleep } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import { ByteThrottle } from './byte-throttle';
import { driverFailure, failureOf, INTERRUPTED, type CommandFailure } from './failures';
import { sendBursts } from './key-bursts';
import type { Command, NodeClient } from './node-client';
import { readView } from './node-reading';
import { ProgressReport } from './progress-report';
import { integerOf, parseFields, quantityOf, textOf } from './replies';
import type { Carried, Copying, SlotBatch } from './slot-batch';
import { listAhead, listKeys, openListed } from './slot-listing';
import { each, refusal } from './slot-replies';
import { ownerInView } from './topology';

/** What was listed ahead longer ago is listed again: sizes change, and slots of new keys would take a second round. */
const LISTED_AGE_MS_MAX = 1_000;
/** Well under the shortest time-out after which a cluster elects. */
const EMPTY_AGE_MS_MAX = 500;
const EPOCH_LOOK_EVERY_MS = 2;
/** The source may refuse to let go while a key turned up late; more often than this something else is wrong. */
const ROUNDS_MAX = 5;

/**
 * The classic migration of slots (Redis Cluster specification, "live reconfiguration"; M5):
 * importing on the target, migrating on the source, keys, then ownership to the target
 * first, the source next, all others last. What concerns one node is one write for all
 * slots of the batch: a server writes its configuration file once per write and not once
 * per slot, which is most of what a move without many keys costs. Until its keys can go at
 * once a batch waits with its slots closed, and lists them. `emptied` is called when all have
 * gone at first and the source has time for the next batch; slots are then handed over with those of
 * other batches (HandOverGroups), without it by themselves. Every command is either
 * idempotent or refused by the engine when its time is over, so it is run again from any
 * point. One result per slot, in the order of `batch.slots`.
 */
export async function migrateSlots(batch: SlotBatch, context: BatchContext, { emptied }: { emptied: (() => void) | null }): Promise<readonly Result<StepOutcome, DriverFailure>[]> {
  const carried = batch.slots.map((order): Carried => ({
    order, state: 'copying', failure: context.signal.aborted ? INTERRUPTED : null, targetBeganEmpty: false, keys: [], isLast: false, listedAheadAtMs: null, emptySinceMs: 0,
    progress: new ProgressReport({ clock: batch.clock, onProgress: (progress) => { context.onProgress(order.position, progress); } }),
  }));
  const copying: Copying = { context, throttle: new ByteThrottle({ clock: batch.clock, bytesPerSecondMax: context.bytesPerSecondMax }) };
  await Promise.all([prepareTarget(batch, alive(carried)), listAhead(batch, alive(carried))]);
  for (let round = 0; round < ROUNDS_MAX && alive(carried).length > 0; round += 1) {
    await batch.lane.opened(() => copyKeys(batch, alive(carried), copying));
    emptied?.();
    const empty = emptyOf(carried);
    if (empty.length > 0) await (emptied === null ? handOver(batch, empty) : batch.handOverGroups.join(batch, empty, handOver));
  }
  return carried.map(({ failure, state, progress, order }) => {
    if (failure !== null) return err(failure);
    if (state === 'handed-over') return ok({ bytes: progress.bytesDone, keyCount: progress.keysDone, nodeId: null });
    return err(failureOf('verification-failed', `Slot ${order.slot}: the source still holds keys after ${ROUNDS_MAX} rounds`, true));
  });
}

function alive(carried: readonly Carried[]): readonly Carried[] {
  return carried.filter(({ failure, state }) => failure === null && state !== 'handed-over');
}

function emptyOf(carried: readonly Carried[]): readonly Carried[] {
  return carried.filter(({ failure, state }) => failure === null && state === 'copied');
}

/** The target must be ready before the source sends the first client to it. */
async function prepareTarget({ ends, timeoutMs, sourceNodeId }: SlotBatch, slots: readonly Carried[]): Promise<void> {
  await each(ends.target, slots, { timeoutMs }, ({ order: { slot, isOwnerKnownToTarget, isTargetOwner } }) => [
    ['CLUSTER', 'COUNTKEYSINSLOT', slot],
    ...(isOwnerKnownToTarget || isTargetOwner ? [] : [['CLUSTER', 'SETSLOT', slot, 'NODE', sourceNodeId] as const]),
    ...(isTargetOwner ? [] : [['CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceNodeId] as const]),
  ], (carried, [counted, ...flagged]) => {
    const keys = integerOf(counted, 'CLUSTER COUNTKEYSINSLOT');
    for (const reply of flagged) {
      if (!reply.ok) carried.failure ??= refusal(reply.error, `${ends.target.address}: SETSLOT ${carried.order.slot} IMPORTING`);
    }
    if (keys.ok) carried.targetBeganEmpty = keys.value === 0;
    else carried.failure ??= driverFailure(keys.error, `${ends.target.address}: CLUSTER COUNTKEYSINSLOT`);
  });
}

/**
 * Until the source says that it has no key of these slots: with the MIGRATING flag on it
 * creates none any more, so empty stays empty (M7). Interrupted only between bursts.
 */
async function copyKeys(batch: SlotBatch, slots: readonly Carried[], copying: Copying): Promise<void> {
  for (const carried of slots) {
    carried.state = 'copying';
    carried.progress.report('copying');
  }
  let open = slots;
  for (let isFirst = true; open.length > 0; isFirst = false) {
    if (copying.context.signal.aborted) {
      for (const carried of open) carried.failure = INTERRUPTED;
      return;
    }
    const sinceMs = batch.clock.monotonicMs();
    for (const carried of open) carried.emptySinceMs = sinceMs;
    if (isFirst && open.every(({ listedAheadAtMs }) => listedAheadAtMs !== null && sinceMs - listedAheadAtMs < LISTED_AGE_MS_MAX)) await openListed(batch, open);
    else await listKeys(batch, open, { settingFlag: isFirst });
    for (const carried of open) carried.listedAheadAtMs = null;
    await sendBursts(batch, open.filter(({ failure, state }) => failure === null && state === 'copying'), copying);
    open = open.filter(({ failure, state }) => failure === null && state === 'copying');
  }
}

/**
 * Slots wait for each other, and a source may have failed over since one of
 * them was found empty: its follower, which knows no flag, takes writes of its own then,
 * and a hand-over would win over them. An election takes a node time-out; so what was
 * found empty a while ago must be said again by the source before it counts.
 */
async function countAgain({ ends, timeoutMs }: SlotBatch, slots: readonly Carried[]): Promise<void> {
  await each(ends.source, slots, { timeoutMs }, ({ order: { slot } }) => [['CLUSTER', 'COUNTKEYSINSLOT', slot]], (carried, [counted]) => {
    const count = integerOf(counted, 'CLUSTER COUNTKEYSINSLOT');
    if (!count.ok) carried.failure = driverFailure(count.error, `${ends.source.address}: CLUSTER COUNTKEYSINSLOT`);
    else if (count.value > 0) carried.state = 'copying';
  });
}

/** Gives the slots away. One where a key turned up at the source after all goes back to copying. */
async function handOver(batch: SlotBatch, emptied: readonly Carried[]): Promise<void> {
  const nowMs = batch.clock.monotonicMs();
  await countAgain(batch, emptied.filter(({ emptySinceMs }) => nowMs - emptySinceMs > EMPTY_AGE_MS_MAX));
  const slots = emptyOf(emptied);
  if (slots.length === 0) return;
  for (const { progress } of slots) {
    progress.report('committing');
  }
  const sound = (): readonly Carried[] => slots.filter(({ failure }) => failure === null);
  await batch.handOvers.run(batch, async () => {
    const behind = batch.handOvers.mayBeAhead(batch) ? await untilEpochIsKnown(batch) : null;
    if (behind !== null) for (const carried of slots) carried.failure = behind;
    await commit(batch, sound().filter(({ order }) => !order.isTargetOwner));
    await tellSource(batch, sound());
  });
  for (const { state, order } of slots) if (state === 'handed-over') batch.staleClaims.given(order.slot, batch.targetNodeId);
  await tellOthers(batch, sound());
}

/** A hand-over begins once the target has heard of the source's epoch, above which its own will be (see HandOvers). */
async function untilEpochIsKnown(batch: SlotBatch): Promise<DriverFailure | null> {
  const { ends, clock, timeoutMs } = batch;
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  for (;;) {
    const [source, target] = await Promise.all([epochOf(ends.source, 'cluster_my_epoch', timeoutMs), epochOf(ends.target, 'cluster_current_epoch', timeoutMs)]);
    if (!source.ok) return source.error;
    if (!target.ok) return target.error;
    if (target.value >= source.value) {
      batch.handOvers.epochIsKnown(batch);
      return null;
    }
    if (clock.monotonicMs() > deadlineMs) return failureOf('topology-changed', `${ends.target.address} has not heard of config epoch ${source.value} of ${ends.source.address}: it is at ${target.value}`, true);
    await sleep(clock, EPOCH_LOOK_EVERY_MS);
  }
}

async function epochOf(client: NodeClient, field: 'cluster_my_epoch' | 'cluster_current_epoch', timeoutMs: number): Promise<Result<number, DriverFailure>> {
  const [reply] = await client.pipeline([['CLUSTER', 'INFO']], { timeoutMs });
  const text = textOf(reply, 'CLUSTER INFO');
  if (!text.ok) return err(driverFailure(text.error, `${client.address}: CLUSTER INFO`));
  const epoch = quantityOf(parseFields(text.value), field);
  return epoch === null ? err(failureOf('unexpected', `${client.address}: CLUSTER INFO without ${field}`)) : ok(epoch);
}

/**
 * A target that imports a slot and is given it takes a new config epoch, without which an
 * older claim of the source could win in gossip, and tells everybody by a message of all
 * its slots, which costs each of them some 0.05 ms. So the first slot of a write brings
 * the epoch, the last one the message, and those between are given without the flag. The
 * flag of these two is set once more, since a target that was promoted may have none.
 */
async function commit({ ends, timeoutMs, sourceNodeId, targetNodeId }: SlotBatch, slots: readonly Carried[]): Promise<void> {
  if (slots.length === 0) return;
  const ofEnds = new Set([slots[0], slots.at(-1)]);
  await each(ends.target, slots, { timeoutMs }, (carried) => {
    const { slot } = carried.order;
    return [
      ofEnds.has(carried) ? ['CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceNodeId] : ['CLUSTER', 'SETSLOT', slot, 'STABLE'],
      ['CLUSTER', 'SETSLOT', slot, 'NODE', targetNodeId],
    ];
  }, (carried, [, owned]) => {
    const where = `${ends.target.address}: SETSLOT ${carried.order.slot} NODE`;
    if (owned === undefined) carried.failure = failureOf('unexpected', `${where}: a reply is missing`);
    else if (!owned.ok) carried.failure = refusal(owned.error, where);
  });
}

/**
 * The target's own message may be quicker than this word: a source that loses its last slot
 * by it follows the target from then on, takes no SETSLOT any more and needs none.
 */
async function tellSource({ ends, timeoutMs, targetNodeId }: SlotBatch, slots: readonly Carried[]): Promise<void> {
  if (slots.length === 0) return;
  const refused = new Map<Carried, CommandFailure>();
  await each(ends.source, slots, { timeoutMs }, ({ order: { slot } }) => [['CLUSTER', 'SETSLOT', slot, 'NODE', targetNodeId]], (carried, [told]) => {
    if (told?.ok === false) refused.set(carried, told.error);
    else carried.state = 'handed-over';
  });
  if (refused.size === 0) return;
  const view = await readView(ends.source, timeoutMs);
  const follower = view.ok && view.value.self.leaderId === targetNodeId ? view.value : null;
  for (const carried of [...refused.keys()]) {
    if (follower === null || ownerInView(follower, carried.order.slot) !== targetNodeId) continue;
    carried.state = 'handed-over';
    refused.delete(carried);
  }
  // A source that has keys after all keeps the slot: they follow.
  await each(ends.source, [...refused.keys()], { timeoutMs }, ({ order: { slot } }) => [['CLUSTER', 'COUNTKEYSINSLOT', slot]], (carried, [count]) => {
    const left = integerOf(count, 'CLUSTER COUNTKEYSINSLOT');
    if (left.ok && left.value > 0) carried.state = 'copying';
    else carried.failure = refusal(refused.get(carried)!, `${ends.source.address}: SETSLOT ${carried.order.slot} NODE`);
  });
}

/** Those that cannot be reached learn it by gossip. */
async function tellOthers({ others, timeoutMs, targetNodeId }: SlotBatch, slots: readonly Carried[]): Promise<void> {
  const settled = slots.filter(({ state }) => state === 'handed-over').map(({ order: { slot } }): Command => ['CLUSTER', 'SETSLOT', slot, 'NODE', targetNodeId]);
  if (settled.length > 0) await Promise.all(others.map((client) => client.pipeline(settled, { timeoutMs })));
}

/** Tells source and others of one slot whose target owns it; false when the source still has keys of it. */
export async function announceOne(batch: SlotBatch): Promise<Result<boolean, DriverFailure>> {
  const [carried] = batch.slots.map((order): Carried => ({
    order, state: 'copied', failure: null, targetBeganEmpty: false, keys: [], isLast: true, listedAheadAtMs: null, emptySinceMs: 0, progress: new ProgressReport({ clock: batch.clock, onProgress: () => undefined }),
  }));
  if (carried === undefined) return ok(true);
  await tellSource(batch, [carried]);
  await tellOthers(batch, [carried]);
  return carried.failure === null ? ok(carried.state === 'handed-over') : err(carried.failure);
}
