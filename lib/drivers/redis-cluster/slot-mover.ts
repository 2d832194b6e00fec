import type { DriverFailure } from '@/lib/contract/operation';
import type { BatchContext, MoveTarget, MoveTruth, StepContext, StepOutcome } from '@/lib/drivers/driver';
import { assertNever } from '@/lib/platform/assert';
import { err, ok, type Result } from '@/lib/platform/result';
import type { AtomicMover } from './atomic-mover';
import { driverFailure, failureOf, INTERRUPTED } from './failures';
import { truthOf } from './inspect-move';
import { MoveFinder, nameIn, type FinderOptions, type Found } from './move-finder';
import type { SlotBatch } from './slot-batch';
import { slotBytes } from './slot-listing';
import { announceOne, migrateSlots } from './slot-migration';
import { TargetMemory } from './target-memory';
import { ownerInView, SLOT_COUNT } from './topology';
import { clearMark, leftByMark } from './unseen-keys';
import { WaveGates } from './wave-gates';

type Outcome = Result<StepOutcome, DriverFailure>;

/**
 * What primaries that are no end of the move say may be this old when it begins; the ends
 * themselves are asked anew, and refuse a command that no longer fits.
 */
const TRUTH_AGE_MS_MAX = 500;
/**
 * Slots of a batch that are open at a time: enough that what a server does once per write
 * is shared, few enough that little is half-way when it stops.
 */
const WAVE_SLOTS = 32;
/** Finding, doing and finding again: a move that is not settled then has somebody working against it. */
const TRIES_MAX = 3;

/** Moves, reverts and inspects slots: reads the truth, decides by the truth table, acts, and looks again. */
export class SlotMover {
  readonly #options: FinderOptions;
  readonly #finder: MoveFinder;
  readonly #memory: TargetMemory;
  readonly #atomic: AtomicMover;
  readonly #waves = new WaveGates();

  constructor(options: FinderOptions & { readonly atomic: AtomicMover }) {
    this.#options = options;
    this.#finder = new MoveFinder(options);
    this.#atomic = options.atomic;
    this.#memory = new TargetMemory({ clock: options.clock, timeoutMs: options.connection.commandTimeoutMs });
  }

  async move(target: MoveTarget, context: StepContext): Promise<Outcome> {
    const refused = refuse(target);
    if (refused !== null) return err(refused);
    return await this.#options.activity.exclusively(target.shardId, () => this.#move(target, contextOfOne(context), { truthAgeMsMax: TRUTH_AGE_MS_MAX }));
  }

