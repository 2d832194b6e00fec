import type { DriverFailure } from '@/lib/contract/operation';
import type { MoveMark } from '@/lib/contract/shard-mending';
import type { MendingNode, ShardFacts } from '@/lib/core/mending/shard-facts';
import type { MendingFacts } from '@/lib/drivers/driver';
import type { Clock } from '@/lib/platform/clock';
import { err, ok, type Result } from '@/lib/platform/result';
import type { ClusterReader } from './cluster-reader';
import type { Connections } from './connections';
import { failureOf, INTERRUPTED } from './failures';
import type { NodeClient } from './node-client';
import { forEachSlot, resolveOwnership } from './ownership';
import { overlapsOf } from './key-overlap';
import type { SlotActivity } from './slot-activity';
import { countKeys } from './slots';
import type { StrayWatch } from './stray-watch';
import { lineIn, type Truth, type TruthReader } from './slot-truth';
import { countUnseen, unseenBy } from './unseen-keys';
import { isPrimary, nameOf, SLOT_COUNT, slotCountOf, type ClusterNodeLine, type ClusterView } from './topology';

export interface LookerOptions {
  readonly truths: TruthReader;
  readonly reader: ClusterReader;
  readonly connections: Connections;
  readonly activity: SlotActivity;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly strays: StrayWatch;
}

/** What the primaries say, together with what was asked of them about these slots. */
export interface SlotLook extends MendingFacts {
  readonly truth: Truth;
}

/**
 * Finds slots that are not served as they should, from every primary's own answer: who
 * claims them, who has marks of a half-done move, and, by asking each, who has keys. A slot
 * is nobody's when no primary that answers claims it: others keep naming an owner that has
 * given it up (CLUSTER DELSLOTS is told to nobody).
 */
export class SlotLooker {
  readonly #options: LookerOptions;

  constructor(options: LookerOptions) {
    this.#options = options;
  }

  async look({ shardIds, signal }: { readonly shardIds: readonly number[] | null; readonly signal: AbortSignal }): Promise<Result<SlotLook, DriverFailure>> {
    const read = await this.#options.truths.read({ notBeforeMs: this.#options.clock.monotonicMs() });
    if (!read.ok) return read;
    if (signal.aborted) return err(INTERRUPTED);
    const truth = read.value;
    const views = [...truth.views.values()].filter((view) => isPrimary(view.self));
    const claims = claimsOf(views);
    const marks = marksOf(views);
    const { owners } = resolveOwnership(views);
    const living = new Set(views.map((view) => view.self.id));
    const isBroken = (slot: number) => (claims.get(slot)?.length ?? 0) !== 1 || marks.has(slot);
    let slots = shardIds;
    if (slots === null) {
      const strayed = await this.#options.strays.slotsNow(views, signal);
      slots = Array.from({ length: SLOT_COUNT }, (_, slot) => slot).filter((slot) => isBroken(slot) || strayed.has(slot));
    }
    const keys = await this.#keysOf(views, slots, { owners, signal });
    if (!keys.ok) return keys;
    const overlaps = await overlapsOf(strayedIn(slots, { claims, marks, keys: keys.value }), {
      clientOf: (nodeId) => this.client(truth, nodeId), hidesUnserved: (nodeId) => this.#options.reader.hidesUnserved(nodeId), timeoutMs: this.#options.timeoutMs,
    });
    const shards = slots.map((slot): ShardFacts => {
      const owner = owners[slot] ?? null;
      return {
        shardId: slot,
        claimedBy: claims.get(slot) ?? [],
        formerOwnerId: owner === null || living.has(owner) ? null : owner,
        marks: marks.get(slot) ?? [],
        keys: keys.value.get(slot) ?? new Map<string, number>(),
        overlap: overlaps.get(slot) ?? null,
        isInUse: this.#options.activity.touchedSince(slot, Infinity),
      };
    });
    return ok({ shards, nodes: await this.#nodesOf(truth), truth });
  }

  client(truth: Truth, nodeId: string): NodeClient | null {
    const endpoint = this.#options.reader.endpointOf(nodeId) ?? lineIn(truth, nodeId)?.endpoint ?? null;
    return endpoint === null ? null : this.#options.connections.client(endpoint, 'control');
  }

  /** Every primary counts for itself; one that cannot makes the whole look fail, since its keys would be overlooked. */
  async #keysOf(views: readonly ClusterView[], slots: readonly number[], asked: { readonly owners: readonly (string | null)[]; readonly signal: AbortSignal }): Promise<Result<Map<number, Map<string, number>>, DriverFailure>> {
    const keys = new Map<number, Map<string, number>>();
    const failures = await Promise.all(views.map(async (view) => {
      const { self } = view;
      const counted = await this.#countOn(view, slots, asked);
      if (!counted.ok) return counted.error;
      for (const [slot, count] of counted.value) {
        if (count === 0) continue;
        const bySlot = keys.get(slot) ?? new Map<string, number>();
        bySlot.set(self.id, count);
        keys.set(slot, bySlot);
      }
      return null;
    }));
    const failure = failures.find((one) => one !== null);
    return failure === undefined ? ok(keys) : err(failure);
  }

  async #countOn(view: ClusterView, slots: readonly number[], { owners, signal }: { readonly owners: readonly (string | null)[]; readonly signal: AbortSignal }): Promise<Result<ReadonlyMap<number, number>, DriverFailure>> {
    const { reader, connections, timeoutMs } = this.#options;
    const { self, nodes } = view;
    const endpoint = reader.endpointOf(self.id) ?? self.endpoint;
    if (endpoint === null) return err(failureOf('topology-changed', `${nameOf(self)} has no address that is known`, true));
    const client = connections.client(endpoint, 'control');
    const unseen = reader.hidesUnserved(self.id) ? unseenBy(view, slots, (slot) => [owners[slot], ...[...nodes.values()].filter(isPrimary).map(({ id }) => id)]) : [];
    const isUnseen = new Set(unseen.map(({ slot }) => slot));
    const counted = await countKeys(client, slots.filter((slot) => !isUnseen.has(slot)), { timeoutMs, signal });
    if (!counted.ok) return counted;
    const more = await countUnseen(client, unseen, { timeoutMs, signal });
    return more.ok ? ok(new Map([...counted.value.keyCount, ...more.value])) : more;
  }

