import type { RedisConnection } from '@/lib/contract/connection';
import type { DriverFailure } from '@/lib/contract/operation';
import type { MoveTarget, MoveTruth, StepContext, StepOutcome } from '@/lib/drivers/driver';
import { assertNever } from '@/lib/platform/assert';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterReader } from './cluster-reader';
import type { Connections } from './connections';
import { DoubtfulKeys } from './doubtful-keys';
import type { Endpoint } from './endpoints';
import { driverFailure, failureOf, INTERRUPTED } from './failures';
import { findMove, truthOf, type MoveFinding } from './inspect-move';
import type { TargetHealth } from './transfer-ends';
import { MigrationLane } from './migration-lane';
import type { NodeClient } from './node-client';
import { integerOf } from './replies';
import type { SlotActivity } from './slot-activity';
import { announce, migrateSlot, slotBytes, type SlotMove } from './slot-migration';
import { lineIn, slotViews, type Truth, type TruthReader } from './slot-truth';
import { TargetMemory } from './target-memory';
import { isPrimary, nameOf, ownerInView, SLOT_COUNT } from './topology';

/**
 * What primaries that are no end of the move say may be this old when it begins; the ends
 * themselves are asked anew, and refuse a command that no longer fits.
 */
const TRUTH_AGE_MS_MAX = 500;
/** Finding, doing and finding again: a move that is not settled then has somebody working against it. */
const TRIES_MAX = 3;

interface MoverOptions {
  readonly connection: RedisConnection;
  readonly connections: Connections;
  readonly reader: ClusterReader;
  readonly truths: TruthReader;
  readonly activity: SlotActivity;
  readonly clock: Clock;
}

interface Found {
  readonly truth: Truth;
  /** The ends as they are now: after a failover the promoted follower stands for the source. */
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
  readonly finding: MoveFinding;
  readonly keys: { readonly source: number | null; readonly target: number | null };
}

/** Moves, reverts and inspects slots: reads the truth, decides by the truth table, acts, and looks again. */
export class SlotMover {
  readonly #options: MoverOptions;
  readonly #lanes = new Map<string, MigrationLane>();
  readonly #memory: TargetMemory;
  readonly #targetHealth = new Map<string, TargetHealth>();
  /** By slot and source; only slots whose last try ended in doubt. */
  readonly #doubtful = new Map<string, DoubtfulKeys>();

  constructor(options: MoverOptions) {
    this.#options = options;
    this.#memory = new TargetMemory({ clock: options.clock, timeoutMs: options.connection.commandTimeoutMs });
  }

  async move(target: MoveTarget, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const refused = refuse(target);
    if (refused !== null) return err(refused);
    return await this.#options.activity.exclusively(target.shardId, () => this.#move(target, context, { truthAgeMsMax: TRUTH_AGE_MS_MAX }));
  }

  /**
   * Brings a half-done move back. Without keys on the target both flags are cleared. With
   * keys there it goes forward to its end and then back as a move of its own: a source
   * whose slot is MIGRATING answers RESTORE of an absent key by ASK, so keys cannot
   * return while the flag stands, and without it clients would miss them meanwhile.
   */
  async revert(target: MoveTarget, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const refused = refuse(target);
    if (refused !== null) return err(refused);
    return await this.#options.activity.exclusively(target.shardId, () => this.#revert(target, context));
  }