  /**
   * Moves between the same two nodes as one piece of work, in waves of slots that are open
   * together; a stop leaves the slots of waves to come untouched. What can simply begin or
   * go on does so together; whatever else a move turns out to be is looked at by itself.
   */
  async moveBatch(targets: readonly MoveTarget[], context: BatchContext): Promise<readonly Outcome[]> {
    const first = targets[0];
    if (first === undefined) return [];
    return await this.#options.activity.exclusivelyAll(targets.map(({ shardId }) => shardId), async () => {
      const outcomes = new Map<number, Outcome>();
      for (const [position, target] of targets.entries()) {
        const refused = refuse(target) ?? (isSamePair(target, first) ? null : failureOf('refused-by-engine', 'A batch goes from one node to one other'));
        if (refused !== null) outcomes.set(position, err(refused));
      }
      const open = targets.map((move, position) => ({ move, position })).filter(({ position }) => !outcomes.has(position));
      await Promise.all(this.#wavesOf(open, first).map(async (wave) => {
        const came = this.#finder.handOverGroups.coming(first);
        await this.#waves.run(first, (leave) => this.#moveWave(wave, { ...context, outcomes, came, leave })).finally(came);
      }));
      return targets.map((_, position) => outcomes.get(position)!);
    });
  }

  /**
   * Brings a half-done move back. Without keys on the target both flags are cleared. With
   * keys there it goes forward to its end and then back as a move of its own: a source
   * whose slot is MIGRATING answers RESTORE of an absent key by ASK, so keys cannot
   * return while the flag stands, and without it clients would miss them meanwhile.
   */
  async revert(target: MoveTarget, context: StepContext): Promise<Outcome> {
    const refused = refuse(target);
    if (refused !== null) return err(refused);
    return await this.#options.activity.exclusively(target.shardId, () => this.#revert(target, contextOfOne(context)));
  }

  async inspect(target: MoveTarget): Promise<Result<MoveTruth, DriverFailure>> {
    const refused = refuse(target);
    if (refused !== null) return err(refused);
    const found = await this.#finder.find(target, { notBeforeMs: this.#options.clock.monotonicMs(), counting: true });
    if (!found.ok) return found;
    const { finding, keys } = found.value;
    return finding.state === 'unknown' ? err(silence(found.value, finding.nodeId)) : ok(truthOf(finding, keys));
  }

  /** Slots that were given to a node without a move count as given (see stale-claims.ts). */
  noteGiven(slots: readonly number[], ownerId: string): void {
    this.#finder.noteGiven(slots, ownerId);
  }

  /** The servers' own migration takes all at once. */
  #wavesOf(open: readonly Positioned[], { sourceNodeId, targetNodeId }: MoveTarget): Positioned[][] {
    const size = this.#options.reader.atomicBetween(sourceNodeId, targetNodeId) === null ? WAVE_SLOTS : open.length;
    const waves: Positioned[][] = [];
    for (let from = 0; from < open.length; from += size) waves.push(open.slice(from, from + size));
    return waves;
  }

  async #moveWave(wave: readonly Positioned[], context: WaveContext): Promise<void> {
    if (!context.signal.aborted) await this.#moveUsual(wave, context);
    context.came();
    for (const { move, position } of wave) {
      if (!context.outcomes.has(position)) context.outcomes.set(position, await this.#move(move, { ...context, position }, { truthAgeMsMax: TRUTH_AGE_MS_MAX }));
    }
  }

  /** Fills in the outcomes of the moves that need no look of their own. One that failed because somebody acted meanwhile is left out: it gets one. */
  async #moveUsual(open: readonly Positioned[], context: WaveContext): Promise<void> {
    const { activity, clock } = this.#options;
    let notBeforeMs = clock.monotonicMs() - TRUTH_AGE_MS_MAX;
    for (const { move } of open) notBeforeMs = Math.max(notBeforeMs, activity.endedAtMs(move.shardId));
    const found = await this.#finder.findUsual(open.map(({ move }) => move), notBeforeMs);
    // After a failover some slots of the source may be served by another node than the rest; half-moved ones go on as they began.
    let sourceNodeId: string | null = null;
    const half: FoundMove[] = [], untouched: FoundMove[] = [];
    for (const { move, position } of open) {
      const own = found.get(move);
      if (own === undefined) continue;
      sourceNodeId ??= own.sourceNodeId;
      if (own.sourceNodeId === sourceNodeId) (isHalfMoved(own) ? half : untouched).push({ move, position, found: own });
    }
    const isMore = half.length > 0 && untouched.length > 0;
    await this.#carry(half, isMore ? { ...context, came: () => undefined, leave: () => undefined } : context);
    await this.#carry(untouched, context);
  }

  async #carry(moves: readonly FoundMove[], context: WaveContext): Promise<void> {
    const batch = moves.length === 0 ? null : this.#finder.batchOf(moves);
    if (batch?.ok !== true) return;
    const emptied = () => {
      context.came();
      context.leave();
    };
    const results = await this.#migrate(batch.value, context, { isHalfMoved: isHalfMoved(moves[0]!.found), emptied });
    for (const [index, { position }] of moves.entries()) {
      const result = results[index]!;
      if (result.ok || result.error.code !== 'topology-changed' || !result.error.retryable) context.outcomes.set(position, result);
    }
  }

  async #move(target: MoveTarget, context: MoveContext, { truthAgeMsMax }: { truthAgeMsMax: number }): Promise<Outcome> {
    const { activity, clock } = this.#options;
    let notBeforeMs = Math.max(clock.monotonicMs() - truthAgeMsMax, activity.endedAtMs(target.shardId));
    let last: DriverFailure = INTERRUPTED;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      if (context.signal.aborted) return err(INTERRUPTED);
      const found = await this.#finder.findForMove(target, notBeforeMs);
      if (!found.ok) return found;
      const stepped = await this.#advance(target, found.value, context);
      if (stepped.ok || stepped.error.code !== 'topology-changed' || !stepped.error.retryable) return stepped;
      last = stepped.error;
      notBeforeMs = clock.monotonicMs();
    }
    return err(last);
  }

  async #advance(target: MoveTarget, found: Found, context: MoveContext): Promise<Outcome> {
    const { finding, truth } = found;
    switch (finding.state) {
      case 'done': return ok({ bytes: 0, keyCount: 0, nodeId: null });
      case 'unknown': return err(silence(found, finding.nodeId));
      case 'elsewhere': return err(failureOf('not-owner', `Slot ${target.shardId} is not the source's any more: ${nameIn(truth, finding.ownerId)} owns it`));
      case 'untouched':
        if (finding.next === 'conflict') {
          return err(failureOf('topology-changed', `Slot ${target.shardId} is half moved by somebody else: open on ${nameIn(truth, finding.nodeId)} for ${nameIn(truth, finding.otherId)}`));
        }
        return await this.#migrateOne(target, found, context);
      case 'moving':
        if (finding.next === 'return') return err(failureOf('topology-changed', `Slot ${target.shardId} is on its way back from ${nameIn(truth, found.targetNodeId)}`));
        return finding.next === 'copy' ? await this.#migrateOne(target, found, context) : await this.#finish(target, found, context);
      default: return assertNever(finding);
    }
  }

  async #migrateOne(target: MoveTarget, found: Found, context: MoveContext, { isTargetOwner }: { isTargetOwner: boolean } = { isTargetOwner: false }): Promise<Outcome> {
    const batch = this.#finder.batchOf([{ position: context.position, move: target, found, isTargetOwner }]);
    if (!batch.ok) return batch;
    const [outcome] = await this.#migrate(batch.value, context, { isHalfMoved: isHalfMoved(found), emptied: null });
    return outcome!;
  }

  /** By the servers themselves where both can, unless the slots are open already: those go on the way they began. */
  async #migrate(batch: SlotBatch, context: BatchContext, { isHalfMoved: isOpen, emptied }: { isHalfMoved: boolean; emptied: (() => void) | null }): Promise<readonly Outcome[]> {
    const refused = await this.#memory.refuses({ client: batch.ends.target, nodeId: batch.targetNodeId, arrivingBytes: () => slotBytes(batch) });
    if (refused !== null) return batch.slots.map(() => err(refused));
    const atomic = isOpen ? null : this.#options.reader.atomicBetween(batch.sourceNodeId, batch.targetNodeId);
    if (atomic !== null) return await this.#atomic.move(atomic, batch, context);
    const unsettled = await this.#settleMarks(batch, context);
    if (unsettled !== null) return batch.slots.map(() => err(unsettled));
    const results = await migrateSlots(batch, context, { emptied });
    this.#finder.keepDoubts(batch);
    return results;
  }

  /**
   * Before the target takes slots. Not for those that it has taken: waiting for a packet
   * of a source that has not been told yet would be waiting for the very harm.
   */
  async #settleMarks({ ends, timeoutMs, staleClaims, ...batch }: SlotBatch, { signal }: BatchContext): Promise<DriverFailure | null> {
    const slots = batch.slots.flatMap(({ slot, isTargetOwner }) => (isTargetOwner ? [] : [slot]));
    if (slots.length === 0 || !this.#options.reader.keepsMarks(batch.targetNodeId)) return null;
    return await staleClaims.settle(batch, { ends, slots, timeoutMs, signal });
  }

  /** The target owns the slot, or nobody does: what is left is telling, and keys that the source may still have. */
  async #finish(target: MoveTarget, found: Found, context: MoveContext): Promise<Outcome> {
    const made = this.#finder.batchOf([{ position: context.position, move: target, found }]);
    if (!made.ok) return made;
    const { ends, timeoutMs, sourceNodeId, targetNodeId } = made.value;
    const onTarget = found.truth.views.get(targetNodeId);
    const isTaken = onTarget !== undefined && ownerInView(onTarget, target.shardId) === targetNodeId;
    const unsettled = isTaken ? null : await this.#settleMarks(made.value, context);
    if (unsettled !== null) return err(unsettled);
    const isLeftBehind = (found.keys.source ?? 0) > 0;
    // Taken and told in one: in between the source still claims the slot.
    const told = await made.value.handOvers.run(made.value, async (): Promise<Result<boolean, DriverFailure>> => {
      if (!isTaken) {
        const [, taken] = await ends.target.pipeline([
          ['CLUSTER', 'SETSLOT', target.shardId, 'IMPORTING', sourceNodeId],
          ['CLUSTER', 'SETSLOT', target.shardId, 'NODE', targetNodeId],
        ], { timeoutMs });
        if (taken?.ok === false) return err(driverFailure(taken.error, `${ends.target.address}: SETSLOT ${target.shardId} NODE`));
      }
      return isLeftBehind ? ok(false) : await announceOne(made.value);
    });
    if (!told.ok) return told;
    if (isLeftBehind) return await this.#moveLeftBehind(target, found, context, made.value);
    made.value.staleClaims.given(target.shardId, targetNodeId);
    // A leftover flag on an owner means nothing to clients, but stands for an open slot.
    await ends.target.call(['CLUSTER', 'SETSLOT', target.shardId, 'NODE', targetNodeId], { timeoutMs });
    return ok({ bytes: 0, keyCount: 0, nodeId: null });
  }

  /** The target owns the slot while the source has keys of it: they follow before the source is told, since it would drop them. */
  async #moveLeftBehind(target: MoveTarget, found: Found, context: MoveContext, { ends, timeoutMs }: SlotBatch): Promise<Outcome> {
    const flagged = await ends.source.call(['CLUSTER', 'SETSLOT', target.shardId, 'MIGRATING', found.targetNodeId], { timeoutMs });
    if (!flagged.ok) {
      return err(failureOf('verification-failed', `${ends.source.address} holds keys of slot ${target.shardId} that it no longer owns; they are left alone. ${flagged.error.message}`));
    }
    return await this.#migrateOne(target, found, context, { isTargetOwner: true });
  }

  async #revert(target: MoveTarget, context: MoveContext): Promise<Outcome> {
    const found = await this.#finder.find(target, { notBeforeMs: this.#options.clock.monotonicMs(), counting: true });
    if (!found.ok) return found;
    const { finding, sourceNodeId, targetNodeId } = found.value;
    if (finding.state === 'unknown') return err(silence(found.value, finding.nodeId));
    if (finding.state === 'untouched') return ok({ bytes: 0, keyCount: 0, nodeId: null });
    if (finding.state === 'moving' && finding.next === 'return') {
      return await this.#move({ ...target, sourceNodeId: found.value.targetNodeId, targetNodeId: found.value.sourceNodeId }, context, { truthAgeMsMax: 0 });
    }
    if (finding.state !== 'moving' || finding.next !== 'copy') {
      return err(failureOf('topology-changed', `The move of slot ${target.shardId} cannot be reverted any more: it is ${finding.state === 'moving' ? 'being handed over' : finding.state}`));
    }
    const batch = this.#finder.batchOf([{ position: context.position, move: target, found: found.value }]);
    if (!batch.ok) return batch;
    const cleared = await clearFlags(batch.value, target.shardId);
    if (!cleared.ok) return cleared;
    if (cleared.value) return ok({ bytes: 0, keyCount: 0, nodeId: null });
    const forward = await this.#move(target, context, { truthAgeMsMax: 0 });
    if (!forward.ok) return forward;
    const back = await this.#move({ ...target, sourceNodeId: targetNodeId, targetNodeId: sourceNodeId }, context, { truthAgeMsMax: 0 });
    return back.ok ? ok({ bytes: forward.value.bytes + back.value.bytes, keyCount: back.value.keyCount, nodeId: null }) : back;
  }
}

