/**
 * Finds keys that a node has of slots which others serve and of which it has no mark: what a
 * move left behind whose marks were cleared too early. No client reaches them, and no command
 * lists them. A node's number of keys against the sum over the slots that it serves tells that
 * there are some, for the price of numbers that a reading has anyway; only then are its other
 * slots counted one by one. Clients change both numbers while they are read, so a difference
 * alone says nothing: a count of a slot that a node does not serve does, since no client can
 * write there.
 */
import type { Clock } from '@/lib/platform/clock';
import type { ClusterReader } from './cluster-reader';
import type { Connections } from './connections';
import type { NodeClient } from './node-client';
import { forEachSlot } from './ownership';
import { integerOf } from './replies';
import type { SlotActivity } from './slot-activity';
import { countKeys } from './slots';
import { ownersInView, type ClusterView } from './topology';
import { countUnseen, unseenBy } from './unseen-keys';

/** What is found is told once it has been there for this long: a move that is just ending leaves some for a moment, too. */
const CONFIRMED_AFTER_MS = 10_000;
/** A move of ours may have left keys that the server is still dropping. */
const OURS_SINCE_MS = 60_000;
/** Found slots of a node that are counted again at each reading: one question. */
const RECOUNTED_MAX = 512;
/** After a count that found nothing new the node is left alone for so long, twice as long each time, unless its surplus is far above what it was then. */
const REST_MS_MIN = 60_000;
const REST_MS_MAX = 15 * 60_000;
const ABOVE_NOISE = 2;
/** Of a node that hides which slots. */
const READINGS_KEPT = 8;
const READINGS_APART_MS = 2_000;
/** An operator waits for a look: it counts the other slots of the nodes with the largest surplus, no more than this. */
const SUSPECTS_MAX = 4;
const SLOTS_PER_LOOK_MAX = 4_096;

export interface StrayHolder {
  readonly nodeId: string;
  /** By slot. */
  readonly keys: ReadonlyMap<number, number>;
  /** How many it has of slots that it does not tell (unseen-keys.ts). */
  readonly hiddenKeys: number;
}

/** What one reading counted on a primary. */
export interface NodeCount {
  readonly view: ClusterView;
  readonly keysInAll: number;
  readonly keysServed: number;
}

interface Found {
  /** Of a node that hides them: the surplus of the last readings. Load makes single ones too high or too low; that all have some is the proof. */
  readonly surpluses: { keys: number; readonly atMs: number }[];
  readonly keys: Map<number, { readonly count: number; readonly sinceMs: number }>;
  restMs: number;
  quietUntilMs: number;
  /** A surplus that came to nothing when it was looked into. */
  noiseKeys: number;
}

interface StrayWatchOptions {
  readonly clock: Clock;
  readonly connections: Connections;
  readonly reader: ClusterReader;
  readonly activity: SlotActivity;
  readonly timeoutMs: number;
}

export class StrayWatch {
  readonly #options: StrayWatchOptions;
  readonly #nodes = new Map<string, Found>();

  constructor(options: StrayWatchOptions) {
    this.#options = options;
  }