  async inspect(target: MoveTarget): Promise<Result<MoveTruth, DriverFailure>> {
    const refused = refuse(target);
    if (refused !== null) return err(refused);
    const found = await this.#find(target, { notBeforeMs: this.#options.clock.monotonicMs(), counting: true });
    if (!found.ok) return found;
    const { finding, keys } = found.value;
    return finding.state === 'unknown' ? err(this.#silence(found.value, finding.nodeId)) : ok(truthOf(finding, keys));
  }

  async #move(target: MoveTarget, context: StepContext, { truthAgeMsMax }: { truthAgeMsMax: number }): Promise<Result<StepOutcome, DriverFailure>> {
    const { activity, clock } = this.#options;
    let notBeforeMs = Math.max(clock.monotonicMs() - truthAgeMsMax, activity.endedAtMs(target.shardId));
    let last: DriverFailure = INTERRUPTED;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      if (context.signal.aborted) return err(INTERRUPTED);
      const found = await this.#findForMove(target, notBeforeMs);
      if (!found.ok) return found;
      const stepped = await this.#advance(target, found.value, context);
      if (stepped.ok || stepped.error.code !== 'topology-changed' || !stepped.error.retryable) return stepped;
      last = stepped.error;
      notBeforeMs = clock.monotonicMs();
    }
    return err(last);
  }

  async #advance(target: MoveTarget, found: Found, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const { finding } = found;
    switch (finding.state) {
      case 'done': return ok({ bytes: 0, keyCount: 0, nodeId: null });
      case 'unknown': return err(this.#silence(found, finding.nodeId));
      case 'elsewhere': return err(failureOf('not-owner', `Slot ${target.shardId} is not the source's any more: ${this.#named(found.truth, finding.ownerId)} owns it`));
      case 'untouched':
        if (finding.next === 'conflict') {
          return err(failureOf('topology-changed', `Slot ${target.shardId} is half moved by somebody else: open on ${this.#named(found.truth, finding.nodeId)} for ${this.#named(found.truth, finding.otherId)}`));
        }
        return await this.#migrate(target, found, context);
      case 'moving':
        if (finding.next === 'return') return err(failureOf('topology-changed', `Slot ${target.shardId} is on its way back from ${this.#named(found.truth, found.targetNodeId)}`));
        return finding.next === 'copy' ? await this.#migrate(target, found, context) : await this.#finish(target, found, context);
      default: return assertNever(finding);
    }
  }

  async #migrate(target: MoveTarget, found: Found, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const move = this.#slotMove(target, found);
    if (!move.ok) return move;
    const refused = await this.#memory.refuses({ client: move.value.ends.target, nodeId: found.targetNodeId, arrivingBytes: () => slotBytes(move.value) });
    if (refused !== null) return err(refused);
    const result = await migrateSlot(move.value, context);
    this.#keepDoubts(move.value);
    return result;
  }

  #keepDoubts({ slot, sourceNodeId, ends }: SlotMove): void {
    const key = `${slot} ${sourceNodeId}`;
    if (ends.doubtful.size > 0) this.#doubtful.set(key, ends.doubtful);
    else this.#doubtful.delete(key);
  }

  /** The target owns the slot, or nobody does: what is left is telling, and keys that the source may still have. */
  async #finish(target: MoveTarget, found: Found, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const move = this.#slotMove(target, found);
    if (!move.ok) return move;
    const owned = found.truth.views.get(found.targetNodeId);
    if (owned === undefined || ownerInView(owned, target.shardId) !== found.targetNodeId) {
      const { ends, timeoutMs, sourceNodeId } = move.value;
      const [, taken] = await ends.target.pipeline([
        ['CLUSTER', 'SETSLOT', target.shardId, 'IMPORTING', sourceNodeId],
        ['CLUSTER', 'SETSLOT', target.shardId, 'NODE', found.targetNodeId],
      ], { timeoutMs });
      if (taken?.ok === false) return err(driverFailure(taken.error, `${ends.target.address}: SETSLOT ${target.shardId} NODE`));
    }
    if ((found.keys.source ?? 0) > 0) return await this.#moveLeftBehind(move.value, context);
    const told = await announce(move.value);
    if (!told.ok) return told;
    await this.#closeImport(move.value);
    return ok({ bytes: 0, keyCount: 0, nodeId: null });
  }

  /** The target owns the slot while the source has keys of it: they follow before the source is told, since it would drop them. */
  async #moveLeftBehind(move: SlotMove, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const flagged = await move.ends.source.call(['CLUSTER', 'SETSLOT', move.slot, 'MIGRATING', move.targetNodeId], { timeoutMs: move.timeoutMs });
    if (!flagged.ok) {
      return err(failureOf('verification-failed', `${move.ends.source.address} holds keys of slot ${move.slot} that it no longer owns; they are left alone. ${flagged.error.message}`));
    }
    return await migrateSlot(move, context, { isTargetOwner: true });
  }

  /** A leftover flag on an owner means nothing to clients, but stands for an open slot. */
  async #closeImport({ ends, slot, timeoutMs, targetNodeId }: SlotMove): Promise<void> {
    await ends.target.call(['CLUSTER', 'SETSLOT', slot, 'NODE', targetNodeId], { timeoutMs });
  }

  async #revert(target: MoveTarget, context: StepContext): Promise<Result<StepOutcome, DriverFailure>> {
    const found = await this.#find(target, { notBeforeMs: this.#options.clock.monotonicMs(), counting: true });
    if (!found.ok) return found;
    const { finding } = found.value;
    if (finding.state === 'unknown') return err(this.#silence(found.value, finding.nodeId));
    if (finding.state === 'untouched') return ok({ bytes: 0, keyCount: 0, nodeId: null });
    if (finding.state === 'moving' && finding.next === 'return') {
      return await this.#move({ ...target, sourceNodeId: found.value.targetNodeId, targetNodeId: found.value.sourceNodeId }, context, { truthAgeMsMax: 0 });
    }
    if (finding.state !== 'moving' || finding.next !== 'copy') {
      return err(failureOf('topology-changed', `The move of slot ${target.shardId} cannot be reverted any more: it is ${finding.state === 'moving' ? 'being handed over' : finding.state}`));
    }
    const move = this.#slotMove(target, found.value);
    if (!move.ok) return move;
    const cleared = await clearFlags(move.value);
    if (!cleared.ok) return cleared;
    if (cleared.value) return ok({ bytes: 0, keyCount: 0, nodeId: null });
    const forward = await this.#move(target, context, { truthAgeMsMax: 0 });
    if (!forward.ok) return forward;
    const back = await this.#move({ ...target, sourceNodeId: found.value.targetNodeId, targetNodeId: found.value.sourceNodeId }, context, { truthAgeMsMax: 0 });
    return back.ok ? ok({ bytes: forward.value.bytes + back.value.bytes, keyCount: back.value.keyCount, nodeId: null }) : back;
  }

  /** The usual case needs no more than a recent truth; whatever else it seems to be is looked at anew before it counts. */
  async #findForMove(target: MoveTarget, notBeforeMs: number): Promise<Result<Found, DriverFailure>> {
    const recent = await this.#find(target, { notBeforeMs, counting: false });
    if (recent.ok && 'next' in recent.value.finding && (recent.value.finding.next === 'begin' || recent.value.finding.next === 'copy')) return recent;
    return await this.#find(target, { notBeforeMs: this.#options.clock.monotonicMs(), counting: true });
  }

  async #find(target: MoveTarget, { notBeforeMs, counting }: { notBeforeMs: number; counting: boolean }): Promise<Result<Found, DriverFailure>> {
    const { truths, activity } = this.#options;
    const read = await truths.read({ notBeforeMs });
    if (!read.ok) return read;
    const ends = [currentSource(read.value, target), target.targetNodeId];
    const truth = counting ? read.value : await truths.withFreshEnds(read.value, ends, { notBeforeMs: activity.endedAtMs(target.shardId) });
    const unknown = [target.sourceNodeId, target.targetNodeId].find((id) => lineIn(truth, id) === null);
    if (unknown !== undefined) return err(failureOf('topology-changed', `Node ${unknown.slice(0, 40)} is no member of the cluster`));
    const targetLine = lineIn(truth, target.targetNodeId);
    if (targetLine !== null && !isPrimary(targetLine)) return err(failureOf('topology-changed', `${nameOf(targetLine)} is a follower now and owns no slots`));
    const sourceNodeId = currentSource(truth, target);
    const count = async (nodeId: string) => {
      const client = this.#control(truth, nodeId);
      return !counting || client === null || !truth.views.has(nodeId) ? null : await this.#countKeys(client, target.shardId);
    };
    const [source, onTarget] = await Promise.all([count(sourceNodeId), count(target.targetNodeId)]);
    const finding = findMove({
      sourceNodeId, targetNodeId: target.targetNodeId, views: slotViews(truth, target.shardId), keysOnTarget: onTarget,
      formerIds: formerEnds(truth, { sourceNodeId, target, keysOnTarget: onTarget }),
      silentIds: new Set([...truth.silent.keys()].filter((id) => lineIn(truth, id)?.flags.has('fail') !== true)),
    });
    return ok({ truth, sourceNodeId, targetNodeId: target.targetNodeId, finding, keys: { source, target: onTarget } });
  }

  #slotMove(target: MoveTarget, found: Found): Result<SlotMove, DriverFailure> {
    const { truth, sourceNodeId, targetNodeId } = found;
    const { connections, clock, connection } = this.#options;
    const sourceEndpoint = this.#endpointOf(truth, sourceNodeId);
    const source = this.#control(truth, sourceNodeId);
    const targetClient = this.#control(truth, targetNodeId);
    // What the nodes tell each other, not where we reach it: the source connects to it.
    const targetEndpoint = truth.views.get(sourceNodeId)?.nodes.get(targetNodeId)?.endpoint ?? null;
    if (sourceEndpoint === null || source === null || targetClient === null || targetEndpoint === null) {
      return err(failureOf('topology-changed', `${this.#named(truth, sourceNodeId)} and ${this.#named(truth, targetNodeId)} do not know each other's address`));
    }
    const targetView = truth.views.get(targetNodeId);
    const ownerOnTarget = targetView === undefined ? null : ownerInView(targetView, target.shardId);
    const others = [...truth.views].filter(([id, view]) => id !== sourceNodeId && id !== targetNodeId && isPrimary(view.self))
      .map(([id]) => this.#control(truth, id)).filter((client) => client !== null);
    return ok({
      slot: target.shardId, sourceNodeId, targetNodeId, others, clock,
      isOwnerKnownToTarget: ownerOnTarget === sourceNodeId || ownerOnTarget === targetNodeId,
      lane: this.#laneOf(sourceNodeId),
      timeoutMs: this.#controlTimeoutMs(),
      ends: {
        migrate: connections.client(sourceEndpoint, 'migrate'), source, target: targetClient, targetEndpoint,
        credentials: connection, commandTimeoutMs: connection.commandTimeoutMs,
        doubtful: this.#doubtful.get(`${target.shardId} ${sourceNodeId}`) ?? new DoubtfulKeys(),
        targetHealth: this.#healthOf(targetNodeId),
      },
    });
  }

  async #countKeys(client: NodeClient, slot: number): Promise<number | null> {
    const count = integerOf(await client.call(['CLUSTER', 'COUNTKEYSINSLOT', slot], { timeoutMs: this.#controlTimeoutMs() }), 'CLUSTER COUNTKEYSINSLOT');
    return count.ok ? count.value : null;
  }

  /** Behind a MIGRATE of a large value a node answers late and is not gone. */
  #controlTimeoutMs(): number {
    return Math.max(10_000, 2 * this.#options.connection.commandTimeoutMs);
  }

  #endpointOf(truth: Truth, nodeId: string): Endpoint | null {
    return this.#options.reader.endpointOf(nodeId) ?? lineIn(truth, nodeId)?.endpoint ?? null;
  }

  #control(truth: Truth, nodeId: string): NodeClient | null {
    const endpoint = this.#endpointOf(truth, nodeId);
    return endpoint === null ? null : this.#options.connections.client(endpoint, 'control');
  }

  #laneOf(nodeId: string): MigrationLane {
    const lane = this.#lanes.get(nodeId) ?? new MigrationLane(this.#options.clock);
    this.#lanes.set(nodeId, lane);
    return lane;
  }

  #healthOf(nodeId: string): TargetHealth {
    const health = this.#targetHealth.get(nodeId) ?? { isSuspect: false };
    this.#targetHealth.set(nodeId, health);
    return health;
  }

  #named(truth: Truth, nodeId: string | null): string {
    const line = nodeId === null ? null : lineIn(truth, nodeId);
    return line === null ? nodeId?.slice(0, 12) ?? 'nobody' : nameOf(line);
  }

  #silence(found: Found, nodeId: string): DriverFailure {
    const why = found.truth.silent.get(nodeId);
    return failureOf('node-down', `${this.#named(found.truth, nodeId)} does not answer as a primary${why === undefined ? '' : `: ${why.message}`}`, true);
  }
}

