import type { RedisConnection } from '@/lib/contract/connection';
import type { DriverFailure } from '@/lib/contract/operation';
import type { MoveTarget } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterReader } from './cluster-reader';
import type { Connections } from './connections';
import { DoubtfulKeys } from './doubtful-keys';
import type { Endpoint } from './endpoints';
import { failureOf } from './failures';
import { HandOverGroups } from './hand-over-groups';
import { HandOvers } from './hand-overs';
import { findMove, type MoveFinding } from './inspect-move';
import { MigrationLane } from './migration-lane';
import type { NodeClient } from './node-client';
import { OneRole } from './one-role';
import { integerOf } from './replies';
import type { SlotActivity } from './slot-activity';
import type { Carried, SlotBatch, SlotOrder } from './slot-batch';
import { StaleClaims } from './stale-claims';
import { lineIn, slotViews, type Truth, type TruthReader } from './slot-truth';
import { isPrimary, nameOf, ownerInView, type ClusterView } from './topology';
import type { TargetHealth } from './transfer-ends';
import { countUnseen, unseenBy } from './unseen-keys';

export interface FinderOptions {
  readonly connection: RedisConnection;
  readonly connections: Connections;
  readonly reader: ClusterReader;
  readonly truths: TruthReader;
  readonly activity: SlotActivity;
  readonly clock: Clock;
}

export interface Found {
  readonly truth: Truth;
  /** The ends as they are now: after a failover the promoted follower stands for the source. */
  readonly sourceNodeId: string;
  readonly targetNodeId: string;
  readonly finding: MoveFinding;
  readonly keys: { readonly source: number | null; readonly target: number | null };
}

/** Finds where moves stand, from the primaries' own answers, and makes the batches that carry them on. */
export class MoveFinder {
  readonly #options: FinderOptions;
  readonly #lanes = new Map<string, MigrationLane>();
  readonly #turns = new OneRole({ perSourceMax: 1, perTargetMax: 1 });
  readonly #handOvers: HandOvers;
  readonly handOverGroups: HandOverGroups<SlotBatch, Carried>;
  readonly #staleClaims: StaleClaims;
  readonly #targetHealth = new Map<string, TargetHealth>();
  /** By slot and source; only slots whose last try ended in doubt. */
  readonly #doubtful = new Map<string, DoubtfulKeys>();

  constructor(options: FinderOptions) {
    this.#options = options;
    this.#handOvers = new HandOvers(options.clock);
    this.handOverGroups = new HandOverGroups(options.clock);
    this.#staleClaims = new StaleClaims(options);
  }