  /** What was there for a while. */
  found(): StrayHolder[] {
    const oldMs = this.#options.clock.monotonicMs() - CONFIRMED_AFTER_MS;
    return [...this.#nodes].flatMap(([nodeId, { keys, surpluses }]) => {
      const old = [...keys].filter(([, { sinceMs }]) => sinceMs <= oldMs);
      const hiddenKeys = surpluses.length === READINGS_KEPT && surpluses[0]!.atMs <= oldMs ? Math.max(0, Math.min(...surpluses.map(({ keys: surplus }) => surplus))) : 0;
      return old.length === 0 && hiddenKeys === 0 ? [] : [{ nodeId, keys: new Map(old.map(([slot, { count }]) => [slot, count])), hiddenKeys }];
    });
  }

  /** The numbers of a whole reading. Counts again what was found, and the other slots of at most one node that has more keys than that explains. */
  async note(counts: readonly NodeCount[], signal: AbortSignal): Promise<void> {
    const nowMs = this.#options.clock.monotonicMs();
    const hides = ({ view }: NodeCount) => this.#options.reader.hidesUnserved(view.self.id);
    await Promise.all(counts.filter(hides).map(async ({ view, keysInAll, keysServed }) => {
      const { surpluses } = this.#foundOf(view.self.id);
      // While the server moves slots by itself INFO counts their keys on both ends, and DBSIZE does not.
      const isSuspect = keysInAll > keysServed && view.self.importing.size === 0;
      const keys = isSuspect ? Math.min(keysInAll, await this.#sizeOf(view) ?? 0) - keysServed : 0;
      const last = surpluses.at(-1);
      if (last !== undefined && nowMs - last.atMs < READINGS_APART_MS) last.keys = Math.min(last.keys, keys);
      else surpluses.push({ keys, atMs: nowMs });
      if (surpluses.length > READINGS_KEPT) surpluses.shift();
    }));
    const telling = counts.filter((count) => !hides(count));
    await Promise.all(telling.map(({ view }) => this.#recount(view, signal)));
    const [suspect] = telling.map((count) => ({ count, surplus: count.keysInAll - count.keysServed - this.#keysFound(count.view.self.id) }))
      .filter(({ count, surplus }) => {
        const { quietUntilMs = 0, noiseKeys = 0 } = this.#nodes.get(count.view.self.id) ?? {};
        return surplus > 0 && (quietUntilMs <= nowMs || surplus > ABOVE_NOISE * noiseKeys);
      })
      .sort((a, b) => b.surplus - a.surplus);
    if (suspect !== undefined) await this.#survey(suspect.count.view, suspect.surplus, signal);
  }

  /** Slots of which some node has stray keys now, as far as one look finds them. */
  async slotsNow(views: readonly ClusterView[], signal: AbortSignal): Promise<ReadonlySet<number>> {
    const surpluses = await Promise.all(views.map(async (view) => ({ view, surplus: await this.#surplusOf(view, signal) })));
    const slots = new Set<number>();
    for (const view of views) {
      const owners = ownersInView(view);
      for (const slot of this.#nodes.get(view.self.id)?.keys.keys() ?? []) if (this.#isForeign(slot, view, owners)) slots.add(slot);
    }
    const suspects = surpluses.flatMap(({ view, surplus }) => (surplus !== null && surplus > 0 ? [{ view, surplus }] : []))
      .sort((a, b) => b.surplus - a.surplus).slice(0, SUSPECTS_MAX);
    await Promise.all(suspects.map(async ({ view, surplus }) => {
      const found = this.#options.reader.hidesUnserved(view.self.id) ? await this.#unhide(view, signal) : await this.#survey(view, surplus, signal);
      for (const slot of found) slots.add(slot);
    }));
    return new Set([...slots].sort((a, b) => a - b).slice(0, SLOTS_PER_LOOK_MAX));
  }

  /** Forgets nodes that are no members any more. */
  keepOnly(lines: ReadonlyMap<string, unknown>): void {
    for (const id of this.#nodes.keys()) if (!lines.has(id)) this.#nodes.delete(id);
  }

  /** Keys in all, before and after those were counted that it serves or has a mark of: whichever is more, as clients write and delete meanwhile. `null`: the node does not tell. */
  async #surplusOf(view: ClusterView, signal: AbortSignal): Promise<number | null> {
    const client = this.#clientOf(view);
    const before = await this.#sizeOf(view);
    if (client === null || before === null) return null;
    if (before === 0) return 0;
    const told = [...view.self.importing.keys()];
    forEachSlot(view.self.slots, (slot) => { told.push(slot); });
    const counted = await countKeys(client, told, { timeoutMs: this.#options.timeoutMs, signal });
    const after = await this.#sizeOf(view);
    if (!counted.ok || after === null) return null;
    let keysTold = 0;
    for (const count of counted.value.keyCount.values()) keysTold += count;
    // Where the next question is not a gentle one, both must say so.
    return (this.#options.reader.hidesUnserved(view.self.id) ? Math.min(before, after) : Math.max(before, after)) - keysTold;
  }

  async #sizeOf(view: ClusterView): Promise<number | null> {
    const size = integerOf(await this.#clientOf(view)?.call(['DBSIZE'], { timeoutMs: this.#options.timeoutMs }), 'DBSIZE');
    return size.ok ? size.value : null;
  }

  async #recount(view: ClusterView, signal: AbortSignal): Promise<void> {
    const known = this.#nodes.get(view.self.id);
    if (known === undefined || known.keys.size === 0) return;
    const owners = ownersInView(view);
    for (const slot of known.keys.keys()) if (!this.#isForeign(slot, view, owners)) known.keys.delete(slot);
    await this.#count(view, [...known.keys.keys()].slice(0, RECOUNTED_MAX), { found: known, signal });
  }

  /** Counts every slot that others serve: 16,384 cheap questions at most. Gives those with keys. */
  async #survey(view: ClusterView, surplus: number, signal: AbortSignal): Promise<number[]> {
    const { clock } = this.#options;
    const found = this.#foundOf(view.self.id);
    const before = found.keys.size;
    const owners = ownersInView(view);
    const foreign = owners.flatMap((_, slot) => (this.#isForeign(slot, view, owners) ? [slot] : []));
    const slots = await this.#count(view, foreign, { found, signal });
    const isNew = found.keys.size > before;
    found.restMs = isNew ? REST_MS_MIN : Math.min(REST_MS_MAX, 2 * found.restMs);
    found.noiseKeys = isNew ? 0 : Math.max(found.noiseKeys, surplus);
    found.quietUntilMs = clock.monotonicMs() + found.restMs;
    return slots;
  }

  /** As a survey, on a node that hides them: each slot is marked while it is counted, and nothing is kept, since that is only for somebody who asks. */
  async #unhide(view: ClusterView, signal: AbortSignal): Promise<number[]> {
    const client = this.#clientOf(view);
    if (client === null) return [];
    const owners = ownersInView(view);
    const foreign = owners.flatMap((_, slot) => (this.#isForeign(slot, view, owners) ? [slot] : []));
    const counted = await countUnseen(client, unseenBy(view, foreign, (slot) => [owners[slot]]), { timeoutMs: this.#options.timeoutMs, signal });
    return counted.ok ? [...counted.value].flatMap(([slot, count]) => (count > 0 ? [slot] : [])) : [];
  }

  /** A node that does not answer, or was told to stop being asked, keeps what was found. */
  async #count(view: ClusterView, slots: readonly number[], { found, signal }: { readonly found: Found; readonly signal: AbortSignal }): Promise<number[]> {
    const client = this.#clientOf(view);
    if (client === null || slots.length === 0) return [];
    const counted = await countKeys(client, slots, { timeoutMs: this.#options.timeoutMs, signal });
    if (!counted.ok) return [];
    const nowMs = this.#options.clock.monotonicMs();
    for (const [slot, count] of counted.value.keyCount) {
      if (count === 0) found.keys.delete(slot);
      else found.keys.set(slot, { count, sinceMs: found.keys.get(slot)?.sinceMs ?? nowMs });
    }
    return slots.filter((slot) => found.keys.has(slot));
  }

  /** Somebody else serves it by the node's own view, and nothing says that it is on its way. */
  #isForeign(slot: number, { self }: ClusterView, owners: readonly (string | null)[]): boolean {
    const owner = owners[slot] ?? null;
    if (owner === null || owner === self.id || self.importing.has(slot) || self.migrating.has(slot)) return false;
    const { activity, clock } = this.#options;
    return !activity.touchedSince(slot, clock.monotonicMs() - OURS_SINCE_MS);
  }

  #foundOf(nodeId: string): Found {
    const found: Found = this.#nodes.get(nodeId) ?? { keys: new Map(), surpluses: [], restMs: REST_MS_MIN / 2, quietUntilMs: 0, noiseKeys: 0 };
    this.#nodes.set(nodeId, found);
    return found;
  }

  #keysFound(nodeId: string): number {
    let sum = 0;
    for (const { count } of this.#nodes.get(nodeId)?.keys.values() ?? []) sum += count;
    return sum;
  }

  #clientOf({ self }: ClusterView): NodeClient | null {
    const endpoint = this.#options.reader.endpointOf(self.id) ?? self.endpoint;
    return endpoint === null ? null : this.#options.connections.client(endpoint, 'observe');
  }
}