function refuse(target: MoveTarget): DriverFailure | null {
  if (target.role !== 'primary') return failureOf('not-supported', 'In Redis Cluster only a primary holds slots of its own; followers mirror it');
  if (target.shardId >= SLOT_COUNT) return failureOf('not-owner', `There is no slot ${target.shardId}: Redis Cluster has 16384`);
  if (target.sourceNodeId === target.targetNodeId) return failureOf('refused-by-engine', 'Source and target are the same node');
  return null;
}

/**
 * The primary that stands for the source. After a failover that is the promoted follower:
 * the old source follows it, or is failed and without slots while the target still
 * imports from it, so that nobody but its own follower can have taken the slot over.
 */
function currentSource(truth: Truth, { sourceNodeId, targetNodeId, shardId }: MoveTarget): string {
  const line = lineIn(truth, sourceNodeId);
  if (line === null) return sourceNodeId;
  if (!isPrimary(line)) return line.leaderId === null || line.leaderId === targetNodeId ? sourceNodeId : line.leaderId;
  const target = truth.views.get(targetNodeId);
  if (truth.views.has(sourceNodeId) || target?.self.importing.get(shardId) !== sourceNodeId) return sourceNodeId;
  // The target itself cannot say: the owner of a slot it imports is frozen in its view.
  const claims = [...truth.views.values()].filter((view) => isPrimary(view.self) && ownerInView(view, shardId) === view.self.id && view.self.id !== targetNodeId);
  return claims.sort((a, b) => b.self.configEpoch - a.self.configEpoch)[0]?.self.id ?? sourceNodeId;
}