/** A move with its place in the batch that it belongs to. */
interface Positioned {
  readonly move: MoveTarget;
  readonly position: number;
}

interface FoundMove extends Positioned {
  readonly found: Found;
}

/** A batch of one knows its place in the batch that it belongs to. */
interface MoveContext extends BatchContext {
  readonly position: number;
}
interface WaveContext extends BatchContext {
  /** Filled in by position. */
  readonly outcomes: Map<number, Outcome>;
  /** Nobody needs to wait for the wave with a hand-over any more. */
  readonly came: () => void;
  /** Leaves its place to the next wave. */
  readonly leave: () => void;
}

function isHalfMoved({ finding }: Found): boolean {
  return !('next' in finding) || finding.next !== 'begin';
}

function contextOfOne(context: StepContext): MoveContext {
  return { ...context, position: 0, onProgress: (_, progress) => { context.onProgress(progress); } };
}

function isSamePair(a: MoveTarget, b: MoveTarget): boolean {
  return a.sourceNodeId === b.sourceNodeId && a.targetNodeId === b.targetNodeId;
}

function silence({ truth }: Found, nodeId: string): DriverFailure {
  const why = truth.silent.get(nodeId);
  return failureOf('node-down', `${nameIn(truth, nodeId)} does not answer as a primary${why === undefined ? '' : `: ${why.message}`}`, true);
}