  async #nodesOf(truth: Truth): Promise<Map<string, MendingNode>> {
    const nodes = new Map<string, MendingNode>();
    for (const line of linesOf(truth)) {
      if (!isPrimary(line) || line.flags.has('noaddr') && !truth.silent.has(line.id)) continue;
      const answers = truth.views.has(line.id);
      const state = answers ? 'serving' : hasFailed(truth, line.id) ? 'failed' : 'silent';
      nodes.set(line.id, {
        nodeId: line.id, name: nameOf(line), state, shardCount: slotCountOf(line.slots), isEligible: answers,
        livingFollowers: answers ? [] : await this.#livingFollowers(truth, line.id),
      });
    }
    return nodes;
  }

  /** They are asked themselves: a majority that is gone has called nobody failed. */
  async #livingFollowers(truth: Truth, leaderId: string): Promise<string[]> {
    const followers = linesOf(truth).filter((line) => !isPrimary(line) && line.leaderId === leaderId);
    const answers = await Promise.all(followers.map(async (line) => {
      const client = this.client(truth, line.id);
      const pong = client === null ? null : await client.call(['PING'], { timeoutMs: this.#options.timeoutMs });
      return pong !== null && (pong.ok || pong.error.kind === 'error-reply') ? nameOf(line) : null;
    }));
    return answers.filter((name) => name !== null);
  }
}

/** Those with one owner and no mark, of which others have keys. */
function strayedIn(slots: readonly number[], { claims, marks, keys }: {
  readonly claims: ReadonlyMap<number, readonly string[]>; readonly marks: ReadonlyMap<number, unknown>; readonly keys: ReadonlyMap<number, ReadonlyMap<string, number>>;
}): { readonly slot: number; readonly ownerId: string; readonly holderIds: readonly string[] }[] {
  return slots.flatMap((slot) => {
    const [ownerId, ...more] = claims.get(slot) ?? [];
    if (ownerId === undefined || more.length > 0 || marks.has(slot)) return [];
    const holderIds = [...keys.get(slot)?.keys() ?? []].filter((id) => id !== ownerId);
    return holderIds.length === 0 ? [] : [{ slot, ownerId, holderIds }];
  });
}

/** Slots by the primaries that claim them. */
function claimsOf(views: readonly ClusterView[]): Map<number, string[]> {
  const claims = new Map<number, string[]>();
  for (const { self } of views) {
    forEachSlot(self.slots, (slot) => {
      const known = claims.get(slot);
      if (known === undefined) claims.set(slot, [self.id]);
      else known.push(self.id);
    });
  }
  return claims;
}

function marksOf(views: readonly ClusterView[]): Map<number, MoveMark[]> {
  const marks = new Map<number, MoveMark[]>();
  const add = (slot: number, mark: MoveMark) => { marks.set(slot, [...(marks.get(slot) ?? []), mark]); };
  for (const { self } of views) {
    for (const [slot, otherNodeId] of self.migrating) add(slot, { nodeId: self.id, kind: 'migrating', otherNodeId });
    for (const [slot, otherNodeId] of self.importing) add(slot, { nodeId: self.id, kind: 'importing', otherNodeId });
  }
  return marks;
}

/** The engine's own verdict: agreed by a majority of the primaries that serve slots. */
function hasFailed({ views }: Truth, nodeId: string): boolean {
  return [...views.values()].some((view) => view.nodes.get(nodeId)?.flags.has('fail') === true);
}

function linesOf(truth: Truth): ClusterNodeLine[] {
  const ids = new Set([...truth.views.values()].flatMap((view) => [...view.nodes.keys()]));
  return [...ids].map((id) => lineIn(truth, id)).filter((line) => line !== null);
}