/** Ids in flags that mean an end of this move under its id before a failover. */
function formerEnds(truth: Truth, { sourceNodeId, target, keysOnTarget }: { sourceNodeId: string; target: MoveTarget; keysOnTarget: number | null }): Set<string> {
  const former = new Set<string>();
  if (sourceNodeId !== target.sourceNodeId) former.add(target.sourceNodeId);
  const flagged = [truth.views.get(sourceNodeId)?.self.migrating.get(target.shardId), truth.views.get(target.targetNodeId)?.self.importing.get(target.shardId)];
  for (const id of flagged) {
    const line = id === undefined ? null : lineIn(truth, id);
    if (line === null) continue;
    const follows = !isPrimary(line) && (line.leaderId === target.targetNodeId || line.leaderId === sourceNodeId);
    // A failed importer cannot be asked; a target that already holds keys of the slot took its place.
    const succeeded = line.flags.has('fail') && !truth.views.has(line.id) && (keysOnTarget ?? 0) > 0;
    if (follows || succeeded) former.add(line.id);
  }
  return former;
}

/**
 * Clears both flags if the target has no key of the slot. The target goes first: from
 * then on it takes no write of a redirected client, so a count of 0 in the same write is
 * final. Gives false, with the flag set again, when there are keys.
 */
async function clearFlags({ slot, sourceNodeId, ends, timeoutMs }: SlotMove): Promise<Result<boolean, DriverFailure>> {
  const [stable, count] = await ends.target.pipeline([['CLUSTER', 'SETSLOT', slot, 'STABLE'], ['CLUSTER', 'COUNTKEYSINSLOT', slot]], { timeoutMs });
  if (stable?.ok !== true) return err(stable === undefined ? failureOf('unexpected', 'A reply is missing') : driverFailure(stable.error, `${ends.target.address}: SETSLOT ${slot} STABLE`));
  const keys = integerOf(count, 'CLUSTER COUNTKEYSINSLOT');
  if (!keys.ok || keys.value > 0) {
    const again = await ends.target.call(['CLUSTER', 'SETSLOT', slot, 'IMPORTING', sourceNodeId], { timeoutMs });
    return again.ok ? ok(false) : err(driverFailure(again.error, `${ends.target.address}: SETSLOT ${slot} IMPORTING`));
  }
  const source = await ends.source.call(['CLUSTER', 'SETSLOT', slot, 'STABLE'], { timeoutMs });
  return source.ok ? ok(true) : err(driverFailure(source.error, `${ends.source.address}: SETSLOT ${slot} STABLE`));
}