function refuse(target: MoveTarget): DriverFailure | null {
  if (target.role !== 'primary') return failureOf('not-supported', 'In Redis Cluster only a primary holds slots of its own; followers mirror it');
  if (target.shardId >= SLOT_COUNT) return failureOf('not-owner', `There is no slot ${target.shardId}: Redis Cluster has 16384`);
  if (target.sourceNodeId === target.targetNodeId) return failureOf('refused-by-engine', 'Source and target are the same node');
  return null;
}

/**
 * Clears both flags if the target has no key of the slot. The target goes first: from
 * then on it takes no write of a redirected client, so a count of 0 in the same write is
 * final. Gives false, with the flag set again, when there are keys.
 */
async function clearFlags({ sourceNodeId, ends, timeoutMs }: SlotBatch, slot: number): Promise<Result<boolean, DriverFailure>> {
  // A target that was promoted may have lost the mark, and with it what it tells.
  const [, ...replies] = await ends.target.pipeline([['CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceNodeId], ...clearMark(slot)], { timeoutMs });
  const left = leftByMark(replies, { address: ends.target.address, slot });
  if (!left.ok) return left;
  if (left.value !== 0) {
    const again = await ends.target.call(['CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceNodeId], { timeoutMs });
    return again.ok ? ok(false) : err(driverFailure(again.error, `${ends.target.address}: SETSLOT ${slot} IMPORTING`));
  }
  const source = await ends.source.call(['CLUSTER', 'SETSLOT', slot, 'STABLE'], { timeoutMs });
  return source.ok ? ok(true) : err(driverFailure(source.error, `${ends.source.address}: SETSLOT ${slot} STABLE`));
}