  /** The usual case needs no more than a recent truth; whatever else it seems to be is looked at anew before it counts. */
  async findForMove(target: MoveTarget, notBeforeMs: number): Promise<Result<Found, DriverFailure>> {
    const recent = await this.find(target, { notBeforeMs, counting: false });
    return recent.ok && isUsual(recent.value) ? recent : await this.find(target, { notBeforeMs: this.#options.clock.monotonicMs(), counting: true });
  }

  /** One look for all moves between the same two nodes; only those that may simply begin or go on are in the answer. */
  async findUsual(moves: readonly MoveTarget[], notBeforeMs: number): Promise<ReadonlyMap<MoveTarget, Found>> {
    const usual = new Map<MoveTarget, Found>();
    const first = moves[0];
    const read = first === undefined ? null : await this.#options.truths.read({ notBeforeMs });
    if (first === undefined || read?.ok !== true) return usual;
    const truth = await this.#withFreshEnds(read.value, moves);
    const target = lineIn(truth, first.targetNodeId);
    const areEndsThere = lineIn(truth, first.sourceNodeId) !== null && target !== null && isPrimary(target);
    for (const move of moves) {
      // Nothing has to be asked where the target is a primary still.
      const found = areEndsThere ? ok(foundIn(truth, move, { targetNodeId: move.targetNodeId, keys: NOT_COUNTED })) : await this.#findIn(truth, move, { counting: false });
      if (found.ok && isUsual(found.value)) usual.set(move, found.value);
    }
    return usual;
  }

  async find(target: MoveTarget, { notBeforeMs, counting }: { notBeforeMs: number; counting: boolean }): Promise<Result<Found, DriverFailure>> {
    const read = await this.#options.truths.read({ notBeforeMs });
    if (!read.ok) return read;
    return await this.#findIn(counting ? read.value : await this.#withFreshEnds(read.value, [target]), target, { counting });
  }

  /** What is to be done about these moves, all between the same two nodes; fails when one does not know the other's address. */
  batchOf(moves: readonly { readonly position: number; readonly move: MoveTarget; readonly found: Found; readonly isTargetOwner?: boolean }[]): Result<SlotBatch, DriverFailure> {
    const first = moves[0];
    if (first === undefined) return err(failureOf('unexpected', 'A batch without moves'));
    const { truth, sourceNodeId, targetNodeId } = first.found;
    const { connections, clock, connection } = this.#options;
    const sourceEndpoint = this.#endpointOf(truth, sourceNodeId);
    const source = this.#control(truth, sourceNodeId);
    const target = this.#control(truth, targetNodeId);
    // What the nodes tell each other, not where we reach it: the source connects to it.
    const targetEndpoint = truth.views.get(sourceNodeId)?.nodes.get(targetNodeId)?.endpoint ?? null;
    if (sourceEndpoint === null || source === null || target === null || targetEndpoint === null) {
      return err(failureOf('topology-changed', `${nameIn(truth, sourceNodeId)} and ${nameIn(truth, targetNodeId)} do not know each other's address`));
    }
    const others = [...truth.views].filter(([id, view]) => id !== sourceNodeId && id !== targetNodeId && isPrimary(view.self))
      .map(([id]) => this.#control(truth, id)).filter((client) => client !== null);
    const targetView = truth.views.get(targetNodeId);
    const orders = moves.map(({ position, move: { shardId: slot }, isTargetOwner = false }): SlotOrder => {
      const ownerOnTarget = targetView === undefined ? null : ownerInView(targetView, slot);
      return {
        slot, position, isTargetOwner,
        isOwnerKnownToTarget: ownerOnTarget === sourceNodeId || ownerOnTarget === targetNodeId,
        doubtful: this.#doubtful.get(`${slot} ${sourceNodeId}`) ?? new DoubtfulKeys(),
      };
    });
    return ok({
      sourceNodeId, targetNodeId, others, clock, slots: orders,
      lane: entryOf(this.#lanes, sourceNodeId, () => new MigrationLane(clock)),
      turns: this.#turns,
      handOvers: this.#handOvers,
      handOverGroups: this.handOverGroups,
      staleClaims: this.#staleClaims,
      timeoutMs: this.#controlTimeoutMs(),
      ends: {
        migrate: connections.client(sourceEndpoint, 'migrate'), source, target, targetEndpoint,
        credentials: connection, commandTimeoutMs: connection.commandTimeoutMs,
        targetHealth: entryOf(this.#targetHealth, targetNodeId, () => ({ isSuspect: false })),
      },
    });
  }

  /** The slots have a new owner by our doing, other than by a move. */
  noteGiven(slots: readonly number[], ownerId: string): void {
    for (const slot of slots) this.#staleClaims.given(slot, ownerId);
  }

  /** Doubts that a batch left are remembered for the next try of its slots. */
  keepDoubts({ slots, sourceNodeId }: SlotBatch): void {
    for (const { slot, doubtful } of slots) {
      if (doubtful.size > 0) this.#doubtful.set(`${slot} ${sourceNodeId}`, doubtful);
      else this.#doubtful.delete(`${slot} ${sourceNodeId}`);
    }
  }

  async #withFreshEnds(truth: Truth, moves: readonly MoveTarget[]): Promise<Truth> {
    const { truths, activity } = this.#options;
    const ends = new Set<string>();
    let notBeforeMs = -Infinity;
    for (const move of moves) {
      ends.add(currentSource(truth, move)).add(move.targetNodeId);
      notBeforeMs = Math.max(notBeforeMs, activity.endedAtMs(move.shardId));
    }
    return await truths.withFreshEnds(truth, [...ends], { notBeforeMs });
  }

  async #findIn(truth: Truth, target: MoveTarget, { counting }: { counting: boolean }): Promise<Result<Found, DriverFailure>> {
    const unknown = [target.sourceNodeId, target.targetNodeId].find((id) => lineIn(truth, id) === null);
    if (unknown !== undefined) return err(failureOf('topology-changed', `Node ${unknown.slice(0, 40)} is no member of the cluster`));
    const sourceNodeId = currentSource(truth, target);
    const targetNodeId = await this.#currentTarget(truth, target, { sourceNodeId, counting });
    if (targetNodeId === null) return err(failureOf('topology-changed', `${nameIn(truth, target.targetNodeId)} is a follower now and owns no slots`));
    if (!counting) return ok(foundIn(truth, target, { targetNodeId, keys: NOT_COUNTED }));
    const count = async (nodeId: string) => {
      const client = this.#control(truth, nodeId);
      const view = truth.views.get(nodeId);
      return client === null || view === undefined ? null : await this.#countKeys(client, view, { slot: target.shardId, source: truth.views.get(sourceNodeId) });
    };
    const [source, onTarget] = await Promise.all([count(sourceNodeId), count(targetNodeId)]);
    return ok(foundIn(truth, target, { targetNodeId, keys: { source, target: onTarget } }));
  }

  /**
   * The primary that stands for the target. After a failover that is the promoted follower,
   * which holds what has arrived: the old target follows it and the move had begun, or the
   * old one is failed and just one primary has keys of a slot that is not its own. `null`:
   * the target follows somebody and nothing of this move is there.
   */
  async #currentTarget(truth: Truth, { targetNodeId, shardId }: MoveTarget, { sourceNodeId, counting }: { sourceNodeId: string; counting: boolean }): Promise<string | null> {
    const line = lineIn(truth, targetNodeId);
    if (line === null) return targetNodeId;
    const keysOn = async (id: string) => {
      const client = this.#control(truth, id);
      const view = truth.views.get(id);
      return client === null || view === undefined ? 0 : await this.#countKeys(client, view, { slot: shardId, source: truth.views.get(sourceNodeId) }) ?? 0;
    };
    if (!isPrimary(line)) {
      const { leaderId } = line;
      if (leaderId === null || leaderId === sourceNodeId || truth.views.get(leaderId) === undefined) return null;
      const hasBegun = truth.views.get(sourceNodeId)?.self.migrating.get(shardId) === targetNodeId;
      return hasBegun || await keysOn(leaderId) > 0 ? leaderId : null;
    }
    if (!counting || truth.views.has(targetNodeId) || !line.flags.has('fail')) return targetNodeId;
    const others = [...truth.views].filter(([id, view]) => id !== sourceNodeId && isPrimary(view.self) && ownerInView(view, shardId) !== id);
    const holders = (await Promise.all(others.map(async ([id]) => await keysOn(id) > 0 ? [id] : []))).flat();
    return holders.length === 1 ? holders[0]! : targetNodeId;
  }

  /** A promoted follower has lost the mark of a move that its source still has; without it some servers hide what has arrived. */
  async #countKeys(client: NodeClient, view: ClusterView, { slot, source }: { readonly slot: number; readonly source: ClusterView | undefined }): Promise<number | null> {
    // What a node has as somebody's follower is its leader's.
    if (!isPrimary(view.self)) return 0;
    const timeoutMs = this.#controlTimeoutMs();
    const hides = source?.self.migrating.has(slot) === true && this.#options.reader.hidesUnserved(view.self.id);
    const unseen = hides ? unseenBy(view, [slot], () => [source.self.id]) : [];
    if (unseen.length > 0) {
      const counted = await countUnseen(client, unseen, { timeoutMs, signal: new AbortController().signal });
      return counted.ok ? counted.value.get(slot) ?? null : null;
    }
    const count = integerOf(await client.call(['CLUSTER', 'COUNTKEYSINSLOT', slot], { timeoutMs }), 'CLUSTER COUNTKEYSINSLOT');
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
}

const NOT_COUNTED: Found['keys'] = { source: null, target: null };

/** `targetNodeId`: the primary that stands for the target now. */
function foundIn(truth: Truth, target: MoveTarget, { targetNodeId, keys }: Pick<Found, 'targetNodeId' | 'keys'>): Found {
  const sourceNodeId = currentSource(truth, target);
  const formerIds = formerEnds(truth, { sourceNodeId, target: { ...target, targetNodeId }, keysOnTarget: keys.target });
  if (targetNodeId !== target.targetNodeId) formerIds.add(target.targetNodeId);
  const finding = findMove({ sourceNodeId, targetNodeId, views: slotViews(truth, target.shardId), keysOnTarget: keys.target, formerIds, silentIds: silentMembers(truth) });
  return { truth, sourceNodeId, targetNodeId, finding, keys };
}

/** Primaries that did not answer and may come back with what they knew. */
function silentMembers(truth: Truth): Set<string> {
  const ids = new Set<string>();
  for (const id of truth.silent.keys()) if (lineIn(truth, id)?.flags.has('fail') !== true) ids.add(id);
  return ids;
}

function isUsual({ finding }: Found): boolean {
  return 'next' in finding && (finding.next === 'begin' || finding.next === 'copy');
}

function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

export function nameIn(truth: Truth, nodeId: string | null): string {
  const line = nodeId === null ? null : lineIn(truth, nodeId);
  return line === null ? nodeId?.slice(0, 12) ?? 'nobody' : nameOf(line);
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
